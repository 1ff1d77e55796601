// Hubs: vertices that many queries pass. Pushes that start at a hub are made once for all queries.
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

#include "ppr/push/dangling.hpp"
#include "ppr/query/engine.hpp"

namespace filigree::ppr {

/// Vertices that pushes stop at.
struct HubChoice {
  std::vector<Local> vertex;  ///< ascending
  // Of every vertex, padded:
  std::vector<float> limit;    ///< max(1, out-arcs), infinite at hubs
  std::vector<float> outside;  ///< 0 at hubs, where a residual is not lost, 1 elsewhere

  HubChoice(const QueryTables& tables, std::vector<Local> vertices);
  bool is_hub(Local v) const { return std::isinf(limit[z(v)]); }

  /// Hubs are pushed from in groups of neighbours, which mostly meet the same vertices.
  Offset num_groups() const { return (std::ssize(vertex) + batch_width - 1) / batch_width; }
  std::span<const Local> group(Offset i) const {
    return std::span(vertex).subspan(z(i) * batch_width,
                                     std::min(vertex.size() - z(i) * batch_width, std::size_t{batch_width}));
  }
};

/// Of a query's error, what hubs may leave in all.
constexpr double share_of_hubs = 0.3;

/// Rows of values above 0, each at a position: a vertex, or a hub.
struct SparseRows {
  std::vector<Offset> ptr{0};
  std::vector<Local> at;
  std::vector<double> value;

  void add(Local position, double x) {
    at.push_back(position);
    value.push_back(x);
  }
  void end_row() { ptr.push_back(std::ssize(at)); }
  Offset length(std::size_t row) const { return ptr[row + 1] - ptr[row]; }
};

/// What pushes from a hub add up to.
struct HubSums {
  double estimate;  ///< at all vertices
  double loop;      ///< the residual at the hub itself
  double missed;    ///< the residual elsewhere, and what was too small to be listed
};

/// The pushes from a group of hubs.
struct HubRows {
  SparseRows partial;  ///< estimates; at vertices
  SparseRows links;    ///< the residual at other hubs; at vertices
  std::vector<HubSums> sums;
  Offset num_arcs = 0;   ///< pushed, each once for all
  bool finished = true;  ///< none took more arcs than it may
};

/// Walks for hubs that serve queries of the given error. Gives up, not finished, where more than most_arcs would be
/// pushed; rows are then what there was.
HubRows push_from_hubs(BatchPush& pushes, const HubChoice& choice, std::span<const Local> group, double teleport,
                       double error, Offset most_arcs = std::numeric_limits<Offset>::max());

class Hubs {
 public:
  /// For queries that may leave `error`. Collective over graph.comm; the same for any number of ranks and threads.
  Hubs(const QueryTables& tables, HubChoice choice, double teleport, double error, const Progress& progress);

  std::size_t num_hubs() const { return choice_.vertex.size(); }
  Offset num_arcs() const { return num_arcs_; }  ///< that this rank pushed to make them
  const HubChoice& choice() const { return choice_; }
  /// Per vertex, padded: |q_v|_1 at hubs, 0 elsewhere.
  const float* mass() const { return mass_.data(); }

  /// For residuals at hubs: the slots are theirs. To be given back, by destroying the handle.
  auto lanes() const {
    auto lanes = lanes_.take(num_hubs());
    prepare(*lanes);
    return lanes;
  }
  /// Puts what queries that were pushed with the limit of choice() have left at hubs into the lanes.
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
  std::vector<Local> number_;  // of every vertex: which hub it is, or -1
  SparseRows links_;           // F by rows, without its diagonal; at hubs
  std::vector<HubSums> sums_;  // of every hub: its loop is the diagonal of F
  std::vector<float> mass_;
  // Partial vectors by vertex: sums go over all hubs, for many queries at a time.
  std::vector<Offset> partial_ptr_;
  std::vector<std::uint16_t> partial_hub_;
  std::vector<double> partial_value_;
  mutable Pool<Lanes> lanes_;
};

}  // namespace filigree::ppr
