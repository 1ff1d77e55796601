#include "summary/code/checks.hpp"

#include <limits>

#include "filigree/matrix/symmetry.hpp"

namespace filigree::summary {

Offset check_graph(const Graph& graph) {
  require(graph.is_square(), "graph: ", graph.num_rows(), " x ", graph.num_cols(), ", must be square");
  require(graph.num_rows() > 0, "graph: it has no vertices");
  require(graph.num_rows() > 1, "graph: it has one vertex, a summary needs two or more");
  require(graph.num_rows() <= std::numeric_limits<Local>::max(), "graph: ", graph.num_rows(),
          " vertices, must be fewer than 2^31");
  const auto asymmetric = [&] {
    if (!graph.has_values()) return asymmetric_arc(graph);
    Graph pattern = graph;
    pattern.local.val = {};
    return asymmetric_arc(pattern);
  }();
  if (const auto& arc = asymmetric)
    throw InvalidArgument(
        text("graph: directed: arc ", arc->from, " -> ", arc->to, " has no reverse; read it with --undirected"));
  Offset loops = 0;
  for (Local row = 0; row < graph.num_local_rows(); ++row)
    for (const Local column : graph.local.view().cols(row))
      if (graph.global_col(column) == graph.first_row() + row) ++loops;
  const Offset num_edges = (graph.num_nonzeros() - graph.comm.sum(loops)) / 2;
  require(num_edges > 0, "graph: it has no edges between different vertices");
  return num_edges;
}

}  // namespace filigree::summary
