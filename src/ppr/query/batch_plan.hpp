// How the queries of a large batch are best answered.
#pragma once

#include "ppr/query/hubs.hpp"

namespace filigree::ppr {

/// One by one, together in groups of neighbours, or together through hubs.
struct BatchPlan {
  bool with_index;
  double teleport, error;
  Offset num_queries;
  bool together = false;             ///< without any index
  std::shared_ptr<const Hubs> hubs;  ///< then; or null

  /// Whether it is good for other queries as well.
  bool serves(bool others_with_index, double others_teleport, double others_error, Offset num_others) const {
    if (others_with_index != with_index || others_teleport != teleport) return false;
    return error <= (hubs ? 1.2 : 2) * others_error && error >= (hubs ? 0.01 : 0.5) * others_error &&
           (hubs || num_others <= 2 * num_queries);
  }
};

/// A plan for `num_queries` queries of all ranks. `queries`: this rank's, sorted by seed over all ranks, whole groups
/// of `batch_width` except the last; they may leave `error`, where a query alone leaves a residual f that errs by
/// sum_v deviation_v f(v) with the index of the summary, by sum_v f(v) where that is null. Some queries and hubs are
/// tried for that. Hubs are the vertices that most walks from everywhere pass. options.batch_bytes: what working
/// together may take on a thread, and hubs on a rank while they are made. Collective; the same for any number of ranks
/// and threads.
std::shared_ptr<const BatchPlan> plan_batch(const EngineState& engine, const IndexSummary* summary,
                                            std::span<const Query* const> queries, Offset num_queries, double error,
                                            const QueryOptions& options);

}  // namespace filigree::ppr
