// HDF5 files that are damaged, were changed, or lead elsewhere: what a reader says of them, on all ranks.
#include <gmock/gmock.h>
#include <hdf5.h>

#include <numeric>

#include "core/index.hpp"
#include "filigree/io/hdf5.hpp"
#include "filigree/io/read.hpp"
#include "filigree/io/read_dense.hpp"
#include "filigree/io/write.hpp"
#include "support/files.hpp"
#include "support/hdf5_traps.hpp"
#include "support/matrices.hpp"

namespace filigree::io {
namespace {

using filigree::testing::bytes_of;
using filigree::testing::change_hdf5;
using filigree::testing::message_of;
using filigree::testing::TempFolder;
using ::testing::HasSubstr;

constexpr Offset num_numbers = 40'000;  // five blocks of checksums
constexpr Offset num_rows = 10'000;     // five more

void write_numbers(const Comm& comm, const std::string& path) {
  const Partition share = Partition::uniform(num_numbers, comm.size());
  std::vector<double> mine(static_cast<std::size_t>(share.size(comm.rank())));
  std::iota(mine.begin(), mine.end(), static_cast<double>(share.begin(comm.rank())));
  Hdf5Writer file(comm, path);
  file.write<double>("/numbers", mine);
  const Partition rows = Partition::uniform(num_rows, comm.size());
  file.write_rows("/rows", rows.size(comm.rank()), 4,
                  [&](Offset i, std::span<double> row) { row[1] = static_cast<double>(rows.begin(comm.rank()) + i); });
  file.attribute("/numbers", "unit", std::string("m"));
  file.commit();
}

std::string flipped(std::string bytes, std::size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ 4);
  return bytes;
}

TEST(Hdf5Safety, AUserBlockIsNamed) {
  const TempFolder folder(Comm::world());
  const std::string path = folder.write("a.h5", std::string(1024, ' ') + "\x89HDF\r\n\x1a\n");
  EXPECT_EQ(message_of<IoError>([&] { read(Comm::world(), path); }),
            path + ": is HDF5 behind 1024 bytes of a user block, which is not read: h5unjam -i OLD -o NEW removes it");
}

TEST(Hdf5Safety, EveryFlippedBitIsFoundByTheRanksThatReadIt) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  write_numbers(comm, folder / "good.h5");
  const std::string good = bytes_of(folder / "good.h5");
  const std::string path = folder / "damaged.h5";
  const Partition share = Partition::uniform(num_numbers, comm.size());
  const auto load = [&] {
    const Hdf5Reader file(comm, path);
    const auto mine = file.read<double>("/numbers", share.begin(comm.rank()), share.size(comm.rank()));
    for (Offset i = 0; i < std::ssize(mine); ++i)
      EXPECT_EQ(mine[z(i)], static_cast<double>(share.begin(comm.rank()) + i));
    EXPECT_EQ(file.read_matrix("/rows", 500, 1, 0, 4), (std::vector<double>{0, 500, 0, 0}));
    EXPECT_EQ(file.read_matrix("/rows", 0, num_rows, 1, 1).back(), static_cast<double>(num_rows - 1));
  };
  folder.write("damaged.h5", good);
  EXPECT_EQ(message_of(load), "");
  for (const std::size_t at : {std::size_t{100}, std::size_t{70'000}, std::size_t{200'000}, std::size_t{300'000},
                               std::size_t{400'000}, std::size_t{600'000}, good.size() - 100, good.size() - 1}) {
    folder.write("damaged.h5", flipped(good, at));
    EXPECT_THAT(message_of(load), HasSubstr("damaged.h5: is damaged: ")) << at;
  }
  // What is not read is not checked; what HDF5 itself reads is always.
  const std::size_t in_rows = good.size() / 2 + 100'000;
  folder.write("damaged.h5", flipped(good, in_rows));
  EXPECT_EQ(Hdf5Reader(comm, path).read<double>("/numbers", 7, 1), std::vector<double>{7});
  folder.write("damaged.h5", flipped(good, 60));
  EXPECT_THAT(message_of([&] { Hdf5Reader(comm, path); }), HasSubstr("bytes 0 to 65535 do not match their checksum"));
}

TEST(Hdf5Safety, FilesThatLostTheirChecksumsSaySo) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string path = folder / "numbers.h5";
  write_numbers(comm, path);
  EXPECT_EQ(Hdf5Reader(comm, path).remark(), "");
  EXPECT_EQ(message_of([&] { Hdf5Reader(comm, path).require_checksums(); }), "");
  const std::string good = bytes_of(path);
  if (comm.is_root()) {
    change_hdf5(path, false,
                [](hid_t file) { H5Gclose(H5Gcreate2(file, "/note", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)); });
  }
  comm.barrier();
  const auto expect_lost = [&] {
    const Hdf5Reader file(comm, path);
    EXPECT_THAT(file.remark(), HasSubstr("another program changed it"));
    EXPECT_EQ(file.read<double>("/numbers", 7, 1), std::vector<double>{7});
    EXPECT_THAT(message_of([&] { file.require_checksums(); }), HasSubstr("numbers.h5: has lost its checksums"));
  };
  expect_lost();
  comm.barrier();
  folder.write("numbers.h5", good.substr(0, good.size() - 20));
  expect_lost();
  comm.barrier();
  if (comm.is_root()) {
    change_hdf5(path, true, [](hid_t file) { filigree::testing::make_dataset(file, "/numbers", {8}, H5P_DEFAULT); });
  }
  comm.barrier();
  const Hdf5Reader other(comm, path);
  EXPECT_EQ(other.remark(), "");
  EXPECT_THAT(message_of([&] { other.require_checksums(); }),
              HasSubstr("an earlier filigree wrote it, or another program"));
}

TEST(Hdf5Safety, NothingLeadsOutOfTheFile) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string secret = folder / "secret.h5";
  const Graph ring = Graph::from_entries(comm, 8, 8, [&] {
    Entries<double> arcs;
    for (Global v = 0; v < 8 && comm.is_root(); ++v) arcs.row.push_back(v), arcs.col.push_back((v + 1) % 8);
    return arcs;
  }());
  write(ring, VertexNames(ring.rows()), folder / "ring.h5");
  const std::string good = bytes_of(folder / "ring.h5");
  unsigned plugins = 0;
  H5PLget_loading_state(&plugins);
  const auto plant = [&](const testing::Hdf5Trap& trap, const std::string& path, bool is_new, const std::string& name) {
    if (!comm.is_root()) return;
    change_hdf5(secret, true, [](hid_t file) { testing::make_dataset(file, "/secret", {8}, H5P_DEFAULT); });
    change_hdf5(path, is_new, [&](hid_t file) {
      if (!is_new) H5Ldelete(file, name.c_str(), H5P_DEFAULT);
      trap.plant(file, name, secret);
    });
  };
  for (const auto& trap : testing::hdf5_traps({8})) {
    const std::string path = folder.write("graph.h5", good);
    plant(trap, path, false, "/graph/indices");
    comm.barrier();
    const auto use = [&] {
      if (trap.message != testing::false_claim) return (void)read(comm, path);
      Hdf5Reader(comm, path).read<std::int64_t>("/graph/indices", 0, 1);
    };
    EXPECT_THAT(message_of<IoError>(use), AllOf(HasSubstr("graph.h5: /graph/indices: "), HasSubstr(trap.message)))
        << trap.kind;
    comm.barrier();
  }
  for (const auto& trap : testing::hdf5_traps({4, 2})) {
    const std::string path = folder / "matrices.h5";
    plant(trap, path, true, "/m");
    comm.barrier();
    const bool is_link = std::string_view(trap.kind).find("link") != std::string_view::npos;  // not followed
    const auto use = [&] {
      if (trap.message != testing::false_claim) return (void)read_dense(comm, {path});
      Hdf5Reader(comm, path).read_matrix("/m", 0, 1, 0, 2);
    };
    EXPECT_THAT(message_of<IoError>(use), HasSubstr(is_link ? "holds no two-dimensional datasets" : trap.message))
        << trap.kind;
    comm.barrier();
  }
  unsigned plugins_now = 0;
  H5PLget_loading_state(&plugins_now);
  EXPECT_EQ(plugins_now, plugins);
}

}  // namespace
}  // namespace filigree::io
