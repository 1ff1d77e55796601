// A picture of a tree of communities.
#pragma once

#include <functional>
#include <string>

#include "filigree/communities.hpp"

#pragma GCC visibility push(default)
namespace filigree::communities {

constexpr Global most_drawn_leaves = 2000;

struct DrawOptions {
  std::string title = {};
  /// Text beside a leaf; if empty "C0 (24)", its number and size.
  std::function<std::string(Global leaf)> label = {};
  bool logarithmic = true;  ///< the axis shows log(1 - height), which separates heights near 1; else height
};

/// Draws a tree as SVG: the dendrogram, and beside it the density of edges between leaf communities, row by row in leaf
/// order. Branches below the cut of 2 to 10 clusters with the widest gap are coloured by cluster. Throws
/// InvalidArgument for more than 2,000 leaves. Not collective.
std::string draw(const Dendrogram& tree, const CommunityGraph& between, const DrawOptions& options = {});

}  // namespace filigree::communities
#pragma GCC visibility pop
