// MatrixMarket files of every kind that is read, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>
#include <thread>

#include "filigree/io/integers.hpp"
#include "filigree/io/read_text.hpp"
#include "filigree/io/write.hpp"
#include "io/reading.hpp"

namespace filigree::io {
namespace {

using filigree::testing::Content;
using filigree::testing::GlobalMatrix;
using filigree::testing::message_of;
using filigree::testing::read_bytes;
using filigree::testing::read_on_any_ranks;
using filigree::testing::TempFolder;
using filigree::testing::why_not;
using ::testing::HasSubstr;

const std::string banner = "%%MatrixMarket matrix coordinate ";

TEST(MatrixMarket, GeneralRealRectangular) {
  const Content content =
      read_bytes(banner + "real general\n% comment\n%\n\n2 3 3\n1 3 0.1\n2 1 -1e-3\n1 1 7\n", "a.mtx");
  EXPECT_EQ(content.num_rows, 2);
  EXPECT_EQ(content.num_cols, 3);
  EXPECT_TRUE(content.matrix == (GlobalMatrix<double>{{{0, 2}, 0.1}, {{1, 0}, -1e-3}, {{0, 0}, 7}}));
  EXPECT_TRUE(content.has_values);
  EXPECT_EQ(content.report.format, Format::matrix_market);
}

TEST(MatrixMarket, SymmetricKinds) {
  const GlobalMatrix<double> symmetric{{{0, 0}, 4}, {{1, 0}, -2}, {{0, 1}, -2}, {{2, 1}, 5}, {{1, 2}, 5}};
  EXPECT_TRUE(read_bytes(banner + "integer symmetric\n3 3 3\n1 1 4\n2 1 -2\n3 2 5\n", "a.mtx").matrix == symmetric);
  EXPECT_TRUE(read_bytes(banner + "real symmetric\n3 3 3\n1 1 4\n1 2 -2\n2 3 5\n", "a.mtx").matrix == symmetric);
  EXPECT_TRUE(read_bytes(banner + "real skew-symmetric\n2 2 1\n2 1 3\n", "a.mtx").matrix ==
              (GlobalMatrix<double>{{{1, 0}, 3}, {{0, 1}, -3}}));
  const Content pattern =
      read_bytes("%%matrixmarket MATRIX Coordinate PATTERN Symmetric\r\n2 2 2\r\n2 1\r\n2 2", "a.mtx");
  EXPECT_TRUE(pattern.matrix == (GlobalMatrix<double>{{{1, 0}, 1}, {{0, 1}, 1}, {{1, 1}, 1}}));
  EXPECT_FALSE(pattern.has_values);
}

TEST(MatrixMarket, ArraysByColumns) {
  const std::string array = "%%MatrixMarket matrix array ";
  const Content general =
      read_bytes(array + "real general\n% comment\n2 3\n1.5\n0\n\n -2 \r\n0\n% c\n3e2\n+4", "a.mtx");
  EXPECT_EQ(general.num_rows, 2);
  EXPECT_EQ(general.num_cols, 3);
  EXPECT_TRUE(general.matrix == (GlobalMatrix<double>{{{0, 0}, 1.5}, {{0, 1}, -2}, {{0, 2}, 300}, {{1, 2}, 4}}));
  EXPECT_TRUE(general.has_values);
  EXPECT_EQ(general.report.format, Format::matrix_market);
  //  1 2 3      0 -1 -2
  //  2 0 4      1  0 -3
  //  3 4 5      2  3  0
  const Content symmetric = read_bytes(array + "integer symmetric\n3 3\n1\n2\n3\n0\n4\n5\n", "a.mtx");
  EXPECT_TRUE(
      symmetric.matrix ==
      (GlobalMatrix<double>{
          {{0, 0}, 1}, {{0, 1}, 2}, {{0, 2}, 3}, {{1, 0}, 2}, {{1, 2}, 4}, {{2, 0}, 3}, {{2, 1}, 4}, {{2, 2}, 5}}));
  EXPECT_TRUE(read_bytes(array + "real skew-symmetric\n3 3\n1\n2\n3\n", "a.mtx").matrix ==
              (GlobalMatrix<double>{{{0, 1}, -1}, {{0, 2}, -2}, {{1, 0}, 1}, {{1, 2}, -3}, {{2, 0}, 2}, {{2, 1}, 3}}));
  // What is symmetric already is not doubled.
  EXPECT_TRUE(read_bytes(array + "real symmetric\n2 2\n0\n3\n0\n", "a.mtx",
                         {.undirected = true, .policy = {Duplicates::sum, Loops::keep}})
                  .matrix == (GlobalMatrix<double>{{{0, 1}, 3}, {{1, 0}, 3}}));
}

TEST(MatrixMarket, EmptyArrays) {
  const std::string array = "%%MatrixMarket matrix array real ";
  EXPECT_EQ(read_bytes(array + "general\n0 0\n", "a.mtx").num_rows, 0);
  EXPECT_EQ(read_bytes(array + "general\n3 0\n", "a.mtx").num_rows, 3);
  EXPECT_EQ(read_bytes(array + "general\n0 1000000\n", "a.mtx").num_cols, 1000000);
  EXPECT_EQ(read_bytes(array + "symmetric\n1 1\n7\n", "a.mtx").matrix, (GlobalMatrix<double>{{{0, 0}, 7}}));
  EXPECT_EQ(read_bytes(array + "skew-symmetric\n1 1\n", "a.mtx").num_rows, 1);
  EXPECT_TRUE(read_bytes(array + "general\n2 1\n0\n-0.0\n", "a.mtx").matrix.empty());
}

TEST(MatrixMarket, LargeArraysOnAnyRanks) {
  // Element (i, j) of the lower triangle is 1000 i + j, of every third column zero; lines are longer than a chunk.
  const Global n = 400;
  std::string bytes = text("%%MatrixMarket matrix array integer symmetric\n", n, ' ', n, '\n');
  GlobalMatrix<double> expected;
  for (Global col = 0; col < n; ++col) {
    for (Global row = col; row < n; ++row) {
      const Global value = col % 3 == 0 ? 0 : 1000 * row + col;
      bytes += text(value, std::string(10, ' '), '\n');
      if (value != 0) expected[{row, col}] = expected[{col, row}] = static_cast<double>(value);
    }
  }
  EXPECT_TRUE(read_bytes(bytes, "a.mtx").matrix == expected);
}

TEST(MatrixMarket, Undirected) {
  EXPECT_TRUE(read_bytes(banner + "real general\n2 2 2\n1 2 3\n2 2 1\n", "a.mtx", {.undirected = true}).matrix ==
              (GlobalMatrix<double>{{{0, 1}, 3}, {{1, 0}, 3}, {{1, 1}, 1}}));
  // What is symmetric already is not doubled.
  EXPECT_TRUE(read_bytes(banner + "real symmetric\n2 2 1\n2 1 3\n", "a.mtx",
                         {.undirected = true, .policy = {Duplicates::sum, Loops::keep}})
                  .matrix == (GlobalMatrix<double>{{{0, 1}, 3}, {{1, 0}, 3}}));
}

TEST(MatrixMarket, WhatOthersWrite) {
  const Content tiny = read_bytes(banner + "real general\n2 2 2\n1 2 1e-400\n2 1 4.9e-324\n", "a.mtx");
  EXPECT_TRUE(tiny.matrix == (GlobalMatrix<double>{{{0, 1}, 0}, {{1, 0}, 4.9e-324}}));
  const Content whole = read_bytes(banner + "unsigned-integer general\n2 2 1\n1 2 3\n", "a.mtx");
  EXPECT_TRUE(whole.matrix == (GlobalMatrix<double>{{{0, 1}, 3}}));
  const Content skew = read_bytes(banner + "real skew-symmetric\n2 2 2\n1 1 0\n2 1 4\n", "a.mtx");
  EXPECT_TRUE(skew.matrix == (GlobalMatrix<double>{{{0, 0}, 0}, {{0, 1}, -4}, {{1, 0}, 4}}));
}

/// What a pipe carries while f(path) runs. Collective.
template <class F>
auto through_pipe(const std::string& bytes, F f) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string pipe = folder / "pipe";
  if (comm.is_root()) {
    EXPECT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  }
  comm.barrier();
  std::jthread writer;
  if (comm.is_root()) writer = std::jthread([&] { std::ofstream(pipe) << bytes; });
  return f(comm, pipe);
}

TEST(MatrixMarket, ListsComeThroughPipesToo) {
  const std::string list =
      through_pipe("a b\nc", [](const Comm& comm, const std::string& pipe) { return read_text(comm, pipe); });
  EXPECT_EQ(list, "a b\nc\n");
}

TEST(MatrixMarket, PipesTellTheirValuesBeforeTheyAreRead) {
  const std::string head = "%%MatrixMarket matrix coordinate ";
  const IntegerFile integers = through_pipe(head + "integer general\n2 2 1\n1 2 9007199254740993\n",
                                            [](const Comm& comm, const std::string& pipe) {
                                              EXPECT_EQ(values_of(comm, pipe, {}), Values::integers);
                                              EXPECT_EQ(values_of(comm, pipe, {}), Values::integers);
                                              return read_integers(comm, pipe, {});
                                            });
  EXPECT_TRUE(testing::whole(integers.graph) == (GlobalMatrix<std::int64_t>{{{0, 1}, 9007199254740993}}));
  const GraphFile reals =
      through_pipe(head + "real general\n2 2 1\n1 2 0.5\n", [](const Comm& comm, const std::string& pipe) {
        EXPECT_EQ(values_of(comm, pipe, {}), Values::reals);
        return read(comm, pipe, {});
      });
  EXPECT_TRUE(testing::whole(reals.graph) == (GlobalMatrix<double>{{{0, 1}, 0.5}}));
  const std::string why = through_pipe(head + "integer\n", [](const Comm& comm, const std::string& pipe) {
    const std::string message = message_of([&] { values_of(comm, pipe, {.format = Format::matrix_market}); });
    EXPECT_EQ(message.substr(0, pipe.size()), pipe);
    return message;
  });
  EXPECT_THAT(why, HasSubstr("pipe:1: "));
}

TEST(MatrixMarket, Empty) {
  EXPECT_EQ(read_bytes(banner + "real general\n0 0 0\n", "a.mtx").num_rows, 0);
  const Content zeros = read_bytes(banner + "pattern general\n4 2 0", "a.mtx");
  EXPECT_EQ(zeros.num_rows, 4);
  EXPECT_EQ(zeros.num_cols, 2);
  EXPECT_TRUE(zeros.matrix.empty());
}

TEST(MatrixMarket, MalformedFilesNameTheLine) {
  const std::string real = banner + "real general\n";
  const std::string array = "%%MatrixMarket matrix array ";
  const struct {
    std::string bytes;
    const char* expected;
  } cases[] = {
      {"", "bad.mtx:1: expected the banner %%MatrixMarket; the file is empty"},
      {"1 2 3\n", "bad.mtx:1: expected the banner"},
      {"%%MatrixMarket matrix elemental real general\n1 1\n1\n",
       "bad.mtx:1: layout 'elemental', expected coordinate or array"},
      {"%%MatrixMarket matrix coordinate complex general\n1 1 1\n1 1 1 0\n",
       "bad.mtx:1: values 'complex', expected real, integer or pattern: complex matrices cannot be held"},
      {"%%MatrixMarket matrix coordinate real hermitian\n1 1 1\n1 1 1\n",
       "bad.mtx:1: symmetry 'hermitian', expected general, symmetric or skew-symmetric: complex matrices cannot be "
       "held"},
      {"%%MatrixMarket matrix coordinate pattern skew-symmetric\n1 1 0\n",
       "bad.mtx:1: a pattern cannot be skew-symmetric"},
      {"%%MatrixMarket vector coordinate real general\n", "bad.mtx:1: object 'vector', expected matrix"},
      {"%%MatrixMarket matrix coordinate real\n1 1 0\n", "bad.mtx:1: symmetry ''"},
      {real, "bad.mtx:1: ends without the line of rows, columns and entries"},
      {real + "% only\n% comments\n", "bad.mtx:3: ends without the line"},
      {real + "2 2\n", "bad.mtx:2: expected three whole numbers: rows, columns and entries; found ''"},
      {real + "2 x 1\n", "bad.mtx:2: expected three whole numbers: rows, columns and entries; found 'x'"},
      {real + "2 -2 1\n", "bad.mtx:2: expected three whole numbers: rows, columns and entries; found '-2'"},
      {real + "9999999999999999999 1 1\n", "bad.mtx:2: expected three whole numbers"},
      {real + "2 2 1 5\n", "bad.mtx:2: expected only rows, columns and entries; found '5'"},
      {banner + "real symmetric\n2 3 0\n", "bad.mtx:2: a symmetric matrix of 2 rows and 3 columns"},
      {real + "2 2 1\n0 1 1\n", "bad.mtx:3: row 0 must be in [1, 2]"},
      {real + "2 2 1\n1 3 1\n", "bad.mtx:3: column 3 must be in [1, 2]"},
      {real + "2 2 1\n-1 1 1\n", "bad.mtx:3: row -1 must be in [1, 2]"},
      {real + "2 2 1\n99999999999999999999 1 1\n", "bad.mtx:3: '99999999999999999999' is not a row or column number"},
      {real + "2 2 1\n1 1\n", "bad.mtx:3: expected a row, a column and a value"},
      {real + "2 2 1\n1\n", "bad.mtx:3: expected a row, a column and a value"},
      {real + "2 2 2\n1 1 1\n% fine\n\n1 x 1\n", "bad.mtx:6: 'x' is not a row or column number"},
      {real + "2 2 1\n1 1 one\n", "bad.mtx:3: value 'one' is not a number"},
      {real + "2 2 1\n1 1 nan\n", "bad.mtx:3: value nan must be finite"},
      {real + "2 2 1\n1 1 1e999\n", "bad.mtx:3: value '1e999' is not a number that a double can hold"},
      {real + "2 2 1\n1 1 1 1\n", "bad.mtx:3: unexpected '1' behind the entry"},
      {banner + "unsigned-integer general\n2 2 1\n1 1 -1\n", "bad.mtx:3: value -1 must not be negative"},
      {banner + "pattern general\n2 2 1\n1 1 1\n",
       "bad.mtx:3: unexpected '1' behind the entry; a pattern has no values: let the banner say real"},
      {banner + "integer general\n2 2 1\n1 1 1.5\n", "bad.mtx:3: value 1.5 must be a whole number"},
      {banner + "integer general\n2 2 1\n1 1 99999999999999999999\n",
       "bad.mtx:3: value 1e+20 must be a whole number below 2^53, where doubles begin to round"},
      {banner + "real skew-symmetric\n2 2 1\n1 1 2\n", "bad.mtx:3: the diagonal of a skew-symmetric matrix is zero"},
      {real + "2 2 3\n1 1 1\n2 2 1\n", "bad.mtx:4: ends after 2 of 3 entries"},
      {real + "2 2 1\n", "bad.mtx:2: ends after 0 of 1 entries"},
      {real + "2 2 1\n1 1 1\n% c\n2 2 1\n1 2 1\n", "bad.mtx:5: one entry more than the 1 promised above"},
      {real + "2 2 0\n1 1 1\n", "bad.mtx:3: one entry more than the 0 promised above"},
      {array + "pattern general\n1 1\n1\n", "bad.mtx:1: an array cannot be a pattern"},
      {array + "complex general\n1 1\n1 0\n", "bad.mtx:1: values 'complex'"},
      {array + "real general\n2\n", "bad.mtx:2: expected two whole numbers: rows and columns; found ''"},
      {array + "real general\n2 2 4\n", "bad.mtx:2: expected only rows and columns; found '4'"},
      {array + "real symmetric\n2 3\n", "bad.mtx:2: a symmetric matrix of 2 rows and 3 columns"},
      {array + "real general\n99999999999 99999999999\n",
       "bad.mtx:2: an array of 99999999999 x 99999999999 elements is larger than any file"},
      {array + "real general\n2 2\n1\n2\n3\n", "bad.mtx:5: ends after 3 of 4 entries"},
      {array + "real general\n2 1\n1\n2\n% c\n0\n", "bad.mtx:6: one entry more than the 2 promised above"},
      {array + "real symmetric\n2 2\n1\n2\n3\n4\n", "bad.mtx:6: one entry more than the 3 promised above"},
      {array + "real skew-symmetric\n2 2\n", "bad.mtx:2: ends after 0 of 1 entries"},
      {array + "real general\n1 2\n1 2\n", "bad.mtx:3: unexpected '2' behind the value"},
      {array + "real general\n1 2\n1\nx\n", "bad.mtx:4: value 'x' is not a number that a double can hold"},
      {array + "real general\n1 1\n-inf\n", "bad.mtx:3: value -inf must be finite"},
      {array + "integer general\n1 1\n0.5\n",
       "bad.mtx:3: value 0.5 must be a whole number below 2^53, where doubles begin to round"},
      {real + "1000000000000000 5 999999999999999\n1 1 1\n", "bad.mtx:3: ends after 1 of 999999999999999 entries"},
  };
  for (const auto& c : cases) EXPECT_THAT(why_not(c.bytes, "bad.mtx"), HasSubstr(c.expected)) << c.bytes;
  EXPECT_THAT(message_of<InvalidArgument>([&] { read_bytes(real + "2 3 0\n", "a.mtx", {.undirected = true}); }),
              HasSubstr("2 x 3: only a square matrix"));
}

TEST(MatrixMarket, RandomMatricesComeBackBitByBit) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  for (const auto values : {testing::Values::none, testing::Values::rounded}) {
    const auto entries = testing::random_entries<double>(3000, 2000, 40000, values, 5);
    const EntryPolicy policy{Duplicates::first, Loops::keep};
    const Graph graph = Graph::from_entries(comm, 3000, 2000, testing::deal(comm, entries, 6), policy);
    write(graph, VertexNames(graph.rows()), folder / "a.mtx");
    const Content content = read_on_any_ranks(folder / "a.mtx");
    EXPECT_EQ(content.num_rows, 3000);
    EXPECT_EQ(content.num_cols, 2000);
    EXPECT_TRUE(content.matrix == *testing::merged(entries, policy));
    EXPECT_EQ(content.has_values, values != testing::Values::none);
  }
}

}  // namespace
}  // namespace filigree::io
