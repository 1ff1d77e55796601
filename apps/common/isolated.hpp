// Vertices without arcs.
#pragma once

#include "filigree/matrix/dist_csr.hpp"

namespace filigree::app {

/// How many vertices have no arc, neither from nor to, in a square matrix. Collective. Memory: 1 byte a vertex.
Global num_isolated(const Graph& graph);

/// The graph of the others, in the same order on the same ranks. Collective. Memory beyond the result: 9 bytes a vertex
/// of `graph`.
Graph without_isolated(const Graph& graph);

}  // namespace filigree::app
