// How many walks every vertex gets, and how many bytes that will make.
#pragma once

#include "ppr/index/walk_source.hpp"

namespace filigree::ppr {

/// Bytes of an index of n vertices beside those of its rows: their starts, walks and deviations.
constexpr Offset bytes_beside_rows(Global n) { return 12 * n + 8 * ((n + 63) / 64); }

struct IndexPlan {
  std::vector<std::int32_t> walks;  ///< of this rank's sources
  double row_bytes = 0;             ///< expected mean of a row, over all ranks
  double most_row_bytes = 0;        ///< what the mean will hardly exceed
};

/// Rows that are made together: about 1 MiB of them.
Global slice_rows_for(double row_bytes);

/// options.walks from every vertex; some rows are made to see how large they get. Throws Error on all ranks when the
/// build would take more than options.memory_bytes. Collective.
IndexPlan plan_equal_walks(RowSource& source, const IndexOptions& options);

/// Walks for an index of about `target_bytes` in all, not much above options.index_bytes, as build_index() describes
/// it. Throws on all ranks: InvalidArgument when not even one walk from every vertex fits; Error as the other one does.
/// Collective.
IndexPlan plan_walks_for_bytes(RowSource& source, const IndexOptions& options, Offset target_bytes,
                               std::int32_t most_walks);

}  // namespace filigree::ppr
