#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/index.hpp"
#include "filigree/svd_clustering.hpp"

namespace filigree::svd_clustering {
namespace {

constexpr double unit_roundoff = 0x1p-53;
/// A block whose largest element is this many powers of two above the scale, or below, changes the scale.
constexpr int exponent_slack = 64;

/// The power of two at or below the largest element; the least int for zeros. Throws for NaN and infinity.
int exponent_of(DenseView block) {
  // Magnitudes as bits ascend like the numbers, and what is not finite is above all of them.
  constexpr std::uint64_t sign_off = ~std::uint64_t{0} >> 1;
  std::uint64_t largest = 0;
  for (Offset j = 0; j < block.cols; ++j) {
    for (const double x : block.col(j)) largest = std::max(largest, std::bit_cast<std::uint64_t>(x) & sign_off);
  }
  const auto value = std::bit_cast<double>(largest);
  require(std::isfinite(value), "block: holds NaN or infinity");
  return value == 0 ? std::numeric_limits<int>::min() : std::ilogb(value);
}

Dense scaled(DenseView block, int exponent) {
  Dense copy(block);
  const double factor = std::ldexp(1.0, std::clamp(exponent, -1000, 1000));
  for (double& x : copy.values) x *= factor;
  return copy;
}

}  // namespace

IncrementalSvd::IncrementalSvd(Offset rows, Offset rank, Offset oversampling, Kernel kernel)
    : rows_(rows), rank_(rank), oversampling_(std::min(oversampling, rows - rank)), kernel_(kernel) {
  require(rows >= 1, "rows: ", rows, ", must be at least 1");
  require(rank >= 1 && rank <= rows, "rank: ", rank, ", must lie in [1, ", rows, "], the number of rows");
  require(oversampling >= 0, "oversampling: ", oversampling, ", must not be negative");
  q_ = Dense(rows, 0);
}

void IncrementalSvd::set_exponent(int exponent) {
  const double factor = std::ldexp(1.0, std::max(exponent_ - exponent, -1000));
  for (double& s : s_) s *= factor;
  for (double* squared : {&squared_norm_, &dropped_, &largest_dropped_}) *squared = *squared * factor * factor;
  exponent_ = exponent;
}

void IncrementalSvd::update(DenseView block) {
  require(block.rows == rows_, "block: ", block.rows, " rows, must have ", rows_);
  const int exponent = exponent_of(block);
  num_columns_ += block.cols;
  if (exponent == std::numeric_limits<int>::min()) return;  // zeros add nothing
  if (s_.empty() && squared_norm_ == 0)
    exponent_ = exponent;
  else if (exponent > exponent_ + exponent_slack)
    set_exponent(exponent);
  const Offset panel = std::max<Offset>(kernel_ == Kernel::gram ? 256 : 2 * rows_, rank_ + oversampling_);
  for (Offset first = 0; first < block.cols; first += panel) {
    const Dense columns = scaled(block.columns(first, std::min(panel, block.cols - first)), -exponent_);
    append(columns, filigree::squared_norm(columns));
  }
}

void IncrementalSvd::merge(const IncrementalSvd& other) {
  require(other.rows_ == rows_ && other.rank_ == rank_ && other.oversampling_ == oversampling_,
          "merge: decompositions of ", rows_, " x ", rank_, " + ", oversampling_, " and ", other.rows_, " x ",
          other.rank_, " + ", other.oversampling_, ", must agree");
  num_columns_ += other.num_columns_;
  if (other.squared_norm_ == 0) return;
  // What a Gram matrix has rounded off stays lost, so its slack stays.
  if (other.kernel_ == Kernel::gram) kernel_ = Kernel::gram;
  IncrementalSvd addend = other;
  if (squared_norm_ == 0)
    exponent_ = other.exponent_;
  else if (other.exponent_ > exponent_ + exponent_slack)
    set_exponent(other.exponent_);
  addend.set_exponent(exponent_);
  for (Offset k = 0; k < addend.q_.cols; ++k) {
    for (double& x : addend.q_.col(k)) x *= addend.s_[z(k)];
  }
  dropped_ += addend.dropped_;
  largest_dropped_ += addend.largest_dropped_;
  num_steps_ += addend.num_steps_;
  append(addend.q_, addend.squared_norm_);
}

void IncrementalSvd::append(DenseView block, double squared_norm) {
  squared_norm_ += squared_norm;
  ++num_steps_;
  if (block.cols == 0) return;
  if (kernel_ == Kernel::gram)
    append_gram(block);
  else
    append_qr(block);
}

DenseView IncrementalSvd::basis() const { return q_.view().columns(0, std::min(rank_, q_.cols)); }

std::vector<double> IncrementalSvd::singular_values() const {
  std::vector<double> values(s_.begin(), s_.begin() + std::min(rank_, std::ssize(s_)));
  for (double& s : values) s = std::ldexp(s, exponent_);
  return values;
}

double IncrementalSvd::norm() const { return std::ldexp(std::sqrt(squared_norm_), exponent_); }

/// Squares of the singular values that are kept beyond the rank, smallest first.
double IncrementalSvd::tail(Offset rank) const {
  double sum = 0;
  for (Offset k = std::ssize(s_); k-- > rank;) sum += s_[z(k)] * s_[z(k)];
  return sum;
}

/// What rounding may have taken off the certificate: of the relative error by the QR kernel, of its square by the
/// other.
double IncrementalSvd::rounding() const { return (64 + 8 * static_cast<double>(num_steps_)) * unit_roundoff; }

double IncrementalSvd::certified_error() const { return certified_error(rank_); }

double IncrementalSvd::certified_error(Offset rank) const {
  require(rank >= 0 && rank <= rank_, "rank: ", rank, ", must lie in [0, ", rank_, "]");
  if (squared_norm_ == 0) return 0;
  const double squared = (dropped_ + tail(rank)) / squared_norm_;
  if (kernel_ == Kernel::gram) return std::min(1.0, std::sqrt(squared + rounding()));
  return std::min(1.0, std::sqrt(squared) + rounding());
}

double IncrementalSvd::lower_error() const {
  if (squared_norm_ == 0) return 0;
  const double slack = std::min(static_cast<double>(rank_) * largest_dropped_, dropped_);
  const double squared = std::max(0.0, dropped_ + tail(rank_) - slack) / squared_norm_;
  if (kernel_ == Kernel::gram) return std::sqrt(std::max(0.0, squared - rounding()));
  return std::max(0.0, std::sqrt(squared) - rounding());
}

std::vector<double> IncrementalSvd::pack() const {
  std::vector<double> packed;
  packed.reserve(z(12 + std::ssize(s_) + rows_ * q_.cols));
  for (const Offset count : {rows_, rank_, oversampling_, Offset{kernel_ == Kernel::gram}, num_columns_, num_steps_,
                             Offset{exponent_}, q_.cols})
    packed.push_back(static_cast<double>(count));
  packed.insert(packed.end(), {squared_norm_, dropped_, largest_dropped_});
  packed.insert(packed.end(), s_.begin(), s_.end());
  packed.insert(packed.end(), q_.values.begin(), q_.values.end());
  return packed;
}

IncrementalSvd IncrementalSvd::unpack(std::span<const double> packed) {
  constexpr std::size_t header = 11;
  require(packed.size() >= header, "unpack: ", packed.size(), " numbers, must be at least ", header);
  const auto count = [&](std::size_t k) { return static_cast<Offset>(packed[k]); };
  IncrementalSvd svd(count(0), count(1), count(2), count(3) == 1 ? Kernel::gram : Kernel::qr);
  svd.num_columns_ = count(4);
  svd.num_steps_ = count(5);
  svd.exponent_ = static_cast<int>(count(6));
  const Offset kept = count(7);
  require(kept >= 0 && std::ssize(packed) == static_cast<Offset>(header) + kept * (1 + svd.rows_),
          "unpack: ", packed.size(), " numbers for ", kept, " columns of ", svd.rows_, " rows");
  svd.squared_norm_ = packed[8];
  svd.dropped_ = packed[9];
  svd.largest_dropped_ = packed[10];
  const auto s = packed.begin() + static_cast<Offset>(header);
  svd.s_.assign(s, s + kept);
  svd.q_ = Dense(svd.rows_, kept);
  std::copy(s + kept, packed.end(), svd.q_.values.begin());
  return svd;
}

}  // namespace filigree::svd_clustering
