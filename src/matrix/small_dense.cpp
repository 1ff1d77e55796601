// The one source that sees Eigen's factorizations. LAPACK replaces some of them if FILIGREE_LAPACK is on.
#include "filigree/matrix/small_dense.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/index.hpp"
#include "filigree/core/error.hpp"

namespace filigree {
namespace {

using Matrix = Eigen::MatrixXd;
using Stride = Eigen::OuterStride<>;
using View = Eigen::Map<const Matrix, 0, Stride>;
using Span = Eigen::Map<Matrix, 0, Stride>;

View map(DenseView a) { return View(a.data, a.rows, a.cols, Stride(std::max<Offset>(a.stride, 1))); }
Span map(DenseSpan<double> a) { return Span(a.data, a.rows, a.cols, Stride(std::max<Offset>(a.stride, 1))); }

Dense dense(const Matrix& a) {
  Dense result(a.rows(), a.cols());
  map(result.span()) = a;
  return result;
}
std::vector<double> list(const Eigen::VectorXd& x) { return {x.data(), x.data() + x.size()}; }

#ifndef FILIGREE_LAPACK
/// Below this order one-sided Jacobi rotations are as fast and more accurate than divide and conquer.
constexpr Offset jacobi_order = 24;

template <class Solver>
ThinSvd factors_of(const Solver& solver) {
  return {dense(solver.matrixU()), list(solver.singularValues()), dense(solver.matrixV())};
}

double largest_element(const Dense& a) {
  double largest = 0;
  for (const double x : a.values) {
    if (!std::isfinite(x)) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, std::abs(x));
  }
  return largest;
}

/// Whether U^T U = V^T V = I and U diag(s) V^T = A up to rounding. Eigen 3.4's divide and conquer misses that by a
/// factor of hundreds for one matrix in 10^4.
bool is_accurate(const ThinSvd& svd, DenseView a) {
  const Offset k = svd.u.cols;
  const double tolerance = 0x1p-52 * static_cast<double>(16 + k);
  Dense scaled = svd.u;
  for (Offset j = 0; j < k; ++j) {
    for (double& x : scaled.col(j)) x *= svd.s[z(j)];
  }
  Dense rest(a);
  gemm(-1, scaled, Op::none, svd.v, Op::transpose, 1, rest);
  if (!(largest_element(rest) <= tolerance * svd.s.front())) return false;
  for (const Dense* const q : {&svd.u, &svd.v}) {
    Dense product = gram(*q);
    for (Offset i = 0; i < k; ++i) product(i, i) -= 1;
    if (!(largest_element(product) <= tolerance)) return false;
  }
  return true;
}

#endif

}  // namespace

#ifndef FILIGREE_LAPACK  // else in lapack/factorizations.cpp

SymmetricEigen symmetric_eigen(DenseView a) {
  assert(a.rows == a.cols);
  const Matrix matrix = map(a);
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(matrix);
  if (solver.info() != Eigen::Success) throw Error(text("symmetric_eigen: no convergence for order ", a.rows));
  return {list(solver.eigenvalues()), dense(solver.eigenvectors())};
}

ThinSvd svd(DenseView a) {
  if (a.rows == 0 || a.cols == 0) return {Dense(a.rows, 0), {}, Dense(a.cols, 0)};
  const Matrix matrix = map(a);
  if (!matrix.allFinite()) throw Error("svd: the matrix holds NaN or infinity");
  constexpr unsigned thin = Eigen::ComputeThinU | Eigen::ComputeThinV;
  if (std::min(a.rows, a.cols) > jacobi_order) {
    const Eigen::BDCSVD<Matrix> solver(matrix, thin);
    if (solver.info() == Eigen::Success) {
      ThinSvd factors = factors_of(solver);
      if (is_accurate(factors, a)) return factors;
    }
  }
  const Eigen::JacobiSVD<Matrix> solver(matrix, thin);
  if (solver.info() != Eigen::Success) throw Error(text("svd: no convergence for ", a.rows, " x ", a.cols));
  return factors_of(solver);
}

std::vector<double> singular_values(DenseView a) { return svd(a).s; }

ThinQr qr(DenseView a) {
  const Offset k = std::min(a.rows, a.cols);
  if (k == 0) return {Dense(a.rows, 0), Dense(0, a.cols)};
  const Matrix matrix = map(a);
  const Eigen::HouseholderQR<Matrix> solver(matrix);
  const Matrix q = solver.householderQ() * Matrix::Identity(a.rows, k);
  const Matrix r = solver.matrixQR().topRows(k).template triangularView<Eigen::Upper>();
  return {dense(q), dense(r)};
}

#endif

std::optional<Dense> cholesky(DenseView a) {
  assert(a.rows == a.cols);
  const Matrix matrix = map(a);
  const Eigen::LLT<Matrix> solver(matrix);
  if (solver.info() != Eigen::Success || !matrix.diagonal().allFinite()) return std::nullopt;
  return dense(solver.matrixL());
}

void solve_lower_transposed(DenseView lower, DenseSpan<double> b) {
  assert(lower.rows == lower.cols && lower.rows == b.cols);
  Span columns = map(b);
  map(lower).transpose().template triangularView<Eigen::Upper>().template solveInPlace<Eigen::OnTheRight>(columns);
}

std::vector<double> solve_symmetric(DenseView a, std::span<const double> b) {
  assert(a.rows == a.cols && a.rows == static_cast<Offset>(b.size()));
  const Matrix matrix = map(a);
  const Eigen::Map<const Eigen::VectorXd> right(b.data(), a.rows);
  return list(matrix.ldlt().solve(right));
}

}  // namespace filigree
