// Queries of personalized PageRank, and their answers as dense vectors.
#pragma once

#include <vector>

#include "filigree/ppr.hpp"
#include "support/matrices.hpp"

namespace filigree::testing {

/// Queries of random seeds; equal ones on all ranks.
inline std::vector<ppr::Query> random_queries(Global n, int count, std::uint64_t seed) {
  Random random(seed);
  std::vector<ppr::Query> queries(static_cast<std::size_t>(count));
  for (ppr::Query& query : queries) {
    const auto num_seeds = 1 + below(random, 3);
    for (std::int64_t s = 0; s < num_seeds; ++s)
      query.push_back({below(random, n), 0.5 + static_cast<double>(below(random, 4))});
  }
  return queries;
}

/// This rank's share of the queries.
inline std::vector<ppr::Query> deal_queries(const Comm& comm, const std::vector<ppr::Query>& queries) {
  return owned(Partition::uniform(static_cast<Global>(queries.size()), comm.size()), comm.rank(), queries);
}

inline std::vector<double> teleport_of(const ppr::Query& query, Global n) {
  std::vector<double> teleport(static_cast<std::size_t>(n), 0);
  for (const ppr::Seed& seed : query) teleport[static_cast<std::size_t>(seed.vertex)] += seed.weight;
  return teleport;
}

/// ppr::query() with an index that may be null.
template <class G>
ppr::Result query_with(const G& graph, const ppr::Index* index, std::span<const ppr::Query> queries,
                       const ppr::QueryOptions& options = {}) {
  return index == nullptr ? ppr::query(graph, queries, options) : ppr::query(graph, *index, queries, options);
}

/// The scores of a result's query number i as a dense vector.
inline std::vector<double> dense_scores(const ppr::Result& result, std::size_t i, Global n) {
  std::vector<double> scores(static_cast<std::size_t>(n), 0);
  const ppr::Answer answer = result[i];
  for (std::size_t k = 0; k < answer.vertices.size(); ++k)
    scores[static_cast<std::size_t>(answer.vertices[k])] = answer.scores[k];
  return scores;
}

}  // namespace filigree::testing
