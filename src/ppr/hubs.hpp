// Hubs: vertices that many queries pass. What lies behind them is walked once for all.
//
//   q_u = partial_u + sum_h F(u,h) q_h
//
// partial_u: what pushes settle that stop at hubs; F(u,h): the residual that arrives at hub h. The same holds for the
// hubs themselves (their own first push let through), so a query pushes until only hubs hold something, f, and
//
//   q_u = partial_u + sum_h a_h partial_h,    a = f (I - F)^-1.
//
// Source: Jeh, Widom, "Scaling Personalized Web Search", WWW 2003 (partial vectors and the hubs skeleton).
#pragma once

#include <cmath>

#include "ppr/decomposition.hpp"
#include "ppr/policy.hpp"

namespace filigree::ppr {

class Hubs {
 public:
  /// Vertices that pushes stop at.
  struct Choice {
    std::vector<Local> vertex;  ///< by falling mass while hubs are chosen, then ascending
    std::vector<float> limit;   ///< of every vertex: max(1, out-arcs), infinite at hubs; padded

    Choice(const QueryTables& tables, std::vector<Local> vertices);
    bool is_hub(Local v) const { return std::isinf(limit[z(v)]); }
    /// The weight of every vertex, 0 at hubs; padded.
    std::vector<float> weight_outside(const float* weight) const;
  };

  /// How partial vectors are kept. A query that passes few hubs adds up their rows, and takes over the residuals that
  /// these have left. Where it passes many, sums go over all hubs by vertex, for many queries at a time; what rows have
  /// left is missing then, so it must be little.
  enum class Kept { by_row, by_vertex };

  /// The vertices that most walks from everywhere pass, as many as make `num_queries` queries (of all ranks; `queries`
  /// are this rank's) cheapest; null if none would save much. Some queries and hubs are tried for that. A residual f
  /// errs by sum_v weight[v] f(v); pushes take it to `error`. may_miss: whether hubs may be kept by vertex. most_bytes:
  /// what they may take, while they are made. Collective over graph.comm; the same for any number of ranks and threads.
  static std::shared_ptr<const Hubs> find(const ReplicatedGraph::Parts& graph, const float* weight, bool may_miss,
                                          std::span<const Query> queries, Offset num_queries, double teleport,
                                          double error, Offset most_bytes, const Progress& progress);

  /// Whether they do for queries of this kind.
  bool serve(bool may_miss, double teleport, double error) const {
    return may_miss == may_miss_ && teleport == teleport_ && error_ <= 2 * error && error_ >= 0.01 * error;
  }
  Kept kept() const { return kept_; }
  Offset num_arcs() const { return num_arcs_; }  ///< that this rank pushed to make them
  /// Of a query's error, what pushes up to hubs may leave.
  static double share_of_pushes();

  /// What pushes compare residuals with.
  const float* limit() const { return choice_.limit.data(); }
  /// What queries must know of an index, or of none if null; but at hubs a residual is in good hands.
  std::shared_ptr<const IndexSummary> summary(const IndexSummary* index) const;

  /// What is worked in; all zeros in between.
  struct Workspace {
    explicit Workspace(const Hubs& hubs)
        : residual(std::ssize(hubs.num_links_)),
          passing(std::ssize(hubs.num_links_)),
          touched(static_cast<Local>(hubs.num_links_.size())) {}
    ZeroedArray<double> residual, passing;
    TouchedBlocks touched;

    /// Calls f(h, a_h) and leaves zeros.
    template <class F>
    void take_passing(F f);
  };
  /// Goes on with a query that was pushed with limit(): its residuals at hubs, of which `goal` in all may go missing,
  /// turn into what settles behind them and the residuals left there. Kept by row. Returns the elements used.
  Offset pass(Decomposition<1>& query, double goal, Workspace& work) const;
  /// The same for a query of many: sets passing[many * h] = a_h for add() to go on with, which needs them by vertex.
  Offset pass(Decomposition<1>& query, double goal, Workspace& work, double* passing) const;
  std::size_t num_hubs() const { return choice_.vertex.size(); }
  /// Of the partial vector and the residual of a hub, kept by row.
  Offset row_length(std::size_t hub) const {
    return partial_ptr_[hub + 1] - partial_ptr_[hub] + left_ptr_[hub + 1] - left_ptr_[hub];
  }
  std::size_t num_elements() const { return partial_value_.size(); }  ///< of all partial vectors

  /// Adds sum_h passing[many * h + lane] partial_h to the row of every lane. Sums of `least` and below are not listed,
  /// nor, if `most` > 0, those that are not among the first `most` by falling value and rising vertex. Rows may be
  /// null.
  void add(std::span<const double> passing, double least, std::size_t most, std::span<Row* const> rows) const;

 private:
  Hubs(const ReplicatedGraph::Parts& graph, const float* weight, bool may_miss, Choice choice, double teleport,
       double error, const Progress& progress);
  void turn_to_vertices();
  /// work.passing(h) = a_h. What is left of the residuals is returned and forgotten.
  double solve(std::span<const std::pair<Local, double>> residuals, double goal, Workspace& work, Offset& used) const;

  Kept kept_ = Kept::by_row;
  bool may_miss_;
  bool all_finished_ = true;  // the walks of all hubs, on all ranks
  Offset num_arcs_ = 0;       // pushed for those of this rank
  Choice choice_;
  double teleport_;
  double error_;               // of the queries that they were made for
  std::vector<Local> number_;  // of every vertex: which hub it is, or -1
  // F by rows, without its diagonal.
  std::vector<Offset> link_ptr_;
  std::vector<Local> link_hub_;
  std::vector<double> link_value_;
  std::vector<float> num_links_;  // per hub, at least 1; padded
  std::vector<double> loop_;      // the diagonal
  std::vector<float> mass_;       // per hub: |q_h|_1
  // Kept by row: partial vectors and residuals.
  std::vector<Offset> partial_ptr_;
  std::vector<Local> partial_vertex_;
  std::vector<double> partial_value_;
  std::vector<Offset> left_ptr_;
  std::vector<Local> left_vertex_;
  std::vector<double> left_value_;
  // Kept by vertex: partial_ptr_ and partial_value_ go by vertex then.
  std::vector<std::uint16_t> partial_hub_;
  std::vector<double> missed_;  // per hub: the residual that is no longer there
};

}  // namespace filigree::ppr
