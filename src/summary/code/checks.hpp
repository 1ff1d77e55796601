// What a graph must be to be summarized.
#pragma once

#include <cstdint>

#include "filigree/matrix/dist_csr.hpp"

namespace filigree::summary {

/// Edges of a symmetric graph, without loops. Throws InvalidArgument on all ranks unless it is square and symmetric,
/// with fewer than 2^31 vertices, two or more, and an edge. Values are not looked at. Collective.
Offset check_graph(const Graph& graph);

/// content_hash() of what is summarized: the graph without loops and weights. Collective.
std::uint64_t pattern_hash(const Graph& graph);

}  // namespace filigree::summary
