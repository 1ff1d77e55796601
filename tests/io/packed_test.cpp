// Compressed text: what is read must not depend on where blocks, members, frames and ranks begin.
#include "io/packed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filigree/io/text_writer.hpp"
#include "filigree/io/write.hpp"
#include "io/reading.hpp"

namespace filigree::io {
namespace {

using filigree::testing::bytes_of;
using filigree::testing::Content;
using filigree::testing::message_of;
using filigree::testing::read_bytes;
using filigree::testing::TempFolder;
using filigree::testing::why_not;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// An edge list of several blocks of a megabyte, with comments, blank lines and, if asked for, a line longer than a
/// block.
std::string long_text(bool long_line) {
  testing::Random random(5);
  std::string bytes = "# a comment\n";
  while (bytes.size() < 2'200'000) {
    bytes +=
        text(testing::below(random, 200), '\t', testing::below(random, 200), '\t', testing::below(random, 9), '\n');
    if (testing::below(random, 1000) == 0) bytes += "\n% note\n";
  }
  if (long_line) bytes += text("7 8 1", std::string(1'500'000, ' '), "\n3 4 1\n");
  return bytes + "5 6 2";  // without a newline
}

TEST(Packed, ReadsWhatThePlainFileHolds) {
  for (const bool long_line : {false, true}) {
    const std::string bytes = long_text(long_line);
    const ReadOptions options{.weights = true, .policy = {Duplicates::sum, Loops::keep}};
    const Content plain = read_bytes(bytes, "a.txt", options);
    EXPECT_GT(plain.report.entries.duplicates, 0);
    testing::expect_same(plain, read_bytes(pack(Packing::gzip, bytes), "a.txt.gz", options));
    testing::expect_same(plain, read_bytes(pack(Packing::zstd, bytes), "a.txt.zst", options));
    // By content, not by name; and in many pieces.
    std::string pieces;
    for (std::size_t at = 0; at < bytes.size(); at += 900'001)
      pieces += pack(Packing::gzip, std::string_view(bytes).substr(at, 900'001));
    testing::expect_same(plain, read_bytes(pieces, "a.txt", options));
    const std::string skipped("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
    testing::expect_same(plain, read_bytes(skipped + pack(Packing::zstd, bytes), "a.txt", options));
  }
}

TEST(Packed, TextComesOutInAnyPieces) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string bytes = long_text(false).substr(0, 300'000);
  for (const Packing packing : {Packing::gzip, Packing::zstd}) {
    // A file of its own for each: other ranks may still read the one before.
    const std::string path = folder.write(packing == Packing::gzip ? "x.gz" : "x.zst",
                                          pack(packing, bytes) + pack(packing, "") + pack(packing, "end"));
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
    const auto size = static_cast<Offset>(bytes_of(path).size());
    for (const std::size_t most : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, std::size_t{1} << 20}) {
      const auto unpacked = unpack(packing, fileno(file.get()), 0, size, false);
      std::string out;
      std::string piece(most, '\0');
      while (const std::size_t got = unpacked->read(piece.data(), most)) out.append(piece, 0, got);
      EXPECT_EQ(out, bytes + "end") << most;
      EXPECT_EQ(unpacked->stored(), size);
    }
  }
}

/// A frame with a window of 2 GiB, as zstd --long=31 makes it, and no checksum.
TEST(Packed, LongWindows) {
  const std::string frame(
      "\x28\xb5\x2f\xfd\0\xa8\x41\0\0"
      "1 2\n2 3\n",
      17);
  const Content read = read_bytes(frame, "a.txt.zst");
  EXPECT_EQ(read.num_rows, 3);
  EXPECT_THAT(read.report.remarks, ::testing::ElementsAre("is compressed without a checksum: damage may go unnoticed"));
}

TEST(Packed, DamageIsNoticedByAChecksum) {
  const std::string bytes = "1 2\n2 3\n3 4\n5 6\n";
  const std::string packed = pack(Packing::zstd, bytes);
  EXPECT_FALSE(lacks_checksum(packed));
  EXPECT_THAT(read_bytes(packed, "a.txt.zst").report.remarks, ::testing::IsEmpty());
  for (std::size_t at = 0; at < packed.size(); ++at) {
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    if (at == 4) continue;  // there it says whether it has a checksum
    EXPECT_NE(why_not(damaged, "a.txt.zst"), "") << at;
  }
}

TEST(Packed, TextThatGrowsWithoutBoundsIsRefused) {
  const TempFolder folder(Comm::self());
  for (const Packing packing : {Packing::gzip, Packing::zstd}) {
    const std::string path = folder.write("bomb", pack(packing, std::string(110'000'000, '#')));
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
    const auto size = static_cast<Offset>(bytes_of(path).size());
    const auto length = [&](bool trust) {
      const auto unpacked = unpack(packing, fileno(file.get()), 0, size, trust);
      std::string piece(std::size_t{1} << 20, '\0');
      std::size_t all = 0;
      while (const std::size_t got = unpacked->read(piece.data(), piece.size())) all += got;
      return all;
    };
    EXPECT_EQ(length(true), 110'000'000U);
    EXPECT_EQ(testing::message_of<IoError>([&] { length(false); }),
              "the compressed data unpacks to more than 200 times its size; if that is right, say --trust");
  }
}

TEST(Packed, AllFormatsOfText) {
  const Content matrix = read_bytes("%%MatrixMarket matrix coordinate pattern general\n3 3 2\n1 2\n3 1\n", "a.mtx");
  testing::expect_same(
      matrix, read_bytes(pack(Packing::gzip, "%%MatrixMarket matrix coordinate pattern general\n3 3 2\n1 2\n3 1\n"),
                         "a.mtx.gz"));
  const Content graph = read_bytes("3 2\n2\n1 3\n2\n", "a.graph");
  testing::expect_same(graph, read_bytes(pack(Packing::zstd, "3 2\n2\n1 3\n2\n"), "a.graph.zst"));
  EXPECT_EQ(read_bytes(pack(Packing::gzip, ""), "none.txt.gz").num_rows, 0);
}

TEST(Packed, WritesWhatItReads) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const GraphFile file = read(comm, folder.write("a.txt", "anna bob 1\nbob carl 2\ncarl anna 3\n"), {.weights = true});
  for (const char* name : {"a.txt.gz", "a.txt.zst"}) {
    write(file.graph, file.names, folder / name);
    testing::expect_same(testing::content_of(file), testing::read_on_any_ranks(folder / name, {.weights = true}));
    EXPECT_EQ(packing_of_content(bytes_of(folder / name)), packing_of(name));
  }
  TextWriter nothing(comm, folder / "empty.txt.gz");
  nothing.write("");
  nothing.commit();
  EXPECT_EQ(testing::read_on_any_ranks(folder / "empty.txt.gz").num_rows, 0);
  EXPECT_THAT(message_of<IoError>([&] { write(file.graph, file.names, folder / "a.h5.gz"); }),
              HasSubstr("a.h5.gz: only text formats can be compressed"));
}

TEST(Packed, DamageIsToldWithItsLine) {
  const std::string bytes = long_text(false);
  for (const Packing packing : {Packing::gzip, Packing::zstd}) {
    const std::string packed = pack(packing, bytes);
    const std::string name = packing == Packing::gzip ? "a.txt.gz" : "a.txt.zst";
    const std::string cut = why_not(std::string_view(packed).substr(0, packed.size() / 2), name);
    EXPECT_THAT(cut, HasSubstr(": the compressed data ends here, before its end"));
    EXPECT_GT(std::stol(cut.substr(name.size() + 1)), 1000) << cut;  // the line
    EXPECT_THAT(why_not(packed.substr(0, packed.size() - 1), name), HasSubstr("ends here, before its end"));
    EXPECT_THAT(why_not(packed + "more", name), HasSubstr(": the compressed data is damaged here"));
    EXPECT_THAT(why_not(packed.substr(0, 6), name), StartsWith(name + ":1: the compressed data ends here"));
  }
  // A wrong checksum is noticed though all text could be unpacked.
  std::string wrong = pack(Packing::gzip, "0 1\n1 2\n");
  wrong[wrong.size() - 6] ^= 1;
  EXPECT_EQ(why_not(wrong, "a.txt.gz"), "a.txt.gz:3: the compressed data is damaged here");
}

TEST(Packed, FaultsAreToldWithTheirLine) {
  const std::string bytes = long_text(false);
  const auto line = 1 + std::count(bytes.begin(), bytes.end(), '\n') + 1;
  EXPECT_THAT(why_not(pack(Packing::gzip, bytes + "\n1 x\n"), "a.txt.gz"),
              StartsWith(text("a.txt.gz:", line, ": 'x' is not a vertex id")));
}

}  // namespace
}  // namespace filigree::io
