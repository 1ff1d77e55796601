// Is a matrix the product of two others?
#pragma once

#include "filigree/spgemm/multiply.hpp"

#pragma GCC visibility push(default)
namespace filigree::spgemm {

struct Verification {
  Offset sampled_rows = 0;
  bool sampled_rows_hold = false;
  int num_vectors = 0;      ///< 0 where vectors cannot tell: under a mask, and for semirings other than plus_times
  Offset wrong_sums = 0;    ///< elements of C x that are not those of A (B x)
  Offset unknown_rows = 0;  ///< rows whose sums may overflow, or wrap around in integers: sampled alone

  bool holds() const { return sampled_rows_hold && wrong_sums == 0; }
};

/// Verifies C = A B: about 200 sampled rows of C, made again product by product, have the same columns and
/// bits; and, for plain products, C x = A (B x) for eight random vectors, to rounding (Freivalds' check: a wrong row
/// passes each with probability 1/16 at most). c: distributed in any way over the ranks of a; seed: chooses rows and
/// vectors. Returns, or throws, the same on all ranks.
///
/// Collective over a.comm(). Cost: two passes over A, B and C, and sorting the products of the sampled rows on rank 0.
/// Memory per rank: 144 bytes a local row or column of A, B and C, for float and int64 12 a nonzero; 24 a nonzero of
/// sampled rows of A, on rank 0 40 a product.
/// Reference: R. Freivalds, "Probabilistic machines can use less running time", IFIP Congress, 1977.
template <class V>
FILIGREE_EXPORT Verification verify(const DistCsr<V>& a, const DistCsr<V>& b, const DistCsr<V>& c,
                                    const Options& options = {}, const std::type_identity_t<DistMask<V>>& mask = {},
                                    std::uint64_t seed = 1);

}  // namespace filigree::spgemm
#pragma GCC visibility pop
