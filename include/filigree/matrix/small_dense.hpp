// Dense matrices of one rank: products and factorizations. Callers see no linear algebra library.
#pragma once

#include <cassert>
#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "filigree/core/types.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// A view of a column-major matrix: element (i, j) is data[i + j * stride]. T: double or const double.
template <class T>
struct DenseSpan {
  T* data = nullptr;
  Offset rows = 0;
  Offset cols = 0;
  Offset stride = 0;

  T& operator()(Offset i, Offset j) const {
    assert(0 <= i && i < rows && 0 <= j && j < cols);
    return data[i + j * stride];
  }
  std::span<T> col(Offset j) const { return {data + j * stride, static_cast<std::size_t>(rows)}; }
  /// Rows [row, row + num_rows) of columns [col, col + num_cols).
  DenseSpan block(Offset row, Offset col, Offset num_rows, Offset num_cols) const {
    assert(row >= 0 && col >= 0 && row + num_rows <= rows && col + num_cols <= cols);
    return {data + row + col * stride, num_rows, num_cols, stride};
  }
  DenseSpan columns(Offset first, Offset count) const { return block(0, first, rows, count); }
  operator DenseSpan<const T>() const requires(!std::is_const_v<T>) { return {data, rows, cols, stride}; }
};
using DenseView = DenseSpan<const double>;

/// A column-major matrix that owns its values, without gaps between columns.
struct Dense {
  Offset rows = 0;
  Offset cols = 0;
  std::vector<double> values;

  Dense() = default;
  Dense(Offset num_rows, Offset num_cols)
      : rows(num_rows), cols(num_cols), values(static_cast<std::size_t>(num_rows * num_cols)) {}
  explicit Dense(DenseView from);

  double& operator()(Offset i, Offset j) { return span()(i, j); }
  double operator()(Offset i, Offset j) const { return view()(i, j); }
  std::span<double> col(Offset j) { return span().col(j); }
  std::span<const double> col(Offset j) const { return view().col(j); }
  DenseSpan<double> span() { return {values.data(), rows, cols, rows}; }
  DenseView view() const { return {values.data(), rows, cols, rows}; }
  operator DenseView() const { return view(); }
  operator DenseSpan<double>() { return span(); }
  bool operator==(const Dense&) const = default;
};

enum class Op { none, transpose };

/// Computes C = alpha op(A) op(B) + beta C; with beta = 0 C is only written. C overlaps neither A nor B; shapes must
/// fit (assertions). 2 m n k operations on the threads of this rank. The same bits with every instruction set and any
/// number of threads: each element adds its products in order of k, in blocks of 256, without fused operations. Memory:
/// (m + n) min(k, 256) doubles, at most 9 MiB.
void gemm(double alpha, DenseView a, Op op_a, DenseView b, Op op_b, double beta, DenseSpan<double> c);
/// Returns op(A) op(B).
Dense multiply(DenseView a, DenseView b, Op op_a = Op::none, Op op_b = Op::none);
/// Returns A^T A, symmetric bit for bit; half the work of multiply.
Dense gram(DenseView a);
/// Returns the sum of squares, in order of columns.
double squared_norm(DenseView a);

/// A = V diag(values) V^T.
struct SymmetricEigen {
  std::vector<double> values;  ///< ascending
  Dense vectors;               ///< orthonormal columns
};
/// Decomposes a symmetric matrix, of which the lower triangle is read. Throws Error if it does not converge (NaN, Inf).
SymmetricEigen symmetric_eigen(DenseView a);

/// A = U diag(s) V^T with k = min(rows, cols) columns in U and V.
struct ThinSvd {
  Dense u;
  std::vector<double> s;  ///< descending, not negative
  Dense v;
};
/// Decomposes a matrix, backward stable: singular values to a few rounding errors of the largest. Throws Error if it
/// does not converge.
ThinSvd svd(DenseView a);
/// Returns the singular values, descending.
std::vector<double> singular_values(DenseView a);

/// A = Q R: Q has k = min(rows, cols) orthonormal columns, R is k x cols, zero below the diagonal, which may have
/// either sign. Householder: Q is orthonormal to rounding whatever the rank of A.
struct ThinQr {
  Dense q;
  Dense r;
};
ThinQr qr(DenseView a);

/// Returns the lower triangular L with L L^T = A, from the lower triangle of A; nothing if A is not positive definite.
std::optional<Dense> cholesky(DenseView a);
/// Overwrites B with B L^-T (`right`) for a lower triangular L: what Cholesky QR does to its columns.
void solve_lower_transposed(DenseView lower, DenseSpan<double> b);
/// Returns x with A x = b for a symmetric A (pivoted L D L^T, lower triangle read).
std::vector<double> solve_symmetric(DenseView a, std::span<const double> b);

}  // namespace filigree
#pragma GCC visibility pop
