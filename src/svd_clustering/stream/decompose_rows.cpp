// One truncated SVD of a tall matrix whose rows are distributed: panels of columns, each joined to the basis so far.
#include <algorithm>
#include <bit>
#include <cmath>

#include "core/collective_progress.hpp"
#include "core/index.hpp"
#include "filigree/svd_clustering.hpp"

namespace filigree::svd_clustering {
namespace {

constexpr double unit_roundoff = 0x1p-53;
/// Columns whose share of the span is smaller are dropped; so much of the norm may be lost a step.
constexpr double drop_tolerance = 1e-15;

/// The power of two at or below the largest element of all ranks; 0 for zeros. Collective.
int exponent_of(const DistDense<double>& m) {
  constexpr std::uint64_t sign_off = ~std::uint64_t{0} >> 1;
  std::uint64_t largest = 0;
  m.comm.guard([&] {
    for (Offset i = 0; i < m.num_local_rows(); ++i) {
      for (Offset j = 0; j < m.cols; ++j) {
        const double x = m.row(i)[z(j)];
        require(std::isfinite(x), "matrix: element (", m.rows.begin(m.comm.rank()) + i, ", ", j, ") is ", x,
                ", must be finite");
        largest = std::max(largest, std::bit_cast<std::uint64_t>(x) & sign_off);
      }
    }
  });
  const auto value = std::bit_cast<double>(m.comm.max(largest));
  return value == 0 ? 0 : std::ilogb(value);
}

/// [Q diag(s), columns [first, first + count) of M scaled by 2^exponent].
DistDense<double> joined(const DistDense<double>& q, const std::vector<double>& s, const DistDense<double>& m,
                         Offset first, Offset count, int exponent) {
  DistDense<double> x(m.comm, m.rows, q.cols + count);
  for (Offset i = 0; i < m.num_local_rows(); ++i) {
    const std::span<double> row = x.row(i);
    for (Offset k = 0; k < q.cols; ++k) row[z(k)] = q.row(i)[z(k)] * s[z(k)];
    for (Offset j = 0; j < count; ++j) row[z(q.cols + j)] = std::ldexp(m.row(i)[z(first + j)], exponent);
  }
  return x;
}

}  // namespace

RowsSvd decompose_rows(const DistDense<double>& m, Offset rank, Offset oversampling, const Progress& progress) {
  const Offset num_rows = m.rows.num_items();
  require(rank >= 1 && rank <= num_rows, "rank: ", rank, ", must lie in [1, ", num_rows, "], the number of rows");
  require(oversampling >= 0, "oversampling: ", oversampling, ", must not be negative");
  const int exponent = exponent_of(m);
  const Offset most = rank + std::min(oversampling, num_rows - rank);  // directions kept
  const Offset panel = std::max<Offset>(128, 2 * most);
  DistDense<double> q(m.comm, m.rows, 0);
  std::vector<double> s;
  double squared_norm = 0;
  double dropped = 0;
  double largest_dropped = 0;
  Offset num_steps = 0;
  const CollectiveProgress tell(m.comm, progress);
  for (Offset first = 0; first < m.cols; first += panel) {
    const Offset count = std::min(panel, m.cols - first);
    DistDense<double> x = joined(q, s, m, first, count, -exponent);
    const Dense added = gram(x, x);
    for (Offset j = x.cols - count; j < x.cols; ++j) squared_norm += added(j, j);
    if (squared_norm == 0) continue;
    const Dense r = orthonormalize(x, drop_tolerance).r;
    const ThinSvd svd = m.comm.guard([&] { return filigree::svd(r); });
    const double negligible = svd.s.front() * unit_roundoff;
    Offset kept = 0;
    while (kept < std::min(most, std::ssize(svd.s)) && svd.s[z(kept)] > negligible) ++kept;
    for (Offset k = std::ssize(svd.s); k-- > kept;) dropped += svd.s[z(k)] * svd.s[z(k)];
    if (kept < std::ssize(svd.s)) largest_dropped += svd.s[z(kept)] * svd.s[z(kept)];
    q = multiply(x, svd.u.view().columns(0, kept));
    s.assign(svd.s.begin(), svd.s.begin() + kept);
    ++num_steps;
    tell("decompose", first + count, m.cols);
  }
  const Offset width = std::min(rank, q.cols);
  RowsSvd result{DistDense<double>(m.comm, m.rows, width), {}, std::ldexp(std::sqrt(squared_norm), exponent), {}, 0};
  for (Offset i = 0; i < m.num_local_rows(); ++i) std::copy_n(q.row(i).begin(), width, result.basis.row(i).begin());
  for (Offset k = 0; k < width; ++k) result.singular_values.push_back(std::ldexp(s[z(k)], exponent));
  const double rounding =
      64 * unit_roundoff + static_cast<double>(num_steps) * (8 * unit_roundoff + 2 * drop_tolerance);
  double rest = dropped;
  for (Offset k = std::ssize(s); k-- > width;) rest += s[z(k)] * s[z(k)];
  if (squared_norm > 0) {
    const double slack = std::min(static_cast<double>(rank) * largest_dropped, dropped);
    result.lower_error = std::max(0.0, std::sqrt(std::max(0.0, rest - slack) / squared_norm) - rounding);
  }
  // Of the first k columns, k = 0 .. width.
  result.certified_error.assign(z(width + 1), 0.0);
  for (Offset k = width; k >= 0 && squared_norm > 0; --k) {
    result.certified_error[z(k)] = std::min(1.0, std::sqrt(rest / squared_norm) + rounding);
    if (k > 0) rest += s[z(k - 1)] * s[z(k - 1)];
  }
  return result;
}

}  // namespace filigree::svd_clustering
