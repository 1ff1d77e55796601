// Parts of a graph: what counts as an edge, and the edges above a quantile of the weights.
#pragma once

#include <vector>

#include "filigree/matrix/dist_csr.hpp"

namespace filigree::communities {

/// The graph without loops and arcs of weight 0; `dropped` is their number over all ranks. Collective.
Graph without_loops(const Graph& graph, Offset& dropped);

/// Weights w such that the arcs of weight >= w are all, three quarters, half and a quarter of them, ascending and
/// distinct. Collective.
std::vector<double> weight_quartiles(const Graph& graph);

/// The arcs of weight >= least, without weights. Collective.
Graph pattern_from(const Graph& graph, double least);

/// Divides weights by the power of two that leaves their mean in [1, 2): H_r depends on the unit of weights,
/// communities shall not. Exact for weights within 2^1000 of the largest. Collective.
void normalize_weights(Graph& graph);

}  // namespace filigree::communities
