// NumPy arrays as sparse matrices: every type of number, both orders, what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "filigree/io/write.hpp"
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

/// A file of version 1 with this header, not padded.
std::string npy(const std::string& dict, const std::string& elements) {
  const std::string length{static_cast<char>(dict.size() % 256), static_cast<char>(dict.size() / 256)};
  return std::string("\x93NUMPY\1\0", 8) + length + dict + elements;
}
std::string npy(const std::string& type, const char* order, const std::string& shape, const std::string& elements) {
  return npy("{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n", elements);
}

template <class T>
std::string stored(const std::vector<T>& values, bool big_endian = false) {
  std::string bytes;
  for (T value : values) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    if (big_endian) std::reverse(std::begin(raw), std::end(raw));
    bytes.append(raw, sizeof(T));
  }
  return bytes;
}

template <class T>
void expect_both_byte_orders(const std::string& type) {
  const GlobalMatrix<double> expected{{{0, 1}, 7}, {{1, 0}, 100}, {{1, 2}, 1}};
  const std::vector<T> by_rows{0, 7, 0, 100, 0, 1};
  const std::vector<T> by_columns{0, 100, 7, 0, 0, 1};
  for (const bool big : {false, true}) {
    const std::string full_type = (big ? ">" : "<") + type;
    const Content rows = read_bytes(npy(full_type, "False", "(2, 3)", stored(by_rows, big)), "a.npy");
    EXPECT_TRUE(rows.matrix == expected) << full_type;
    EXPECT_EQ(rows.num_rows, 2);
    EXPECT_EQ(rows.num_cols, 3);
    EXPECT_TRUE(rows.has_values);
    EXPECT_EQ(rows.report.format, Format::npy);
    EXPECT_TRUE(read_bytes(npy(full_type, "True", "(2, 3)", stored(by_columns, big)), "a.npy").matrix == expected);
  }
}

TEST(Npy, EveryTypeAndOrder) {
  expect_both_byte_orders<double>("f8");
  expect_both_byte_orders<float>("f4");
  expect_both_byte_orders<std::int64_t>("i8");
  expect_both_byte_orders<std::int32_t>("i4");
  expect_both_byte_orders<std::int16_t>("i2");
  expect_both_byte_orders<std::int8_t>("i1");
  expect_both_byte_orders<std::uint64_t>("u8");
  expect_both_byte_orders<std::uint32_t>("u4");
  expect_both_byte_orders<std::uint16_t>("u2");
  expect_both_byte_orders<std::uint8_t>("u1");
  EXPECT_TRUE(read_bytes(npy("|i1", "False", "(1, 2)", "\xff\x80"), "a.npy").matrix ==
              (GlobalMatrix<double>{{{0, 0}, -1}, {{0, 1}, -128}}));
  EXPECT_TRUE(read_bytes(npy("|u1", "False", "(1, 2)", "\xff\x80"), "a.npy").matrix ==
              (GlobalMatrix<double>{{{0, 0}, 255}, {{0, 1}, 128}}));
  const Content truth = read_bytes(npy("|b1", "False", "(2, 2)", std::string("\0\1\1\0", 4)), "a.npy");
  EXPECT_TRUE(truth.matrix == (GlobalMatrix<double>{{{0, 1}, 1}, {{1, 0}, 1}}));
  EXPECT_FALSE(truth.has_values);
}

TEST(Npy, ValuesAreExact) {
  const std::vector<double> values{0.1, -0.0, 5e-324, 1.7976931348623157e308};
  EXPECT_TRUE(read_bytes(npy("<f8", "False", "(1, 4)", stored(values)), "a.npy").matrix ==
              (GlobalMatrix<double>{{{0, 0}, 0.1}, {{0, 2}, 5e-324}, {{0, 3}, 1.7976931348623157e308}}));
  EXPECT_TRUE(read_bytes(npy("<f4", "False", "(1, 1)", stored<float>({0.1F})), "a.npy").matrix ==
              (GlobalMatrix<double>{{{0, 0}, double{0.1F}}}));
  EXPECT_TRUE(
      read_bytes(npy("<i8", "False", "(2, 1)", stored<std::int64_t>({INT64_MIN, std::int64_t{1} << 53})), "a.npy")
          .matrix == (GlobalMatrix<double>{{{0, 0}, -0x1p63}, {{1, 0}, 0x1p53}}));
}

TEST(Npy, OneDimensionIsAColumn) {
  const Content column = read_bytes(npy("<i4", "False", "(3,)", stored<std::int32_t>({4, 0, -5})), "a.npy");
  EXPECT_EQ(column.num_rows, 3);
  EXPECT_EQ(column.num_cols, 1);
  EXPECT_TRUE(column.matrix == (GlobalMatrix<double>{{{0, 0}, 4}, {{2, 0}, -5}}));
  EXPECT_TRUE(read_bytes(npy("<i4", "True", "(3,)", stored<std::int32_t>({4, 0, -5})), "a.npy").matrix ==
              column.matrix);
}

TEST(Npy, HeadersOfEveryKind) {
  const std::string seven = stored<std::int16_t>({7});
  const GlobalMatrix<double> expected{{{0, 0}, 7}};
  for (const char* dict : {"{'descr': '<i2', 'fortran_order': False, 'shape': (1, 1), }   \n",
                           "{\"shape\":(1,1,),\"fortran_order\":True,\"descr\":\"<i2\"}",
                           " { 'fortran_order' : False , 'shape' : ( 1L , 1L ) , 'descr' : '<i2' , } \n"}) {
    EXPECT_TRUE(read_bytes(npy(dict, seven), "a.npy").matrix == expected) << dict;
    const std::string length = stored<std::uint32_t>({static_cast<std::uint32_t>(std::strlen(dict))});
    for (const char version : {'\2', '\3'})
      EXPECT_TRUE(read_bytes(std::string("\x93NUMPY") + version + '\0' + length + dict + seven, "a.npy").matrix ==
                  expected);
  }
}

TEST(Npy, Empty) {
  EXPECT_EQ(read_bytes(npy("<f8", "False", "(0, 0)", ""), "a.npy").num_rows, 0);
  EXPECT_EQ(read_bytes(npy("<f8", "False", "(0, 1000000)", ""), "a.npy").num_cols, 1000000);
  EXPECT_EQ(read_bytes(npy("<f8", "True", "(5, 0)", ""), "a.npy").num_rows, 5);
  EXPECT_EQ(read_bytes(npy("<f8", "False", "(0,)", ""), "a.npy").num_cols, 1);
}

TEST(Npy, DamagedFilesSayWhatIsWrong) {
  const std::string seven = stored<double>({7});
  const auto dict = [&](const std::string& content) { return npy("{" + content + "}\n", seven); };
  const auto typed = [&](const std::string& type) { return npy(type, "False", "(1, 1)", seven); };
  const std::string rest = "'fortran_order': False, 'shape': (1, 1)";
  const std::string good = npy("<f8", "False", "(1, 1)", seven);
  constexpr double inf = std::numeric_limits<double>::infinity();
  const struct {
    std::string bytes;
    const char* expected;
  } cases[] = {
      {"", "bad.npy: is no .npy file: it does not begin with \\x93NUMPY and a version"},
      {"0 1\n1 2\n", "bad.npy: is no .npy file: it does not begin with \\x93NUMPY and a version"},
      {std::string("\x93NUMPY\4\0\2\0{}", 12), "bad.npy: version 4 of .npy, expected 1, 2 or 3"},
      {good.substr(0, 9), "bad.npy: ends within its header"},
      {good.substr(0, 40), "bad.npy: ends within its header"},
      {std::string("\x93NUMPY\2\0\2\0", 10), "bad.npy: ends within its header"},
      {good.substr(0, good.size() - 1), "bad.npy: holds 7 bytes of elements; 1 x 1 of 8 bytes take more"},
      {good + "x", "bad.npy: holds 9 bytes of elements; 1 x 1 of 8 bytes take fewer"},
      {npy("<f8", "False", "(100000000000000000, 100000000000000000)", seven),
       "bad.npy: holds 8 bytes of elements; 100000000000000000 x 100000000000000000 of 8 bytes take more"},
      {npy("", ""), "bad.npy: header: expected {; found the end"},
      {npy("[]\n", ""), "bad.npy: header: expected {; found '[]'"},
      {dict(""), "bad.npy: header: expected the keys descr, fortran_order and shape"},
      {dict(rest), "bad.npy: header: expected the keys descr, fortran_order and shape"},
      {dict("'descr': '<f8', " + rest + " 'a': 1"), "bad.npy: header: expected }; found ''a': 1}'"},
      {dict("'descr': '<f8', " + rest + ", 'a': 1"),
       "bad.npy: header: key 'a', expected descr, fortran_order and shape, each once"},
      {dict("'descr': '<f8', 'descr': '<f8', " + rest),
       "bad.npy: header: key 'descr', expected descr, fortran_order and shape, each once"},
      {dict("descr: '<f8', " + rest),
       "bad.npy: header: expected a text in quotes; found 'descr: '<f8', 'fortran_order': False, 's...'"},
      {dict("'descr' '<f8'"), "bad.npy: header: expected :; found ''<f8'}'"},
      {dict("'descr': '<f8"), "bad.npy: header: expected a text in quotes; found ''<f8}'"},
      {npy("{'descr': '<f8', " + rest, seven), "bad.npy: header: expected }; found the end"},
      {npy("{'descr': '<f8', " + rest + "} x\n", seven), "bad.npy: header: expected nothing behind the }; found 'x'"},
      {npy("<f8", "0", "(1, 1)", seven), "bad.npy: header: expected True or False; found '0, 'shape': (1, 1), }'"},
      {npy("<f8", "False", "1", seven), "bad.npy: header: expected (; found '1, }'"},
      {npy("<f8", "False", "(1, -1)", seven), "bad.npy: header: expected a length in the shape; found '-1), }'"},
      {npy("<f8", "False", "(1 1)", seven), "bad.npy: header: expected ); found '1), }'"},
      {npy("<f8", "False", "(1, 1000000000000000000)", seven),
       "bad.npy: header: expected a length in the shape; found '1000000000000000000), }'"},
      {npy("<f8", "False", "(1, ", seven), "bad.npy: header: expected a length in the shape; found ', }'"},
      {npy("<f8", "False", "()", seven), "bad.npy: header: an array of 0 dimensions, expected 1 or 2"},
      {npy("<f8", "False", "(1, 1, 1)", seven), "bad.npy: header: an array of 3 dimensions, expected 1 or 2"},
      {typed("<c16"), "bad.npy: header: elements of type '<c16', expected f2 to f8, i1 to i8, u1 to u8 or b1"},
      {typed("<f3"), "bad.npy: header: elements of type '<f3', expected f2 to f8, i1 to i8, u1 to u8 or b1"},
      {typed("|O"), "bad.npy: header: pickled Python objects, which are not read; save numbers"},
      {typed("<U1"), "bad.npy: header: elements of type '<U1', expected f2 to f8, i1 to i8, u1 to u8 or b1"},
      {typed("|f8"), "bad.npy: header: elements of type '|f8', expected f2 to f8, i1 to i8, u1 to u8 or b1"},
      {dict("'descr': [('x', '<f8')], " + rest), "bad.npy: header: arrays of records cannot be held, only of numbers"},
      {npy("<f8", "False", "(2, 2)", stored<double>({1, inf, 1, inf})),
       "bad.npy: element (0, 1) of type <f8 must be finite"},
      {npy(">f4", "True", "(2, 2)", stored<float>({1, std::nanf(""), 1, 1}, true)),
       "bad.npy: element (1, 0) of type >f4 must be finite"},
      {npy("<i8", "False", "(2,)", stored<std::int64_t>({0, (std::int64_t{1} << 53) + 1})),
       "bad.npy: element (1, 0) of type <i8 is a number that a double cannot hold exactly"},
      {npy("<i8", "False", "(1,)", stored<std::int64_t>({INT64_MAX})),
       "bad.npy: element (0, 0) of type <i8 is a number that a double cannot hold exactly"},
      {npy("<u8", "False", "(1,)", stored<std::uint64_t>({UINT64_MAX})),
       "bad.npy: element (0, 0) of type <u8 is a number that a double cannot hold exactly"},
      {npy("|b1", "False", "(1, 2)", "\1\2"), "bad.npy: element (0, 1) of type |b1 must be 0 or 1"},
  };
  for (const auto& c : cases) EXPECT_EQ(why_not(c.bytes, "bad.npy"), c.expected);
  EXPECT_THAT(why_not("x", "a.npy.gz"), HasSubstr("only text formats can be compressed"));
}

TEST(EdgesNpy, RowsAreEdges) {
  const std::vector<std::int64_t> rows{30, 10, 10, 7, 7, 30};
  const std::vector<std::int32_t> columns{30, 10, 7, 10, 7, 30};
  const ReadOptions edges{.format = Format::edges_npy};
  const GlobalMatrix<double> ring{{{0, 2}, 1}, {{1, 0}, 1}, {{2, 1}, 1}};
  for (const std::string& bytes :
       {npy("<i8", "False", "(3, 2)", stored(rows)), npy("<i4", "True", "(3, 2)", stored(columns)),
        npy(">i8", "False", "(3, 2)", stored(rows, true))}) {
    const Content content = read_bytes(bytes, "a.npy", edges);
    EXPECT_TRUE(content.matrix == ring);
    EXPECT_EQ(content.names, (std::vector<std::string>{"7", "10", "30"}));
    EXPECT_FALSE(content.has_values);
  }
  EXPECT_EQ(
      read_bytes(npy("<i8", "False", "(3, 2)", stored(rows)), "a.npy", {.format = Format::edges_npy, .ids = Ids::keep})
          .num_rows,
      31);
  // As a matrix it stays one.
  EXPECT_EQ(read_bytes(npy("<i8", "False", "(3, 2)", stored(rows)), "a.npy").num_cols, 2);
}

TEST(EdgesNpy, AThirdColumnIsTheWeight) {
  const std::vector<double> rows{0, 1, 0.5, 1, 2, -4};
  const std::string bytes = npy("<f8", "False", "(2, 3)", stored(rows));
  EXPECT_TRUE(read_bytes(bytes, "a.npy", {.format = Format::edges_npy, .weights = true}).matrix ==
              (GlobalMatrix<double>{{{0, 1}, 0.5}, {{1, 2}, -4}}));
  const Content without = read_bytes(bytes, "a.npy", {.format = Format::edges_npy});
  EXPECT_FALSE(without.has_values);
  EXPECT_EQ(without.report.remarks,
            (std::vector<std::string>{"the third column is not read; --weights takes it as weights"}));
}

TEST(EdgesNpy, RefusedWithThePlace) {
  const ReadOptions edges{.format = Format::edges_npy};
  const ReadOptions weighted{.format = Format::edges_npy, .weights = true};
  const auto floats = [](const std::vector<double>& rows) { return npy("<f8", "False", "(2, 2)", stored(rows)); };
  EXPECT_EQ(why_not(floats({0, 1, 2, 0.5}), "a.npy", edges),
            "a.npy: element (1, 1) is 0.5, must be a vertex, a whole number in [0, 2^53)");
  EXPECT_EQ(why_not(floats({0, 1, -2, 1}), "a.npy", edges),
            "a.npy: element (1, 0) is -2, must be a vertex, a whole number in [0, 2^53)");
  EXPECT_EQ(why_not(floats({0, 1, 2, 1}), "a.npy", weighted), "a.npy: has two columns, so there are no weights");
  EXPECT_EQ(why_not(npy("<f8", "False", "(1, 3)", stored<double>({0, 1, std::nan("")})), "a.npy", weighted),
            "a.npy: element (0, 2) is nan, must be a finite weight");
  EXPECT_EQ(why_not(npy("<i4", "False", "(1, 4)", stored<std::int32_t>({0, 1, 2, 3})), "a.npy", edges),
            "a.npy: is 1 x 4; an array of edges has two columns, or three with weights");
}

Graph graph_of(const Comm& comm, Global num_rows, Global num_cols, Entries<double> entries) {
  return Graph::from_entries(comm, num_rows, num_cols, comm.is_root() ? std::move(entries) : Entries<double>{});
}

TEST(Npy, WrittenAsNumPyDoes) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto written = [&](const Graph& graph, const char* name) {
    write(graph, VertexNames(graph.rows()), folder / name);
    const std::string bytes = bytes_of(folder / name);
    comm.barrier();
    return bytes;
  };
  const auto header = [](const std::string& dict) {
    return std::string("\x93NUMPY\1\0\x76\0", 10) + dict + std::string(117 - dict.size(), ' ') + '\n';
  };
  EXPECT_EQ(written(graph_of(comm, 2, 3, {{0, 1, 1}, {1, 0, 2}, {0.5, -2, 1e300}}), "a.npy"),
            header("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }") +
                stored<double>({0, 0.5, 0, -2, 0, 1e300}));
  EXPECT_EQ(written(graph_of(comm, 3, 2, {{0, 2}, {1, 0}, {}}), "b.npy"),
            header("{'descr': '|b1', 'fortran_order': False, 'shape': (3, 2), }") + std::string("\0\1\0\0\1\0", 6));
  EXPECT_EQ(written(graph_of(comm, 0, 0, {}), "c.npy"),
            header("{'descr': '|b1', 'fortran_order': False, 'shape': (0, 0), }"));
  EXPECT_EQ(message_of<InvalidArgument>([&] { written(graph_of(comm, 100000, 100000, {}), "no.npy"); }),
            folder /
                "no.npy: .npy files hold all elements, zeros too, and are written up to 2^33 of them; this matrix "
                "has 100000 x 100000");
  EXPECT_FALSE(std::filesystem::exists(folder / "no.npy"));
}

TEST(Npy, RandomMatricesComeBackBitByBit) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  // 10 MB: several slices on one rank.
  for (const auto values : {testing::Values::none, testing::Values::rounded}) {
    const auto entries = testing::random_entries<double>(1300, 1000, 20000, values, 5);
    const EntryPolicy policy{Duplicates::first, Loops::keep};
    const Graph graph = Graph::from_entries(comm, 1300, 1000, testing::deal(comm, entries, 6), policy);
    write(graph, VertexNames(graph.rows()), folder / "a.npy");
    const Content content = read_on_any_ranks(folder / "a.npy");
    EXPECT_EQ(content.num_rows, 1300);
    EXPECT_EQ(content.num_cols, 1000);
    EXPECT_TRUE(content.matrix == *testing::merged(entries, policy));
    EXPECT_EQ(content.has_values, values != testing::Values::none);
  }
}

}  // namespace
}  // namespace filigree::io
