// What is inside a ReplicatedGraph.
#pragma once

#include "core/index.hpp"
#include "filigree/matrix/shared_csr.hpp"
#include "filigree/ppr/graph.hpp"
#include "ppr/graph/alias.hpp"

namespace filigree::ppr {

struct GraphData {
  Comm comm;
  Comm node;  // ranks of this communicator that share memory with this one
  SharedCsr<double> shared;
  SharedArray<AliasEntry> alias;    // weighted graphs: per arc
  SharedArray<double> out_weights;  // weighted graphs: per vertex
  std::uint64_t hash = 0;
  bool is_symmetric = false;  // every arc has its like in return

  CsrView<double> arcs() const { return shared.view(); }
  /// Sum of the weights of v's out-arcs; 0 at a dangling vertex.
  double out_weight(Local v) const {
    const CsrView<double> view = arcs();
    return view.has_values() ? out_weights.span()[z(v)] : static_cast<double>(view.degree(v));
  }
};

const GraphData& data_of(const ReplicatedGraph& graph);

/// The weights of every row's out-arcs. Throws InvalidArgument on all ranks when the graph is not square or has no
/// vertices, and as out_weights() does. Collective.
std::vector<double> check_graph(const Graph& graph);

}  // namespace filigree::ppr
