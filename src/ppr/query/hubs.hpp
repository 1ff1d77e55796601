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

#include "ppr/push/dangling.hpp"
#include "ppr/query/engine.hpp"
#include "ppr/query/hub_rows.hpp"

namespace filigree::ppr {

class Hubs {
 public:
  /// For queries that may leave `error`. Collective over graph.comm; the same for any number of ranks and threads.
  Hubs(const QueryTables& tables, HubChoice choice, double teleport, double error, const Progress& progress);

  std::size_t num_hubs() const { return choice_.vertex.size(); }
  Offset num_arcs() const { return num_arcs_; }  ///< that this rank pushed to make them
  /// What pushes compare residuals with.
  const float* limit() const { return choice_.limit.data(); }
  /// Per vertex, padded: |q_v|_1 at hubs, 0 elsewhere; and 0 at hubs, where a residual is in good hands, 1 elsewhere.
  const float* mass() const { return mass_.data(); }
  const float* outside() const { return outside_.data(); }

  /// For residuals at hubs: the places are theirs. To be given back, by destroying the handle.
  auto lanes() const {
    auto lanes = lanes_.take(num_hubs());
    prepare(*lanes);
    return lanes;
  }
  /// Puts what queries that were pushed with limit() have left at hubs into the lanes.
  void put(const BatchPush& queries, Lanes& lanes) const;
  /// Lets residuals pass until at most goals[l] is left in lane l: lanes.pushed()[batch_width * h + l] = a_h then.
  /// missed[l]: what goes missing, that rest and what the rows of hubs lack. Returns the elements of F used, each once
  /// for all.
  Offset pass(const std::array<double, batch_width>& goals, Lanes& lanes,
              std::array<double, batch_width>& missed) const;
  /// Adds sum_h passing[batch_width * h + lane] partial_h to the row of every lane. Sums of `least` and below are not
  /// listed, nor, if `most` > 0, those that are not among the first `most` by falling value and rising vertex. Rows may
  /// be null.
  void add(std::span<const double> passing, double least, std::size_t most, std::span<Row* const> rows) const;

 private:
  void set_partial(const SparseRows& of_hubs);
  void prepare(Lanes& lanes) const;

  HubChoice choice_;
  Offset num_arcs_ = 0;
  std::vector<Local> number_;   // of every vertex: which hub it is, or -1
  SparseRows links_;            // F by rows, without its diagonal; at hubs
  std::vector<double> loop_;    // the diagonal
  std::vector<double> missed_;  // per hub: what its row lacks
  std::vector<float> mass_, outside_;
  // Partial vectors by vertex: sums go over all hubs, for many queries at a time.
  std::vector<Offset> partial_ptr_;
  std::vector<std::uint16_t> partial_hub_;
  std::vector<double> partial_value_;
  mutable Pool<Lanes> lanes_;
};

}  // namespace filigree::ppr
