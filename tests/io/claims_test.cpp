// Files that claim to be much larger than they are.
#include "io/claims.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include "filigree/io/hdf5.hpp"
#include "io/reading.hpp"

namespace filigree::io {
namespace {

using filigree::testing::message_of;
using filigree::testing::TempFolder;
using ::testing::EndsWith;
using ::testing::HasSubstr;

/// Why a file with these bytes cannot be read, on all ranks and on one. Collective.
std::string refusal(const std::string& name, const std::string& bytes, const ReadOptions& options = {}) {
  const TempFolder folder(Comm::world());
  const std::string path = folder.write(name, bytes);
  const std::string together = message_of<Error>([&] { read(Comm::world(), path, options); });
  EXPECT_EQ(together, message_of<Error>([&] { read(Comm::self(), path, options); }));
  EXPECT_THAT(together, ::testing::StartsWith(path));
  return together.substr(std::min(together.size(), folder.path().size() + 1));
}

TEST(Claims, RowsThatHaveNoEntriesAreRefusedWithTheirSize) {
  const std::string mtx = "%%MatrixMarket matrix coordinate real general\n";
  EXPECT_EQ(refusal("a.gr", "p sp 1000000000 1\na 1 2 3\n"),
            "a.gr: 1000000000 rows and 1000000000 columns take about 24.0 GB for 1 entry; --trust reads them all the "
            "same");
  EXPECT_EQ(
      refusal("a.mtx", mtx + "100000000 100000000 1\n1 2 1\n"),
      "a.mtx: 100000000 rows and 100000000 columns take about 2.4 GB for 1 entry; --trust reads them all the same");
  EXPECT_EQ(
      refusal("tall.mtx", mtx + "3000000000 3 2\n1 1 2.5\n3000000000 2 4\n"),
      "tall.mtx: 3000000000 rows and 3 columns take about 72.1 GB for 2 entries; --trust reads them all the same");
  EXPECT_THAT(refusal("wide.mtx", mtx + "3 3000000000 1\n1 1 2.5\n"),
              HasSubstr("3 rows and 3000000000 columns take about 24.1 GB for 1 entry"));
  EXPECT_THAT(refusal("hyper.mtx", mtx + "1000000000000 1000000000000 1\n1 1000000000000 2.5\n"),
              HasSubstr("take about 24000.0 GB for 1 entry"));
  EXPECT_EQ(refusal("keep.txt", "1 99999999\n", {.ids = Ids::keep}),
            "keep.txt: 100000000 rows and 100000000 columns take about 2.4 GB for 1 entry; --ids compact numbers only "
            "the vertices that occur, --trust reads them all the same");
}

TEST(Claims, OtherFormatsMustHoldWhatTheyClaim) {
  EXPECT_THAT(refusal("a.graph", "1000000000 0\n\n"), EndsWith("ends after 1 of 1000000000 vertices"));
  const std::string dict = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000000000), }";
  EXPECT_THAT(refusal("a.npy", "\x93NUMPY\1" + std::string(1, '\0') + static_cast<char>(dict.size()) +
                                   std::string(1, '\0') + dict),
              HasSubstr("1000000000 x 1000000000 of 8 bytes take more"));
  std::string sg(17, '\0');
  sg[12] = 0x40;  // 2^30 vertices
  EXPECT_THAT(refusal("a.sg", sg), HasSubstr("1073741824 vertices in a file of 17 bytes"));
}

TEST(Claims, AnHdf5FileOfRowPointersThatTakeNoSpaceIsRefused) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string path = folder / "a.h5";
  constexpr hsize_t num_rows = 1000000000;
  {
    Hdf5Writer file(comm, path);
    file.attribute("/graph", "kind", "graph");
    file.attribute("/graph", "version", std::int64_t{1});
    file.attribute("/graph", "shape", std::vector<std::int64_t>{num_rows, num_rows});
    file.write<Global>("/graph/indices", {});
    file.commit();
  }
  if (comm.is_root()) {
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    const hsize_t length = num_rows + 1;
    const hsize_t chunk = 1024;
    const hid_t space = H5Screate_simple(1, &length, nullptr);
    const hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(chunked, 1, &chunk);
    const hid_t dataset = H5Dcreate2(file, "/graph/indptr", H5T_STD_I64LE, space, H5P_DEFAULT, chunked, H5P_DEFAULT);
    H5Dclose(dataset);
    H5Pclose(chunked);
    H5Sclose(space);
    H5Fclose(file);
  }
  comm.barrier();
  EXPECT_THAT(message_of<IoError>([&] { read(comm, path); }),
              HasSubstr("claims 1e+09 elements of 8 bytes, but only 0 bytes are stored"));
}

TEST(Claims, WhatIsTrustedMustStillFitIntoMemory) {
  const Comm comm = Comm::world();
  constexpr Global n = 100000000;
  EXPECT_NE(message_of<InvalidArgument>([&] { check_claim(comm, n, n, n / 64 - 1, {}); }), "");
  EXPECT_EQ(message_of<InvalidArgument>([&] { check_claim(comm, n / 8, n / 8, 0, {}); }), "");
  ReadOptions trust;
  trust.trust = true;
  constexpr Global too_many = Global{1} << 46;
  EXPECT_THAT(message_of<InvalidArgument>([&] { check_claim(comm, too_many, too_many, 1, trust); }),
              EndsWith(" GB more than a node has free: use more nodes"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { check_claim(comm, too_many, too_many, too_many, {}); }),
              EndsWith(" GB more than a node has free: use more nodes"));
}

}  // namespace
}  // namespace filigree::io
