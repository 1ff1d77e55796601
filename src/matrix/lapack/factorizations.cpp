// Symmetric eigenproblem, SVD and QR by LAPACK, in place of small_dense.cpp's (option FILIGREE_LAPACK). One thread, so
// that results do not depend on their number; they do depend on the LAPACK at hand and on the processor.
#include <algorithm>
#include <cmath>

#include "core/index.hpp"
#include "filigree/core/error.hpp"
#include "filigree/matrix/small_dense.hpp"

extern "C" {
void dsyevd_(const char*, const char*, const int*, double*, const int*, double*, double*, const int*, int*, const int*,
             int*);
void dgesdd_(const char*, const int*, const int*, double*, const int*, double*, double*, const int*, double*,
             const int*, double*, const int*, int*, int*);
void dgesvd_(const char*, const char*, const int*, const int*, double*, const int*, double*, double*, const int*,
             double*, const int*, double*, const int*, int*);
void dgeqrf_(const int*, const int*, double*, const int*, double*, double*, const int*, int*);
void dorgqr_(const int*, const int*, const int*, double*, const int*, const double*, double*, const int*, int*);
__attribute__((weak)) void openblas_set_num_threads(int);
}

namespace filigree {
namespace {

int order(Offset n) {
  require(n < (Offset{1} << 31), "small_dense: ", n, " rows or columns, LAPACK takes fewer than 2^31");
  return static_cast<int>(n);
}

void use_one_thread() {
  static const bool done = [] {
    if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
    return true;
  }();
  static_cast<void>(done);
}

/// Calls f(work, length) twice: for the length that it wants, and to work.
template <class F>
void with_workspace(F f) {
  double wanted = 0;
  f(&wanted, -1);
  std::vector<double> work(static_cast<std::size_t>(wanted) + 1);
  f(work.data(), static_cast<int>(work.size()));
}

bool is_finite(DenseView a) {
  for (Offset j = 0; j < a.cols; ++j) {
    if (!std::ranges::all_of(a.col(j), [](double x) { return std::isfinite(x); })) return false;
  }
  return true;
}

/// `job`: S for thin U and V, N for none.
ThinSvd decompose(DenseView a, char job) {
  use_one_thread();
  if (!is_finite(a)) throw Error("svd: the matrix holds NaN or infinity");
  const Offset k = std::min(a.rows, a.cols);
  const bool vectors = job == 'S';
  ThinSvd result{Dense(vectors ? a.rows : 1, vectors ? k : 1), std::vector<double>(z(k)), {}};
  Dense vt(vectors ? k : 1, vectors ? a.cols : 1);
  const int m = order(a.rows);
  const int n = order(a.cols);
  const int ldu = order(result.u.rows);
  const int ldvt = order(vt.rows);
  int info = 0;
  std::vector<int> integers(z(8 * k));
  Dense copy(a);
  with_workspace([&](double* work, int length) {
    dgesdd_(&job, &m, &n, copy.values.data(), &m, result.s.data(), result.u.values.data(), &ldu, vt.values.data(),
            &ldvt, work, &length, integers.data(), &info);
  });
  if (info != 0) {  // divide and conquer may fail where QR iterations do not
    copy = Dense(a);
    with_workspace([&](double* work, int length) {
      dgesvd_(&job, &job, &m, &n, copy.values.data(), &m, result.s.data(), result.u.values.data(), &ldu,
              vt.values.data(), &ldvt, work, &length, &info);
    });
  }
  if (info != 0) throw Error(text("svd: no convergence for ", a.rows, " x ", a.cols));
  if (!vectors) return result;
  result.v = Dense(a.cols, k);
  for (Offset i = 0; i < k; ++i) {
    for (Offset j = 0; j < a.cols; ++j) result.v(j, i) = vt(i, j);
  }
  return result;
}

}  // namespace

SymmetricEigen symmetric_eigen(DenseView a) {
  assert(a.rows == a.cols);
  use_one_thread();
  SymmetricEigen result{std::vector<double>(z(a.rows)), Dense(a)};
  if (a.rows == 0) return result;
  const int n = order(a.rows);
  int info = 0;
  std::vector<int> integers(z(3 + 5 * a.rows));
  const int num_integers = static_cast<int>(integers.size());
  if (!is_finite(a)) throw Error(text("symmetric_eigen: no convergence for order ", a.rows));
  with_workspace([&](double* work, int length) {
    const int query = length == -1 ? -1 : num_integers;
    dsyevd_("V", "L", &n, result.vectors.values.data(), &n, result.values.data(), work, &length, integers.data(),
            &query, &info);
  });
  if (info != 0) throw Error(text("symmetric_eigen: no convergence for order ", a.rows));
  return result;
}

ThinSvd svd(DenseView a) {
  if (a.rows == 0 || a.cols == 0) return {Dense(a.rows, 0), {}, Dense(a.cols, 0)};
  return decompose(a, 'S');
}

std::vector<double> singular_values(DenseView a) {
  if (a.rows == 0 || a.cols == 0) return {};
  return decompose(a, 'N').s;
}

ThinQr qr(DenseView a) {
  const Offset k = std::min(a.rows, a.cols);
  if (k == 0) return {Dense(a.rows, 0), Dense(0, a.cols)};
  use_one_thread();
  const int m = order(a.rows);
  const int n = order(a.cols);
  const int rank = order(k);
  int info = 0;
  Dense factors(a);
  std::vector<double> tau(z(k));
  with_workspace(
      [&](double* work, int length) { dgeqrf_(&m, &n, factors.values.data(), &m, tau.data(), work, &length, &info); });
  ThinQr result{Dense(factors.view().columns(0, k)), Dense(k, a.cols)};
  for (Offset j = 0; j < a.cols; ++j) {
    for (Offset i = 0; i <= std::min(j, k - 1); ++i) result.r(i, j) = factors(i, j);
  }
  with_workspace([&](double* work, int length) {
    dorgqr_(&m, &rank, &rank, result.q.values.data(), &m, tau.data(), work, &length, &info);
  });
  return result;
}

}  // namespace filigree
