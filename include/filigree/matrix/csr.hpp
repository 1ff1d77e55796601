// Csr, CsrView: a sparse matrix in one rank's memory, rows compressed.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <vector>

#include "filigree/core/array.hpp"
#include "filigree/core/error.hpp"
#include "filigree/core/types.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// The types of a matrix's values.
template <class V>
concept MatrixValue = std::same_as<V, double> || std::same_as<V, float> || std::same_as<V, std::int64_t>;

/// What kernels take: spans of a matrix that another object owns (a Csr, a SharedArray, arrays of the caller).
///
///   columns of row i:  col[row_ptr[i] .. row_ptr[i+1]),   values alike;   val empty = every value is one
template <MatrixValue V>
struct CsrView {
  Local num_cols = 0;
  std::span<const Offset> row_ptr;  ///< num_rows() + 1, ascending from 0
  std::span<const Local> col;       ///< in [0, num_cols), strictly increasing within a row
  std::span<const V> val;           ///< as long as col, or empty

  Local num_rows() const { return static_cast<Local>(row_ptr.size()) - 1; }
  Offset num_nonzeros() const { return row_ptr.back(); }
  bool has_values() const { return !val.empty(); }
  Offset degree(Local row) const { return row_ptr[index(row) + 1] - row_ptr[index(row)]; }
  std::span<const Local> cols(Local row) const {
    return col.subspan(static_cast<std::size_t>(row_ptr[index(row)]), static_cast<std::size_t>(degree(row)));
  }
  /// Values of a row; empty when the matrix has none.
  std::span<const V> vals(Local row) const {
    if (val.empty()) return {};
    return val.subspan(static_cast<std::size_t>(row_ptr[index(row)]), static_cast<std::size_t>(degree(row)));
  }
  /// Throws InvalidArgument naming the first row that breaks the invariant above. O(nonzeros).
  void validate() const;

 private:
  static std::size_t index(Local row) { return static_cast<std::size_t>(row); }
};

/// The same, owning its arrays. Invariant as in CsrView.
template <MatrixValue V>
struct Csr {
  Local num_cols = 0;
  std::vector<Offset> row_ptr{0};
  Array<Local> col;
  Array<V> val;

  CsrView<V> view() const { return {num_cols, row_ptr, col, val}; }
  operator CsrView<V>() const { return view(); }
  Local num_rows() const { return view().num_rows(); }
  Offset num_nonzeros() const { return row_ptr.back(); }
  void validate() const { view().validate(); }
  friend bool operator==(const Csr&, const Csr&) = default;
};

/// Returns the transpose. Cost: O(rows + columns + nonzeros), one pass each way.
template <class V>
FILIGREE_EXPORT Csr<V> transpose(CsrView<V> matrix);

/// Computes y[i] = sum over j of val(i,j) x[j], j ascending. x: num_cols values, y: num_rows values, distinct memory.
/// Cost: 2 nnz flops, 4 (+ sizeof V) bytes read a nonzero. The same bits with any number of threads.
template <class V>
FILIGREE_EXPORT void multiply(CsrView<V> matrix, std::span<const double> x, std::span<double> y);

}  // namespace filigree
#pragma GCC visibility pop
