#include "summary/code/checks.hpp"

#include <limits>

#include "filigree/core/invalid_arc.hpp"
#include "filigree/matrix/content_hash.hpp"
#include "filigree/matrix/symmetry.hpp"

namespace filigree::summary {

namespace {

Offset count_loops(const Graph& graph) {
  Offset loops = 0;
  for (Local row = 0; row < graph.num_local_rows(); ++row)
    for (const Local column : graph.local().view().cols(row))
      if (graph.global_col(column) == graph.first_row() + row) ++loops;
  return loops;
}

/// The graph without weights and, unless they are to be kept, loops.
Graph pattern_of(const Graph& graph, Loops loops) {
  return graph.comm().guard([&] {
    Csr<double> local;
    local.num_cols = graph.local().num_cols;
    local.row_ptr.reserve(graph.local().row_ptr.size());
    local.col.reserve(graph.local().col.size());
    for (Local row = 0; row < graph.num_local_rows(); ++row) {
      for (const Local column : graph.local().view().cols(row))
        if (loops == Loops::keep || graph.global_col(column) != graph.first_row() + row) local.col.push_back(column);
      local.row_ptr.push_back(std::ssize(local.col));
    }
    return Graph(graph.comm(), graph.rows(), graph.cols(), std::move(local), graph.ghosts());
  });
}

}  // namespace

Offset check_graph(const Graph& graph) {
  require(graph.is_square(), "graph: ", graph.num_rows(), " x ", graph.num_cols(), ", must be square");
  require(graph.num_rows() > 0, "graph: it has no vertices");
  require(graph.num_rows() > 1, "graph: it has one vertex, a summary needs two or more");
  require(graph.num_rows() <= std::numeric_limits<Local>::max(), "graph: ", graph.num_rows(),
          " vertices, must be fewer than 2^31");
  const auto asymmetric = graph.has_values() ? asymmetric_arc(pattern_of(graph, Loops::keep)) : asymmetric_arc(graph);
  if (const auto& arc = asymmetric)
    throw InvalidArc("graph: directed: arc ", arc->from, arc->to, " has no reverse; read it with --undirected");
  const Offset num_edges = (graph.num_nonzeros() - graph.comm().sum(count_loops(graph))) / 2;
  require(num_edges > 0, "graph: it has no edges between different vertices");
  return num_edges;
}

std::uint64_t pattern_hash(const Graph& graph) {
  if (!graph.has_values() && graph.comm().sum(count_loops(graph)) == 0) return content_hash(graph);
  return content_hash(pattern_of(graph, Loops::drop));
}

}  // namespace filigree::summary
