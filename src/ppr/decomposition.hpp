// One query taken apart: q_s = settled + sum_v residual(v) q_v.
#pragma once

#include "ppr/parts.hpp"
#include "ppr/sparse_vector.hpp"

namespace filigree::ppr {

/// Every operation keeps the equation above. A push at v settles c residual(v) there, gives (1-c) residual(v) to its
/// out-neighbours by weight, and leaves nothing; at a dangling vertex the part to give away dies.
class Decomposition {
 public:
  Decomposition(const ReplicatedGraph::Parts& graph, double teleport);

  /// Begins anew with residual = the query's seeds, scaled to sum 1; an empty query stands for all vertices alike.
  void start(const Query& query);

  /// Goes once through the residuals, ascending, and pushes those >= rmax x max(1, out-arcs); what a push leaves behind
  /// it waits for the next sweep.
  void sweep_above(double rmax);
  /// Pushes every residual once, all at the same time: a level of VERD.
  void push_level();

  const SparseVector& settled() const { return settled_; }
  const SparseVector& residual() const { return residual_; }
  /// |settled|_1
  double settled_mass() const { return settled_mass_; }

  /// Largest rmax at which sweep_above would push anything.
  double largest_ratio() const;

  Offset num_pushes() const { return num_pushes_; }
  Offset num_arcs_pushed() const { return num_arcs_pushed_; }

 private:
  double arcs_or_one(Local v) const { return static_cast<double>(std::max<Offset>(1, arcs_.degree(v))); }
  template <class Give>
  void push(Local v, double amount, Give give);

  const ReplicatedGraph::Parts& graph_;
  CsrView<double> arcs_;
  double c_;
  SparseVector settled_;
  SparseVector residual_;
  double settled_mass_ = 0;
  Offset num_pushes_ = 0;
  Offset num_arcs_pushed_ = 0;
};

}  // namespace filigree::ppr
