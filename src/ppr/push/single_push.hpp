// SinglePush: one query taken apart, q_s = estimate + sum_v residual(v) q_v.
#pragma once

#include <memory>
#include <vector>

#include "core/sparse_blocks.hpp"
#include "ppr/index/index_summary.hpp"
#include "ppr/push/kernels.hpp"
#include "ppr/push/query_tables.hpp"
#include "ppr/push/schedule.hpp"

namespace filigree::ppr {

class LinearSolver;

/// A query on its way. Every operation keeps the equation above. A push at v settles c residual(v) there, gives
/// (1-c) residual(v) to its out-neighbours by weight, and leaves nothing; at a dangling vertex the part to give away
/// terminates. Bytes: 17 n; solve() makes it 81 n on symmetric graphs, 193 n on others.
class SinglePush {
 public:
  explicit SinglePush(const QueryTables& tables);
  ~SinglePush();

  std::size_t num_vertices() const { return z(arcs_.num_rows()); }

  /// Begins anew: residual = the seeds of the query, scaled to sum 1. A query without seeds stands for all vertices
  /// alike.
  void start(const Query& query, double teleport);
  /// Begins anew with the given residual.
  void start(std::span<const Local> vertices, std::span<const double> residuals);

  /// Goes once through the blocks and pushes what is >= rmax x max(1, out-arcs); what a push leaves behind it waits for
  /// the next sweep.
  void sweep_above(double rmax);
  /// Pushes every residual once, all at the same time: a level of VERD.
  void push_level();
  /// Takes the residual to `goal` at most, by a Krylov method. What is left counts as unsolved in norms(): it can be
  /// pushed no further. False if that takes far more than predicted: then only pushes are left for this query.
  bool solve(double goal);
  /// estimate += residual(v) x row v of the index for all vertices [first, first + rows), whose residual becomes 0.
  void add_index_rows(const Index& index, Global first);

  /// sum_v weight[v] residual(v).
  double weighted_residual(const float* weight) const;
  /// Largest rmax at which sweep_above would push anything.
  double largest_ratio() const;
  /// With the residual summed anew: rounding errors of what was pushed are gone.
  Norms norms(const IndexSummary* index);
  /// With the residual that pushes have kept count of.
  Norms rough_norms(const IndexSummary* index) const;

  /// Calls f(vertex, value) for every estimate, or residual, above 0, ascending.
  template <class F>
  void for_estimates(F f) const {
    for_each(estimate_, f);
  }
  template <class F>
  void for_residual(F f) const {
    for_each(residual_, f);
  }
  /// The same by blocks: f(first vertex, values).
  template <class F>
  void for_estimate_blocks(F f) const {
    touched_.for_each([&](std::size_t first) { f(static_cast<Global>(first), estimate_.data() + first); });
  }

  /// Whether a solver should go on to `goal`, rather than pushes that still have to bring `error` (the residual, or
  /// what an index leaves of it) to `end`. Symmetric graphs: where pushes have come everywhere, and in any case before
  /// they cost more than its dozen passes over the whole graph, each for a tenth of what pushing all arcs costs.
  /// Others: where pushes, at the rate of their last e-fold, would cost more than it.
  bool is_for_solver(double error, double end, double goal) const;
  /// About what solve(goal) costs, in arcs that a push goes through.
  double predicted_arcs(double goal) const;

  Offset num_pushes() const { return num_pushes_; }
  Offset num_arcs_pushed() const { return num_arcs_pushed_; }
  Offset num_arcs_solved() const { return num_arcs_solved_; }
  Offset num_index_entries() const { return num_index_entries_; }

 private:
  template <class F>
  void for_each(const ZeroedArray<double>& values, F f) const {
    touched_.for_each([&](std::size_t first) {
      for (std::size_t v = first; v < first + block_size; ++v) {
        if (values[v] > 0) f(static_cast<Local>(v), values[v]);
      }
    });
  }
  /// Calls f(v) for the vertices of a block that have a residual.
  template <class F>
  void for_residuals_of(std::size_t first, F f) const;
  void clear();
  /// What pushes add up to.
  struct Pushed {
    Offset pushes = 0, arcs = 0;
    double settled = 0, terminated = 0;
  };
  void push(Local v, Pushed& pushed);
  void count(const Pushed& pushed);
  void sum_residual_mass();

  const QueryTables& tables_;
  const GraphData& graph_;
  CsrView<double> arcs_;
  double c_ = 0;
  TouchedBlocks<block_size> touched_;
  ZeroedArray<double> residual_;
  ZeroedArray<double> estimate_;
  double estimate_mass_ = 0;
  double unsolved_ = 0;  // what solve() left
  bool solver_failed_ = false;
  std::unique_ptr<LinearSolver> solver_;
  std::vector<Local> rows_to_walk_;
  double residual_mass_ = 0;  // up to rounding
  struct Sweep {
    Offset arcs;
    double residual;
  };
  std::vector<Sweep> sweeps_;  // before each: arcs pushed, and the residual
  double summed_mass_ = 0;     // when it was summed last
  Offset num_pushes_ = 0;
  Offset num_arcs_pushed_ = 0;
  Offset num_arcs_solved_ = 0;
  Offset num_index_entries_ = 0;
};

}  // namespace filigree::ppr
