// Linkage against its definition, against SciPy, and on any ranks and threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

#include "communities/linkage/build.hpp"
#include "communities/linkage/orders.hpp"
#include "filigree/communities.hpp"
#include "filigree/generate.hpp"
#include "linkage_oracle.hpp"
#include "support/matrices.hpp"
#include "support/runtime.hpp"

namespace filigree::testing {
namespace {

using communities::Linkage;
using communities::LinkOptions;
using communities::Ties;
using communities::Wide;

std::vector<std::pair<Global, Global>> merges_of(const Dendrogram& tree) {
  std::vector<std::pair<Global, Global>> merges;
  for (const Merge& merge : tree.merges) merges.emplace_back(merge.left, merge.right);
  return merges;
}

TEST(Ratio, ComparesExactly) {
  using communities::Ratio;
  const Wide large = Wide{1} << 100;
  EXPECT_TRUE((Ratio{large + 1, large}) < (Ratio{large, large - 1}));
  EXPECT_TRUE((Ratio{large, large - 1}) > (Ratio{large + 1, large}));
  EXPECT_TRUE((Ratio{3, 7}) == (Ratio{3 * large, 7 * large}));
  EXPECT_TRUE((Ratio{1, 3}) < (Ratio{2, 5}));
  // Against schoolbook arithmetic in digits of 32 bits.
  Random random(1);
  for (int round = 0; round < 1000; ++round) {
    const auto wide = [&] { return (Wide{random()} << 64 | random()) >> below(random, 128); };
    const Wide x = wide();
    const Wide y = wide();
    std::array<std::uint64_t, 9> digits{};
    for (unsigned i = 0; i < 4; ++i) {
      std::uint64_t carry = 0;
      for (unsigned j = 0; j < 4; ++j) {
        carry += digits[i + j] +
                 static_cast<std::uint32_t>(x >> (32 * i)) * std::uint64_t{static_cast<std::uint32_t>(y >> (32 * j))};
        digits[i + j] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
      }
      digits[i + 4] = carry;
    }
    const auto join = [&](unsigned at) {
      return Wide{digits[at + 3]} << 96 | Wide{digits[at + 2]} << 64 | Wide{digits[at + 1]} << 32 | digits[at];
    };
    EXPECT_TRUE(communities::multiply(x, y) == (communities::Product{join(4), join(0)}));
  }
}

TEST(Linkage, EqualsTheNaiveOne) {
  Random random(7);
  for (int round = 0; round < 240; ++round) {
    const Global n = 1 + below(random, 24);
    // Few distinct sizes and counts make many ties; the last rounds have few of either.
    const bool many_ties = round % 2 == 0;
    std::vector<Offset> sizes;
    for (Global a = 0; a < n; ++a) sizes.push_back(1 + below(random, many_ties ? 2 : 9));
    PairCounts counts;
    const std::int64_t sparsity = 1 + below(random, 6);
    for (Global b = 1; b < n; ++b) {
      for (Global a = 0; a < b; ++a)
        if (below(random, sparsity) == 0) counts[{a, b}] = 1 + below(random, many_ties ? 2 : 50);
    }
    const bool is_weighted = round % 3 == 0;
    for (Linkage linkage : {Linkage::density, Linkage::degree_corrected, Linkage::single, Linkage::complete}) {
      for (Ties ties : {Ties::smallest, Ties::first}) {
        const auto built = build_dendrogram(contraction_of(sizes, counts, 1, is_weighted), {linkage, ties, {}});
        ASSERT_NO_THROW(built.tree.validate());
        EXPECT_TRUE(built.tree.is_complete());
        EXPECT_EQ(built.tree.num_inversions(), 0);
        EXPECT_EQ(merges_of(built.tree), naive_merges(sizes, counts, linkage, ties))
            << "round " << round << ", linkage " << static_cast<int>(linkage) << ", ties " << static_cast<int>(ties);
      }
    }
  }
}

TEST(Linkage, ShortListsOfHubsChangeNothing) {
  using communities::Clusters;
  using communities::Joined;
  using communities::Mean;
  Random random(11);
  for (int round = 0; round < 200; ++round) {
    // Two hubs, many leaves, some edges among them, in every second round few distinct counts.
    const Global n = 4 + below(random, 40);
    std::vector<Offset> sizes;
    for (Global a = 0; a < n; ++a) sizes.push_back(1 + below(random, 3));
    PairCounts counts;
    const Global hubs[] = {0, below(random, n)};  // chains begin at the first
    for (Global hub : hubs) {
      for (Global a = 0; a < n; ++a)
        if (a != hub && below(random, 4) > 0) counts[std::minmax(a, hub)] = 1 + below(random, round % 2 == 0 ? 5 : 30);
    }
    for (Global k = 0; k < n / (1 + round % 3); ++k) {
      const Global a = below(random, n);
      const Global b = below(random, n);
      if (a != b) counts[std::minmax(a, b)] = 1 + below(random, round % 2 == 0 ? 5 : 60);
    }
    const auto edges = contraction_of(sizes, counts);
    const auto merges = [&](communities::Hubs limits) {
      std::vector<Wide> mass(sizes.begin(), sizes.end());
      Clusters<Mean<std::uint64_t>> clusters(edges, mass, limits);
      std::vector<std::pair<Global, Global>> pairs;
      for (const Joined& merge : in_greedy_order(chain_merges(clusters, {}), n))
        pairs.push_back(std::minmax(merge.a, merge.b));
      return pairs;
    };
    const auto plain = merges({});
    EXPECT_EQ(merges({3, 2}), plain) << "round " << round;
    EXPECT_EQ(merges({1, 5}), plain) << "round " << round;
  }
}

TEST(Linkage, EqualsSciPy) {
  // scipy.cluster.hierarchy.linkage (SciPy 1.10.1) of squareform(1 - e / 100): with leaves of one size, here 10,
  // linkage by density is average linkage.
  const PairCounts counts{{{0, 1}, 61}, {{0, 2}, 7},  {{0, 3}, 12}, {{0, 5}, 3}, {{1, 2}, 9},
                          {{1, 4}, 21}, {{2, 3}, 55}, {{2, 6}, 17}, {{3, 4}, 5}, {{3, 6}, 14},
                          {{4, 5}, 48}, {{4, 6}, 2},  {{5, 6}, 26}};
  const auto edges = contraction_of(std::vector<Offset>(7, 10), counts);
  const auto expect = [&](Linkage linkage, const std::vector<double>& scipy) {
    const auto z = scipy_linkage(build_dendrogram(edges, {linkage, Ties::smallest, {}}).tree);
    ASSERT_GE(z.size(), scipy.size());
    for (std::size_t i = 0; i < scipy.size(); ++i)
      EXPECT_NEAR(z[i], i % 4 == 3 ? 10 * scipy[i] : scipy[i], 1e-8) << "row " << i / 4 << ", column " << i % 4;
  };
  expect(Linkage::density,
         {0, 1, .39, 2, 2, 3, .45, 2, 4, 5, .52, 2, 6, 8, .845, 3, 7, 9, .94, 4, 10, 11, .94916667, 7});
  expect(Linkage::single, {0, 1, .39, 2, 2, 3, .45, 2, 4, 5, .52, 2, 6, 9, .74, 3, 7, 10, .79, 5, 8, 11, .83, 7});
  // The rest are ties at similarity 0.
  expect(Linkage::complete, {0, 1, .39, 2, 2, 3, .45, 2, 4, 5, .52, 2, 6, 8, .86, 3});
}

TEST(Linkage, MassesBeyond64Bits) {
  // Two ratios that differ by one part in 2^62 and whose doubles are equal.
  const Wide large = Wide{1} << 60;
  communities::Contraction edges;
  edges.sizes = {1, 1, 1};
  edges.is_weighted = true;
  edges.entries = {{1, large}, {2, large + 1}};
  edges.row_ptr = {0, 2, 2, 2};
  EXPECT_EQ(merges_of(build_dendrogram(edges, {}).tree).front(), std::pair(Global{0}, Global{2}));
  edges.entries = {{1, large * large}, {2, large * large}};
  EXPECT_EQ(merges_of(build_dendrogram(edges, {}).tree).front(), std::pair(Global{0}, Global{1}));
}

TEST(Linkage, LongChainsAndStars) {
  const Global n = 3000;
  communities::Contraction edges;
  edges.sizes.assign(n, 1);
  for (Global a = 1; a < n; ++a) edges.entries.push_back({a, static_cast<Wide>(a)});
  edges.row_ptr.assign(n + 1, n - 1);
  edges.row_ptr[0] = 0;
  edges.is_weighted = true;
  const Dendrogram of_star = build_dendrogram(edges, {}).tree;
  EXPECT_TRUE(of_star.is_complete());
  EXPECT_EQ(of_star.merges.front().right, n - 1);
  for (Global a = 0; a <= n; ++a) edges.row_ptr[static_cast<std::size_t>(a)] = std::min(a, n - 1);
  const Dendrogram of_path = build_dendrogram(edges, {}).tree;
  EXPECT_TRUE(of_path.is_complete());
  EXPECT_EQ(of_path.merges.front().left, n - 2);
  EXPECT_EQ(of_path.num_inversions(), 0);
}

/// A graph with random symmetric weights.
Graph random_graph(const Comm& comm, Global n, Offset num_edges, bool weighted, std::uint64_t seed) {
  Random random(seed);
  Entries<double> entries;
  for (Offset k = 0; k < num_edges; ++k) {
    const Global u = below(random, n);
    const Global v = below(random, n);
    const double weight = static_cast<double>(random() >> 11) * 0x1p-53;
    entries.row.insert(entries.row.end(), {u, v});
    entries.col.insert(entries.col.end(), {v, u});
    if (weighted) entries.val.insert(entries.val.end(), {weight, weight});
  }
  return Graph::from_entries(comm, n, n, deal(comm, entries, seed), {Duplicates::first, Loops::keep});
}

std::vector<Global> random_labels(Global n, Global num_labels, std::uint64_t seed) {
  Random random(seed);
  std::vector<Global> labels(static_cast<std::size_t>(n));
  for (Global& label : labels) label = 7 * below(random, num_labels);  // with gaps
  return labels;
}

TEST(Link, SameOnAnyRanksAndThreads) {
  const Comm world = Comm::world();
  for (const bool weighted : {false, true}) {
    const Global n = 300;
    const auto labels = random_labels(n, 12, 3);
    const auto link_on = [&](const Comm& comm, const LinkOptions& options) {
      const Graph graph = random_graph(comm, n, 2500, weighted, 5);
      return communities::link(graph, {graph.rows(), owned(graph.rows(), comm.rank(), labels), 84}, options);
    };
    for (Linkage linkage : {Linkage::density, Linkage::degree_corrected, Linkage::single, Linkage::complete}) {
      const auto together = link_on(world, {linkage, Ties::smallest, {}});
      const ThreadsScope scope(2);
      const auto alone = link_on(Comm::self(), {linkage, Ties::smallest, {}});
      EXPECT_TRUE(together.dendrogram == alone.dendrogram);
      EXPECT_EQ(whole(world, together.leaves.of), alone.leaves.of);
      EXPECT_EQ(together.between.weight, alone.between.weight);
      EXPECT_EQ(together.between.col, alone.between.col);
      EXPECT_EQ(together.stats, alone.stats);
      EXPECT_EQ(together.between.is_weighted, weighted);
    }
  }
}

TEST(Link, ContractionCountsEveryEdgeOnce) {
  const Comm world = Comm::world();
  for (const bool weighted : {false, true}) {
    const Global n = 60;
    const Graph graph = random_graph(world, n, 400, weighted, 9);
    const auto matrix = whole(graph);
    const auto labels = random_labels(n, 5, 4);
    const auto tree = communities::link(graph, {graph.rows(), owned(graph.rows(), world.rank(), labels), 35});
    const auto leaf = whole(world, tree.leaves.of);
    std::map<std::pair<Global, Global>, double> expected;
    for (const auto& [at, value] : matrix) {
      const auto [a, b] =
          std::minmax(leaf[static_cast<std::size_t>(at.first)], leaf[static_cast<std::size_t>(at.second)]);
      if (at.first < at.second) expected[{a, b}] += value;
    }
    std::map<std::pair<Global, Global>, double> found;
    const auto& between = tree.between;
    for (std::size_t a = 0; a < between.sizes.size(); ++a) {
      EXPECT_EQ(between.sizes[a], std::count(leaf.begin(), leaf.end(), static_cast<Global>(a)));
      for (Offset k = between.row_ptr[a]; k < between.row_ptr[a + 1]; ++k)
        found[{static_cast<Global>(a), between.col[static_cast<std::size_t>(k)]}] =
            between.weight[static_cast<std::size_t>(k)];
    }
    ASSERT_EQ(found.size(), expected.size());
    for (const auto& [pair, weight] : expected) EXPECT_NEAR(found[pair], weight, 1e-12 * weight);
    for (const Merge& merge : tree.dendrogram.merges) {
      EXPECT_GE(merge.height, 0);
      EXPECT_LE(merge.height, 1);
    }
  }
}

TEST(Link, TrueLeavesOfAModelGiveItsTree) {
  const auto model =
      generate::hsbm(Comm::world(), 3, {.branching = 2, .depth = 3, .leaf_size = 50, .beta = 0.3, .a_last = 30});
  const auto tree = communities::link(model.graph, model.leaves).dendrogram;
  EXPECT_EQ(cut_by_number(tree, 4).cluster_of_leaf, (std::vector<Global>{0, 0, 1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(cut_by_number(tree, 2).cluster_of_leaf, (std::vector<Global>{0, 0, 0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(tree.num_inversions(), 0);
}

TEST(Link, DisconnectedGraphsAndIsolatedVertices) {
  // Two edges, and vertices 4 and 5 alone: communities {0}, {1}, {2, 3}, {4}, {5}.
  const Comm world = Comm::world();
  Entries<double> entries;
  if (world.is_root()) {
    entries.row = {0, 1, 2, 3, 4};
    entries.col = {1, 0, 3, 2, 4};  // and a loop, which does not count
  }
  const Graph graph = Graph::from_entries(world, 6, 6, std::move(entries));
  const std::vector<Global> labels{10, 11, 12, 12, 14, 15};
  const auto tree = communities::link(graph, {graph.rows(), owned(graph.rows(), world.rank(), labels), 16});
  const std::vector<Merge> merges{{0, 1, 0, 2}, {2, 5, 1, 4}, {3, 6, 1, 5}, {4, 7, 1, 6}};
  EXPECT_TRUE(tree.dendrogram.merges == merges);
  EXPECT_EQ(cut_by_height(tree.dendrogram, 0.99).num_clusters(), 4);
  const auto one = communities::link(
      graph, {graph.rows(), std::vector<Global>(static_cast<std::size_t>(graph.num_local_rows()), 3), 4});
  EXPECT_EQ(one.dendrogram.num_leaves, 1);
  EXPECT_TRUE(one.dendrogram.merges.empty());
}

TEST(Link, IsolatedVerticesDoNotDiluteDensities) {
  const Comm world = Comm::world();
  const auto model = generate::hsbm(world, 2, {.depth = 2, .leaf_size = 30, .beta = 0.3, .a_last = 15});
  Entries<double> entries;
  for (Local v = 0; v < model.graph.num_local_rows(); ++v) {
    for (const Local column : model.graph.local().view().cols(v)) {
      entries.row.push_back(model.graph.first_row() + v);
      entries.col.push_back(model.graph.global_col(column));
    }
  }
  const Graph graph = Graph::from_entries(world, 4000, 4000, std::move(entries));
  std::vector<Global> labels(4000, 1);
  for (Global v = 0; v < 120; ++v) labels[static_cast<std::size_t>(v)] = v / 30;
  for (Linkage linkage : {Linkage::density, Linkage::single, Linkage::complete}) {
    const LinkOptions options{linkage, Ties::smallest, {}};
    const auto expected = communities::link(model.graph, model.leaves, options).dendrogram;
    const auto found =
        communities::link(graph, {graph.rows(), owned(graph.rows(), world.rank(), labels), 4}, options).dendrogram;
    EXPECT_EQ(merges_of(found), merges_of(expected));
    for (std::size_t k = 0; k < found.merges.size(); ++k)
      EXPECT_EQ(found.merges[k].height, expected.merges[k].height) << k;
    EXPECT_EQ(found.leaf_sizes, (std::vector<Offset>{30, 3910, 30, 30}));
    EXPECT_EQ(found.merges.back().size, 4000);
  }
}

TEST(Link, RefusesWhatIsNoUndirectedGraph) {
  const Comm world = Comm::world();
  const auto refused = [&](Global rows, Global cols, const Entries<double>& entries, std::size_t missing = 0) {
    return message_of<InvalidArgument>([&] {
      const Graph graph = Graph::from_entries(world, rows, cols, world.is_root() ? entries : Entries<double>{});
      communities::link(
          graph,
          {graph.rows(),
           std::vector<Global>(static_cast<std::size_t>(graph.num_local_rows()) - (world.is_root() ? missing : 0), 0),
           1});
    });
  };
  EXPECT_EQ(refused(2, 3, {}), "graph: 2 x 3, must be square");
  EXPECT_EQ(refused(0, 0, {}), "graph: it has no vertices");
  EXPECT_EQ(
      refused(3, 3, {{0}, {1}, {}}),
      "graph: arc 0 -> 1 has no reverse of the same weight; the graph must be undirected (read it with --undirected)");
  EXPECT_EQ(refused(3, 3, {{0, 1}, {1, 0}, {-1, -1}}),
            "graph: edge 0 -> 1 has weight -1; weights must be finite and at least 0");
  EXPECT_EQ(refused(8, 8, {}, 1), text("labels: ", 8 / world.size() + (8 % world.size() > 0) - 1, " for ",
                                       8 / world.size() + (8 % world.size() > 0), " vertices on rank 0"));
}

}  // namespace
}  // namespace filigree::testing
