// What a product would take, and what other layouts would move, before it is made.
#pragma once

#include "filigree/spgemm/multiply.hpp"

namespace filigree::spgemm {

struct Estimate {
  Offset products = 0;        ///< pairs a_ik, b_kj: half the floating point operations
  Offset most_nonzeros = 0;   ///< of C: sum over rows of min(products, columns)
  Offset bytes_received = 0;  ///< by all ranks, as multiply() counts them without a mask; exact
};

/// Estimates work, size and communication of a product. Of the options fetch_bytes matters. Collective over a.comm().
/// Cost: O(nnz(A)), one exchange of row lengths.
template <class V>
Estimate estimate(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options = {});

/// Bytes that all ranks together would receive in three layouts. A nonzero counts as a column (4 bytes, 8 in a matrix
/// of 2^31 columns or more) and a value (sizeof(V), none in a matrix without values).
struct Prediction {
  Offset bytes_1d = 0;
  Offset bytes_2d = 0;
  Offset bytes_3d = 0;
  int layers = 1;  ///< of the 3-D layout: the divisor > 1 of `ranks` that moves least
};

/// Predicts communication on P = `ranks` ranks, in [1, 2^20], for the layouts
///
///   1D  multiply() in one round, counted from the pattern
///   2D  sparse SUMMA on the squarest r x s grid, r s = P:  (s - 1) bytes(A) + (r - 1) bytes(B)
///   3D  c layers of r x s grids, r s c = P:                2D on r x s + (c - 1)/c bytes(C_1 + ... + C_c)
///
/// where nonzeros(C_1) + ... is its upper bound, sum over rows of min(products, c columns). Rows are cut as they are
/// distributed if P is the present number of ranks, else in blocks of nearly equal nonzeros + rows. Collective over
/// a.comm(). Cost: O(nnz(A) log nnz(A)), one exchange of at most 16 nnz(A) bytes.
/// References: A. Buluc, J. R. Gilbert, SIAM J. Sci. Comput. 34(4), 2012 (2D); A. Azad et al., SIAM J. Sci. Comput.
/// 38(6), 2016 (3D).
template <class V>
Prediction predict(const DistCsr<V>& a, const DistCsr<V>& b, int ranks);

}  // namespace filigree::spgemm
