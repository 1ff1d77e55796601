// A fingerprint of a matrix.
#pragma once

#include <cstdint>

#include "filigree/matrix/dist_csr.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// Returns a hash that is equal for equal matrices on any number of ranks, for a matrix without values and the same
/// with ones, and for whole numbers as double and as int64; different, except for a chance of 2^-64, for any others.
/// XXH3 of every row, keyed by its number, summed, and mixed with the shape. Not made against forgery. Collective. One
/// pass over the nonzeros.
template <class V>
FILIGREE_EXPORT std::uint64_t content_hash(const DistCsr<V>& graph);

}  // namespace filigree
#pragma GCC visibility pop
