// What pushes and solvers read besides the arcs of a replicated graph.
#pragma once

#include "ppr/graph/replicated_graph.hpp"
#include "ppr/push/linear_system.hpp"

namespace filigree::ppr {

struct QueryTables {
  /// The graph must outlive them. Collective over graph.comm.
  explicit QueryTables(const GraphData& graph);

  const GraphData& graph;
  SharedArray<float> out_arcs;  ///< max(1, out-arcs), padded to whole blocks with 1
  LinearSystem system;          ///< of symmetric graphs
};

}  // namespace filigree::ppr
