// DIMACS files of shortest path problems, with and without their problem line, and what is refused.
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
using ::testing::ElementsAre;

TEST(Dimacs, WithProblemLine) {
  const GlobalMatrix<double> expected{{{0, 1}, 17}, {{1, 0}, 2.5}, {{3, 3}, -1e3}};
  for (const char* bytes : {
           "c of 5 vertices, the last isolated\nc\np sp 5 3\na 1 2 17\nc between\na 2 1 2.5\na 4 4 -1e3\n",
           "p sp 5 3\na 1 2 17\na 2 1 2.5\na 4 4 -1e3",
           "c\r\n\r\n p  sp\t5 3 \r\n a  1\t2 17 \r\na 2 1 +2.5\r\n\r\na 4 4 -1000.0\r\nc end\r\n",
       }) {
    const Content content = read_bytes(bytes, "a.gr");
    EXPECT_EQ(content.num_rows, 5);
    EXPECT_EQ(content.num_cols, 5);
    EXPECT_TRUE(content.matrix == expected) << bytes;
    EXPECT_TRUE(content.has_values);
    EXPECT_EQ(content.report.format, Format::dimacs);
    EXPECT_EQ(content.report.entries.loops, 1);
    EXPECT_THAT(content.names, ElementsAre("0", "1", "2", "3", "4"));
  }
}

/// Numbered from 1 as below a problem line, so that vertex 1 of the file is called 0.
TEST(Dimacs, WithoutProblemLineVerticesAreThoseThatOccur) {
  const std::string bytes = "c no problem line\na 1 8 1.5\na 8 4 2\na 1 8 4\n";
  const Content compact = read_bytes(bytes, "a.gr");
  EXPECT_EQ(compact.num_rows, 3);
  EXPECT_TRUE(compact.matrix == (GlobalMatrix<double>{{{0, 2}, 1.5}, {{2, 1}, 2}}));
  EXPECT_THAT(compact.names, ElementsAre("0", "3", "7"));
  EXPECT_EQ(compact.report.entries.duplicates, 1);
  const Content kept = read_bytes(bytes, "a.gr", {.ids = Ids::keep, .policy = {Duplicates::sum, Loops::keep}});
  EXPECT_EQ(kept.num_rows, 8);
  EXPECT_TRUE(kept.matrix == (GlobalMatrix<double>{{{0, 7}, 5.5}, {{7, 3}, 2}}));
}

TEST(Dimacs, Undirected) {
  EXPECT_TRUE(read_bytes("p sp 3 2\na 1 2 3\na 3 3 1\n", "a.gr", {.undirected = true}).matrix ==
              (GlobalMatrix<double>{{{0, 1}, 3}, {{1, 0}, 3}, {{2, 2}, 1}}));
}

TEST(Dimacs, GraphsToBeColoured) {
  const GlobalMatrix<double> path{{{0, 1}, 1}, {{1, 0}, 1}, {{1, 2}, 1}, {{2, 1}, 1}};
  for (const std::string_view bytes : {
           "c x\np edge 4 2\ne 1 2\ne 2 3\n", "p col 4 2\nn 1 5\ne 2 1\n\ne 3 2",
           "p col 4 4\ne 1 2\ne 2 1\ne 2 3\ne 3 2\n",
           "p edge 4 4\r\ne 1 2 \r\ne 2 3\r\n",  // promises both ends
       }) {
    const Content content = read_bytes(bytes, "a.txt");
    EXPECT_EQ(content.report.format, Format::dimacs_col);
    EXPECT_EQ(content.num_rows, 4);
    EXPECT_TRUE(content.matrix == path) << bytes;
    EXPECT_FALSE(content.has_values);
    EXPECT_THAT(content.names, ElementsAre("0", "1", "2", "3"));
  }
  EXPECT_EQ(why_not("c no problem\ne 1 2\n", "bad.col"),
            "bad.col:2: expected a problem line, p edge and the numbers of vertices and edges");
  EXPECT_EQ(why_not("", "bad.col"), "bad.col:1: expected a problem line, p edge; there is none");
  EXPECT_EQ(why_not("p edge 2 1\ne 1 3\n", "bad.col"), "bad.col:2: vertex 3 must be in [1, 2]");
  EXPECT_EQ(why_not("p edge 2 1\na 1 2 1\n", "bad.col"), "bad.col:2: a line of kind 'a', expected e, n, c or p");
  EXPECT_EQ(why_not("p edge 2 1\ne 1 2 1\n", "bad.col"), "bad.col:2: unexpected '1' behind the edge");
  EXPECT_EQ(why_not("p edge 3 3\ne 1 2\ne 1 3\n", "bad.col"), "bad.col:3: ends after 2 of 3 edges");
}

TEST(Dimacs, AnEdgeThatStandsBothWaysIsOne) {
  for (const Duplicates duplicates : {Duplicates::first, Duplicates::sum, Duplicates::error}) {
    for (const bool undirected : {false, true}) {
      const ReadOptions options{.undirected = undirected, .policy = {duplicates, Loops::keep}};
      for (const char* const bytes : {"p edge 3 2\ne 1 2\ne 3 3\n", "p edge 3 3\ne 1 2\ne 2 1\ne 3 3\n"}) {
        const Content content = read_bytes(bytes, "a.col", options);
        EXPECT_TRUE(content.matrix == (GlobalMatrix<double>{{{0, 1}, 1}, {{1, 0}, 1}, {{2, 2}, 1}})) << bytes;
        EXPECT_FALSE(content.has_values);
      }
    }
  }
  const std::string why = testing::message_of([] {
    read_bytes("p edge 3 3\ne 1 2\ne 2 3\ne 1 2\n", "a.col", {.policy = {Duplicates::error, Loops::keep}});
  });
  EXPECT_NE(why.find("vertices 1 and 2"), std::string::npos) << why;
}

TEST(Dimacs, Empty) {
  EXPECT_EQ(read_bytes("", "a.gr").num_rows, 0);
  EXPECT_EQ(read_bytes("c nothing\n", "a.gr").num_rows, 0);
  EXPECT_EQ(read_bytes("p sp 0 0\n", "a.gr").num_rows, 0);
  const Content isolated = read_bytes("p sp 6 0", "a.gr");
  EXPECT_EQ(isolated.num_rows, 6);
  EXPECT_TRUE(isolated.matrix.empty());
}

TEST(Dimacs, MalformedFilesNameTheLine) {
  const struct {
    std::string bytes;
    const char* expected;
  } cases[] = {
      {"p max 2 1\na 1 2 1\n", "bad.gr:1: problem 'max', expected sp, shortest paths"},
      {"c\np\n", "bad.gr:2: problem '', expected sp, shortest paths"},
      {"p sp 2\n", "bad.gr:1: expected the numbers of vertices and arcs behind p sp; found ''"},
      {"p sp -2 1\n", "bad.gr:1: expected the numbers of vertices and arcs behind p sp; found '-2'"},
      {"p sp 2 1000000000000000000\n",
       "bad.gr:1: expected the numbers of vertices and arcs behind p sp; found '1000000000000000000'"},
      {"p sp 2 1 1\n", "bad.gr:1: expected only the numbers of vertices and arcs; found '1'"},
      {"p sp 2 1\na 1 2 1\np sp 2 1\n", "bad.gr:3: a second problem line"},
      {"a 1 2 1\np sp 2 1\n", "bad.gr:2: the problem line stands behind an arc"},
      {"p sp 2 1\na 0 2 1\n", "bad.gr:2: vertex 0 must be in [1, 2]"},
      {"p sp 2 1\na 1 3 1\n", "bad.gr:2: vertex 3 must be in [1, 2]"},
      {"a 1 -3 1\n", "bad.gr:1: vertex -3 must be at least 1"},
      {"p sp 2 1\na 1 x 1\n", "bad.gr:2: 'x' is not a vertex number, a whole number below 2^63"},
      {"a 1 1.5 1\n", "bad.gr:1: '1.5' is not a vertex number, a whole number below 2^63"},
      {"a 1 10000000000000000000 1\n",
       "bad.gr:1: '10000000000000000000' is not a vertex number, a whole number below 2^63"},
      {"p sp 2 1\na 1\n", "bad.gr:2: expected two vertices and a length"},
      {"p sp 2 1\na 1 2\n", "bad.gr:2: expected two vertices and a length"},
      {"p sp 2 1\na 1 2 far\n", "bad.gr:2: length 'far' is not a number that a double can hold"},
      {"p sp 2 1\na 1 2 1e999\n", "bad.gr:2: length '1e999' is not a number that a double can hold"},
      {"p sp 2 1\na 1 2 inf\n", "bad.gr:2: length inf must be finite"},
      {"p sp 2 1\na 1 2 1 5\n", "bad.gr:2: unexpected '5' behind the arc"},
      {"p sp 2 2\na 1 2 1\nc\n\ne 1 2\n", "bad.gr:5: a line of kind 'e', expected a, c or p"},
      {"p sp 2 1\nab 1 2 1\n", "bad.gr:2: a line of kind 'ab', expected a, c or p"},
      {"1 2 1\n", "bad.gr:1: a line of kind '1', expected a, c or p"},
      {"p sp 2 3\na 1 2 1\na 2 1 1\n", "bad.gr:3: ends after 2 of 3 arcs"},
      {"p sp 2 1\nc\na 1 2 1\nc\na 2 1 1\na 2 2 1\n", "bad.gr:5: one arc more than the 1 promised above"},
      {"p sp 2 0\na 1 2 1\n", "bad.gr:2: one arc more than the 0 promised above"},
  };
  for (const auto& c : cases) EXPECT_EQ(why_not(c.bytes, "bad.gr"), c.expected) << c.bytes;
}

Graph graph_of(const Comm& comm, Global num_rows, Global num_cols, Entries<double> entries) {
  return Graph::from_entries(comm, num_rows, num_cols, comm.is_root() ? std::move(entries) : Entries<double>{});
}

TEST(Dimacs, Written) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const Graph weighted = graph_of(comm, 4, 4, {{2, 0, 0}, {2, 3, 1}, {-7, 0.1, 1e100}});
  write(weighted, VertexNames(weighted.rows()), folder / "a.gr");
  EXPECT_EQ(bytes_of(folder / "a.gr"), "p sp 4 3\na 1 2 1e+100\na 1 4 0.1\na 3 3 -7\n");
  const Graph pattern = graph_of(comm, 2, 2, {{0}, {1}, {}});
  write(pattern, VertexNames(pattern.rows()), folder / "b.gr");
  EXPECT_EQ(bytes_of(folder / "b.gr"), "p sp 2 1\na 1 2 1\n");
  comm.barrier();

  const auto why = [&](Graph graph) {
    return message_of<InvalidArgument>([&] { write(graph, VertexNames(graph.rows()), folder / "no.gr"); });
  };
  EXPECT_EQ(why(graph_of(comm, 2, 3, {})),
            folder / "no.gr: DIMACS files hold square matrices only; this one has 2 rows and 3 columns");
  EXPECT_EQ(why(graph_of(comm, 3, 3, {{1}, {2}, {std::numeric_limits<double>::infinity()}})),
            folder / "no.gr: lengths in DIMACS files are finite; arc 1 -> 2 has inf");
  EXPECT_FALSE(std::filesystem::exists(folder / "no.gr"));
}

TEST(Dimacs, RandomGraphsComeBackBitByBit) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto entries = testing::random_entries<double>(2000, 2000, 40000, testing::Values::rounded, 5);
  const EntryPolicy policy{Duplicates::first, Loops::keep};
  const Graph graph = Graph::from_entries(comm, 2000, 2000, testing::deal(comm, entries, 6), policy);
  write(graph, VertexNames(graph.rows()), folder / "a.gr");
  const Content content = read_on_any_ranks(folder / "a.gr");
  EXPECT_EQ(content.num_rows, 2000);
  EXPECT_TRUE(content.matrix == *testing::merged(entries, policy));
}

}  // namespace
}  // namespace filigree::io
