// spgemm: the product of two sparse matrices, row by row, merging partial products in cache.
#pragma once

#include <cstdint>

#include "filigree/core/timing.hpp"
#include "filigree/matrix/dist_csr.hpp"

namespace filigree::spgemm {

/// What takes the place of + and x in a sum of products, and where the sum begins.
enum class Semiring {
  plus_times,  ///< sum of products, from 0; integers wrap around
  min_plus,    ///< least sum, from +infinity (integers: the largest): shortest paths. Integers wrap around
  max_times,   ///< largest product, from -infinity (integers: the smallest)
  or_and,      ///< 1 if both factors of any product are nonzero, else 0
  plus_pair,   ///< number of products, whatever their factors: common neighbours
};

/// Who merges products, and how.
enum class Variant {
  automatic,  ///< every thread on its own, by what suits a row: the fast way
  // Those of the thesis, for reproduction: all threads in one hash table, by atomic instructions. C is the same,
  // sorted.
  v1,  ///< rows dealt out in blocks, slots by high-order bits of (row, column)
  v2,  ///< rows taken one at a time, slots by low-order bits
  v3,  ///< as v2; entries outside of the table, written back while the next ones are made
};

struct Options {
  Semiring semiring = Semiring::plus_times;
  bool complement = false;  ///< the mask tells what is left out
  bool sorted = true;       ///< false: columns of a row may come in any order (local products only); no way to make
                            ///< rows gains from it yet
  Variant variant = Variant::automatic;
  /// >= 1: a rank takes as many of its rows at a time as name rows of B on other ranks of this size (as they travel),
  /// so that memory stays bounded; at least one row. A row of B that two windows name travels twice. Not on one rank.
  Offset window_bytes = Offset{256} << 20;
  Progress progress = {};  ///< phase "multiply": products done, of all
};

/// C = A B within one rank, over a semiring (+, x) with zero 0:
///
///   c_ij = 0 + a_ik b_kj + a_ik' b_k'j + ...    k < k' < ... over all k with a_ik and b_kj in the pattern
///
/// c_ij is in the pattern of C exactly if there is such a k, whatever the value, and if the mask lets it: if m_ij is in
/// the pattern of the mask (with `complement`, if not). Each product is rounded before it is added, in ascending k, so
/// the bits of C depend on A and B alone: not on threads, processor or mask (of a NaN, that it is one). NaN and
/// infinity propagate; also through min and max. A matrix without values has ones.
///
/// a       num_rows x num_inner
/// b       num_inner x num_cols
/// mask    num_rows x num_cols, its values do not matter; null = no mask
/// c       overwritten; memory that it has is used again. It must not be a, b or mask.
/// returns counted work: products, nonzeros, and rows with products by the way they were made (see
///         src/spgemm/row_kernels.hpp): scaled_rows, sorted_rows, scattered_rows (all that a mask meets)
///         v1, v2, v3 instead of rows, but for products not the same on every run with several threads:
///           probes             slots looked at to find the place of a product
///           hash_windows       of rows that meet in the table
///           critical_products  sum over these of the most products that one thread made, while others waited at the
///                              end: critical_products x threads / products = largest over mean work, 1 at best
///           bytes_moved        between threads and memory or caches, as the algorithm asks for them: of A 8 a row and
///                              4 + sizeof(V) a nonzero, of B 16 a row that is named and 4 + sizeof(V) a product
///                              (sizeof(V) if there are values), of the table 8 a probe, 2 sizeof(V) a product (v3: and
///                              4), 8 + sizeof(V) an entry and, v1, 8 a slot that write-back looks at, of C 8 a row and
///                              4 + sizeof(V) a nonzero
///
/// Throws InvalidArgument when shapes do not fit, and for `complement` without a mask; Error, which names the size,
/// when there is no address space for C. A call that fails on its way leaves c empty. Cost: two operations a product
/// (`products` = sum over a_ik of the length of row k of B), and reading A, B and writing C once. Peak bytes beyond C:
/// per thread sizeof(V) + 1 a column, 16 KiB, and 4 + sizeof(V) for each of 16384 products or, if that is more, of the
/// longest row of C; 12 for every 16384 products. C reserves address space, not memory, for the most entries there
/// could be. OpenMP over windows of rows. v1, v2, v3: per call 2^15 slots of 8 + sizeof(V) (v3: 12), or two to four for
/// each entry of the longest row, and 8 + sizeof(V) (v3: twice) an entry of a window; a mask saves none of it. Their
/// time hangs on the columns: where these are close together (v1) or have low-order bits in common (v2, v3), a product
/// may take hundreds of probes.
///
///   Csr<double> c;
///   spgemm::multiply(a.view(), b.view(), c, {.semiring = spgemm::Semiring::min_plus});
///
/// Source: K. Shivdikar, "SMASH: Sparse Matrix Atomic Scratchpad Hashing", MS thesis, Northeastern University 2021
/// (windows, merging in cache, fragments written back in order); but for v1, v2 and v3 every thread has a scratchpad of
/// its own and no atomics, see src/spgemm/.
template <class V>
Stats multiply(CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options = {}, const CsrView<V>* mask = nullptr);

template <class V>
struct Result {
  DistCsr<V> c;
  Timings timings;  ///< exchange, multiply, number
  Stats stats;      ///< those of the local product over all ranks; bytes_received, messages, windows
};

/// The same over distributed matrices: rows of C are dealt out like the rows of A, columns like those of B. Equal bits
/// on any number of ranks. C has values, and no ghosts but the columns that its rows name.
///
///   rank p of 3, a window of its rows      A'  =  its columns of A, numbered 0, 1, ... in ascending order
///                                          B'  =  these rows of B, fetched from ranks 0, 1 (a copy), 2 into one Csr;
///                                                 columns numbered 0, 1, ... as they occur, ascending
///                                          C'  =  A' B' by the local product
///
/// Each rank fetches the rows of B that its rows of A name, once per window (see Options::window_bytes; all ranks take
/// part in as many windows as the slowest, `windows` in the stats). On one rank nothing is copied.
///
/// a, b, mask  dealt out in any way, over communicators of the same ranks. Rows of the mask travel if others own them.
/// options     sorted must be true
/// returns     stats over all ranks: sums, but the largest critical_products;
///             bytes_received and messages count, over all ranks, the rows fetched: 12 bytes for the number and the
///             length of a row before all else, 4 (4 + 8 if there are several windows) when it comes, 4 a column (8 in
///             a matrix of 2^31 columns or more), sizeof(V) a value if B has values; the same for the mask
///
/// Throws InvalidArgument on all ranks when shapes do not fit or an option is out of range. Collective over a.comm.
/// Peak bytes per rank beyond A, B, C and what the local product takes: 28 + sizeof(V) a nonzero of B', 4 a nonzero of
/// A', 13 a local column of A, and C' if there are several windows; and what others receive from it, at most
/// window_bytes (or one row's) each.
template <class V>
Result<V> multiply(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options = {},
                   const DistCsr<V>* mask = nullptr);

/// What a product would take, before anything of its size is allocated.
struct Estimate {
  Offset products = 0;        ///< pairs a_ik, b_kj: half the floating point operations
  Offset most_nonzeros = 0;   ///< of C: sum over rows of min(products, columns)
  Offset bytes_received = 0;  ///< by all ranks, as multiply() counts them without mask; exact
};

/// Of the options window_bytes matters. Collective over a.comm. Work O(nonzeros of A), one gather of row lengths.
template <class V>
Estimate estimate(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options = {});

/// Bytes that all ranks together would receive for C = A B in three layouts. A nonzero counts as a column (4 bytes, 8
/// in a matrix of 2^31 columns or more) and a value (sizeof(V), none in a matrix without values); memory is no limit.
struct Prediction {
  Offset bytes_1d = 0;
  Offset bytes_2d = 0;
  Offset bytes_3d = 0;
  int layers = 1;  ///< of the 3-D layout: the divisor > 1 of `ranks` that moves least
};

/// Predicts them for P = `ranks` ranks, however many there are now.
///
///   1D  multiply() in one window: P blocks of rows; a block receives every row of B that it names and does not own,
///       as multiply() counts it. Counted from the pattern, so exact. Rows lie as they do if P is the present number of
///       ranks, else in blocks of nearly equal nonzeros + rows.
///   2D  SUMMA on the squarest r x s grid, r s = P: a block of A goes to the s - 1 others of its grid row, a block of B
///       to the r - 1 others of its grid column.                   (s - 1) bytes(A) + (r - 1) bytes(B)
///       (A. Buluc, J. R. Gilbert, "Parallel sparse matrix-matrix multiplication and indexing", SIAM J. Sci. Comput.
///       34(4), 2012: sparse SUMMA)
///   3D  c layers of r x s grids, r s c = P. A layer has a c-th of the inner dimension and does 2D there; then its
///       partial products, (c - 1)/c of them, go to the rank of another layer that adds them up.
///                                                                  2D on r x s + (c - 1)/c bytes(C_1 + ... + C_c)
///       nonzeros(C_1) + ... + nonzeros(C_c) is taken as its upper bound, sum over rows of min(products, c columns).
///       (A. Azad et al., "Exploiting multiple levels of parallelism in sparse matrix-matrix multiplication", SIAM J.
///       Sci. Comput. 38(6), 2016: Split-3D-SpGEMM)
///
/// ranks  in [1, 2^20]. Collective over a.comm. Work O(nonzeros of A log) and one exchange of at most 16 bytes for
///        each.
template <class V>
Prediction predict(const DistCsr<V>& a, const DistCsr<V>& b, int ranks);

}  // namespace filigree::spgemm
