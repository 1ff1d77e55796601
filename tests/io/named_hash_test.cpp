// Fingerprints by name: the same for every numbering, another for every change.
#include "filigree/io/named_hash.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

constexpr Global n = 40;

/// Names of all vertices, as ids.
io::VertexNames ids(const Graph& graph, const std::vector<Global>& all) {
  return {graph.comm(), graph.rows(), owned(graph.rows(), graph.comm().rank(), all)};
}
io::VertexNames texts(const Graph& graph, const std::vector<Global>& all) {
  io::Strings mine;
  for (Global id : owned(graph.rows(), graph.comm().rank(), all)) mine.push_back(std::to_string(id));
  return {graph.comm(), graph.rows(), std::move(mine)};
}

Graph graph_of(const Comm& comm, Global num_vertices, const Entries<double>& entries) {
  return Graph::from_entries(comm, num_vertices, num_vertices, deal(comm, entries, 3),
                             {Duplicates::first, Loops::keep});
}

TEST(NamedHash, DependsOnNamesNotOnNumbers) {
  const Comm comm = Comm::world();
  auto entries = random_entries<double>(n, n, 150, Values::exact, 1);
  const Graph graph = graph_of(comm, n, entries);
  std::vector<Global> names(n);
  for (Global v = 0; v < n; ++v) names[static_cast<std::size_t>(v)] = 10 * v + 7;
  const std::uint64_t hash = io::named_arcs_hash(graph, ids(graph, names));
  EXPECT_EQ(io::named_arcs_hash(graph, texts(graph, names)), hash);
  const Graph alone = graph_of(Comm::self(), n, entries);
  EXPECT_EQ(io::named_arcs_hash(alone, ids(alone, names)), hash);

  // Vertex v becomes moved[v] among 3 n, most of them without arcs.
  std::vector<Global> moved(n);
  std::vector<Global> new_names(3 * n);
  std::iota(new_names.begin(), new_names.end(), Global{1'000'000});
  for (Global v = 0; v < n; ++v) {
    moved[static_cast<std::size_t>(v)] = 3 * (v * 7 % n) + v % 3;
    new_names[static_cast<std::size_t>(moved[static_cast<std::size_t>(v)])] = names[static_cast<std::size_t>(v)];
  }
  Entries<double> renumbered = entries;
  for (Global& v : renumbered.row) v = moved[static_cast<std::size_t>(v)];
  for (Global& v : renumbered.col) v = moved[static_cast<std::size_t>(v)];
  const Graph same = graph_of(comm, 3 * n, renumbered);
  EXPECT_EQ(io::named_arcs_hash(same, ids(same, new_names)), hash);

  // Numbers are names too.
  std::vector<Global> numbers(n);
  std::iota(numbers.begin(), numbers.end(), Global{0});
  const io::VertexNames by_number(graph.rows());
  EXPECT_EQ(io::named_arcs_hash(graph, by_number), io::named_arcs_hash(graph, texts(graph, numbers)));
  EXPECT_EQ(io::names_hash(comm, by_number), io::names_hash(comm, texts(graph, numbers)));
}

TEST(NamedHash, SeesEveryChange) {
  const Comm comm = Comm::world();
  const Entries<double> entries{{0, 1, 2, 3}, {1, 0, 3, 3}, {1, 2, 3, 4}};
  const std::vector<Global> names{5, 6, 7, 8, 9};
  const Graph graph = graph_of(comm, 5, entries);
  const std::uint64_t hash = io::named_arcs_hash(graph, ids(graph, names));
  const auto changed = [&](auto change) {
    Entries<double> other = entries;
    std::vector<Global> other_names = names;
    change(other, other_names);
    const Graph other_graph = graph_of(comm, 5, other);
    return io::named_arcs_hash(other_graph, ids(other_graph, other_names)) != hash;
  };
  EXPECT_FALSE(changed([](auto&, auto&) {}));
  EXPECT_FALSE(changed([](auto&, auto& called) { called[4] = 1; }));  // it has no arcs
  EXPECT_TRUE(changed([](auto&, auto& called) { called[2] = 1; }));
  EXPECT_TRUE(changed([](auto&, auto& called) { std::swap(called[0], called[1]); }));
  EXPECT_TRUE(changed([](auto& arcs, auto&) { arcs.val[3] = 5; }));
  EXPECT_TRUE(changed([](auto& arcs, auto&) { std::swap(arcs.val[0], arcs.val[1]); }));
  EXPECT_TRUE(changed([](auto& arcs, auto&) { std::swap(arcs.row[2], arcs.col[2]); }));
  EXPECT_TRUE(changed([](auto& arcs, auto&) { arcs.col[3] = 2; }));
  EXPECT_TRUE(changed([](auto& arcs, auto&) { arcs = slice(arcs, 0, 3); }));

  const std::uint64_t called = io::names_hash(comm, ids(graph, names));
  EXPECT_NE(io::names_hash(comm, ids(graph, {5, 6, 7, 8, 1})), called);
  EXPECT_NE(io::names_hash(comm, ids(graph, {6, 5, 7, 8, 9})), called);
}

}  // namespace
}  // namespace filigree::testing
