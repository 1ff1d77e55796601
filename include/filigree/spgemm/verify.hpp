// Is a matrix the product of two others?
#pragma once

#include "filigree/spgemm/multiply.hpp"

namespace filigree::spgemm {

struct Verification {
  Offset sampled_rows = 0;
  bool sampled_rows_hold = false;
  int num_vectors = 0;      ///< 0 where vectors cannot tell: under a mask, and for semirings other than plus_times
  Offset wrong_sums = 0;    ///< elements of C x that are not those of A (B x)
  Offset unknown_rows = 0;  ///< rows whose sums may overflow, or wrap around in integers: sampled alone

  bool holds() const { return sampled_rows_hold && wrong_sums == 0; }
};

/// Verifies C = A B in two ways: about 200 sampled rows of C, made again product by product, have the same columns and
/// bits; and, for plain products, C x = A (B x) for eight random vectors, to rounding (Freivalds' check: a wrong row
/// passes each with probability 1/16 at most).
///
/// @param c        distributed in any way over the ranks of a
/// @param options  its semiring
/// @param seed     chooses rows and vectors
/// @return         the same on all ranks
///
/// Collective over a.comm(). Cost: two passes over A, B and C, and the products of the sampled rows, sorted on rank 0.
/// Memory per rank: 72 (rows(B) + rows(C)) bytes; for float and int64 also 12 bytes a local nonzero of A, B and C.
/// Reference: R. Freivalds, "Probabilistic machines can use less running time", IFIP Congress, 1977.
template <class V>
Verification verify(const DistCsr<V>& a, const DistCsr<V>& b, const DistCsr<V>& c, const Options& options = {},
                    const std::type_identity_t<DistMask<V>>& mask = {}, std::uint64_t seed = 1);

}  // namespace filigree::spgemm
