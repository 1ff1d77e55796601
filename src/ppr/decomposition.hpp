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

  /// Pushes where residual > 0 and residual >= rmax x max(1, out-arcs), first come first served, until that is nowhere.
  void push_above(double rmax);
  /// Pushes at every vertex once, ascending.
  void sweep();
  /// Pushes every residual once, all at the same time: a level of VERD.
  void push_level();

  const SparseVector& settled() const { return settled_; }
  const SparseVector& residual() const { return residual_; }
  /// Both ready to be read in ascending order.
  void sort();

  /// Largest rmax at which push_above would push anything.
  double largest_ratio() const;
  /// Arcs out of the vertices that push_above(rmax) begins with.
  Offset frontier_arcs(double rmax) const;

  Offset num_pushes() const { return num_pushes_; }
  Offset num_arcs_pushed() const { return num_arcs_pushed_; }

 private:
  double arcs_or_one(Local v) const { return static_cast<double>(std::max<Offset>(1, arcs_.degree(v))); }
  bool ready(Local v, double rmax) const { return residual_[v] > 0 && residual_[v] >= rmax * arcs_or_one(v); }
  template <class Give>
  void push(Local v, double amount, Give give);

  const ReplicatedGraph::Parts& graph_;
  CsrView<double> arcs_;
  double c_;
  SparseVector settled_;
  SparseVector residual_;
  std::vector<Local> queue_;
  std::vector<std::uint8_t> queued_;
  Offset num_pushes_ = 0;
  Offset num_arcs_pushed_ = 0;
};

}  // namespace filigree::ppr
