// Queries on symmetric graphs to high accuracy.
#pragma once

#include "core/zeroed_array.hpp"
#include "ppr/push/query_tables.hpp"

namespace filigree::ppr {

/// Conjugate gradients with the incomplete factorization that keeps all but the diagonal (DILU) as preconditioner, in
/// the form that costs one pass over the arcs an iteration (Eisenstat, "Efficient implementation of a class of
/// preconditioned conjugate gradient methods", SIAM J. Sci. Stat. Comput. 2, 1981). docs/ppr.md, "The solver of
/// symmetric graphs", derives what the code does and defines its letters.
class SymmetricSolver {
 public:
  explicit SymmetricSolver(const SymmetricSystem& system);

  /// Adds to estimate (a value per vertex) the q of a residual f >= 0, until what is left of f has an L1 norm of `goal`
  /// at most. Returns the arcs gone through. estimate_mass: what was added in all; left: the norm.
  Offset solve(double teleport, const double* residual, double goal, double* estimate, double& estimate_mass,
               double& left);

 private:
  void use(double teleport);
  double leaf_weight(std::size_t v) const;  // of its arc

  const SymmetricSystem& system_;
  Local n_;  // positions
  double teleport_ = 0;
  ZeroedArray<double> diagonal_;  // H
  ZeroedArray<double> rate_;      // (1-c) / H, and 0 behind the last position
  ZeroedArray<double> shift_;     // K - 1
  ZeroedArray<double> x_;         // the unknown of conjugate gradients, (I-U) x
  ZeroedArray<double> p_;         // their direction
  // What triangular solves find, with zeros behind the last position.
  ZeroedArray<double> r_;  // their residual
  ZeroedArray<double> t_;  // (I-U)^-1 p; at the end x
  ZeroedArray<double> u_;  // (I-L)^-1 (p - t); at the end q
};

}  // namespace filigree::ppr
