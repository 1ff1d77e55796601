// link() of a graph that is known to be undirected with weights >= 0.
#pragma once

#include "filigree/communities.hpp"

namespace filigree::communities {

/// Collective.
Tree link_checked(const Graph& graph, const Labels& labels, const LinkOptions& options);

}  // namespace filigree::communities
