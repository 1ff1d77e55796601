// What is inside a ReplicatedGraph.
#pragma once

#include "core/index.hpp"
#include "filigree/matrix/shared_csr.hpp"
#include "filigree/ppr.hpp"
#include "ppr/alias.hpp"

namespace filigree::ppr {

struct QueryTables;

struct ReplicatedGraph::Parts {
  Comm comm;
  SharedCsr<double> shared;
  SharedArray<AliasEntry> alias;    // weighted graphs: per arc
  SharedArray<double> out_weights;  // weighted graphs: per vertex
  std::uint64_t hash = 0;
  std::shared_ptr<QueryTables> tables;  // what queries need besides

  CsrView<double> arcs() const { return shared.view(); }
  /// Sum of the weights of v's out-arcs; 0 at a dangling vertex.
  double out_weight(Local v) const {
    const CsrView<double> view = arcs();
    return view.has_values() ? out_weights.span()[z(v)] : static_cast<double>(view.degree(v));
  }
};

/// What queries must know of an index: of all its rows, wherever they are.
struct IndexSummary {
  std::vector<float> mass;       ///< |q^_v|_1; a block of zeros behind
  std::vector<float> deviation;  ///< the same
  double largest_mass = 0;
};
/// Collective.
std::shared_ptr<const IndexSummary> summarize(const Comm& comm, const Index& index);

}  // namespace filigree::ppr
