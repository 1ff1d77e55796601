// Random dense matrices and their norms, for tests.
#pragma once

#include <cmath>
#include <random>

#include "filigree/matrix/small_dense.hpp"

namespace filigree::testing {

/// Normally distributed elements, the same on any standard library (Box-Muller).
inline Dense random_dense(Offset rows, Offset cols, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Dense a(rows, cols);
  for (double& x : a.values) {
    const double u = (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53;
    const double v = (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53;
    x = std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * v);
  }
  return a;
}

inline double max_difference(DenseView a, DenseView b) {
  if (a.rows != b.rows || a.cols != b.cols) return INFINITY;
  double most = 0;
  for (Offset j = 0; j < a.cols; ++j) {
    for (Offset i = 0; i < a.rows; ++i) most = std::fmax(most, std::abs(a(i, j) - b(i, j)));
  }
  return most;
}

/// Largest element of Q^T Q - I.
inline double orthogonality_loss(DenseView q) {
  Dense product = multiply(q, q, Op::transpose);
  for (Offset i = 0; i < q.cols; ++i) product(i, i) -= 1;
  return max_difference(product, Dense(q.cols, q.cols));
}

}  // namespace filigree::testing
