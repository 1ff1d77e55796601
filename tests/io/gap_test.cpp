// Serialized graphs of the GAP benchmark suite, byte by byte, and what is refused.
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

/// Numbers as the format has them, low bytes first.
template <class T>
std::string little(std::initializer_list<std::int64_t> values) {
  std::string bytes;
  for (std::int64_t value : values) {
    for (std::size_t byte = 0; byte < sizeof(T); ++byte) bytes += static_cast<char>((value >> (8 * byte)) & 255);
  }
  return bytes;
}
std::string wide(std::initializer_list<std::int64_t> values) { return little<std::int64_t>(values); }
std::string narrow(std::initializer_list<std::int64_t> values) { return little<std::int32_t>(values); }
const std::string undirected(1, '\0');
const std::string directed(1, '\1');

// The arcs 0 -> 1, 0 -> 3, 3 -> 0; vertex 2 is isolated.
const std::string directed_graph =
    directed + wide({3, 4}) + wide({0, 2, 2, 2, 3}) + narrow({1, 3, 0}) + wide({0, 1, 2, 2, 3}) + narrow({3, 0, 0});
// The edges 0 - 1 of weight 5 and 0 - 2 of weight -7.
const std::string weighted_graph = undirected + wide({4, 3}) + wide({0, 2, 3, 4}) + narrow({1, 5, 2, -7, 0, 5, 0, -7});

TEST(Gap, Directed) {
  const Content content = read_bytes(directed_graph, "a.sg");
  EXPECT_EQ(content.num_rows, 4);
  EXPECT_EQ(content.num_cols, 4);
  EXPECT_TRUE(content.matrix == (GlobalMatrix<double>{{{0, 1}, 1}, {{0, 3}, 1}, {{3, 0}, 1}}));
  EXPECT_FALSE(content.has_values);
  EXPECT_EQ(content.report.format, Format::gap);
  EXPECT_TRUE(read_bytes(directed_graph, "a.sg", {.undirected = true}).matrix ==
              (GlobalMatrix<double>{{{0, 1}, 1}, {{1, 0}, 1}, {{0, 3}, 1}, {{3, 0}, 1}}));
}

TEST(Gap, UndirectedWithWeights) {
  const GlobalMatrix<double> expected{{{0, 1}, 5}, {{1, 0}, 5}, {{0, 2}, -7}, {{2, 0}, -7}};
  for (const bool undirected_too : {false, true}) {
    const Content content = read_bytes(weighted_graph, "a.wsg", {.undirected = undirected_too});
    EXPECT_EQ(content.num_rows, 3);
    EXPECT_TRUE(content.matrix == expected);
    EXPECT_TRUE(content.has_values);
    EXPECT_EQ(content.report.format, Format::gap_weighted);
    EXPECT_EQ(content.report.entries.duplicates, 0);
  }
}

TEST(Gap, ForeignFilesMayBeUnsortedAndRepeat) {
  // Directed: 0 -> 2 (1), 0 -> 1 (2), 0 -> 2 (3), 1 -> 1 (4).
  const std::string bytes = directed + wide({4, 3}) + wide({0, 3, 4, 4}) + narrow({2, 1, 1, 2, 2, 3, 1, 4}) +
                            wide({0, 0, 2, 4}) + narrow({1, 4, 0, 2, 0, 3, 0, 1});
  const Content first = read_bytes(bytes, "a.wsg");
  EXPECT_TRUE(first.matrix == (GlobalMatrix<double>{{{0, 2}, 1}, {{0, 1}, 2}, {{1, 1}, 4}}));
  EXPECT_EQ(first.report.entries.duplicates, 1);
  EXPECT_EQ(first.report.entries.loops, 1);
  EXPECT_TRUE(read_bytes(bytes, "a.wsg", {.policy = {Duplicates::sum, Loops::drop}}).matrix ==
              (GlobalMatrix<double>{{{0, 2}, 4}, {{0, 1}, 2}}));
  EXPECT_THAT(message_of<InvalidArgument>([&] {
                read_bytes(bytes, "a.wsg", {.policy = {Duplicates::error, Loops::keep}});
              }),
              HasSubstr("a.wsg: arc 0 -> 2 is there twice"));
  // Undirected: two edges 0 - 1 of weights 1 and 2, which vertex 1 lists the other way round, and a loop.
  const std::string twice = undirected + wide({5, 2}) + wide({0, 2, 5}) + narrow({1, 1, 1, 2, 0, 2, 0, 1, 1, 8});
  const Content both = read_bytes(twice, "a.wsg");
  EXPECT_TRUE(both.matrix == (GlobalMatrix<double>{{{0, 1}, 1}, {{1, 0}, 1}, {{1, 1}, 8}}));
  EXPECT_EQ(both.report.entries.duplicates, 2);
  EXPECT_EQ(both.report.entries.loops, 1);
}

TEST(Gap, LoopsOfSortedFiles) {
  const std::string bytes = undirected + wide({3, 2}) + wide({0, 2, 3}) + narrow({0, 1, 0});
  const Content kept = read_bytes(bytes, "a.sg");
  EXPECT_TRUE(kept.matrix == (GlobalMatrix<double>{{{0, 0}, 1}, {{0, 1}, 1}, {{1, 0}, 1}}));
  EXPECT_EQ(kept.report.entries.loops, 1);
  const Content dropped = read_bytes(bytes, "a.sg", {.policy = {Duplicates::first, Loops::drop}});
  EXPECT_TRUE(dropped.matrix == (GlobalMatrix<double>{{{0, 1}, 1}, {{1, 0}, 1}}));
  EXPECT_EQ(dropped.report.entries.loops, 1);
}

TEST(Gap, Empty) {
  EXPECT_EQ(read_bytes(undirected + wide({0, 0, 0}), "a.sg").num_rows, 0);
  EXPECT_EQ(read_bytes(directed + wide({0, 0, 0, 0}), "a.wsg").num_rows, 0);
  EXPECT_EQ(read_bytes(undirected + wide({0, 2, 0, 0, 0}), "a.sg").num_rows, 2);
}

TEST(Gap, DamagedFilesNameTheByte) {
  const std::string u = undirected;
  const std::string d = directed;
  const struct {
    std::string bytes;
    const char* name;
    const char* expected;
  } cases[] = {
      {"", "bad.sg", "bad.sg: holds 0 bytes, less than a header of 17"},
      {directed_graph.substr(0, 16), "bad.sg", "bad.sg: holds 16 bytes, less than a header of 17"},
      {"\2" + wide({0, 0, 0}), "bad.sg", "bad.sg: byte 0: directed is 2, must be 0 or 1"},
      {u + wide({-1, 0, 0}), "bad.sg", "bad.sg: byte 1: -1 arcs in a file of 25 bytes"},
      {u + wide({std::int64_t{1} << 61, 0, 0}), "bad.sg",
       "bad.sg: byte 1: 2305843009213693952 arcs in a file of 25 bytes"},
      {u + wide({0, -1, 0}), "bad.sg", "bad.sg: byte 9: -1 vertices in a file of 25 bytes"},
      {u + wide({0, std::int64_t{1} << 62, 0}), "bad.sg",
       "bad.sg: byte 9: 4611686018427387904 vertices in a file of 25 bytes"},
      {u + wide({0, 1, 0}), "bad.sg", "bad.sg: holds 25 bytes; 1 vertices and 0 undirected arcs take 33"},
      {directed_graph + "x", "bad.sg", "bad.sg: holds 122 bytes; 4 vertices and 3 directed arcs take 121"},
      {directed_graph.substr(0, 120), "bad.sg", "bad.sg: holds 120 bytes; 4 vertices and 3 directed arcs take 121"},
      {directed_graph, "bad.wsg",
       "bad.wsg: holds 121 bytes; 4 vertices and 3 directed arcs take 145: they are not weighted, as in a .sg file"},
      {weighted_graph, "bad.sg",
       "bad.sg: holds 81 bytes; 3 vertices and 4 undirected arcs take 65: they are weighted, as in a .wsg file"},
      {u + wide({2, 2, 1, 1, 2}) + narrow({1, 0}), "bad.sg",
       "bad.sg: byte 17: offset 0 is 1; offsets ascend from 0 to 2"},
      {u + wide({2, 2, 0, 3, 2}) + narrow({1, 0}), "bad.sg",
       "bad.sg: byte 25: offset 1 is 3 after 0; offsets ascend from 0 to 2"},
      {u + wide({2, 3, 0, 2, 1, 2}) + narrow({1, 0}), "bad.sg",
       "bad.sg: byte 33: offset 2 is 1 after 2; offsets ascend from 0 to 2"},
      {u + wide({2, 2, 0, 1, 1}) + narrow({1, 0}), "bad.sg",
       "bad.sg: byte 33: offset 2 is 1 after 1; offsets ascend from 0 to 2"},
      {u + wide({2, 2, 0, -5, 2}) + narrow({1, 0}), "bad.sg",
       "bad.sg: byte 25: offset 1 is -5 after 0; offsets ascend from 0 to 2"},
      {u + wide({1, 0, 0}) + narrow({0}), "bad.sg", "bad.sg: byte 17: offset 0 is 0; offsets ascend from 0 to 1"},
      {u + wide({2, 2, 0, 1, 2}) + narrow({1, 2}), "bad.sg",
       "bad.sg: byte 45: vertex 1 has the neighbour 2, must be in [0, 2)"},
      {u + wide({2, 2, 0, 1, 2}) + narrow({1, 0, -1, 0}), "bad.wsg",
       "bad.wsg: byte 49: vertex 1 has the neighbour -1, must be in [0, 2)"},
      {u + wide({2, 3, 0, 1, 2, 2}) + narrow({1, 2}), "bad.sg",
       "bad.sg: vertex 1 is not as often a neighbour of vertex 0 as the other way round, and the graph is undirected"},
      {u + wide({2, 2, 0, 1, 2}) + narrow({1, 5, 0, 6}), "bad.wsg",
       "bad.wsg: vertex 1 is not as often a neighbour of vertex 0 as the other way round with the same weight, and the "
       "graph is undirected"},
      {d + wide({1, 2, 0, 1, 1}) + narrow({1}) + wide({0, 1, 1}) + narrow({1}), "bad.sg",
       "bad.sg: vertex 1 is not as often an out-neighbour of vertex 0 as vertex 0 is an in-neighbour of vertex 1"},
      {d + wide({1, 2, 0, 1, 1}) + narrow({1}) + wide({0, 0, 2}) + narrow({0}), "bad.sg",
       "bad.sg: byte 61: offset 2 is 2 after 0; offsets ascend from 0 to 1"},
      {d + wide({1, 2, 0, 1, 1}) + narrow({1}) + wide({0, 0, 1}) + narrow({7}), "bad.sg",
       "bad.sg: byte 69: vertex 1 has the neighbour 7, must be in [0, 2)"},
      {d + wide({2, 2, 0, 2, 2}) + narrow({0, 1}) + wide({0, 0, 2}) + narrow({0, 0}), "bad.sg",
       "bad.sg: vertex 0 is not as often an out-neighbour of vertex 0 as vertex 0 is an in-neighbour of vertex 0"},
  };
  for (const auto& c : cases) EXPECT_EQ(why_not(c.bytes, c.name), c.expected);
}

Graph graph_of(const Comm& comm, Global num_rows, Global num_cols, Entries<double> entries) {
  return Graph::from_entries(comm, num_rows, num_cols, comm.is_root() ? std::move(entries) : Entries<double>{});
}

TEST(Gap, Written) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto written = [&](const Graph& graph, const char* name) {
    write(graph, VertexNames(graph.rows()), folder / name);
    return bytes_of(folder / name);
  };
  EXPECT_EQ(written(graph_of(comm, 4, 4, {{3, 0, 0}, {0, 3, 1}, {}}), "a.sg"), directed_graph);
  EXPECT_EQ(written(graph_of(comm, 3, 3, {{0, 0, 1, 2}, {1, 2, 0, 0}, {5, -7, 5, -7}}), "b.wsg"), weighted_graph);
  // The same arcs, but other weights on the way back.
  EXPECT_EQ(written(graph_of(comm, 2, 2, {{0, 1}, {1, 0}, {5, 6}}), "c.wsg"),
            directed + wide({2, 2, 0, 1, 2}) + narrow({1, 5, 0, 6}) + wide({0, 1, 2}) + narrow({1, 6, 0, 5}));
  EXPECT_EQ(written(graph_of(comm, 2, 2, {{0, 1}, {1, 0}, {}}), "d.wsg"),
            undirected + wide({2, 2, 0, 1, 2}) + narrow({1, 1, 0, 1}));
  EXPECT_EQ(written(graph_of(comm, 0, 0, {}), "e.sg"), undirected + wide({0, 0, 0}));
  comm.barrier();
}

TEST(Gap, NotEverythingCanBeWritten) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto why = [&](const Graph& graph, const std::string& name) {
    return message_of<InvalidArgument>([&] { write(graph, VertexNames(graph.rows()), folder / name); });
  };
  EXPECT_EQ(why(graph_of(comm, 2, 3, {}), "no.sg"),
            folder / "no.sg: GAP files hold square matrices only; this one has 2 rows and 3 columns");
  EXPECT_EQ(why(graph_of(comm, 2, 2, {{0}, {1}, {2}}), "no.sg"),
            folder / "no.sg: .sg files hold no weights; arc 0 -> 1 has 2: write .wsg");
  for (const auto& [weight, shown] : {std::pair{0.5, "0.5"}, {0x1p31, "2.14748e+09"}, {-0x1p31 - 1, "-2.14748e+09"}}) {
    EXPECT_EQ(why(graph_of(comm, 3, 3, {{1, 2}, {2, 0}, {weight, 1}}), "no.wsg"),
              folder / "no.wsg: weights in .wsg files are whole numbers in [-2^31, 2^31); arc 1 -> 2 has " + shown);
  }
  EXPECT_EQ(why(graph_of(comm, 3, 3, {{1, 2}, {2, 0}, {-0x1p31, 0x1p31 - 1}}), "yes.wsg"), "");
  EXPECT_FALSE(std::filesystem::exists(folder / "no.sg"));
  EXPECT_FALSE(std::filesystem::exists(folder / "no.wsg"));
}

TEST(Gap, RandomGraphsComeBack) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  for (const bool symmetric : {false, true}) {
    for (const bool weighted : {false, true}) {
      auto entries = testing::random_entries<double>(3000, 3000, 40000, testing::Values::none, 5);
      for (std::size_t k = 0; weighted && k < entries.size(); ++k) entries.val.push_back(static_cast<double>(k) - 17);
      if (symmetric) symmetrize(entries);
      const EntryPolicy policy{Duplicates::first, Loops::keep};
      const Graph graph = Graph::from_entries(comm, 3000, 3000, testing::deal(comm, entries, 6), policy);
      const std::string path = folder / (weighted ? "a.wsg" : "a.sg");
      write(graph, VertexNames(graph.rows()), path);
      EXPECT_EQ(bytes_of(path).front(), symmetric ? '\0' : '\1');
      comm.barrier();
      const Content content = read_on_any_ranks(path);
      EXPECT_EQ(content.num_rows, 3000);
      EXPECT_TRUE(content.matrix == *testing::merged(entries, policy));
      EXPECT_EQ(content.has_values, weighted);
    }
  }
}

}  // namespace
}  // namespace filigree::io
