// METIS graph files of every kind, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

GlobalMatrix<double> both_ways(const GlobalMatrix<double>& edges) {
  GlobalMatrix<double> arcs = edges;
  for (const auto& [edge, weight] : edges) arcs[{edge.second, edge.first}] = weight;
  return arcs;
}

TEST(Metis, EveryFormat) {
  const GlobalMatrix<double> path = both_ways({{{0, 1}, 1}, {{1, 2}, 1}});
  for (const char* bytes : {
           "3 2\n2\n1 3\n2\n", "3 2 0\n2\n1 3\n2", "% comment\n 3  2 000\r\n2\r\n% another\r\n1 3\r\n2\r\n\r\n",
           "3 2 10\n9 2\n9 1 3\n9 2\n",           // vertex weights
           "3 2 010 2\n9 8 2\n9 8 1 3\n9 8 2\n",  // two each
           "3 2 100\n7 2\n7 1 3\n7 2\n",          // vertex sizes
           "3 2 110 3\n7 1 2 3 2\n7 1 2 3 1 3\n7 1 2 3 2\n",
           "3 2 00 5\n2\n1 3\n2\n",  // a number of weights that there are none of
       }) {
    const Content content = read_bytes(bytes, "path.graph");
    EXPECT_TRUE(content.matrix == path) << bytes;
    EXPECT_FALSE(content.has_values) << bytes;
    EXPECT_EQ(content.report.format, Format::metis);
  }
  const GlobalMatrix<double> weighted = both_ways({{{0, 1}, 5}, {{1, 2}, 2.5}});
  for (const char* bytes :
       {"3 2 1\n2 5\n1 5 3 2.5\n2 2.5\n", "3 2 001\n2 5\n1 5 3 2.5\n2 2.5\n", "3 2 011\n9 2 5\n9 1 5 3 2.5\n9 2 2.5\n",
        "3 2 111 2\n4 9 9 2 5\n4 9 9 1 5 3 2.5\n4 9 9 2 2.5\n"}) {
    const Content content = read_bytes(bytes, "path.graph");
    EXPECT_TRUE(content.matrix == weighted) << bytes;
    EXPECT_TRUE(content.has_values) << bytes;
  }
}

TEST(Metis, BlankLinesAreVertices) {
  const Content content = read_bytes("5 1\n\n3\n2\n\n\n", "a.graph");
  EXPECT_EQ(content.num_rows, 5);
  EXPECT_TRUE(content.matrix == both_ways({{{1, 2}, 1}}));
  EXPECT_EQ(read_bytes("5 1\n\n3\n2\n\n\n\n\n\n% end\n\n", "a.graph").num_rows, 5);
  EXPECT_EQ(read_bytes("3 0\n\n\n\n", "a.graph").num_rows, 3);
  EXPECT_EQ(read_bytes("0 0\n", "a.graph").num_rows, 0);
}

TEST(Metis, LinesLongerThanABlock) {
  // A star: the line of its middle has more than a megabyte.
  const Global n = 200000;
  std::string bytes = text(n, ' ', n - 1, '\n');
  for (Global v = 2; v <= n; ++v) bytes += text(v, ' ');
  bytes += '\n';
  for (Global v = 2; v <= n; ++v) bytes += "1\n";
  const TempFolder folder(Comm::world());
  const GraphFile file = read(Comm::world(), folder.write("star.graph", bytes));
  EXPECT_EQ(file.graph.num_rows(), n);
  EXPECT_EQ(file.graph.num_nonzeros(), 2 * (n - 1));
  EXPECT_EQ(file.report.hash, read(Comm::self(), folder / "star.graph").report.hash);
}

TEST(Metis, MalformedFilesNameTheLine) {
  const struct {
    std::string bytes;
    const char* expected;
  } cases[] = {
      {"", "bad.graph:1: expected a header"},
      {"% only\n", "bad.graph:1: expected a header"},
      {"\n3 2\n", "bad.graph:1: expected the numbers of vertices and edges; found ''"},
      {"3\n", "bad.graph:1: expected the numbers of vertices and edges; found ''"},
      {"% c\nn m\n", "bad.graph:2: expected the numbers of vertices and edges; found 'n'"},
      {"-3 2\n", "bad.graph:1: expected the numbers of vertices and edges; found '-3'"},
      {"3 2 2\n2\n1 3\n2\n", "bad.graph:1: fmt '2' must be up to three digits"},
      {"3 2 0001\n2\n1 3\n2\n", "bad.graph:1: fmt '0001' must be"},
      {"3 2 10 x\n", "bad.graph:1: weights per vertex 'x' must be"},
      {"3 2 0 0 0\n", "bad.graph:1: unexpected '0' behind the header"},
      {"3 2\n2\n1 4\n2\n", "bad.graph:3: neighbour '4' must be a whole number in [1, 3]"},
      {"3 2\n2\n1 0\n2\n", "bad.graph:3: neighbour '0' must be"},
      {"3 2\n2\n1 -3\n2\n", "bad.graph:3: neighbour '-3' must be"},
      {"3 2\n2\n1 3x\n2\n", "bad.graph:3: neighbour '3x' must be"},
      {"3 2\n2\n1 99999999999999999999\n2\n", "bad.graph:3: neighbour '99999999999999999999' must be"},
      {"3 2\n% c\n2\n1 3 2\n2\n", "bad.graph:4: vertex 2 is its own neighbour"},
      {"3 2\n2\n1 3\n", "bad.graph:3: ends after 2 of 3 vertices"},
      {"3 2\n", "bad.graph:1: ends after 0 of 3 vertices"},
      {"2 1\n2\n1\n\n1\n", "bad.graph:4: one vertex more than the 2 promised above"},
      {"% c\n3 3\n2\n1 3\n2\n",
       "bad.graph:2: promises 3 edges, each at both ends; the lines below hold 4 ends instead of 6"},
      {"3 2\n2\n3\n1 2\n", "bad.graph:2: vertex 2 is a neighbour of vertex 1, but not the other way round"},
      {"3 2 1\n2 5\n1 6 3 1\n2 1\n",
       "bad.graph:2: vertex 2 is a neighbour of vertex 1, but not the other way round with the same weight"},
      {"3 2 1\n2 5\n1 5 3\n2 1\n", "bad.graph:3: no weight behind neighbour 3"},
      {"3 2 1\n2 5\n1 5 3 x\n2 1\n", "bad.graph:3: weight 'x' is not a finite number"},
      {"3 2 1\n2 nan\n1 nan 3 1\n2 1\n", "bad.graph:2: weight 'nan' is not a finite number"},
      {"3 2 11 2\n1 1 2 1\n1\n1 1 2 1\n",
       "bad.graph:3: expected 2 numbers before the neighbours, the size or weights of the vertex; found 1"},
      {"3 2 10\n1 2\n% c\n\n1 2\n", "bad.graph:4: vertex 2 has no size or weights"},
  };
  for (const auto& c : cases) EXPECT_THAT(why_not(c.bytes, "bad.graph"), HasSubstr(c.expected)) << c.bytes;
}

TEST(Metis, WritesWhatItReads) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  for (const char* bytes : {"4 2\n2\n1 3\n2\n\n", "4 2 001\n2 5\n1 5 3 70000000000\n2 70000000000\n\n"}) {
    const GraphFile file = read(comm, folder.write("in.graph", bytes));
    write(file.graph, file.names, folder / "out.graph");
    EXPECT_EQ(bytes_of(folder / "out.graph"), bytes);
  }
}

TEST(Metis, RefusesWhatItCannotHold) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto why = [&](const char* edges) {
    const GraphFile file = read(comm, folder.write("in.txt", edges), {.weights = true, .ids = Ids::keep});
    return message_of<InvalidArgument>([&] { write(file.graph, file.names, folder / "out.graph"); });
  };
  EXPECT_THAT(why("0 1 1\n1 0 1\n1 2 1\n"), HasSubstr("arc 1 -> 2 has no reverse of the same weight"));
  EXPECT_THAT(why("0 1 1\n1 0 2\n"), HasSubstr("arc 0 -> 1 has no reverse of the same weight"));
  EXPECT_THAT(why("0 1 1\n1 0 1\n2 2 1\n"), HasSubstr("hold no loops; vertex 2 has one"));
  EXPECT_THAT(why("0 1 0.5\n1 0 0.5\n"), HasSubstr("weights are whole numbers above 0; arc 0 -> 1 has 0.5"));
  EXPECT_THAT(why("0 1 -1\n1 0 -1\n"), HasSubstr("arc 0 -> 1 has -1"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out.graph"));
  const Graph wide = Graph::from_entries(comm, 2, 3, {});
  EXPECT_THAT(message_of<InvalidArgument>([&] { write(wide, VertexNames(wide.rows()), folder / "out.graph"); }),
              HasSubstr("square"));
}

}  // namespace
}  // namespace filigree::io
