// Queries on a graph of which each rank has its rows.
#pragma once

#include "filigree/ppr.hpp"

namespace filigree::ppr {

/// query() of a graph that stays where it is, whatever the options say. Collective.
Result query_partitioned(const Graph& graph, const Index* index, std::span<const Query> queries,
                         const QueryOptions& options);

}  // namespace filigree::ppr
