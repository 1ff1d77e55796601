#include <algorithm>
#include <tuple>

#include "core/index.hpp"
#include "filigree/core/error.hpp"
#include "filigree/matrix/dendrogram.hpp"

namespace filigree {
namespace {

/// The cut whose clusters are the topmost nodes that `may_be_whole` accepts; it accepts all leaves.
template <class MayBeWhole>
Cut make_cut(const Dendrogram& tree, MayBeWhole may_be_whole) {
  const std::vector<Global> parent = tree.parents();
  std::vector<Global> top(z(tree.num_nodes()), -1);  // the cluster's node, -1 above it
  for (Global node = tree.num_nodes() - 1; node >= 0; --node) {
    const Global above = parent[z(node)] < 0 ? -1 : top[z(parent[z(node)])];
    top[z(node)] = above < 0 && may_be_whole(node) ? node : above;
  }
  Cut cut;
  cut.cluster_of_leaf.resize(z(tree.num_leaves));
  std::vector<Global> number(z(tree.num_nodes()), -1);
  for (Global leaf = 0; leaf < tree.num_leaves; ++leaf) {
    const Global node = top[z(leaf)];
    if (number[z(node)] < 0) {
      number[z(node)] = cut.num_clusters();
      cut.nodes.push_back(node);
      cut.sizes.push_back(tree.size(node));
    }
    cut.cluster_of_leaf[z(leaf)] = number[z(node)];
  }
  return cut;
}

}  // namespace

Cut cut_by_number(const Dendrogram& tree, Global num_clusters) {
  const Global fewest = tree.num_leaves - static_cast<Global>(tree.merges.size());
  require(num_clusters >= fewest && num_clusters <= tree.num_leaves, "cut into ", num_clusters,
          " clusters: the tree has between ", fewest, " and ", tree.num_leaves);
  const Global end = 2 * tree.num_leaves - num_clusters;
  return make_cut(tree, [&](Global node) { return node < end; });
}

Cut cut_by_height(const Dendrogram& tree, double height) {
  require(height >= 0, "cut at height ", height, ", must be at least 0");
  std::vector<bool> is_within(z(tree.num_nodes()), true);
  for (Global node = tree.num_leaves; node < tree.num_nodes(); ++node) {
    const Merge& merge = tree.merge_of(node);
    is_within[z(node)] = merge.height <= height && is_within[z(merge.left)] && is_within[z(merge.right)];
  }
  return make_cut(tree, [&](Global node) { return is_within[z(node)]; });
}

Cut cut_by_level(const Dendrogram& tree, Global level) {
  require(level >= 0, "cut at level ", level, ", must be at least 0");
  const std::vector<Global> parent = tree.parents();
  std::vector<Global> depth(z(tree.num_nodes()), 0);
  for (Global node = tree.num_nodes() - 1; node >= 0; --node)
    if (parent[z(node)] >= 0) depth[z(node)] = depth[z(parent[z(node)])] + 1;
  return make_cut(tree, [&](Global node) { return depth[z(node)] >= level || tree.is_leaf(node); });
}

Cut cut_by_size(const Dendrogram& tree, Offset min_size, Offset max_size) {
  require(min_size >= 1 && min_size <= max_size, "cut by size: from ", min_size, " to ", max_size,
          " vertices, must be 1 <= smallest <= largest");
  struct Cost {
    Offset missed, clusters;  // missed: vertices that sizes lie beyond the bounds
    auto operator<=>(const Cost&) const = default;
  };
  const auto missed = [&](Offset size) { return std::max({min_size - size, size - max_size, Offset{0}}); };
  std::vector<Cost> best(z(tree.num_nodes()));
  std::vector<bool> is_whole(z(tree.num_nodes()), true);
  for (Global node = 0; node < tree.num_nodes(); ++node) {
    const Offset size = tree.size(node);
    const Cost whole{missed(size), 1};
    best[z(node)] = whole;
    if (tree.is_leaf(node)) continue;
    const Cost& left = best[z(tree.merge_of(node).left)];
    const Cost& right = best[z(tree.merge_of(node).right)];
    const Cost split{left.missed + right.missed, left.clusters + right.clusters};
    is_whole[z(node)] = whole <= split;
    best[z(node)] = std::min(whole, split);
  }
  Cut cut = make_cut(tree, [&](Global node) { return is_whole[z(node)]; });
  cut.num_outside = std::count_if(cut.sizes.begin(), cut.sizes.end(), [&](Offset size) { return missed(size) > 0; });
  return cut;
}

}  // namespace filigree
