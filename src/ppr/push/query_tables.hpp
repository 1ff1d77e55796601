// What pushes and solvers read besides the arcs of a replicated graph.
#pragma once

#include <optional>

#include "ppr/graph/replicated_graph.hpp"
#include "ppr/push/linear_system.hpp"

namespace filigree::ppr {

struct QueryTables {
  /// The graph must outlive them. Collective over graph.comm.
  explicit QueryTables(const GraphData& graph);
  /// Makes `system`, if it is not there: until then no solver takes over. Collective over graph.comm.
  void make_system();

  const GraphData& graph;
  SharedArray<float> out_arcs;         ///< max(1, out-arcs), padded to whole blocks with 1
  std::optional<LinearSystem> system;  ///< of make_system()
};

}  // namespace filigree::ppr
