// What a product would take, and what other layouts would move, before it is made.
#pragma once

#include "filigree/spgemm/multiply.hpp"

#pragma GCC visibility push(default)
namespace filigree::spgemm {

struct Estimate {
  Offset products = 0;        ///< pairs a_ik, b_kj: half the floating point operations
  Offset most_nonzeros = 0;   ///< of C: sum over rows of min(products, columns)
  Offset bytes_received = 0;  ///< by all ranks, as multiply() counts them without a mask; exact
};

/// Estimates work, size and communication of a product. Of the options fetch_bytes matters. Collective over a.comm().
/// Cost: O(nnz(A)), one exchange of row lengths.
template <class V>
FILIGREE_EXPORT Estimate estimate(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options = {});

/// Bytes that all ranks together would receive.
struct Prediction {
  Offset bytes_1d = 0;
  Offset bytes_2d = 0;
  Offset bytes_3d = 0;
  int layers = 1;  ///< of the 3-D layout: the divisor > 1 of `ranks` that moves least
};

/// Predicts communication on `ranks` ranks, in [1, 2^20], in three layouts: that of multiply() in one round, sparse
/// SUMMA on the squarest grid, and layers of such grids; docs/spgemm.md has the formulas. Collective over a.comm().
/// Cost: O(nnz(A) log nnz(A)), one exchange of at most 16 nnz(A) bytes.
template <class V>
FILIGREE_EXPORT Prediction predict(const DistCsr<V>& a, const DistCsr<V>& b, int ranks);

}  // namespace filigree::spgemm
#pragma GCC visibility pop
