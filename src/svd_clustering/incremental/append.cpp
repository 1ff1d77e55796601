// One step of IncrementalSvd: the top l eigenpairs of Q S Q^T + A A^T = X X^T, X = [Q sqrt(S), A].
#include <algorithm>
#include <cmath>

#include "core/index.hpp"
#include "filigree/svd_clustering.hpp"

namespace filigree::svd_clustering {
namespace {

/// [Q diag(s), A].
Dense joined(const Dense& q, const std::vector<double>& s, DenseView a) {
  Dense x(a.rows, q.cols + a.cols);
  for (Offset k = 0; k < q.cols; ++k) {
    for (Offset i = 0; i < a.rows; ++i) x(i, k) = q(i, k) * s[z(k)];
  }
  for (Offset j = 0; j < a.cols; ++j) std::ranges::copy(a.col(j), x.col(q.cols + j).begin());
  return x;
}

/// Orthonormalizes by Cholesky QR, twice; by Householder if the columns are too close to dependent for that.
void orthonormalize(Dense& x) {
  for (int pass = 0; pass < 2; ++pass) {
    const auto lower = cholesky(gram(x));
    if (!lower) {
      x = qr(x).q;
      return;
    }
    solve_lower_transposed(*lower, x);
  }
}

/// Columns of V, orthonormal, that span nearly the top `count` eigenvectors of W, whose first columns are those of the
/// basis so far: two steps of subspace iteration from there. Any V keeps the certificate (bound B6).
Dense right_projector(const Dense& w, Offset count) {
  Dense v(w.view().columns(0, count));
  orthonormalize(v);
  v = multiply(w, v);
  orthonormalize(v);
  return v;
}

}  // namespace

void IncrementalSvd::append_qr(DenseView block) {
  const ThinQr factors = qr(joined(q_, s_, block));
  ThinSvd svd = filigree::svd(factors.r);
  const double negligible = svd.s[0] * 0x1p-53;  // noise, whose direction means nothing
  Offset kept = 0;
  while (kept < std::min(rank_ + oversampling_, std::ssize(svd.s)) && svd.s[z(kept)] > negligible) ++kept;
  double dropped = 0;
  for (Offset k = std::ssize(svd.s); k-- > kept;) dropped += svd.s[z(k)] * svd.s[z(k)];
  dropped_ += dropped;
  if (kept < std::ssize(svd.s)) largest_dropped_ += svd.s[z(kept)] * svd.s[z(kept)];
  q_ = multiply(factors.q, svd.u.view().columns(0, kept));
  s_.assign(svd.s.begin(), svd.s.begin() + kept);
}

void IncrementalSvd::append_gram(DenseView block) {
  const Offset old = q_.cols;
  const Offset order = old + block.cols;
  Dense w(order, order);
  double trace = 0;
  for (Offset k = 0; k < old; ++k) w(k, k) = s_[z(k)] * s_[z(k)];
  const Dense coupling = multiply(q_, block, Op::transpose);
  const Dense inner = gram(block);
  for (Offset j = 0; j < block.cols; ++j) {
    for (Offset k = 0; k < old; ++k) w(k, old + j) = w(old + j, k) = s_[z(k)] * coupling(k, j);
    for (Offset i = 0; i < block.cols; ++i) w(old + i, old + j) = inner(i, j);
  }
  for (Offset k = 0; k < order; ++k) trace += w(k, k);

  // W itself if it is small or there is nothing to start from, else its restriction to a subspace.
  const Offset wanted = std::min(rank_ + oversampling_, order);
  const bool whole = old < wanted || order <= wanted + wanted / 2 + 16;
  const Dense v = whole ? Dense() : right_projector(w, wanted);
  const SymmetricEigen eigen = whole ? symmetric_eigen(w) : symmetric_eigen(multiply(v, multiply(w, v), Op::transpose));
  const Offset found = std::ssize(eigen.values);
  const double negligible = eigen.values.back() * 1e-14;
  Offset kept = 0;
  double sum = 0;
  while (kept < wanted && eigen.values[z(found - 1 - kept)] > negligible) sum += eigen.values[z(found - 1 - kept++)];
  const double dropped = std::max(0.0, trace - sum);
  dropped_ += dropped;
  // A subspace leaves a rest that is no eigenvalue; its trace bounds it.
  largest_dropped_ +=
      whole && kept < found ? std::min(dropped, std::max(0.0, eigen.values[z(found - 1 - kept)])) : dropped;

  // X times the kept vectors over their singular values.
  Dense combine(order, kept);
  {
    Dense top(found, kept);
    for (Offset k = 0; k < kept; ++k) std::ranges::copy(eigen.vectors.col(found - 1 - k), top.col(k).begin());
    combine = whole ? std::move(top) : multiply(v, top);
  }
  std::vector<double> s(z(kept));
  for (Offset k = 0; k < kept; ++k) {
    s[z(k)] = std::sqrt(eigen.values[z(found - 1 - k)]);
    for (Offset i = 0; i < order; ++i) combine(i, k) *= (i < old ? s_[z(i)] : 1) / s[z(k)];
  }
  Dense q(rows_, kept);
  if (old > 0) gemm(1, q_, Op::none, combine.view().block(0, 0, old, kept), Op::none, 0, q);
  gemm(1, block, Op::none, combine.view().block(old, 0, block.cols, kept), Op::none, old > 0 ? 1 : 0, q);
  const auto lower = cholesky(gram(q));
  if (lower)
    solve_lower_transposed(*lower, q);
  else
    q = qr(q).q;
  q_ = std::move(q);
  s_ = std::move(s);
}

}  // namespace filigree::svd_clustering
