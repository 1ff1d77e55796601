// Rows of an index when every rank sees the whole graph.
#pragma once

#include <memory>

#include "ppr/index/walk_source.hpp"

namespace filigree::ppr {

std::unique_ptr<RowSource> replicated_walks(const ReplicatedGraph& graph, const IndexOptions& options);

}  // namespace filigree::ppr
