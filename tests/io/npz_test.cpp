// SciPy's .npz: every format and type, stored and deflated, damage, and what is written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "filigree/io/write.hpp"
#include "io/numpy/npy_header.hpp"
#include "io/numpy/zip.hpp"
#include "io/packed.hpp"
#include "io/reading.hpp"

namespace filigree::io {
namespace {

using filigree::testing::bytes_of;
using filigree::testing::Content;
using filigree::testing::GlobalMatrix;
using filigree::testing::message_of;
using filigree::testing::read_bytes;
using filigree::testing::read_on_any_ranks;
using filigree::testing::TempFolder;
using filigree::testing::why_not;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Member {
  std::string name;
  std::string bytes;
};
using Members = std::vector<Member>;

template <class T>
std::string bytes_of_values(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}
template <class T>
Member list(const std::string& name, const std::string& type, const std::vector<T>& values) {
  return {name + ".npy", npy_header_text(type, {static_cast<Global>(values.size())}) + bytes_of_values(values)};
}
Member format(const std::string& name) { return {"format.npy", npy_header_text("|S3", {}) + name}; }

/// An archive with 32-bit sizes, as most programs write it.
std::string zip(const Members& members, bool deflated) {
  const auto number = [](std::size_t value, int bytes) {
    std::string stored;
    for (int i = 0; i < bytes; ++i) stored += static_cast<char>(value >> (8 * i) & 255);
    return stored;
  };
  std::string archive;
  std::string directory;
  for (const auto& [name, bytes] : members) {
    // gzip: ten bytes before what is deflated, eight behind it.
    const std::string gzip = pack(Packing::gzip, bytes);
    const std::string packed = deflated ? gzip.substr(10, gzip.size() - 18) : bytes;
    const std::string common = number(0, 2) + number(deflated ? 8 : 0, 2) + number(0, 4) + number(crc32(0, bytes), 4) +
                               number(packed.size(), 4) + number(bytes.size(), 4) + number(name.size(), 2) +
                               number(0, 2);
    directory += "PK\1\2" + number(20, 2) + number(20, 2) + common + number(0, 2) + number(0, 8) +
                 number(archive.size(), 4) + name;
    archive += "PK\3\4" + number(20, 2) + common + name + packed;
  }
  return archive + directory + "PK\5\6" + number(0, 4) + number(members.size(), 2) + number(members.size(), 2) +
         number(directory.size(), 4) + number(archive.size(), 4) + number(0, 2);
}

/// [0 1.5 0; 2 0 -1] as csr with the elements of these types.
template <class Index, class Value>
Members csr(const std::string& index_type, const std::string& value_type) {
  return {list<Index>("indices", index_type, {1, 0, 2}), list<Index>("indptr", index_type, {0, 1, 3}), format("csr"),
          list<Index>("shape", index_type, {2, 3}), list<Value>("data", value_type, {Value(1.5), 2, Value(-1)})};
}
const GlobalMatrix<double> expected{{{0, 1}, 1.5}, {{1, 0}, 2}, {{1, 2}, -1}};

TEST(Npz, EveryFormatStoredAndDeflated) {
  const Members csc{format("csc"), list<std::int64_t>("shape", "<i8", {2, 3}),
                    list<std::int64_t>("indptr", "<i8", {0, 1, 2, 3}), list<std::int64_t>("indices", "<i8", {1, 0, 1}),
                    list<double>("data", "<f8", {2, 1.5, -1})};
  const Members coo{format("coo"), list<std::int64_t>("shape", "<i8", {2, 3}),
                    list<std::int32_t>("row", "<i4", {1, 0, 1}), list<std::int32_t>("col", "<i4", {2, 1, 0}),
                    list<double>("data", "<f8", {-1, 1.5, 2})};
  for (const bool deflated : {false, true}) {
    for (const Members& members : {csr<std::int32_t, double>("<i4", "<f8"), csc, coo}) {
      const Content content = read_bytes(zip(members, deflated), "a.npz");
      EXPECT_TRUE(content.matrix == expected);
      EXPECT_EQ(content.num_rows, 2);
      EXPECT_EQ(content.num_cols, 3);
      EXPECT_EQ(content.report.format, Format::npz);
    }
  }
}

TEST(Npz, EveryType) {
  EXPECT_TRUE(read_bytes(zip(csr<std::int64_t, float>("<i8", "<f4"), true), "a.npz").matrix == expected);
  EXPECT_TRUE(read_bytes(zip(csr<std::uint16_t, float>("<u2", "<f4"), false), "a.npz").matrix == expected);
  EXPECT_TRUE(read_bytes(zip(csr<std::int32_t, std::int8_t>("<i4", "|i1"), true), "a.npz").matrix ==
              (GlobalMatrix<double>{{{0, 1}, 1}, {{1, 0}, 2}, {{1, 2}, -1}}));
  Members truths = csr<std::int32_t, double>("<i4", "<f8");
  truths.back() = list<char>("data", "|b1", {1, 1, 1});
  EXPECT_FALSE(read_bytes(zip(truths, true), "a.npz").has_values);
  Members wide = truths;
  wide[2] = {"format.npy", npy_header_text("<U3", {}) + std::string("c\0\0\0s\0\0\0r\0\0\0", 12)};
  EXPECT_EQ(read_bytes(zip(wide, false), "a.npz").matrix.size(), 3U);
}

TEST(Npz, DuplicatesAndOrderAreOfThePolicy) {
  const Members twice{format("csr"), list<std::int32_t>("shape", "<i4", {2, 3}),
                      list<std::int32_t>("indptr", "<i4", {0, 3, 3}), list<std::int32_t>("indices", "<i4", {2, 0, 2}),
                      list<double>("data", "<f8", {1, 2, 4})};
  const Content first = read_bytes(zip(twice, false), "a.npz");
  EXPECT_TRUE(first.matrix == (GlobalMatrix<double>{{{0, 0}, 2}, {{0, 2}, 1}}));
  EXPECT_THAT(first.report.remarks, ::testing::ElementsAre(HasSubstr("SciPy adds up")));
  const Content sum = read_bytes(zip(twice, false), "a.npz", {.policy = {Duplicates::sum, Loops::keep}});
  EXPECT_TRUE(sum.matrix == (GlobalMatrix<double>{{{0, 0}, 2}, {{0, 2}, 5}}));
}

TEST(Npz, DamagedFilesSayWhatIsWrong) {
  const Members good = csr<std::int32_t, double>("<i4", "<f8");
  const auto with = [&](std::size_t i, const Member& member) {
    Members changed = good;
    changed[i] = member;
    return zip(changed, false);
  };
  std::string flipped = zip(good, false);
  flipped[flipped.find("indptr.npy") + 10 + 128 + 4] ^= 2;  // 1 -> 3: still ascending
  const std::string cut = zip(good, false).substr(0, 900);
  std::string huge = zip({list<char>("data", "|i1", {1})}, true);
  for (const std::size_t entry : {huge.rfind("PK\1\2")}) huge.replace(entry + 24, 4, "\xff\xff\xff\x7f");
  using L = std::vector<std::int32_t>;
  const struct {
    std::string bytes;
    const char* expected;
  } cases[] = {
      {"", "bad.npz: has no directory of a zip archive at its end: is it cut off?"},
      {cut, "bad.npz: has no directory of a zip archive at its end: is it cut off?"},
      {flipped, "bad.npz: indptr.npy: its bytes do not match their checksum; the file is damaged"},
      {huge, "bad.npz: 'data.npy' claims 2147483647 bytes, more than 72 bytes can hold"},
      {zip({list<char>("x", "|i1", {1}), list<char>("y", "|i1", {1})}, true),
       "bad.npz: holds 'x', 'y'; a sparse matrix of SciPy has format, shape, data and indices, indptr or row, col"},
      {with(2, format("bsr")),
       "bad.npz: holds a matrix in SciPy's format 'bsr'; csr, csc and coo are read: save A.tocsr()"},
      {with(4, {"other.npy", ""}), "bad.npz: has no array 'data'"},
      {with(4, list<double>("data", "<c16", {1, 2, 3, 4, 5, 6})),
       "bad.npz: data.npy: header: elements of type '<c16', expected f2 to f8, i1 to i8, u1 to u8 or b1"},
      {with(4, list<double>("data", "<f8", {1, std::nan(""), 3})), "bad.npz: data.npy: element 1 must be finite"},
      {with(4, list<char>("data", "|b1", {1, 0, 1})),
       "bad.npz: data.npy: element 1 is False; A.eliminate_zeros() removes such entries"},
      {with(4, list<std::int64_t>("data", "<i8", {1, 2, (std::int64_t{1} << 53) + 1})),
       "bad.npz: data.npy: element 2 of type <i8 is a number that a double cannot hold exactly"},
      {with(4, list<double>("data", "<f8", {1, 2})), "bad.npz: indices.npy: has 3 elements, but data 2"},
      {with(3, list<std::int32_t>("shape", "<i4", L{2})), "bad.npz: shape.npy: must be two lengths"},
      {with(3, list<std::int32_t>("shape", "<i4", L{2, -1})), "bad.npz: shape.npy: must be two lengths"},
      {with(3, list<std::int32_t>("shape", "<i4", L{3, 3})), "bad.npz: indptr.npy: has 3 elements, expected 4"},
      {with(1, list<std::int32_t>("indptr", "<i4", L{0, 4, 3})),
       "bad.npz: indptr.npy: element 1 is 4 after 0; they must ascend from 0 to the number of entries, 3"},
      {with(1, list<std::int32_t>("indptr", "<i4", L{1, 2, 3})),
       "bad.npz: indptr.npy: element 0 is 1; they must ascend from 0 to the number of entries, 3"},
      {with(1, list<std::int32_t>("indptr", "<i4", L{0, 1, 2})),
       "bad.npz: indptr.npy: its last element is 2, not the number of entries, 3"},
      {with(1, list<double>("indptr", "<f8", {0, 1, 3})),
       "bad.npz: indptr.npy: holds elements of type <f8, must be integers"},
      {with(0, list<std::int32_t>("indices", "<i4", L{1, 0, 3})),
       "bad.npz: indices.npy: element 2 is 3, must be in [0, 3)"},
      {with(0, list<std::int32_t>("indices", "<i4", L{1, -1, 2})),
       "bad.npz: indices.npy: element 1 is -1, must be in [0, 3)"},
      {with(0, list<std::uint64_t>("indices", "<u8", {1, 0, std::uint64_t{1} << 63})),
       "bad.npz: indices.npy: element 2 is 9.22337e+18, too large for an index"},
  };
  for (const auto& c : cases) EXPECT_EQ(why_not(c.bytes, "bad.npz"), c.expected);
}

TEST(Npz, ADamagedByteNeverChangesTheMatrix) {
  for (const bool deflated : {false, true}) {
    const std::string good = zip(csr<std::int32_t, double>("<i4", "<f8"), deflated);
    int refused = 0;
    for (std::size_t at = 0; at < good.size(); at += 19) {
      std::string bad = good;
      bad[at] ^= static_cast<char>(1 << at % 8);
      const TempFolder folder(Comm::world());
      const std::string path = folder.write("a.npz", bad);
      try {
        EXPECT_TRUE(filigree::testing::whole(read(Comm::world(), path).graph) == expected) << at;
      } catch (const IoError&) {
        ++refused;
      }
    }
    EXPECT_GT(refused, 10);
  }
}

TEST(Npz, RandomMatricesComeBackBitByBit) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  for (const auto values : {testing::Values::none, testing::Values::rounded}) {
    const auto entries = testing::random_entries<double>(1300, 1000, 80000, values, 5);  // more than a piece
    const EntryPolicy policy{Duplicates::first, Loops::keep};
    const Graph graph = Graph::from_entries(comm, 1300, 1000, testing::deal(comm, entries, 6), policy);
    write(graph, VertexNames(graph.rows()), folder / "a.npz");
    const Content content = read_on_any_ranks(folder / "a.npz");
    EXPECT_EQ(content.num_rows, 1300);
    EXPECT_EQ(content.num_cols, 1000);
    EXPECT_TRUE(content.matrix == *testing::merged(entries, policy));
    EXPECT_EQ(content.has_values, values != testing::Values::none);
    // The same bytes from one rank.
    const Comm self = Comm::self();
    const GraphFile alone = read(self, folder / "a.npz");
    const std::string own = folder / ("b" + std::to_string(comm.rank()) + ".npz");
    write(alone.graph, alone.names, own);
    EXPECT_TRUE(bytes_of(own) == bytes_of(folder / "a.npz"));
    comm.barrier();
  }
}

TEST(Zip, ChecksumsOfPartsJoin) {
  const std::string bytes = "the quick brown fox jumps over the lazy dog";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(joined_crc32(crc32(0, bytes.substr(0, cut)), crc32(0, bytes.substr(cut)),
                           static_cast<Offset>(bytes.size() - cut)),
              crc32(0, bytes));
  }
  EXPECT_EQ(crc32(0, "123456789"), 0xcbf43926);
}

}  // namespace
}  // namespace filigree::io
