// Rounds of merges. In: a graph; out: the supernodes and superedges of least error that fit in the budget.
#pragma once

#include "filigree/summary.hpp"
#include "summary/code/fill.hpp"
#include "summary/code/supergraph.hpp"

namespace filigree::summary {

struct Merged {
  std::vector<Local> of;    ///< supernode of each vertex
  std::vector<Local> size;  ///< of each supernode
  Filling filling;
  Dendrogram merges;
  std::vector<RoundReport> rounds;
  Stats stats;
};

/// The same on all ranks. graph: symmetric, num_edges > 0 without loops. Collective.
Merged merge_rounds(const Graph& graph, std::int64_t num_edges, double budget_bits, const Options& options,
                    Timings& timings);

}  // namespace filigree::summary
