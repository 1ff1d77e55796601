// Dendrogram: a binary tree of merges over leaves, and its cuts into clusters.
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "filigree/core/types.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// Two nodes that became one.
struct Merge {
  Global left;    ///< the smaller of the two node ids
  Global right;   ///< the larger
  double height;  ///< dissimilarity of the two
  Offset size;    ///< vertices of both
  friend bool operator==(const Merge&, const Merge&) = default;
};

/// A tree, or while merges are missing a forest, of n leaves, numbered as SciPy does: leaf i is node i, merge k makes
/// node n + k. Small and equal on all ranks. Invariants, checked by validate():
///
///   1. at most n - 1 merges; leaf_sizes is empty (every leaf is one vertex) or holds n numbers >= 1
///   2. 0 <= left < right < n + k in merge k
///   3. a node is merged at most once
///   4. size = size of left + size of right
///   5. heights are finite
///
/// A node whose height is below that of one below it is an inversion: allowed here, counted by num_inversions().
struct Dendrogram {
  Global num_leaves = 0;
  std::vector<Offset> leaf_sizes;
  std::vector<Merge> merges;

  Global num_nodes() const { return num_leaves + static_cast<Global>(merges.size()); }
  /// Is it one tree?
  bool is_complete() const { return num_nodes() >= 2 * num_leaves - 1; }
  bool is_leaf(Global node) const { return node < num_leaves; }
  const Merge& merge_of(Global node) const { return merges[static_cast<std::size_t>(node - num_leaves)]; }
  Offset size(Global node) const {
    if (!is_leaf(node)) return merge_of(node).size;
    return leaf_sizes.empty() ? 1 : leaf_sizes[static_cast<std::size_t>(node)];
  }
  /// 0 for leaves.
  double height(Global node) const { return is_leaf(node) ? 0 : merge_of(node).height; }

  /// Appends the merge of two nodes that were not merged yet; returns the new node. O(1).
  Global join(Global a, Global b, double height);
  /// Throws InvalidArgument naming the first invariant that does not hold, and where. O(n).
  void validate() const;
  /// Merges that are lower than a merge right below them. O(n).
  Offset num_inversions() const;
  /// The parent of every node, -1 for roots. O(n).
  std::vector<Global> parents() const;
  /// The smallest leaf below every node. O(n).
  std::vector<Global> first_leaves() const;
  /// Leaves as a drawing without crossings lists them: the child that holds the smaller leaf comes first. O(n).
  std::vector<Global> leaf_order() const;

  friend bool operator==(const Dendrogram&, const Dendrogram&) = default;
};

/// Clusters numbered in the order of their smallest leaves.
struct Cut {
  std::vector<Global> cluster_of_leaf;
  std::vector<Global> nodes;  ///< the node that each cluster is
  std::vector<Offset> sizes;  ///< vertices of each
  Offset num_outside = 0;     ///< clusters that break the bounds of cut_by_size()
  Global num_clusters() const { return static_cast<Global>(nodes.size()); }
};

/// Exactly `num_clusters` clusters: what the first n - num_clusters merges made. num_clusters lies in
/// [n - number of merges, n]; throws InvalidArgument otherwise. O(n), as all cuts.
Cut cut_by_number(const Dendrogram& tree, Global num_clusters);
/// The largest nodes that hold no merge above `height`.
Cut cut_by_height(const Dendrogram& tree, double height);
/// The nodes `level` steps below a root, and leaves that are less deep. level >= 0; 0 = the roots.
Cut cut_by_level(const Dendrogram& tree, Global level);
/// The fewest clusters of min_size to max_size vertices, 1 <= min_size <= max_size. If no cut has all sizes within the
/// bounds, those whose sizes miss them by the fewest vertices in all, then the fewest; num_outside tells. A dynamic
/// programme from the leaves to the roots.
Cut cut_by_size(const Dendrogram& tree, Offset min_size, Offset max_size = std::numeric_limits<Offset>::max());

/// The tree in Newick's format, a line for each root: the length of a branch is the difference of heights, leaves have
/// height 0 and the label that `label` returns, quoted where the format asks for it.
std::string newick(const Dendrogram& tree, const std::function<std::string(Global leaf)>& label);
/// The linkage matrix as SciPy's functions take it: (left, right, height, size) of each merge, row by row. Column 4
/// counts vertices.
std::vector<double> scipy_linkage(const Dendrogram& tree);

}  // namespace filigree
#pragma GCC visibility pop
