// How a matrix compares with its transpose.
#pragma once

#include <optional>

#include "filigree/matrix/dist_csr.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// Returns whether every arc (i, j) is matched by an arc (j, i) with the same value. Compares fingerprints of the two
/// triangles, which differ for a matrix that is not symmetric except for a chance of 2^-64; nothing that is not square
/// is symmetric. The same on all ranks. Collective. One pass over the nonzeros.
bool is_symmetric(const Graph& graph);

struct Arc {
  Global from;
  Global to;
};

/// Returns the first arc, by row and column, whose reverse is missing or has another value; nothing if the square
/// matrix is symmetric. The same on all ranks. Collective. One pass when it is symmetric, else a transposition.
std::optional<Arc> asymmetric_arc(const Graph& graph);

/// Counts the arcs of a square matrix off its diagonal whose reverse is there too, with any value. `reversed` is
/// transpose(graph). The same on all ranks. Collective. One pass over both.
Offset num_reciprocated_arcs(const Graph& graph, const Graph& reversed);

}  // namespace filigree
#pragma GCC visibility pop
