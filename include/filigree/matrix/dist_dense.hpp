// DistDense: a tall block of columns whose rows are spread over ranks.
#pragma once

#include <functional>
#include <span>

#include "filigree/core/array.hpp"
#include "filigree/core/comm.hpp"
#include "filigree/matrix/dist_csr.hpp"
#include "filigree/matrix/partition.hpp"
#include "filigree/matrix/small_dense.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// A rows.num_items() x cols matrix. Rank p holds the rows rows.begin(p) .. rows.end(p), row by row:
///
///   element (i, j) of row rows.begin(p) + i  =  local[i * cols + j]
template <class T>
struct DistDense {
  Comm comm;
  Partition rows;
  Offset cols = 0;
  Array<T> local;

  /// Zeros.
  DistDense(const Comm& communicator, const Partition& row_partition, Offset num_cols);

  Offset num_local_rows() const { return rows.size(comm.rank()); }
  std::span<T> row(Offset i) { return {local.data() + i * cols, static_cast<std::size_t>(cols)}; }
  std::span<const T> row(Offset i) const { return {local.data() + i * cols, static_cast<std::size_t>(cols)}; }
  std::span<const T> values() const { return {local.data(), local.size()}; }
  std::span<T> values() { return {local.data(), local.size()}; }
};

/// Returns X^T Y, or X^T diag(row_weights) Y, on every rank; row_weights: one for each owned row; empty on all ranks =
/// ones. The same bits on any ranks and threads: sums over fixed global blocks of rows (core/ordered_sum). Collective.
/// Work: 2 rows cols^2. Memory: a few cols^2 doubles a thread.
Dense gram(const DistDense<double>& x, const DistDense<double>& y, std::span<const double> row_weights = {});

/// Returns X B: rows stay where they are. Not collective; the same bits on any threads.
DistDense<double> multiply(const DistDense<double>& x, DenseView b);

/// What orthonormalize() found: X before = X after * r.
struct Orthonormalized {
  Dense r;                  ///< rank x columns before; upper triangular unless the columns were dependent
  Offset rank = 0;          ///< columns that X has now
  bool by_cholesky = true;  ///< or, as columns were dependent or nearly so, by TSQR
};
/// Replaces X by an orthonormal basis of its columns' span. Cholesky QR twice; where that breaks down, QR of fixed
/// global blocks of rows and of their stacked factors (TSQR), and columns whose share of the span is below `tolerance`
/// times the largest are dropped. Orthonormal to rounding either way. Collective. The same bits on any ranks and
/// threads. Sources: Yamamoto, Nakatsukasa, Yanagisawa, Fukaya, ETNA 2015; Demmel, Grigori, Hoemmen, Langou, SISC 2012.
Orthonormalized orthonormalize(DistDense<double>& x, double tolerance = 1e-12);

/// Returns the rows of X for all local columns of a matrix: what a kernel on matrix.local() reads. X is distributed as
/// matrix.cols(). Bytes: sizeof(T) cols a ghost. Collective.
template <class T, class V>
FILIGREE_EXPORT Array<T> rows_with_ghosts(const DistCsr<V>& matrix, const DistDense<T>& x);

/// Given rows of a product while they are in cache, and may change them: the rows first, first + 1, ... of this rank,
/// row by row. Called once for each row, by any thread in any order; must not throw.
using FinishRows = std::function<void(Local first, std::span<double> rows)>;

/// Computes Y = A X for all columns at once: one pass over the nonzeros and one halo update. X is distributed as
/// a.cols(), Y as a.rows(). The sum of a row runs over ascending columns: the same bits as multiply() has for each
/// column alone, on any ranks and threads. Collective.
template <class V>
FILIGREE_EXPORT void multiply(const DistCsr<V>& a, const DistDense<double>& x, DistDense<double>& y,
                              const FinishRows& finish = {});

}  // namespace filigree
#pragma GCC visibility pop
