// Size and errors of a summary, from its graph.
#pragma once

#include "filigree/summary.hpp"

namespace filigree::summary {

/// evaluate() of a graph that was checked; num_edges: its edges without loops. Collective.
Measures measure(const Graph& graph, const Summary& summary, Offset num_edges);

/// Vertices of the supernodes that this rank owns, in summary.superedges.rows(). Collective.
std::vector<double> supernode_sizes(const Summary& summary);

/// Densities of the superedges, distributed alike. Collective.
DistCsr<double> densities(const Summary& summary);

}  // namespace filigree::summary
