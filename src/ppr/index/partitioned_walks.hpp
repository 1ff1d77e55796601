// Rows of an index when each rank has its part of the graph, and walks travel.
#pragma once

#include <memory>

#include "ppr/index/walk_source.hpp"

namespace filigree::ppr {

/// The graph must outlive the result. Throws as ReplicatedGraph does. Collective.
std::unique_ptr<RowSource> partitioned_walks(const Graph& graph, const IndexOptions& options);

}  // namespace filigree::ppr
