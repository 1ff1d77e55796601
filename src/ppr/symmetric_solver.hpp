// Queries on symmetric graphs to high accuracy.
#pragma once

#include <array>

#include "core/zeroed_array.hpp"
#include "ppr/symmetric_system.hpp"

namespace filigree::ppr {

/// Conjugate gradients with the symmetric Gauss-Seidel preconditioner, in the form that costs one pass over the arcs an
/// iteration (Eisenstat, "Efficient implementation of a class of preconditioned conjugate gradient methods", SIAM J.
/// Sci. Stat. Comput. 2, 1981).
///
/// q = c f (I - (1-c) A)^-1 with A = D^-1 W, W symmetric, D its row sums. With d_v the diagonal of I - (1-c) A (1 but
/// for loops) and g_v = 1 / sqrt(D_v d_v) this is y (I - L - L') = b for y_v = q_v g_v d_v, b_v = c f_v g_v and
/// L_vu = (1-c) W_vu g_v g_u, u < v: symmetric, positive definite, its diagonal 1. Conjugate gradients run on
/// (I-L)^-1 (I - L - L') (I-L')^-1, whose product with p is t + (I-L)^-1 (p - t), t = (I-L')^-1 p: two triangular
/// solves of half the arcs each. About (ln of the factor by which f shrinks) / 1.3 iterations at c = 0.2 on social
/// graphs, where power iteration takes four times (ln of it).
template <int lanes>
class SymmetricSolver {
 public:
  explicit SymmetricSolver(const SymmetricSystem& system);

  /// Adds to settled (n x lanes) the q of every lane's residual f (the same shape), until what is left of f has an L1
  /// norm of `goal` at most. Returns the arcs gone through. settled_mass: what was added in all; left: the norms.
  Offset solve(double teleport, const double* residual, const std::array<double, lanes>& goal, double* settled,
               std::array<double, lanes>& settled_mass, std::array<double, lanes>& left);

 private:
  using Lanes = std::array<double, lanes>;

  const SymmetricSystem& system_;
  Local n_;
  ZeroedArray<double> g_;       // n: as above
  ZeroedArray<double> d_;       // n
  ZeroedArray<double> y_;       // n x lanes: the unknown of conjugate gradients
  ZeroedArray<double> r_;       // its residual
  ZeroedArray<double> p_;       // its direction
  ZeroedArray<double> t_;       // t, then the product
  ZeroedArray<double> scaled_;  // g times what the triangular solve at hand has found; zeros behind the last vertex
};

}  // namespace filigree::ppr
