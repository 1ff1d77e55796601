#include "filigree/io/read_dense.hpp"

#include <gmock/gmock.h>
#include <hdf5.h>

#include <cmath>
#include <cstring>

#include "filigree/io/hdf5.hpp"
#include "io/natural_order.hpp"
#include "support/dense.hpp"
#include "support/files.hpp"
#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

using io::NotFinite;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The bytes of a .npy file.
std::string npy(const std::string& type, bool by_columns, const std::string& shape, const std::string& data) {
  std::string dict =
      "{'descr': '" + type + "', 'fortran_order': " + (by_columns ? "True" : "False") + ", 'shape': " + shape + ", }";
  dict.resize((10 + dict.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  dict += '\n';
  std::string bytes("\x93NUMPY\1\0", 8);
  bytes += static_cast<char>(dict.size() % 256);
  bytes += static_cast<char>(dict.size() / 256);
  return bytes + dict + data;
}

template <class T>
std::string bytes(std::initializer_list<T> values, bool big_endian = false) {
  std::string all;
  for (const T value : values) {
    std::string one(sizeof value, '\0');
    std::memcpy(one.data(), &value, sizeof value);
    if (big_endian) std::ranges::reverse(one);
    all += one;
  }
  return all;
}

/// All blocks on every rank.
std::vector<Dense> whole(const DenseBlocks& blocks) {
  std::vector<Dense> all;
  for (Global i = 0; i < blocks.num_blocks(); ++i) {
    Dense block(blocks.rows, blocks.cols[static_cast<std::size_t>(i)]);
    if (blocks.owns(i)) block = blocks.owned(i);
    blocks.comm.broadcast(block.values, blocks.blocks.owner(i));
    all.push_back(block);
  }
  return all;
}

std::vector<Dense> read(const std::vector<std::string>& paths, const io::DenseOptions& options = {}) {
  return whole(io::read_dense(Comm::world(), paths, options).blocks);
}

std::string message(const std::vector<std::string>& paths, const io::DenseOptions& options = {}) {
  return message_of<Error>([&] { io::read_dense(Comm::world(), paths, options); });
}

TEST(ReadDense, NaturalOrder) {
  std::vector<std::string> names{"b10", "b2", "a", "b1x", "b1", "b02", "b", "b10a2", "b10a10", ""};
  std::ranges::sort(names, io::natural_less);
  EXPECT_THAT(names, ElementsAre("", "a", "b", "b1", "b1x", "b2", "b02", "b10", "b10a2", "b10a10"));
}

TEST(ReadDense, NpyOfEveryTypeAndOrder) {
  const TempFolder folder(Comm::world());
  const Dense expected = [] {
    Dense m(2, 3);
    m.values = {1, 4, 2, 5, 3, 6};
    return m;
  }();
  const auto check = [&](const std::string& type, const std::string& data, bool by_columns) {
    EXPECT_EQ(read({folder.write("a.npy", npy(type, by_columns, "(2, 3)", data))}), std::vector{expected}) << type;
  };
  for (const bool by_columns : {false, true}) {
    const auto all = [&]<class T>(const std::string& type, T) {
      for (const bool big : {false, true}) {
        const auto data = by_columns ? bytes<T>({1, 4, 2, 5, 3, 6}, big) : bytes<T>({1, 2, 3, 4, 5, 6}, big);
        check((big ? ">" : "<") + type, data, by_columns);
      }
    };
    all("f8", double{});
    all("f4", float{});
    all("i8", std::int64_t{});
    all("i4", std::int32_t{});
    all("i2", std::int16_t{});
    all("i1", std::int8_t{});
    all("u8", std::uint64_t{});
    all("u4", std::uint32_t{});
    all("u2", std::uint16_t{});
    all("u1", std::uint8_t{});
  }
  // float16: 1, 2, 3, 4, 5, 6, then others.
  check("<f2", bytes<std::uint16_t>({0x3C00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600}), false);
  check(">f2", bytes<std::uint16_t>({0x3C00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600}, true), false);
  const Dense halves = read({folder.write(
      "h.npy", npy("<f2", false, "(5,)", bytes<std::uint16_t>({0x0001, 0x8000, 0xC100, 0x7BFF, 0x0400})))})[0];
  EXPECT_THAT(halves.values, ElementsAre(0x1p-24, -0.0, -2.5, 65504, 0x1p-14));
  EXPECT_EQ(halves.cols, 1);
}

TEST(ReadDense, FoldersAndLists) {
  const TempFolder folder(Comm::world());
  std::filesystem::create_directories(folder / "b");
  Comm::world().barrier();
  const auto one = [](double x) { return npy("<f8", false, "(1, 1)", bytes<double>({x})); };
  for (const int i : {10, 9, 1, 2}) folder.write(text("b/block", i, ".npy"), one(i));
  folder.write("b/readme.md", "no matrix");
  const auto values = [&](const std::vector<std::string>& paths) {
    std::vector<double> all;
    for (const Dense& block : read(paths)) all.push_back(block(0, 0));
    return all;
  };
  EXPECT_THAT(values({folder / "b"}), ElementsAre(1, 2, 9, 10));
  const std::string list = folder.write("list.txt", "# two\nb/block9.npy\n\n  b/block1.npy # and one\r\n");
  EXPECT_THAT(values({list, folder / "b/block2.npy"}), ElementsAre(9, 1, 2));
  const auto blocks = io::read_dense(Comm::world(), {list}).blocks;
  EXPECT_THAT(blocks.names, ElementsAre(folder / "b/block9.npy", folder / "b/block1.npy"));
}

TEST(ReadDense, MatrixMarketDenseAndSparse) {
  const TempFolder folder(Comm::world());
  const Dense array = read({folder.write("a.mtx", "%%MatrixMarket matrix array real general\n2 2\n1\n0\nnan\n4\n")},
                           {.not_finite = NotFinite::zero})[0];
  EXPECT_THAT(array.values, ElementsAre(1, 0, 0, 4));
  const Dense sparse = read(
      {folder.write("s.mtx", "%%MatrixMarket matrix coordinate real general\n3 2 3\n1 1 5\n3 2 -1\n3 2 0.5\n")})[0];
  EXPECT_THAT(sparse.values, ElementsAre(5, 0, 0, 0, 0, -0.5));
  const Dense symmetric =
      read({folder.write("y.mtx", "%%MatrixMarket matrix coordinate pattern symmetric\n2 2 1\n2 1\n")})[0];
  EXPECT_THAT(symmetric.values, ElementsAre(0, 1, 1, 0));
}

void write_dataset(hid_t file, const char* name, hid_t type, std::initializer_list<hsize_t> shape,
                   const std::vector<double>& values) {
  const std::vector<hsize_t> lengths(shape);
  const hid_t space = H5Screate_simple(static_cast<int>(lengths.size()), lengths.data(), nullptr);
  const hid_t data = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Dclose(data);
  H5Sclose(space);
}

TEST(ReadDense, Hdf5DatasetsOfAnyNumbers) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string path = folder / "x.nc";
  if (comm.is_root()) {
    const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    write_dataset(file, "/v10", H5T_IEEE_F32BE, {2, 2}, {1, 2, 3, 4});
    write_dataset(file, "/v2", H5T_STD_I16LE, {2, 1}, {-1, -999});
    write_dataset(file, "/time", H5T_IEEE_F64LE, {3}, {1, 2, 3});
    write_dataset(file, "/cube", H5T_IEEE_F64LE, {1, 1, 2}, {1, 2});
    write_dataset(file, "/g/values", H5T_IEEE_F64LE, {2, 3}, {1, 2, 3, 4, 5, 6});
    write_dataset(file, "/g/offsets", H5T_STD_I64LE, {3}, {0, 1, 3});
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t fill =
        H5Acreate_by_name(file, "/v2", "_FillValue", H5T_STD_I16LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const short value = -999;
    H5Awrite(fill, H5T_NATIVE_SHORT, &value);
    H5Aclose(fill);
    H5Sclose(space);
    H5Fclose(file);
  }
  comm.barrier();
  EXPECT_THAT(message({path}), HasSubstr(path + ":/v2: element (1, 0) is nan, must be finite"));
  io::DenseFile file = io::read_dense(comm, {path}, {.not_finite = NotFinite::impute});
  EXPECT_EQ(file.num_replaced, 1);
  EXPECT_THAT(file.blocks.names,
              ElementsAre(path + ":/g/values[0]", path + ":/g/values[1]", path + ":/v2", path + ":/v10"));
  const auto all = whole(file.blocks);
  EXPECT_THAT(all[0].values, ElementsAre(1, 4));
  EXPECT_THAT(all[1].values, ElementsAre(2, 5, 3, 6));
  EXPECT_THAT(all[2].values, ElementsAre(-1, 0));
  EXPECT_THAT(all[3].values, ElementsAre(1, 3, 2, 4));
}

TEST(ReadDense, PackedVariables) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto write = [&](const std::string& name, const char* attribute, std::vector<double> packing) {
    const std::string path = folder / name;
    if (comm.is_root()) {
      const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
      write_dataset(file, "/t", H5T_STD_I16LE, {2, 2}, {100, -200, 300, -999});
      const auto put = [&](const char* what, const std::vector<double>& numbers) {
        const hsize_t length = numbers.size();
        const hid_t space = H5Screate_simple(1, &length, nullptr);
        const hid_t at =
            H5Acreate_by_name(file, "/t", what, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        H5Awrite(at, H5T_NATIVE_DOUBLE, numbers.data());
        H5Aclose(at);
        H5Sclose(space);
      };
      put("_FillValue", {-999});
      put("add_offset", {270});
      put(attribute, packing);
      H5Fclose(file);
    }
    comm.barrier();
    return path;
  };
  // The fill value is a packed one, as NetCDF has it.
  const auto all = read({write("p.nc", "scale_factor", {0.5})}, {.not_finite = NotFinite::zero});
  EXPECT_THAT(all[0].values, ElementsAre(320, 420, 170, 0));
  EXPECT_THAT(message({write("two.nc", "scale_factor", {0.5, 2})}),
              HasSubstr("two.nc: /t, attribute scale_factor: must be one finite number"));
  EXPECT_THAT(message({write("nan.nc", "scale_factor", {NAN})}),
              HasSubstr("attribute scale_factor: must be one finite"));
}

TEST(ReadDense, ShapesThatNothingHolds) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  // Chunked datasets without any data: a small file of any shape.
  for (const auto& [rows, cols] : {std::pair(hsize_t{1} << 32, hsize_t{1} << 32), {100, hsize_t{1} << 40}}) {
    const std::string path = folder / "huge.h5";
    if (comm.is_root()) {
      const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
      const hsize_t shape[] = {rows, cols};
      const hsize_t chunk[] = {8, 8};
      const hid_t space = H5Screate_simple(2, shape, nullptr);
      const hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
      H5Pset_chunk(chunked, 2, chunk);
      H5Dclose(H5Dcreate2(file, "a", H5T_IEEE_F64LE, space, H5P_DEFAULT, chunked, H5P_DEFAULT));
      H5Pclose(chunked);
      H5Sclose(space);
      H5Fclose(file);
    }
    comm.barrier();
    EXPECT_THAT(message({path}), HasSubstr(text("huge.h5:/a: is too large: ", rows, " x ", cols)));
    EXPECT_THAT(message_of<IoError>([&] { io::read_dense_rows(comm, {path}); }), HasSubstr("/a: is too large"));
    const io::Hdf5Reader file(comm, path);
    EXPECT_THAT(message_of<IoError>([&, rows = static_cast<Offset>(rows), cols = static_cast<Offset>(cols)] {
                  file.read_matrix("/a", 0, rows, 0, cols);
                }),
                HasSubstr("more than 2^40 elements"));
  }
}

TEST(ReadDense, ColumnsWithOffsets) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string path = folder / "x.h5";
  {
    io::Hdf5Writer file(comm, path);
    file.write_rows("/blocks/columns", comm.is_root() ? 3 : 0, 2, [](Offset i, std::span<double> row) {
      row[0] = static_cast<double>(i);
      row[1] = 10 + static_cast<double>(i);
    });
    const std::vector<Offset> offsets{0, 2, 3};
    file.write("/blocks/offsets", comm.is_root() ? std::span<const Offset>(offsets) : std::span<const Offset>());
    file.commit();
  }
  const auto all = read({path});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_THAT(all[0].values, ElementsAre(0, 10, 1, 11));
  EXPECT_THAT(all[1].values, ElementsAre(2, 12));
  // Cut short.
  const std::string content = bytes_of(path);
  for (const std::size_t length : {std::size_t{8}, std::size_t{100}, content.size() / 2}) {
    const std::string cut = folder.write("cut.h5", content.substr(0, length));
    EXPECT_THAT(message({cut}), HasSubstr("cut.h5: ")) << length;
  }
}

TEST(ReadDense, NotFiniteElements) {
  const TempFolder folder(Comm::world());
  const std::string path =
      folder.write("n.npy", npy("<f8", false, "(3, 3)", bytes<double>({1, NAN, 3, 4, 5, 6, NAN, NAN, INFINITY})));
  EXPECT_THAT(message({path}), HasSubstr("n.npy: element (2, 0) is nan, must be finite; --nan zero or impute"));
  EXPECT_THAT(read({path}, {.not_finite = NotFinite::zero})[0].values, ElementsAre(1, 4, 0, 0, 5, 0, 3, 6, 0));
  EXPECT_THAT(read({path}, {.not_finite = NotFinite::impute})[0].values, ElementsAre(1, 4, 0, 2, 5, 0, 3, 6, 0));
}

TEST(ReadDense, RowsMustAgree) {
  const TempFolder folder(Comm::world());
  const std::string two = folder.write("two.npy", npy("<f8", false, "(2, 1)", bytes<double>({1, 2})));
  const std::string three = folder.write("three.npy", npy("<f8", false, "(3, 1)", bytes<double>({1, 2, 3})));
  EXPECT_THAT(message({two, three}), HasSubstr("three.npy: has 3 rows, but " + two + " has 2"));
  const io::DenseFile padded = io::read_dense(Comm::world(), {two, three}, {.pad = true});
  EXPECT_EQ(padded.num_padded, 1);
  EXPECT_THAT(whole(padded.blocks)[0].values, ElementsAre(1, 2, 0));
}

TEST(ReadDense, RowsOverRanks) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string a =
      folder.write("a.npy", npy("<i2", false, "(5, 2)", bytes<std::int16_t>({1, 2, 3, 4, 5, 6, 7, 8, 9, 10})));
  const std::string b = folder.write("b.npy", npy(">f4", true, "(5, 1)", bytes<float>({-1, -2, NAN, -4, -5}, true)));
  const std::string c = folder.write("c.mtx", "%%MatrixMarket matrix coordinate real general\n4 1 1\n4 1 7\n");
  EXPECT_THAT(message_of<Error>([&] { io::read_dense_rows(comm, {a, b}); }), HasSubstr("b.npy: element (2, 0) is nan"));
  EXPECT_THAT(message_of<Error>([&] { io::read_dense_rows(comm, {a, c}); }), HasSubstr("c.mtx: has 4 rows"));
  const auto file = io::read_dense_rows(comm, {a, b, c}, {.not_finite = NotFinite::zero, .pad = true});
  EXPECT_THAT(file.cols, ElementsAre(2, 1, 1));
  EXPECT_EQ(file.num_replaced, 1);
  EXPECT_EQ(file.num_padded, 1);
  const double expected[5][4] = {{1, 2, -1, 0}, {3, 4, -2, 0}, {5, 6, 0, 0}, {7, 8, -4, 7}, {9, 10, -5, 0}};
  for (Offset i = 0; i < file.matrix.num_local_rows(); ++i) {
    const auto& row = expected[file.matrix.rows.begin(comm.rank()) + i];
    EXPECT_TRUE(std::ranges::equal(file.matrix.row(i), row)) << i;
  }
}

TEST(ReadDense, FaultsAreNamed) {
  const TempFolder folder(Comm::world());
  std::filesystem::create_directories(folder / "empty");
  Comm::world().barrier();
  EXPECT_THAT(message({}), HasSubstr("the list of paths is empty"));
  EXPECT_THAT(message({folder / "empty"}), HasSubstr("empty: holds no .npy files"));
  EXPECT_THAT(message({folder / "missing.npy"}), HasSubstr("missing.npy: cannot be opened"));
  EXPECT_THAT(message({folder / "missing"}), HasSubstr("missing: does not exist"));
  EXPECT_THAT(message({folder / "missing.txt"}), HasSubstr("missing.txt: cannot be opened"));
  EXPECT_THAT(message({folder.write("empty.txt", "# nothing\n")}), HasSubstr("empty.txt: the list is empty"));
  EXPECT_THAT(message({folder.write("list.txt", "gone.npy\n")}), HasSubstr("gone.npy: cannot be opened"));
  EXPECT_THAT(message({folder.write("x.csv", "1,2\n")}), HasSubstr("x.csv: is no collection of dense matrices"));
  EXPECT_THAT(message({folder.write("o.npy", npy("|O", false, "(1, 1)", "12345678"))}),
              HasSubstr("o.npy: header: pickled Python objects, which are not read"));
  EXPECT_THAT(message({folder.write("c.npy", npy("<f8", false, "(2, 2)", "12345678"))}),
              HasSubstr("c.npy: holds 8 bytes"));
  EXPECT_THAT(message({folder.write("e.npy", npy("<f8", false, "(0, 2)", ""))}), HasSubstr("e.npy: is empty: 0 x 2"));
  EXPECT_THAT(message({folder.write("i.npy", npy("<i8", false, "(1, 1)", bytes<std::int64_t>({(1LL << 53) + 1})))}),
              HasSubstr("element (0, 0) is a number that a double cannot hold exactly"));
  EXPECT_THAT(message({folder.write("t.h5", "text")}), HasSubstr("t.h5: is not an HDF5 file"));
}

TEST(ReadDense, WritesWhatItReads) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const Dense matrix = random_dense(7, 5, 1);
  const std::string path = folder / "w.npy";
  comm.guard([&] {
    if (comm.is_root()) io::write_dense_npy(path, matrix);
  });
  EXPECT_EQ(read({path})[0], matrix);
  EXPECT_THROW(io::write_dense_npy(folder / "no/w.npy", matrix), IoError);
}

}  // namespace
}  // namespace filigree::testing
