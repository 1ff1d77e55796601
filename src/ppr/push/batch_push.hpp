// Pushes of up to `batch_width` queries at a time that meet the same vertices.
#pragma once

#include <array>
#include <limits>
#include <span>
#include <vector>

#include "core/scratch.hpp"
#include "filigree/ppr/query.hpp"
#include "ppr/push/batch_lanes.hpp"
#include "ppr/push/query_tables.hpp"

namespace filigree::ppr {

/// Vertices get slots in the order in which pushes reach them, and arcs are written anew from slot to slot: what is
/// worked on lies together however far apart it is in the graph. Bytes: 4 per vertex of the graph, 310 to 930 per
/// vertex reached (they double, up to 440 per vertex of the graph), 4 to 12 per arc of those pushed.
class BatchPush {
 public:
  explicit BatchPush(const QueryTables& tables);
  /// Bytes of a group and its answers where everything is in reach.
  static Offset most_bytes(const CsrView<double>& arcs) {
    return tuning::slot_bytes * arcs.num_rows() + 12 * arcs.num_nonzeros();
  }

  /// Begins anew. Residuals are compared with limit[v] (nothing is pushed where that is infinite), and err by
  /// weight[v] x residual, or residual if null.
  void start(double teleport, const float* limit, const float* weight);
  /// Adds the seeds of a query, scaled to sum 1.
  void add(const Query& query, std::size_t lane);
  /// Adds what a push of 1 at v settles and gives away, whatever the limit there.
  void add_pushed(Local v, std::size_t lane);
  /// Pushes by residual over limit until every lane l errs by goals[l] at most. False if that takes more than
  /// most_arcs, or is out of reach.
  bool run(const std::array<double, batch_width>& goals, Offset most_arcs = std::numeric_limits<Offset>::max());

  /// Pushes every residual once, all at the same time: a level of VERD.
  void push_level();
  /// Adds residual(v) x row v of the index, as if pushed, for all vertices [first, first + rows), whose residual
  /// becomes 0.
  void add_index_rows(const Index& index, Global first);

  Offset num_pushes() const { return num_pushes_; }                ///< each once for all lanes
  Offset num_arcs_pushed() const { return num_arcs_pushed_; }      ///< each once for all lanes
  Offset num_index_entries() const { return num_index_entries_; }  ///< the same
  /// Vertices that were reached; what they have left, and what was pushed there.
  std::span<const Local> vertices() const { return vertex_; }
  const Lanes& lanes() const { return lanes_; }
  /// The slots by rising vertex.
  std::vector<std::size_t> slots_by_vertex() const;

 private:
  struct Arcs {
    Offset begin = -1;  // in to_; below 0 until they are needed
    Offset count = 0;
    double rate = 0;  // of a residual, what goes over an arc of weight 1
    const double* weight = nullptr;
  };

  std::size_t slot_of(Local v);
  const Arcs& arcs_of(std::size_t slot);
  void push(std::size_t slot);

  const GraphData& graph_;
  CsrView<double> view_;
  double teleport_ = 0;
  const float* limit_ = nullptr;
  const float* weight_ = nullptr;
  SlotTable slot_of_;          // of every vertex
  std::vector<Local> vertex_;  // of every slot
  std::vector<Arcs> arcs_;     // the same
  std::vector<Local> to_;      // slots
  Lanes lanes_;
  Offset num_pushes_ = 0;
  Offset num_arcs_pushed_ = 0;
  Offset num_index_entries_ = 0;
};

}  // namespace filigree::ppr
