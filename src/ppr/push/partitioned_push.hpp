// PartitionedPush: queries of all ranks on a graph of which each rank has its rows.
#pragma once

#include "core/sparse_blocks.hpp"
#include "ppr/graph/replicated_graph.hpp"
#include "ppr/index/index_summary.hpp"
#include "ppr/push/kernels.hpp"
#include "ppr/push/schedule.hpp"
#include "ppr/push/term.hpp"

namespace filigree::ppr {

/// Queries of a batch go in levels. In a level each rank pushes at its own rows; what arcs carry to rows of others is
/// summed by query and vertex and sent once, at the end of it. One thread. Equal bits on every run with equal ranks.
class PartitionedPush {
 public:
  /// The graph must outlive it. Throws as ReplicatedGraph does. Collective.
  PartitionedPush(const Graph& graph, double teleport);

  /// Most bytes that a query of a batch takes on a rank.
  Offset query_bytes() const { return query_bytes_; }
  /// This rank's rows, up to a whole block.
  std::size_t num_padded_rows() const { return out_arcs_.size(); }
  /// Sum of the weights of the out-arcs of this rank's rows.
  std::span<const double> out_weights() const { return out_weights_; }

  /// Begins a batch; terms: residuals of this rank's rows.
  void start(std::size_t num_queries, std::span<const Term> residuals);
  /// Begins a batch of one query whose seeds are all vertices alike.
  void start_everywhere();

  /// Pushes the whole residual of all queries, `levels` times, and returns their norms. index: of this rank's rows, or
  /// null. Collective.
  std::vector<Norms> push_levels(int levels, const IndexSummary* index);
  /// Pushes under a falling threshold until the expected error of every query meets the target. Collective.
  std::vector<Norms> push_to_target(const DanglingPolicy& policy, double target, const IndexSummary* index);

  /// Calls f(row, value) for the estimates at this rank's rows, ascending, and for the residual that is left there.
  template <class F>
  void for_estimates(std::size_t query, F f) {
    parts_[query].values.for_each(f, estimate);
  }
  template <class F>
  void for_residual(std::size_t query, F f) {
    parts_[query].values.for_each(f, residual);
  }

  Offset num_pushes() const { return num_pushes_; }
  Offset num_arcs_pushed() const { return num_arcs_pushed_; }
  Offset num_arcs_crossed() const { return num_arcs_crossed_; }  ///< of those, to rows of other ranks
  Offset num_levels() const { return num_levels_; }              ///< counted once for each query that takes part
  Offset bytes_sent() const { return outbox_.bytes_sent() + norm_bytes_; }

 private:
  static constexpr int residual = 0;  // arrays of SparseBlocks
  static constexpr int estimate = 1;
  /// What this rank has of a query.
  struct Part {
    SparseBlocks<2, block_size> values;
    double estimate_mass = 0;
    double residual_mass = 0;  // up to rounding, and what pushes carried between ranks: right in the sum over ranks
  };

  void prepare(std::size_t num_queries);
  void push(Part& part, Local row, double amount);
  void push_above(Part& part, double rmax);
  void push_all(Part& part);
  void send_ghosts(std::size_t query);
  void receive(std::span<const Term> terms);
  std::vector<double> largest_ratios();
  std::vector<Norms> norms(std::span<const std::size_t> queries, const std::vector<char>& closely,
                           const IndexSummary* index);

  const Graph& graph_;
  CsrView<double> arcs_;
  double c_;
  std::vector<double> out_weights_;  // per row
  std::vector<float> out_arcs_;      // per row max(1, out-arcs), then ones up to a whole block
  Offset all_out_arcs_;              // their sum over all ranks
  std::vector<int> ghost_owner_;
  std::vector<Local> ghost_row_;  // at its owner
  Offset query_bytes_;

  std::vector<Part> parts_;  // num_queries_ of them in use
  std::size_t num_queries_ = 0;
  std::vector<double> to_ghosts_;  // of the query at hand
  std::vector<Local> reached_;     // ghosts that are above 0
  Mailbox<Term> outbox_;
  Offset num_pushes_ = 0;
  Offset num_arcs_pushed_ = 0;
  Offset num_arcs_crossed_ = 0;
  Offset num_levels_ = 0;
  Offset norm_bytes_ = 0;
};

}  // namespace filigree::ppr
