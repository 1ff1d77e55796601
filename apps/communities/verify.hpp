// What --verify checks of a tree of communities.
#pragma once

#include <string>

#include "filigree/communities.hpp"

namespace filigree::app {

/// Follows the tree from its leaves: before every merge all pairs of clusters are compared, in O(K^3) for K leaves.
/// Returns what does not hold, "" if all does: the invariants of a dendrogram, that no pair is more similar than the
/// one that merges, its height, and that the edges between communities are all edges of the graph. K <= 1,000.
/// Collective.
std::string check_tree(const Graph& graph, const communities::Tree& tree, communities::Linkage linkage);

}  // namespace filigree::app
