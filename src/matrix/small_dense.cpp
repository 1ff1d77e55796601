// The one source that sees Eigen's factorizations.
#include "filigree/matrix/small_dense.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>

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

/// Below this order one-sided Jacobi rotations are as fast and more accurate than divide and conquer.
constexpr Offset jacobi_order = 24;

template <class Solver>
bool is_usable(const Solver& solver) {
  return solver.info() == Eigen::Success && solver.singularValues().allFinite();
}

/// Calls use(solver) with one that converged.
template <class F>
auto with_svd(DenseView a, unsigned vectors, F use) {
  const Matrix matrix = map(a);
  if (!matrix.allFinite()) throw Error("svd: the matrix holds NaN or infinity");
  if (std::min(a.rows, a.cols) > jacobi_order) {
    const Eigen::BDCSVD<Matrix> solver(matrix, vectors);
    if (is_usable(solver)) return use(solver);
  }
  const Eigen::JacobiSVD<Matrix> solver(matrix, vectors);
  if (!is_usable(solver)) throw Error(text("svd: no convergence for ", a.rows, " x ", a.cols));
  return use(solver);
}

}  // namespace

SymmetricEigen symmetric_eigen(DenseView a) {
  assert(a.rows == a.cols);
  const Matrix matrix = map(a);
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(matrix);
  if (solver.info() != Eigen::Success) throw Error(text("symmetric_eigen: no convergence for order ", a.rows));
  return {list(solver.eigenvalues()), dense(solver.eigenvectors())};
}

ThinSvd svd(DenseView a) {
  if (a.rows == 0 || a.cols == 0) return {Dense(a.rows, 0), {}, Dense(a.cols, 0)};
  return with_svd(a, Eigen::ComputeThinU | Eigen::ComputeThinV, [](const auto& solver) {
    return ThinSvd{dense(solver.matrixU()), list(solver.singularValues()), dense(solver.matrixV())};
  });
}

std::vector<double> singular_values(DenseView a) {
  if (a.rows == 0 || a.cols == 0) return {};
  return with_svd(a, 0, [](const auto& solver) { return list(solver.singularValues()); });
}

ThinQr qr(DenseView a) {
  const Offset k = std::min(a.rows, a.cols);
  if (k == 0) return {Dense(a.rows, 0), Dense(0, a.cols)};
  const Matrix matrix = map(a);
  const Eigen::HouseholderQR<Matrix> solver(matrix);
  const Matrix q = solver.householderQ() * Matrix::Identity(a.rows, k);
  const Matrix r = solver.matrixQR().topRows(k).template triangularView<Eigen::Upper>();
  return {dense(q), dense(r)};
}

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
