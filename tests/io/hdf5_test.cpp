// HDF5 datasets in global order: what is written comes back on any number of ranks, and failures leave nothing behind.
#include "filigree/io/hdf5.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <numeric>

#include "io/hdf5/slice.hpp"
#include "support/files.hpp"
#include "support/hdf5_matrix.hpp"
#include "support/matrices.hpp"

namespace filigree::io {
namespace {

using filigree::testing::bytes_of;
using filigree::testing::message_of;
using filigree::testing::TempFolder;
using ::testing::HasSubstr;

/// This rank's share of 0, 1, ..., n-1, the first ranks getting the more the larger `skew`.
template <class T>
std::vector<T> share(const Comm& comm, Offset n, Offset skew) {
  const auto begin_of = [&](int rank) {
    return rank == 0 ? Offset{0} : rank == comm.size() ? n : std::min(n, n * rank / comm.size() + skew);
  };
  std::vector<T> mine;
  for (Offset i = begin_of(comm.rank()); i < begin_of(comm.rank() + 1); ++i) mine.push_back(static_cast<T>(i));
  return mine;
}

void write_sample(const Comm& comm, const std::string& path, Offset skew) {
  Hdf5Writer file(comm, path);
  file.write<std::int64_t>("/graph/indptr", share<std::int64_t>(comm, 1000, skew));
  file.write<std::int32_t>("/graph/indices", share<std::int32_t>(comm, 77, skew));
  file.write<double>("/graph/data", share<double>(comm, 2, skew));
  file.write<std::uint8_t>("/graph/empty", {});
  file.write<float>("/top", share<float>(comm, 5, skew));
  file.write<std::uint64_t>("/a/b/c", share<std::uint64_t>(comm, 5, skew));
  file.attribute("/graph", "kind", std::string("sample"));
  file.attribute("/graph", "note", std::string());
  file.attribute("/graph", "rows", std::int64_t{1} << 40);
  file.attribute("/graph", "shape", std::vector<std::int64_t>{3, 5});
  file.attribute("/", "version", std::int64_t{1});
  file.attribute("/graph/data", "scale", 0.5);
  file.attribute("/results/ppr", "alpha", 0.15);
  file.commit();
}

TEST(Hdf5, ReadsBackWhatOtherRanksWrote) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string path = folder / "sample.h5";
  write_sample(comm, path, 3);
  const Hdf5Reader file(comm, path);
  EXPECT_EQ(file.path(), path);
  EXPECT_EQ(file.length("/graph/indptr"), 1000);
  EXPECT_EQ(file.length("/graph/empty"), 0);
  EXPECT_TRUE(file.has("/graph"));
  EXPECT_TRUE(file.has("/a/b"));
  EXPECT_TRUE(file.has("/"));
  EXPECT_FALSE(file.has("/a/c/d"));
  const Offset count = 500 + comm.rank();
  const std::vector<std::int64_t> part = file.read<std::int64_t>("/graph/indptr", 100 * comm.rank(), count);
  std::vector<std::int64_t> expected(static_cast<std::size_t>(count));
  std::iota(expected.begin(), expected.end(), 100 * comm.rank());
  EXPECT_EQ(part, expected);
  EXPECT_EQ(file.read<double>("/graph/data", comm.is_root() ? 0 : 2, comm.is_root() ? 2 : 0),
            comm.is_root() ? (std::vector<double>{0, 1}) : std::vector<double>{});
  // Ranks may read the same elements.
  EXPECT_EQ(file.read<float>("/top", comm.rank() % 2, 3 + comm.rank() % 2),
            comm.rank() % 2 == 0 ? (std::vector<float>{0, 1, 2}) : (std::vector<float>{1, 2, 3, 4}));
  EXPECT_TRUE(file.read<std::uint8_t>("/graph/empty", 0, 0).empty());
  EXPECT_EQ(file.attribute<std::string>("/graph", "kind"), "sample");
  EXPECT_EQ(file.attribute<std::string>("/graph", "note"), "");
  EXPECT_EQ(file.attribute<std::int64_t>("/graph", "rows"), std::int64_t{1} << 40);
  EXPECT_EQ(file.attribute<std::vector<std::int64_t>>("/graph", "shape"), (std::vector<std::int64_t>{3, 5}));
  EXPECT_EQ(file.attribute<std::vector<std::int64_t>>("/", "version"), (std::vector<std::int64_t>{1}));
  EXPECT_EQ(file.attribute<double>("/graph/data", "scale"), 0.5);
  EXPECT_EQ(file.attribute<double>("/results/ppr", "alpha"), 0.15);
  EXPECT_EQ(file.attribute<std::string>("/graph", "missing"), std::nullopt);
  EXPECT_EQ(file.attribute<std::string>("/nowhere", "kind"), std::nullopt);
}

TEST(Hdf5, BytesDoNotDependOnRanksOrSlices) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  if (comm.is_root()) write_sample(Comm::self(), folder / "one.h5", 0);
  write_sample(comm, folder / "all.h5", 3);
  set_hdf5_slice_bytes(8);
  write_sample(comm, folder / "slices.h5", 1);
  {
    const Hdf5Reader file(comm, folder / "slices.h5");
    EXPECT_EQ(file.read<std::int32_t>("/graph/indices", 7, comm.rank()), ([&] {
                std::vector<std::int32_t> expected(static_cast<std::size_t>(comm.rank()));
                std::iota(expected.begin(), expected.end(), 7);
                return expected;
              }()));
  }
  set_hdf5_slice_bytes(Offset{1} << 30);
  const std::string one = bytes_of(folder / "one.h5");
  EXPECT_GT(one.size(), 8000U);
  EXPECT_EQ(one, bytes_of(folder / "all.h5"));
  EXPECT_EQ(one, bytes_of(folder / "slices.h5"));
}

TEST(Hdf5, WritesMatricesRowByRow) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  constexpr Offset num_cols = 11;
  const auto write_with = [&](Offset slice, const std::string& name) {
    set_hdf5_slice_bytes(slice);
    Hdf5Writer file(comm, folder / name);
    const auto rows = share<std::int64_t>(comm, 40, 3);
    file.write_rows("/some/matrix", std::ssize(rows), num_cols, [&](Offset i, std::span<double> row) {
      const auto r = rows[static_cast<std::size_t>(i)];
      row[static_cast<std::size_t>(r % num_cols)] = static_cast<double>(r + 1);  // the rest stays 0
    });
    file.commit();
    set_hdf5_slice_bytes(Offset{1} << 30);
  };
  // Rows at once, three at a time, and one in pieces of two elements.
  for (const Offset slice : {Offset{1} << 30, 3 * num_cols * 8 + 8, Offset{16}}) {
    const std::string name = text(slice, ".h5");
    write_with(slice, name);
    const filigree::testing::Hdf5Matrix matrix(folder / name, "/some/matrix");
    EXPECT_EQ(matrix.num_cols, 11U);
    EXPECT_EQ(matrix.rows.size(), 40U);
    for (std::size_t r = 0; r < matrix.rows.size(); ++r) {
      std::vector<double> expected(num_cols, 0.0);
      expected[r % num_cols] = static_cast<double>(r + 1);
      EXPECT_EQ(matrix.rows[r], expected) << "row " << r << ", slices of " << slice;
    }
    comm.barrier();
  }
  EXPECT_EQ(bytes_of(folder / "16.h5"), bytes_of(folder / text(Offset{1} << 30, ".h5")));
  // A row that cannot be made on one rank: all hear of it, nothing is left.
  const auto fail = [&] {
    Hdf5Writer file(comm, folder / "failed.h5");
    file.write_rows("/matrix", 1, 2, [&](Offset, std::span<double>) {
      if (comm.rank() + 1 == comm.size()) throw Error("no such row");
    });
  };
  EXPECT_THAT(message_of<Error>(fail), HasSubstr("no such row"));
  EXPECT_FALSE(std::filesystem::exists(folder / "failed.h5"));
}

TEST(Hdf5, WithoutCommitNothingIsLeft) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  {
    Hdf5Writer file(comm, folder / "dropped.h5");
    file.write<double>("/x", share<double>(comm, 10, 0));
  }
  comm.barrier();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  comm.barrier();
  EXPECT_THAT(message_of([&] {
                Hdf5Writer file(comm, folder / "failed.h5");
                file.write<double>("/x", share<double>(comm, 10, 0));
                comm.guard([&] {
                  if (comm.rank() == comm.size() - 1) throw Error("one rank fails");
                });
                file.commit();
              }),
              HasSubstr("one rank fails"));
  comm.barrier();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Hdf5, CommitReplacesAnOlderFile) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  folder.write("old.h5", "something else");
  write_sample(comm, folder / "old.h5", 0);
  EXPECT_EQ(Hdf5Reader(comm, folder / "old.h5").length("/top"), 5);
}

TEST(Hdf5, NamesWhatIsWrong) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  EXPECT_THAT(message_of([&] { Hdf5Writer(comm, folder / "no/such/folder.h5"); }),
              HasSubstr("folder.h5: cannot be written: No such file or directory"));
  EXPECT_THAT(message_of([&] { Hdf5Writer(comm, folder.path()); }), HasSubstr("exists and is not a regular file"));
  EXPECT_THAT(message_of([&] { Hdf5Reader(comm, folder / "none.h5"); }),
              HasSubstr("none.h5: cannot be opened: No such file"));
  EXPECT_THAT(message_of([&] { Hdf5Reader(comm, folder.path()); }), HasSubstr("is a directory"));
  folder.write("text.h5", "1 2\n");
  EXPECT_THAT(message_of([&] { Hdf5Reader(comm, folder / "text.h5"); }), HasSubstr("text.h5: is not an HDF5 file"));
  folder.write("empty.h5", "");
  EXPECT_THAT(message_of([&] { Hdf5Reader(comm, folder / "empty.h5"); }), HasSubstr("empty.h5: is not an HDF5 file"));

  write_sample(comm, folder / "whole.h5", 0);
  const std::string whole = bytes_of(folder / "whole.h5");
  for (const std::size_t length : {std::size_t{9}, whole.size() / 2}) {
    folder.write("cut.h5", whole.substr(0, length));
    EXPECT_THAT(message_of([&] { Hdf5Reader(comm, folder / "cut.h5"); }),
                HasSubstr("cut.h5: cannot be opened as HDF5: "))
        << length;
  }

  const Hdf5Reader file(comm, folder / "whole.h5");
  EXPECT_THAT(message_of([&] { (void)file.length("/graph/none"); }),
              HasSubstr("whole.h5: /graph/none: no such dataset"));
  EXPECT_THAT(message_of([&] { (void)file.length("/graph"); }), HasSubstr("whole.h5: /graph: "));
  EXPECT_THAT(message_of([&] { (void)file.read<double>("/graph/indptr", 0, 1); }),
              HasSubstr("/graph/indptr: holds int64, expected float64"));
  EXPECT_THAT(message_of([&] { (void)file.read<std::int32_t>("/graph/indptr", 0, 1); }),
              HasSubstr("holds int64, expected int32"));
  EXPECT_THAT(message_of([&] { (void)file.read<std::int64_t>("/a/b/c", 0, 1); }),
              HasSubstr("holds uint64, expected int64"));
  // Only the last rank asks for too much.
  EXPECT_THAT(message_of([&] { (void)file.read<double>("/graph/data", 1, comm.rank() == comm.size() - 1 ? 2 : 1); }),
              HasSubstr("/graph/data: has 2 elements; asked for 2 from 1"));
  EXPECT_THAT(message_of([&] { (void)file.read<double>("/graph/data", -1, 1); }), HasSubstr("asked for 1 from -1"));
  EXPECT_THAT(message_of([&] { (void)file.attribute<std::int64_t>("/graph", "kind"); }),
              HasSubstr("attribute kind: must be an integer"));
  EXPECT_THAT(message_of([&] { (void)file.attribute<std::string>("/graph", "rows"); }),
              HasSubstr("attribute rows: must be a text"));
}

}  // namespace
}  // namespace filigree::io
