// Certificates of a growing cluster, one interface for all rules: update(block), error(), pack() and unpack() to send
// it.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "core/index.hpp"
#include "filigree/svd_clustering.hpp"

namespace filigree::svd_clustering {

/// |A|_F without overflow or underflow of squares.
double frobenius_norm(DenseView a);
/// The square root of the sum of squares of nonnegative numbers, in their order.
double root_sum_of_squares(std::span<const double> values);

/// The incremental truncated SVD (B3).
class IncrementalBound {
 public:
  IncrementalBound(Offset rows, const Options& options, Kernel kernel)
      : svd_(rows, options.rank, options.oversampling, kernel) {}
  explicit IncrementalBound(IncrementalSvd svd) : svd_(std::move(svd)) {}
  void update(DenseView block, bool) { svd_.update(block); }
  double error() const { return svd_.certified_error(); }
  DenseView basis() const { return svd_.basis(); }
  std::vector<double> pack() const { return svd_.pack(); }
  static IncrementalBound unpack(std::span<const double> packed) {
    return IncrementalBound(IncrementalSvd::unpack(packed));
  }
  const IncrementalSvd& svd() const { return svd_; }

 private:
  IncrementalSvd svd_;
};

/// Residuals (B2): the squared singular values of what each block adds to the span of those before; the r largest of
/// all together sum to at most those of M.
class ResidualBound {
 public:
  ResidualBound(Offset rows, const Options& options, Kernel) : rank_(options.rank), span_(rows, 0) {}
  void update(DenseView block, bool);
  double error() const;
  DenseView basis() const { return span_; }
  std::vector<double> pack() const;
  static ResidualBound unpack(std::span<const double> packed);

 private:
  Offset rank_;
  int exponent_ = 0;
  double squared_norm_ = 0;
  std::vector<double> largest_;  ///< squares, descending, at most rank_
  Dense span_;                   ///< orthonormal
};

/// Weyl (B1): sigma_k(M) >= max_i sigma_k(A_i). Blocks of the seed with at most r columns together count as one.
class WeylBound {
 public:
  WeylBound(Offset rows, const Options& options, Kernel) : rank_(options.rank), seed_(rows, 0) {}
  void update(DenseView block, bool in_seed);
  double error() const;
  DenseView basis() const { return seed_; }  ///< not orthonormal: only for its shape
  std::vector<double> pack() const;
  static WeylBound unpack(std::span<const double> packed);

 private:
  Offset rank_;
  int exponent_ = 0;
  double squared_norm_ = 0;
  std::vector<double> largest_;  ///< lower bounds of sigma_k(M)^2
  Dense seed_;                   ///< the columns of the seed while there are at most rank_
};

}  // namespace filigree::svd_clustering
