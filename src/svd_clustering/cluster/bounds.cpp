#include "svd_clustering/cluster/bounds.hpp"

#include <limits>
#include <numeric>

namespace filigree::svd_clustering {
namespace {

constexpr double rounding = 64 * 0x1p-53;  ///< of the relative squared error

/// The power of two at or below the largest element; 0 for zeros.
int exponent_of(DenseView a) {
  double largest = 0;
  for (Offset j = 0; j < a.cols; ++j) {
    for (const double x : a.col(j)) largest = std::max(largest, std::abs(x));
  }
  return largest == 0 ? 0 : std::ilogb(largest);
}

Dense scaled(DenseView a, int exponent) {
  Dense copy(a);
  const double factor = std::ldexp(1.0, std::clamp(exponent, -1000, 1000));
  for (double& x : copy.values) x *= factor;
  return copy;
}

double relative_error(double squared_norm, const std::vector<double>& largest) {
  if (squared_norm == 0) return 0;
  const double kept = std::accumulate(largest.begin(), largest.end(), 0.0);
  return std::sqrt(std::clamp((squared_norm - kept) / squared_norm + rounding, 0.0, 1.0));
}

std::vector<double> packed_with(std::vector<double> header, const std::vector<double>& largest, const Dense& columns) {
  header.push_back(static_cast<double>(largest.size()));
  header.push_back(static_cast<double>(columns.rows));
  header.insert(header.end(), largest.begin(), largest.end());
  header.insert(header.end(), columns.values.begin(), columns.values.end());
  return header;
}

void unpack_behind(std::span<const double> packed, std::vector<double>& largest, Dense& columns) {
  const auto count = static_cast<std::size_t>(packed[0]);
  const auto rows = static_cast<Offset>(packed[1]);
  packed = packed.subspan(2);
  largest.assign(packed.begin(), packed.begin() + static_cast<Offset>(count));
  packed = packed.subspan(count);
  columns = Dense(rows, std::ssize(packed) / rows);
  std::ranges::copy(packed, columns.values.begin());
}

/// Columns appended on the right.
void append(Dense& a, DenseView columns) {
  a.cols += columns.cols;
  for (Offset j = 0; j < columns.cols; ++j)
    a.values.insert(a.values.end(), columns.col(j).begin(), columns.col(j).end());
}

}  // namespace

double root_sum_of_squares(std::span<const double> values) {
  double largest = 0;
  for (const double x : values) largest = std::max(largest, x);
  if (largest == 0 || !std::isfinite(largest)) return largest;
  double sum = 0;
  for (const double x : values) sum += (x / largest) * (x / largest);
  return largest * std::sqrt(sum);
}

double frobenius_norm(DenseView a) {
  const int exponent = exponent_of(a);
  if (std::abs(exponent) < 400) return std::sqrt(squared_norm(a));
  return std::ldexp(std::sqrt(squared_norm(scaled(a, -exponent))), exponent);
}

double SquaresBound::error() const { return relative_error(squared_norm_, largest_); }

std::vector<double> SquaresBound::pack() const {
  return packed_with({static_cast<double>(rank_), static_cast<double>(exponent_), squared_norm_}, largest_, columns_);
}

SquaresBound::SquaresBound(std::span<const double> packed)
    : rank_(static_cast<Offset>(packed[0])), exponent_(static_cast<int>(packed[1])), squared_norm_(packed[2]) {
  unpack_behind(packed.subspan(3), largest_, columns_);
}

void ResidualBound::update(DenseView block, bool) {
  if (squared_norm_ == 0) exponent_ = exponent_of(block);
  Dense rest = scaled(block, -exponent_);
  const double size = std::sqrt(squared_norm(rest));
  squared_norm_ += size * size;
  if (columns_.cols == columns_.rows || size == 0) return;
  for (int pass = 0; pass < 2 && columns_.cols > 0; ++pass)
    gemm(-1, columns_, Op::none, multiply(columns_, rest, Op::transpose), Op::none, 1, rest);
  const ThinSvd svd = filigree::svd(rest);
  const double negligible = size * 1e-13;
  Offset added = 0;
  while (added < std::ssize(svd.s) && svd.s[z(added)] > negligible && columns_.cols + added < columns_.rows) ++added;
  // The certificate takes sigma(R) against the true span, so directions lost to rounding only raise it.
  for (Offset k = 0; k < added; ++k) largest_.push_back(svd.s[z(k)] * svd.s[z(k)]);
  std::sort(largest_.begin(), largest_.end(), std::greater<>());
  largest_.resize(std::min(largest_.size(), z(rank_)));
  Dense directions(svd.u.view().columns(0, added));
  if (columns_.cols > 0)
    gemm(-1, columns_, Op::none, multiply(columns_, directions, Op::transpose), Op::none, 1, directions);
  append(columns_, qr(directions).q);
}

void WeylBound::update(DenseView block, bool in_seed) {
  if (squared_norm_ == 0) exponent_ = exponent_of(block);
  const Dense a = scaled(block, -exponent_);
  squared_norm_ += squared_norm(a);
  const auto raise = [&](const std::vector<double>& s) {
    largest_.resize(std::max(largest_.size(), std::min(s.size(), z(rank_))));
    for (std::size_t k = 0; k < std::min(s.size(), largest_.size()); ++k)
      largest_[k] = std::max(largest_[k], s[k] * s[k]);
  };
  if (in_seed && columns_.cols + a.cols <= rank_) {
    append(columns_, a);
    raise(singular_values(columns_));
  } else {
    raise(singular_values(a));
  }
}

}  // namespace filigree::svd_clustering
