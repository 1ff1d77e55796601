// What lies behind hubs, walked for a group of them at a time.
#pragma once

#include <cmath>

#include "ppr/push/batch_push.hpp"
#include "ppr/push/query_tables.hpp"

namespace filigree::ppr {

/// Vertices that pushes stop at.
struct HubChoice {
  std::vector<Local> vertex;  ///< ascending
  std::vector<float> limit;   ///< of every vertex: max(1, out-arcs), infinite at hubs; padded

  HubChoice(const QueryTables& tables, std::vector<Local> vertices);
  bool is_hub(Local v) const { return std::isinf(limit[z(v)]); }
  /// 0 at hubs, 1 at all other vertices; padded.
  std::vector<float> outside() const;

  /// Hubs are walked for in groups of neighbours, which mostly meet the same vertices.
  Offset num_groups() const { return (std::ssize(vertex) + batch_width - 1) / batch_width; }
  std::span<const Local> group(Offset i) const {
    return std::span(vertex).subspan(z(i) * batch_width,
                                     std::min(vertex.size() - z(i) * batch_width, std::size_t{batch_width}));
  }
};

/// Of a query's error, what hubs may leave in all.
constexpr double share_of_hubs = 0.3;

/// Rows of values above 0, each with a place.
struct SparseRows {
  std::vector<Offset> ptr{0};
  std::vector<Local> at;
  std::vector<double> value;

  void add(Local place, double x) {
    at.push_back(place);
    value.push_back(x);
  }
  void end_row() { ptr.push_back(std::ssize(at)); }
  Offset length(std::size_t row) const { return ptr[row + 1] - ptr[row]; }
};

/// The walks of a group of hubs.
struct HubRows {
  SparseRows partial;           ///< what settled; at vertices
  SparseRows links;             ///< the residual at other hubs; at vertices
  std::vector<double> loop;     ///< per hub: the residual at itself
  std::vector<double> settled;  ///< the sum of partial
  std::vector<double> missed;   ///< the residual elsewhere, and what was too small to be listed
  Offset num_arcs = 0;          ///< pushed, each once for all
  bool finished = true;         ///< no walk took more than it may
};

/// Walks for hubs that serve queries of the given error. Gives up, not finished, where more than most_arcs would be
/// pushed; rows are then what there was. outside: of the choice.
HubRows walk_hubs(BatchPush& pushes, const HubChoice& choice, std::span<const Local> group, const float* outside,
                  double teleport, double error, Offset most_arcs = std::numeric_limits<Offset>::max());

}  // namespace filigree::ppr
