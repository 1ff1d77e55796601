// What is inside a ReplicatedGraph.
#pragma once

#include "filigree/matrix/shared_csr.hpp"
#include "filigree/ppr.hpp"

namespace filigree::ppr {

struct ReplicatedGraph::Parts {
  Comm comm;
  SharedCsr<double> shared;
  SharedArray<double> cumulative;  // weighted graphs: sums of the weights of a row up to and with each arc
  std::uint64_t hash = 0;

  CsrView<double> arcs() const { return shared.view(); }
  /// Sum of the weights of v's out-arcs; 0 at a dangling vertex.
  double out_weight(Local v) const {
    const CsrView<double> view = arcs();
    if (!view.has_values()) return static_cast<double>(view.degree(v));
    const Offset end = view.row_ptr[static_cast<std::size_t>(v) + 1];
    return view.degree(v) == 0 ? 0 : cumulative.span()[static_cast<std::size_t>(end) - 1];
  }
};

}  // namespace filigree::ppr
