// How many walks every vertex gets, and how many bytes that will make.
#pragma once

#include "ppr/row_source.hpp"

namespace filigree::ppr {

/// Bytes of an index of n vertices beside those of its rows: their starts, walks and deviations.
constexpr Offset bytes_beside_rows(Global n) { return 12 * n + 8 * ((n + 63) / 64); }

struct IndexPlan {
  std::vector<std::int32_t> walks;  ///< of this rank's sources
  double row_bytes = 0;             ///< expected mean of a row, over all ranks
};

/// options.walks from every vertex; some rows are made to see how large they get. Collective.
IndexPlan plan_equal_walks(RowSource& source, const IndexOptions& options);

/// Walks for an index of about `bytes` in all, as build_index() describes it. Throws InvalidArgument on all ranks when
/// not even one walk from every vertex fits. Collective.
IndexPlan plan_walks_for_bytes(RowSource& source, const IndexOptions& options, Offset bytes, std::int32_t most_walks);

}  // namespace filigree::ppr
