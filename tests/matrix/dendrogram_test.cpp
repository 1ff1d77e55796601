// Dendrograms: their invariants, and cuts against an enumeration of all cuts.
#include "filigree/matrix/dendrogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <set>

#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

/// ((0, 2), (1, (3, 4))) with sizes 5, 1, 2, 3, 4.
Dendrogram example() {
  Dendrogram tree{5, {5, 1, 2, 3, 4}, {}};
  const Global pair = tree.join(4, 3, 0.25);
  const Global other = tree.join(0, 2, 0.5);
  const Global three = tree.join(1, pair, 0.75);
  tree.join(three, other, 1);
  return tree;
}

Dendrogram random_tree(Random& random, Global num_leaves, Global num_merges) {
  Dendrogram tree{num_leaves, {}, {}};
  std::vector<Global> live;
  for (Global leaf = 0; leaf < num_leaves; ++leaf) {
    tree.leaf_sizes.push_back(1 + below(random, 5));
    live.push_back(leaf);
  }
  double height = 0;
  for (Global k = 0; k < num_merges; ++k) {
    const auto take = [&] {
      const auto at = live.begin() + below(random, std::ssize(live));
      const Global node = *at;
      live.erase(at);
      return node;
    };
    const Global a = take();
    const Global b = take();
    height += static_cast<double>(below(random, 2));
    live.push_back(tree.join(a, b, height));
  }
  return tree;
}

/// Sets of nodes that hold every leaf once.
std::vector<std::vector<Global>> all_cuts(const Dendrogram& tree) {
  const std::function<std::vector<std::vector<Global>>(Global)> below_node = [&](Global node) {
    std::vector<std::vector<Global>> cuts{{node}};
    if (tree.is_leaf(node)) return cuts;
    const auto left = below_node(tree.merge_of(node).left);
    const auto right = below_node(tree.merge_of(node).right);
    for (const auto& a : left) {
      for (auto both : right) {
        both.insert(both.end(), a.begin(), a.end());
        cuts.push_back(std::move(both));
      }
    }
    return cuts;
  };
  std::vector<std::vector<Global>> cuts{{}};
  const auto parent = tree.parents();
  for (Global root = 0; root < tree.num_nodes(); ++root) {
    if (parent[static_cast<std::size_t>(root)] >= 0) continue;
    std::vector<std::vector<Global>> more;
    for (const auto& cut : cuts) {
      for (auto part : below_node(root)) {
        part.insert(part.end(), cut.begin(), cut.end());
        more.push_back(std::move(part));
      }
    }
    cuts = std::move(more);
  }
  return cuts;
}

std::set<Global> leaves_below(const Dendrogram& tree, Global node) {
  if (tree.is_leaf(node)) return {node};
  std::set<Global> leaves = leaves_below(tree, tree.merge_of(node).left);
  leaves.merge(leaves_below(tree, tree.merge_of(node).right));
  return leaves;
}

/// What every cut promises.
void expect_consistent(const Dendrogram& tree, const Cut& cut) {
  ASSERT_EQ(cut.nodes.size(), cut.sizes.size());
  ASSERT_EQ(std::ssize(cut.cluster_of_leaf), tree.num_leaves);
  Global next = 0;
  for (Global leaf = 0; leaf < tree.num_leaves; ++leaf) {
    const Global cluster = cut.cluster_of_leaf[static_cast<std::size_t>(leaf)];
    ASSERT_LE(cluster, next);
    next = std::max(next, cluster + 1);
  }
  ASSERT_EQ(next, cut.num_clusters());
  for (Global c = 0; c < cut.num_clusters(); ++c) {
    const Global node = cut.nodes[static_cast<std::size_t>(c)];
    EXPECT_EQ(cut.sizes[static_cast<std::size_t>(c)], tree.size(node));
    std::set<Global> members;
    for (Global leaf = 0; leaf < tree.num_leaves; ++leaf)
      if (cut.cluster_of_leaf[static_cast<std::size_t>(leaf)] == c) members.insert(leaf);
    EXPECT_EQ(members, leaves_below(tree, node));
  }
}

TEST(Dendrogram, NumbersNodesAsSciPyDoes) {
  const Dendrogram tree = example();
  EXPECT_NO_THROW(tree.validate());
  EXPECT_TRUE(tree.is_complete());
  const std::vector<Merge> merges{{3, 4, 0.25, 7}, {0, 2, 0.5, 7}, {1, 5, 0.75, 8}, {6, 7, 1, 15}};
  EXPECT_TRUE(tree.merges == merges);
  EXPECT_EQ(scipy_linkage(tree), (std::vector<double>{3, 4, 0.25, 7, 0, 2, 0.5, 7, 1, 5, 0.75, 8, 6, 7, 1, 15}));
  EXPECT_EQ(tree.leaf_order(), (std::vector<Global>{0, 2, 1, 3, 4}));
  EXPECT_EQ(tree.parents(), (std::vector<Global>{6, 7, 6, 5, 5, 7, 8, 8, -1}));
  EXPECT_EQ(tree.num_inversions(), 0);
}

TEST(Dendrogram, ValidateNamesTheInvariant) {
  const auto broken = [](auto change) {
    Dendrogram tree = example();
    change(tree);
    return message_of<InvalidArgument>([&] { tree.validate(); });
  };
  EXPECT_EQ(broken([](auto&) {}), "");
  EXPECT_EQ(broken([](auto& t) {
              t.merges.push_back({8, 9, 2, 30});
            }),
            "dendrogram (1): 5 merges of 5 leaves, must be at most 4");
  EXPECT_EQ(broken([](auto& t) { t.leaf_sizes.pop_back(); }), "dendrogram (1): 4 leaf sizes for 5 leaves");
  EXPECT_EQ(broken([](auto& t) { t.leaf_sizes[2] = 0; }), "dendrogram (1): leaf 2 has size 0, must be at least 1");
  EXPECT_EQ(broken([](auto& t) { std::swap(t.merges[1].left, t.merges[1].right); }),
            "dendrogram (2): merge 1 joins nodes 2 and 0; must be 0 <= left < right < 6");
  EXPECT_EQ(broken([](auto& t) { t.merges[2].right = 7; }),
            "dendrogram (2): merge 2 joins nodes 1 and 7; must be 0 <= left < right < 7");
  EXPECT_EQ(broken([](auto& t) { t.merges[2].left = 0; }),
            "dendrogram (3): merge 2 joins node 0, which was merged before");
  EXPECT_EQ(broken([](auto& t) { t.merges[3].size = 16; }),
            "dendrogram (4): merge 3 has size 16, its children 7 and 8");
  EXPECT_EQ(broken([](auto& t) { t.merges[0].height = std::numeric_limits<double>::infinity(); }),
            "dendrogram (5): merge 0 has height inf");
  Dendrogram inverted = example();
  inverted.merges[2].height = 0.1;
  EXPECT_NO_THROW(inverted.validate());
  EXPECT_EQ(inverted.num_inversions(), 1);
  EXPECT_EQ(message_of<InvalidArgument>([] { example().join(3, 3, 1); }),
            "dendrogram: cannot merge nodes 3 and 3 of 9");
}

TEST(Dendrogram, CutsOfTheExample) {
  const Dendrogram tree = example();
  using Clusters = std::vector<Global>;
  EXPECT_EQ(cut_by_number(tree, 1).cluster_of_leaf, (Clusters{0, 0, 0, 0, 0}));
  EXPECT_EQ(cut_by_number(tree, 3).cluster_of_leaf, (Clusters{0, 1, 0, 2, 2}));
  EXPECT_EQ(cut_by_number(tree, 5).cluster_of_leaf, (Clusters{0, 1, 2, 3, 4}));
  EXPECT_EQ(cut_by_height(tree, 0.75).cluster_of_leaf, (Clusters{0, 1, 0, 1, 1}));
  EXPECT_EQ(cut_by_height(tree, 0.7).cluster_of_leaf, (Clusters{0, 1, 0, 2, 2}));
  EXPECT_EQ(cut_by_height(tree, 0).cluster_of_leaf, (Clusters{0, 1, 2, 3, 4}));
  EXPECT_EQ(cut_by_level(tree, 0).cluster_of_leaf, (Clusters{0, 0, 0, 0, 0}));
  EXPECT_EQ(cut_by_level(tree, 1).cluster_of_leaf, (Clusters{0, 1, 0, 1, 1}));
  EXPECT_EQ(cut_by_level(tree, 2).cluster_of_leaf, (Clusters{0, 1, 2, 3, 3}));
  EXPECT_EQ(cut_by_level(tree, 99).cluster_of_leaf, (Clusters{0, 1, 2, 3, 4}));
  EXPECT_EQ(cut_by_size(tree, 7, 8).sizes, (std::vector<Offset>{7, 8}));
  EXPECT_EQ(cut_by_size(tree, 7, 7).num_outside, 1);  // vertex 1 has no cluster of 7
  EXPECT_EQ(message_of<InvalidArgument>([&] { cut_by_number(tree, 0); }),
            "cut into 0 clusters: the tree has between 1 and 5");
  EXPECT_EQ(message_of<InvalidArgument>([&] { cut_by_number(tree, 6); }),
            "cut into 6 clusters: the tree has between 1 and 5");
  EXPECT_NE(message_of<InvalidArgument>([&] { cut_by_size(tree, 3, 2); }), "");
  EXPECT_NE(message_of<InvalidArgument>([&] { cut_by_level(tree, -1); }), "");
  EXPECT_NE(message_of<InvalidArgument>([&] { cut_by_height(tree, std::nan("")); }), "");
}

TEST(Dendrogram, CutsEqualTheBestOfAllCuts) {
  Random random(3);
  for (int round = 0; round < 60; ++round) {
    const Global leaves = 1 + below(random, 9);
    const Global merges = round % 3 == 0 ? below(random, leaves) : leaves - 1;
    const Dendrogram tree = random_tree(random, leaves, merges);
    ASSERT_NO_THROW(tree.validate());
    const auto cuts = all_cuts(tree);
    const auto sorted = [](std::vector<Global> nodes) {
      std::sort(nodes.begin(), nodes.end());
      return nodes;
    };
    const Offset smallest = 1 + below(random, 8);
    const Offset largest = smallest + below(random, 12);
    const auto cost = [&](const std::vector<Global>& nodes) {
      Offset outside = 0;
      for (Global node : nodes) outside += std::max({smallest - tree.size(node), tree.size(node) - largest, Offset{0}});
      return std::pair(outside, std::ssize(nodes));
    };
    auto best = cost(cuts.front());
    for (const auto& nodes : cuts) best = std::min(best, cost(nodes));
    const Cut by_size = cut_by_size(tree, smallest, largest);
    expect_consistent(tree, by_size);
    EXPECT_EQ(cost(by_size.nodes), best);
    EXPECT_EQ(by_size.num_outside == 0, best.first == 0);

    for (Global k = leaves - merges; k <= leaves; ++k) {
      const Cut by_number = cut_by_number(tree, k);
      expect_consistent(tree, by_number);
      EXPECT_EQ(by_number.num_clusters(), k);
    }
    for (double height : {0.0, 1.0, 2.5}) {
      // Heights ascend: the cut with the fewest clusters among those without a higher merge.
      std::optional<std::vector<Global>> fewest;
      for (const auto& nodes : cuts) {
        const bool is_low = std::all_of(nodes.begin(), nodes.end(), [&](Global v) { return tree.height(v) <= height; });
        if (is_low && (!fewest || nodes.size() < fewest->size())) fewest = nodes;
      }
      const Cut by_height = cut_by_height(tree, height);
      expect_consistent(tree, by_height);
      EXPECT_EQ(sorted(by_height.nodes), sorted(*fewest));
    }
    expect_consistent(tree, cut_by_level(tree, 2));
    auto order = tree.leaf_order();
    EXPECT_EQ(order.front(), 0);
    std::sort(order.begin(), order.end());
    for (Global leaf = 0; leaf < leaves; ++leaf) EXPECT_EQ(order[static_cast<std::size_t>(leaf)], leaf);
  }
}

TEST(Dendrogram, NewickQuotesLabels) {
  Dendrogram tree{4, {}, {}};
  const Global a = tree.join(0, 1, 0.5);
  tree.join(a, 2, 0.75);
  const auto label = [](Global leaf) {
    return std::vector<std::string>{"a", "it's (b)", "", "x_y"}[static_cast<std::size_t>(leaf)];
  };
  EXPECT_EQ(newick(tree, label), "((a:0.5,'it''s (b)':0.5):0.25,'':0.75);\n'x_y';\n");
  EXPECT_EQ(newick(Dendrogram{}, label), "");
}

TEST(Dendrogram, DeepTreesNeedNoStack) {
  const Global n = 200'000;
  Dendrogram tree{n, {}, {}};
  Global node = 0;
  for (Global leaf = 1; leaf < n; ++leaf) node = tree.join(node, leaf, static_cast<double>(leaf));
  EXPECT_NO_THROW(tree.validate());
  EXPECT_EQ(tree.leaf_order().back(), n - 1);
  EXPECT_EQ(cut_by_level(tree, 7).num_clusters(), 8);
  EXPECT_EQ(cut_by_size(tree, 1, n / 2).num_clusters(), n / 2 + 1);
  EXPECT_GT(newick(tree, [](Global leaf) { return text(leaf); }).size(), static_cast<std::size_t>(n));
}

}  // namespace
}  // namespace filigree::testing
