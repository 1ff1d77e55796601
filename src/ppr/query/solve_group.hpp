// How queries are answered: alone or together, up to what other ranks must add.
#pragma once

#include "ppr/query/hubs.hpp"

namespace filigree::ppr {

/// Everything that queries of one call share.
struct QueryContext {
  const EngineState& engine;
  const Comm& comm;
  const Index* index;
  const IndexSummary* summary;
  const DanglingPolicy& policy;
  const QueryOptions& options;
  bool is_top_k;     ///< a call of top_k
  const Hubs* hubs;  ///< or null; what goes through them needs no index
};

/// An answer on its way: q as far as it is known, and residuals whose index rows other ranks hold.
struct Partial {
  Row q;
  Row residual;
  Norms norms;
};

/// Answers a query. Returns what was done for it.
Stats answer(SinglePush& push, std::span<const Query* const> query, const QueryContext& context,
             std::span<Partial> partial);
/// Answers up to `batch_width` queries together: by VERD; or by pushes, through hubs if there are any, without an index
/// but where that fails.
Stats answer(BatchPush& pushes, std::span<const Query* const> queries, const QueryContext& context,
             std::span<Partial> partial);

}  // namespace filigree::ppr
