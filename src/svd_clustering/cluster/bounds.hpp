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

/// What B1 and B2 keep: squares that bound those of the collection's singular values, and columns to go on from.
class SquaresBound {
 public:
  double error() const;
  DenseView basis() const { return columns_; }
  std::vector<double> pack() const;

 protected:
  SquaresBound(Offset rows, Offset rank) : rank_(rank), columns_(rows, 0) {}
  /// What pack() made.
  explicit SquaresBound(std::span<const double> packed);

  Offset rank_;
  int exponent_ = 0;
  double squared_norm_ = 0;
  std::vector<double> largest_;  ///< squares, at most rank_
  Dense columns_;
};

/// Residuals (B2): the squared singular values of what each block adds to the span of those before; the r largest of
/// all together sum to at most those of M. Its basis is orthonormal.
class ResidualBound : public SquaresBound {
 public:
  ResidualBound(Offset rows, const Options& options, Kernel) : SquaresBound(rows, options.rank) {}
  void update(DenseView block, bool);
  static ResidualBound unpack(std::span<const double> packed) { return ResidualBound(packed); }

 private:
  explicit ResidualBound(std::span<const double> packed) : SquaresBound(packed) {}
};

/// Weyl (B1): sigma_k(M) >= max_i sigma_k(A_i). Blocks of the seed with at most r columns together count as one. Its
/// basis, the seed, is not orthonormal: only for its shape.
class WeylBound : public SquaresBound {
 public:
  WeylBound(Offset rows, const Options& options, Kernel) : SquaresBound(rows, options.rank) {}
  void update(DenseView block, bool in_seed);
  static WeylBound unpack(std::span<const double> packed) { return WeylBound(packed); }

 private:
  explicit WeylBound(std::span<const double> packed) : SquaresBound(packed) {}
};

}  // namespace filigree::svd_clustering
