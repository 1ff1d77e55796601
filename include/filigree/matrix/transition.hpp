// The random walk on a graph: what pagerank, ppr and their kind agree on.
#pragma once

#include <vector>

#include "filigree/matrix/dist_csr.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// Where a walk goes from a vertex without out-arcs (a dangling vertex).
enum class Dangling {
  source,   ///< back to the teleport distribution (a query's seeds)
  self,     ///< it stays
  uniform,  ///< to a vertex drawn uniformly from the whole graph
  drop,     ///< nowhere: it ends, and scores sum to less than 1
};

/// Throws InvalidArgument unless c, the probability of a jump, lies in [1e-4, 1): walks have 1/c steps on average.
void check_teleport(double c);

/// Sum of the weights of every owned row's out-arcs (their number in a graph without values); 0 marks a dangling
/// vertex. Throws InvalidArgument on all ranks, naming the arc, when a weight is negative or not finite, or when a sum
/// is not finite or too small to divide by. Collective.
std::vector<double> out_weights(const Graph& graph);

}  // namespace filigree
#pragma GCC visibility pop
