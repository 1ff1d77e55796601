#include "filigree/communities/leaves.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "filigree/generate.hpp"
#include "support/families.hpp"
#include "support/matrices.hpp"
#include "support/runtime.hpp"

namespace filigree::communities {
namespace {

using namespace filigree::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Undirected, from edges listed once; weights may be empty.
Graph undirected(const Comm& comm, Global n, const std::vector<std::pair<Global, Global>>& edges,
                 const std::vector<double>& weights = {}) {
  Entries<double> entries;
  for (std::size_t k = 0; k < edges.size(); ++k) {
    entries.row.push_back(edges[k].first);
    entries.col.push_back(edges[k].second);
    if (!weights.empty()) entries.val.push_back(weights[k]);
  }
  symmetrize(entries);
  return Graph::from_entries(comm, n, n, deal(comm, entries, 1), {Duplicates::first, Loops::keep});
}

/// Cliques of `size` vertices, each joined to the next by an edge if `chained`.
std::vector<std::pair<Global, Global>> cliques(Global count, Global size, bool chained) {
  std::vector<std::pair<Global, Global>> edges;
  for (Global c = 0; c < count; ++c) {
    for (Global i = 0; i < size; ++i) {
      for (Global j = 0; j < i; ++j) edges.emplace_back(c * size + i, c * size + j);
    }
    if (chained && c + 1 < count) edges.emplace_back(c * size, (c + 1) * size + 1);
  }
  return edges;
}

std::vector<Global> all_labels(const Comm& comm, const LeafResult& result) { return whole(comm, result.labels.of); }

std::vector<Global> blocks(Global count, Global size) {
  std::vector<Global> labels;
  for (Global v = 0; v < count * size; ++v) labels.push_back(v / size);
  return labels;
}

TEST(Leaves, OfTheHierarchicalModelOfThePaper) {
  const Comm comm = Comm::world();
  const auto [graph, leaves, probabilities] = generate::hsbm(comm, 1, {});
  const LeafResult result = cluster_leaves(graph);
  EXPECT_EQ(result.num_communities, 16);
  EXPECT_EQ(result.num_detectable, 16);
  EXPECT_GT(result.separation, 1.02);
  EXPECT_TRUE(result.warnings.empty());
  EXPECT_EQ(all_labels(comm, result), blocks(16, 200));
  ASSERT_EQ(result.zeta.size(), 16u);
  EXPECT_NEAR(result.zeta[0], 1, 1e-4);
  EXPECT_TRUE(std::is_sorted(result.zeta.begin(), result.zeta.end()));
}

TEST(Leaves, EqualBitsOnAnyRanksAndThreads) {
  // Weak communities: many vertices are not certain, and any difference in a bit would show.
  const auto run = [](const Comm& comm, bool weighted) {
    const Graph graph = generate::hsbm(comm, 3, {.depth = 3, .leaf_size = 60, .beta = 0.45}).graph;
    if (!weighted) return cluster_leaves(graph, {.num_communities = 7});
    Graph copy = graph;
    Array<double> values;
    for (Local v = 0; v < copy.num_local_rows(); ++v) {
      for (const Local column : graph.local().view().cols(v)) {
        const Global a = graph.first_row() + v;
        const Global b = graph.global_col(column);
        values.push_back(1 + static_cast<double>((a * b + a + b) % 17) / 7);
      }
    }
    copy.set_values(std::move(values));
    return cluster_leaves(copy);
  };
  for (const bool weighted : {false, true}) {
    const LeafResult alone = run(Comm::self(), weighted);
    for (const int threads : {1, 2}) {
      const ThreadsScope scope(threads);
      const LeafResult together = run(Comm::world(), weighted);
      EXPECT_EQ(all_labels(Comm::world(), together), alone.labels.of);
      EXPECT_EQ(together.values, alone.values);
      EXPECT_EQ(together.zeta, alone.zeta);
      EXPECT_EQ(together.spectral_radius, alone.spectral_radius);
      EXPECT_EQ(together.stats, alone.stats);
    }
  }
}

TEST(Leaves, DisconnectedGraphs) {
  const Comm comm = Comm::world();
  for (const bool chained : {false, true}) {
    const LeafResult result = cluster_leaves(undirected(comm, 48, cliques(6, 8, chained)));
    EXPECT_EQ(result.num_communities, 6);
    EXPECT_EQ(all_labels(comm, result), blocks(6, 8)) << "chained " << chained;
  }
}

TEST(Leaves, IsolatedVerticesAndLoops) {
  const Comm comm = Comm::world();
  auto edges = cliques(3, 7, true);
  edges.emplace_back(4, 4);
  edges.emplace_back(22, 22);  // its only edge
  const LeafResult result = cluster_leaves(undirected(comm, 24, edges));
  EXPECT_EQ(result.num_communities, 3);
  EXPECT_EQ(result.num_isolated, 3);
  EXPECT_EQ(result.num_loops, 2);
  auto expected = blocks(3, 7);
  expected.insert(expected.end(), 3, expected[0]);
  EXPECT_EQ(all_labels(comm, result), expected);
  EXPECT_THAT(result.warnings, ElementsAre(HasSubstr("3 isolated vertices")));
}

TEST(Leaves, Forests) {
  const Comm comm = Comm::world();
  std::vector<std::pair<Global, Global>> path;
  for (Global v = 0; v + 1 < 40; ++v) path.emplace_back(v, v + 1);
  const LeafResult result = cluster_leaves(undirected(comm, 40, path));
  EXPECT_EQ(result.spectral_radius, 1);
  EXPECT_EQ(result.num_communities, 1);
  const LeafResult given = cluster_leaves(undirected(comm, 40, path), {.num_communities = 2});
  EXPECT_EQ(given.labels.num_labels, 2);
  EXPECT_THAT(given.warnings, ::testing::Contains(HasSubstr("only 1 of 2 communities can be detected")));
}

TEST(Leaves, SmallestGraphsAndExtremeNumbers) {
  const Comm comm = Comm::world();
  EXPECT_EQ(all_labels(comm, cluster_leaves(undirected(comm, 2, {{0, 1}}))), (std::vector<Global>{0, 0}));
  EXPECT_EQ(cluster_leaves(undirected(comm, 2, {{0, 1}}), {.num_communities = 2}).labels.num_labels, 2);
  const Graph clique = undirected(comm, 8, cliques(1, 8, false));
  EXPECT_EQ(cluster_leaves(clique).num_communities, 1);
  EXPECT_EQ(cluster_leaves(clique, {.num_communities = 1}).num_communities, 1);
  const LeafResult most = cluster_leaves(clique, {.num_communities = 8});
  EXPECT_LE(most.num_communities, 8);
  EXPECT_FALSE(most.warnings.empty());
}

TEST(Leaves, NoCommunitiesEndsWithOne) {
  int more = 0;
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    const Graph graph =
        generate::hsbm(Comm::world(), seed, {.depth = 1, .leaf_size = 1000, .beta = 1, .degree = 5.0}).graph;
    more += cluster_leaves(graph).num_communities > 1 ? 1 : 0;
  }
  EXPECT_LE(more, 1);
}

TEST(Leaves, WeightsCount) {
  // A complete graph: only weights tell the halves apart.
  const Comm comm = Comm::world();
  std::vector<std::pair<Global, Global>> edges = cliques(1, 30, false);
  std::vector<double> weights;
  for (const auto& [i, j] : edges) weights.push_back(i / 15 == j / 15 ? 4 : 0.5);
  const LeafResult result = cluster_leaves(undirected(comm, 30, edges, weights));
  EXPECT_EQ(result.num_communities, 2);
  EXPECT_EQ(all_labels(comm, result), blocks(2, 15));
}

TEST(Leaves, RandomAndOddGraphs) {
  // Families of odd graphs and random ones of all densities: any labels, but the same on any ranks, and as
  // many as were asked for at most.
  const auto check = [](const std::vector<std::pair<Global, Global>>& edges, Global n, const std::string& what) {
    for (const Global k : {0, 2, 3}) {
      const auto run = [&](const Comm& comm) {
        std::string message;
        std::vector<Global> labels;
        try {
          const LeafResult result = cluster_leaves(undirected(comm, n, edges), {.num_communities = k});
          labels = whole(comm, result.labels.of);
          EXPECT_TRUE(k == 0 || result.num_communities <= k) << what;
          for (const Global label : labels) EXPECT_TRUE(0 <= label && label < result.num_communities) << what;
        } catch (const InvalidArgument& e) {
          message = e.what();
        }
        return std::pair(labels, message);
      };
      EXPECT_EQ(run(Comm::world()), run(Comm::self())) << what << ", K = " << k;
    }
  };
  for (const Family& family : graph_families()) check(family.arcs, family.num_vertices, family.name);
  Random random(1);
  for (int trial = 0; trial < 12; ++trial) {
    const Global n = 2 + below(random, 60);
    const auto count = 1 + below(random, n * (1 + below(random, 6)));
    std::vector<std::pair<Global, Global>> edges;
    for (std::int64_t e = 0; e < count; ++e) edges.emplace_back(below(random, n), below(random, n));
    check(edges, n, "random graph " + std::to_string(trial));
  }
}

TEST(Leaves, WeightsInAnyUnit) {
  const Comm comm = Comm::world();
  const auto run = [&](double unit) {
    Graph graph = generate::hsbm(comm, 2, {.depth = 3, .leaf_size = 40, .beta = 0.35, .a_last = 18}).graph;
    Array<double> values;
    for (Local v = 0; v < graph.num_local_rows(); ++v) {
      for (const Local column : graph.local().view().cols(v)) {
        const Global a = graph.first_row() + v;
        const Global b = graph.global_col(column);
        values.push_back(unit * (1 + static_cast<double>((a * b + a + b) % 3) / 4));
      }
    }
    graph.set_values(std::move(values));
    return cluster_leaves(graph, {.num_communities = 8});
  };
  const LeafResult expected = run(1);
  for (const double unit : {0x1p-8, 0x1p-570, 0x1p-1000, 0x1p535, 0x1p1000}) {
    const LeafResult result = run(unit);
    EXPECT_EQ(result.labels.of, expected.labels.of) << unit;
    EXPECT_EQ(result.zeta, expected.zeta) << unit;
    EXPECT_EQ(result.spectral_radius, expected.spectral_radius) << unit;
  }
}

TEST(Leaves, BadInputIsNamedOnAllRanks) {
  const Comm comm = Comm::world();
  const Graph graph = undirected(comm, 10, cliques(1, 5, false));
  const auto message = [&](const Graph& g, const LeafOptions& options) {
    return message_of<InvalidArgument>([&] { cluster_leaves(g, options); });
  };
  EXPECT_THAT(message(graph, {.num_communities = -1}), HasSubstr("communities: -1, must be between 1 and"));
  EXPECT_THAT(message(graph, {.num_communities = 11}), HasSubstr("communities: 11, must be between 1 and"));
  EXPECT_THAT(message(graph, {.num_communities = 6}), HasSubstr("only 5 vertices have edges"));
  EXPECT_THAT(message(graph, {.tolerance = 0}), HasSubstr("tolerance: 0"));
  EXPECT_THAT(message(graph, {.num_starts = 0}), HasSubstr("starts"));
  EXPECT_THAT(message(graph, {.max_refinements = -1}), HasSubstr("refinements"));
  EXPECT_THAT(message(undirected(comm, 3, {{1, 1}}), {}), HasSubstr("no edges between different vertices among 3"));
  EXPECT_THAT(message(undirected(comm, 0, {}), {}), HasSubstr("no edges"));
  EXPECT_THAT(message(undirected(comm, 4, {{0, 1}, {2, 3}}, {1, -2}), {}),
              HasSubstr("the weight of arc 2 -> 3 is -2; weights must be finite and at least 0"));
  const Graph directed =
      Graph::from_entries(comm, 4, 4, comm.is_root() ? Entries<double>{{0, 1, 2}, {1, 0, 3}, {}} : Entries<double>{});
  EXPECT_THAT(message(directed, {}), HasSubstr("arc 2 -> 3 has no reverse"));
  EXPECT_THAT(message(directed, {}), HasSubstr("--undirected"));
  EXPECT_THAT(message(Graph::from_entries(comm, 3, 4, {}), {}), HasSubstr("3 x 4, must be square"));
}

}  // namespace
}  // namespace filigree::communities
