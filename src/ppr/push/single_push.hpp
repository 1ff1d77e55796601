// Queries taken apart: q_s = settled + sum_v residual(v) q_v, for one query or for many together.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/parallel_for.hpp"
#include "core/sparse_blocks.hpp"
#include "ppr/graph/replicated_graph.hpp"
#include "ppr/index/index_summary.hpp"
#include "ppr/push/kernels.hpp"
#include "ppr/push/symmetric_system.hpp"

namespace filigree::ppr {

class SymmetricSolver;

/// L1 norms of the parts of one query: they decide when to stop, and what can be said of the error.
struct Norms {
  double settled = 0;
  double residual = 0;        ///< |f|_1
  double unsolved = 0;        ///< what a solver left of f: part of the error, but nothing that can be pushed or walked
  double indexed = 0;         ///< sum_v f(v) |q^_v|_1
  double expected_error = 0;  ///< sum_v f(v) deviation_v, without an index |f|_1; and what is unsolved
};

/// `lanes` queries (1 or `many`) on their way. Every operation keeps the equation above for each of them. A push at v
/// settles c residual(v) there, gives (1-c) residual(v) to its out-neighbours by weight, and leaves nothing; at a
/// dangling vertex the part to give away dies. What is done for many at once reads every list of arcs once for all.
/// Bytes: 16 n lanes; solve() makes it 80.
template <int lanes>
class Decomposition {
 public:
  explicit Decomposition(const ReplicatedGraph::Parts& graph);
  ~Decomposition();

  /// Begins anew: residual of lane i = the seeds of queries[i], scaled to sum 1. A query without seeds stands for all
  /// vertices alike. At most `lanes` queries; the other lanes stay empty.
  void start(std::span<const Query* const> queries, double teleport);

  /// Begins anew with one lane and the given residual.
  void start(std::span<const Local> vertices, std::span<const double> residuals);

  /// Goes once through the blocks and pushes what is >= rmax x max(1, out-arcs); what a push leaves behind it waits for
  /// the next sweep. One lane only.
  void sweep_above(double rmax) requires(lanes == 1);
  /// Pushes every residual once, all at the same time: a level of VERD.
  void push_level();
  /// Takes the residual to 0 but for `goal` at most, by conjugate gradients: symmetric graphs only. What is left counts
  /// as residual in norms() but can be pushed no further. One lane only.
  void solve(double goal) requires(lanes == 1);
  /// Lets the rows of an index walk the residual of the vertices [first, first + rows): it becomes settled, an
  /// estimate.
  void walk(const Index& index, Global first);

  /// sum_v weight[v] residual(v). One lane only.
  double weighted_residual(const float* weight) const requires(lanes == 1);
  /// Largest rmax at which sweep_above would push anything. One lane only.
  double largest_ratio() const requires(lanes == 1);
  /// Norms of every lane, by a pass over all there is.
  std::array<Norms, lanes> norms(const IndexSummary* index) const;
  /// The same at little cost, up to rounding. One lane only.
  Norms rough_norms(const IndexSummary* index) const requires(lanes == 1);

  /// Calls f(lane, vertex, value) for everything settled, or residual, that is above 0; ascending in every lane.
  template <class F>
  void for_settled(F f) const {
    for_each(settled_, f);
  }
  /// The same for one lane, by blocks: f(first vertex, values).
  template <class F>
  void for_settled_blocks(F f) const requires(lanes == 1) {
    touched_.for_each([&](std::size_t first) { f(static_cast<Global>(first), settled_.data() + first); });
  }
  template <class F>
  void for_residual(F f) const {
    for_each(residual_, f);
  }

  /// Whether a solver should go on, which passes over the whole graph about a dozen times, each for a tenth of what
  /// pushing all arcs costs: where pushes have come everywhere, and in any case before they cost more. One lane only.
  bool is_for_solver() const requires(lanes == 1);

  Offset num_pushes() const { return num_pushes_; }
  Offset num_arcs_pushed() const { return num_arcs_pushed_; }
  Offset num_arcs_solved() const { return num_arcs_solved_; }
  Offset num_index_entries() const { return num_index_entries_; }

 private:
  template <class F>
  void for_each(const ZeroedArray<double>& values, F f) const {
    touched_.for_each([&](std::size_t first) {
      for (std::size_t l = 0; l < static_cast<std::size_t>(num_lanes_); ++l) {
        for (std::size_t v = first; v < first + block_size; ++v) {
          if (values[v * lanes + l] > 0) f(static_cast<int>(l), static_cast<Local>(v), values[v * lanes + l]);
        }
      }
    });
  }
  /// Calls f(v) for the vertices of a block where any lane may have a residual.
  template <class F>
  void for_residuals_of(std::size_t first, F f) const;
  void clear();
  /// What pushes add up to.
  struct Pushed {
    Offset pushes = 0, arcs = 0;
    std::array<double, lanes> settled{};
    std::array<double, lanes> died{};
  };
  void push(Local v, Pushed& pushed);
  void count(const Pushed& pushed);
  void sum_residual_mass() requires(lanes == 1);
  void give(Local v, const double* share);

  const ReplicatedGraph::Parts& graph_;
  CsrView<double> arcs_;
  double c_ = 0;
  int num_lanes_ = 0;
  TouchedBlocks<block_size> touched_;
  ZeroedArray<double> residual_;
  ZeroedArray<double> settled_;
  std::array<double, lanes> settled_mass_{};
  std::array<double, lanes> unsolved_{};  // what solve() left
  std::unique_ptr<SymmetricSolver> solver_;
  std::vector<Local> rows_to_walk_;
  std::array<double, lanes> residual_mass_{};  // up to rounding
  double summed_mass_ = 0;                     // of all lanes, when it was summed last
  Offset num_pushes_ = 0;
  Offset num_arcs_pushed_ = 0;
  Offset num_arcs_solved_ = 0;
  Offset num_index_entries_ = 0;
};

}  // namespace filigree::ppr
