#include "filigree/matrix/dist_dense.hpp"

#include <cmath>

#include "core/index.hpp"
#include "core/ordered_sum.hpp"
#include "core/parallel_for.hpp"

namespace filigree {
namespace {

/// Rows of a block as columns of a column-major matrix.
DenseView as_columns(const double* rows, Offset cols, Offset num_rows) { return {rows, cols, num_rows, cols}; }

/// R of a QR factorization of all of X: of fixed blocks of rows, and of their stacked factors. A block belongs to the
/// rank that owns its first row, to which the others send theirs.
Dense tsqr_factor(const DistDense<double>& x) {
  const Offset c = x.cols;
  const Offset n = x.rows.num_items();
  const int me = x.comm.rank();
  const Offset block_rows = std::max<Offset>(256, (n + 255) / 256);
  const Offset first_block = (x.rows.begin(me) + block_rows - 1) / block_rows;
  const Offset num_blocks = std::max<Offset>(0, (x.rows.end(me) + block_rows - 1) / block_rows - first_block);
  const Offset num_sent = std::min(first_block * block_rows, x.rows.end(me)) - x.rows.begin(me);
  std::vector<Offset> counts(z(x.comm.size()), 0);
  if (num_sent > 0) counts[z(x.rows.owner(x.rows.begin(me) / block_rows * block_rows))] = num_sent * c;
  const auto arrived = x.comm.all_to_all(x.values().first(z(num_sent * c)), counts).values;

  std::vector<double> factors(z(num_blocks * c * c), 0.0);  // row by row
  const auto factor = [&](Offset b) {
    const Offset begin = num_sent + b * block_rows;
    const Offset m = std::min(block_rows, n - (first_block + b) * block_rows);
    Dense block(m, c);
    for (Offset i = 0; i < m; ++i) {
      const Offset behind = begin + i - x.num_local_rows();
      const double* const row = behind < 0 ? x.row(begin + i).data() : arrived.data() + behind * c;
      for (Offset j = 0; j < c; ++j) block(i, j) = row[j];
    }
    const Dense r = qr(block).r;
    for (Offset i = 0; i < r.rows; ++i) {
      for (Offset j = 0; j < c; ++j) factors[z((b * c + i) * c + j)] = r(i, j);
    }
  };
  x.comm.guard([&] { parallel_for(num_blocks, factor); });
  const std::vector<double> all = x.comm.all_gather(factors).values;
  Dense stacked(std::ssize(all) / c, c);
  for (Offset i = 0; i < stacked.rows; ++i) {
    for (Offset j = 0; j < c; ++j) stacked(i, j) = all[z(i * c + j)];
  }
  return qr(stacked).r;
}

/// X <- X L^-T; returns L^T.
Dense divide(DistDense<double>& x, const Dense& lower) {
  // Rows of X are columns here: each becomes L^-1 times itself.
  const Offset c = x.cols;
  Dense inverse(c, c);
  for (Offset j = 0; j < c; ++j) inverse(j, j) = 1;
  solve_lower_transposed(lower, inverse);
  x = multiply(x, inverse);
  Dense upper(c, c);
  for (Offset j = 0; j < c; ++j) {
    for (Offset i = 0; i <= j; ++i) upper(i, j) = lower(j, i);
  }
  return upper;
}

/// The factor of X^T X if its columns are far enough from dependent for Cholesky QR twice. The same on all ranks.
std::optional<Dense> cholesky_factor(const DistDense<double>& x) {
  const Dense products = gram(x, x);
  const std::optional<Dense> lower = cholesky(products);
  if (!lower) return std::nullopt;
  for (Offset j = 0; j < x.cols; ++j) {
    // What is left of a column's norm; half the digits are lost at 1e-8.
    if (!((*lower)(j, j) > 3e-7 * std::sqrt(products(j, j)))) return std::nullopt;
  }
  return lower;
}

/// One step of orthonormalize() for any columns: X <- X V / s with R = U diag(s) V^T; returns diag(s) V^T.
Dense reduce(DistDense<double>& x, double tolerance) {
  const ThinSvd factors = svd(tsqr_factor(x));
  Offset rank = 0;
  for (const double s : factors.s) rank += s > tolerance * factors.s.front() && s > 0 ? 1 : 0;
  Dense to_basis(x.cols, rank);
  Dense r(rank, x.cols);
  for (Offset j = 0; j < rank; ++j) {
    for (Offset i = 0; i < x.cols; ++i) {
      to_basis(i, j) = factors.v(i, j) / factors.s[z(j)];
      r(j, i) = factors.v(i, j) * factors.s[z(j)];
    }
  }
  x = multiply(x, to_basis);
  return r;
}

}  // namespace

template <class T>
DistDense<T>::DistDense(const Comm& communicator, const Partition& row_partition, Offset num_cols)
    : comm(communicator), rows(row_partition), cols(num_cols) {
  require(num_cols >= 0, "DistDense: ", num_cols, " columns, must be at least 0");
  local.resize(z(num_local_rows() * cols), T{0});
}

Dense gram(const DistDense<double>& x, const DistDense<double>& y, std::span<const double> row_weights) {
  require(x.rows == y.rows, "gram: the rows of both factors must be distributed alike");
  const bool weighted = !row_weights.empty();
  const Offset first = x.rows.begin(x.comm.rank());
  Dense product(x.cols, y.cols);
  product.values =
      ordered_sums(x.comm, x.rows, z(x.cols * y.cols), [&](Offset begin, Offset end, std::span<double> sums) {
        const Offset m = end - begin;
        const double* right = y.local.data() + begin * y.cols;
        std::vector<double> scaled;
        if (weighted) {
          scaled.resize(z(m * y.cols));
          for (Offset i = 0; i < m; ++i) {
            const double weight = row_weights[z(begin + i)];
            for (Offset j = 0; j < y.cols; ++j) scaled[z(i * y.cols + j)] = weight * right[i * y.cols + j];
          }
          right = scaled.data();
        }
        const double* const left = x.local.data() + begin * x.cols;
        if ((first + begin) % OrderedSums::block == 0) {  // from zero; gemm adds in order of rows, too
          gemm(1, as_columns(left, x.cols, m), Op::none, as_columns(right, y.cols, m), Op::transpose, 0,
               DenseSpan<double>{sums.data(), x.cols, y.cols, x.cols});
          return;
        }
        for (Offset i = 0; i < m; ++i) {
          for (Offset k = 0; k < y.cols; ++k) {
            for (Offset j = 0; j < x.cols; ++j) sums[z(k * x.cols + j)] += left[i * x.cols + j] * right[i * y.cols + k];
          }
        }
      });
  return product;
}

DistDense<double> multiply(const DistDense<double>& x, DenseView b) {
  require(b.rows == x.cols, "multiply: ", x.cols, " columns times ", b.rows, " rows");
  DistDense<double> y(x.comm, x.rows, 0);
  y.cols = b.cols;
  y.local.resize(z(x.num_local_rows() * b.cols));
  constexpr Offset rows_at_once = 512;
  const Offset n = x.num_local_rows();
#pragma omp parallel for schedule(static)
  for (Offset first = 0; first < n; first += rows_at_once) {
    const Offset m = std::min(rows_at_once, n - first);
    gemm(1, b, Op::transpose, as_columns(x.local.data() + first * x.cols, x.cols, m), Op::none, 0,
         DenseSpan<double>{y.local.data() + first * b.cols, b.cols, m, b.cols});
  }
  return y;
}

Orthonormalized orthonormalize(DistDense<double>& x, double tolerance) {
  require(tolerance > 0 && tolerance < 1, "orthonormalize: tolerance ", tolerance, ", must be in (0, 1)");
  Orthonormalized result;
  if (x.cols == 0) return result;
  const std::optional<Dense> lower = cholesky_factor(x);
  result.by_cholesky = lower.has_value();
  result.r = lower ? divide(x, *lower) : reduce(x, tolerance);
  // What the first step leaves is so near to orthonormal that a second Cholesky step reaches rounding.
  if (x.cols > 0) {
    const std::optional<Dense> again = cholesky_factor(x);
    if (again) result.r = multiply(divide(x, *again), result.r);
  }
  result.rank = x.cols;
  return result;
}

template struct DistDense<double>;
template struct DistDense<float>;

}  // namespace filigree
