// Queries to high accuracy where pushes have come everywhere.
#pragma once

#include <vector>

#include "core/zeroed_array.hpp"
#include "ppr/push/linear_system.hpp"

namespace filigree::ppr {

/// Krylov methods with a preconditioner of two triangular solves, in the form that costs one pass over the arcs an
/// iteration (Eisenstat, "Efficient implementation of a class of preconditioned conjugate gradient methods", SIAM J.
/// Sci. Stat. Comput. 2, 1981): conjugate gradients on symmetric graphs, restarted GMRES on others. docs/ppr.md, "The
/// solver", derives what the code does and defines its letters. Bytes: 56 a position and 8 for each direction of the
/// method, 1 or krylov_vectors + 1; with goals that are verified 16 more.
class LinearSolver {
 public:
  explicit LinearSolver(const LinearSystem& system);

  /// About what solve() costs if it lowers |f|_1 by a factor, in arcs gone through.
  static double predicted_arcs(const LinearSystem& system, double factor);

  struct Solved {
    bool met_goal = true;
    double mass = 0;  ///< what was added in all
    double left = 0;  ///< L1 norm of what is left of f
    Offset arcs = 0;  ///< gone through
  };
  /// Adds to estimate (a value per vertex) the q of a residual f >= 0, which is 0 in the front, until what is left of f
  /// has an L1 norm of `goal` at most. Nothing is added if that takes several times what is predicted, or rounding
  /// prevents it; on symmetric graphs never.
  Solved solve(double teleport, const double* residual, double goal, double* estimate);

 private:
  void use(double teleport);
  double leaf_weight(std::size_t v) const;  // of its arc
  /// B p = t + u, behind the first class. p[i] becomes or is what direction(i) returns; visit(width, first) is called
  /// for each of the groups there when t and u are known.
  template <class Direction, class Visit>
  void multiply(const double* p, Direction direction, Visit visit);
  /// Calls f(first position) for every `slice` positions behind the first class.
  template <class F>
  void for_rest(F f) const;
  double dot(const double* a, const double* b) const;
  /// Finds left_, the L1 norm of the part of f that r stands for, and its ratio to the norm of r.
  void look(double rr);
  /// Adds to x, and takes from r, until last_step() * left_ <= goal. rr = (r, r).
  void conjugate_gradients(double goal, double rr);
  void gmres(double goal, double rr);
  /// Takes f, by position, out of r; t = q / D, u = q, left_: what is left of f. Returns the sum of q.
  double solve_once(double goal);
  /// r = what solution_ leaves of given_, and left_ its L1 norm.
  void find_residual();
  double last_step() const { return (1 - teleport_) * (1 - teleport_); }  // what is left of f after it

  const LinearSystem& system_;
  Local n_;  // positions
  double teleport_ = 0;
  ZeroedArray<double> diagonal_;  // H
  ZeroedArray<double> rate_;      // (1-c) / H, and 0 behind the last position
  ZeroedArray<double> shift_;     // K - 1
  ZeroedArray<double> x_;         // the unknown, (I-U) x; in the back f
  // What triangular solves find, with zeros behind the last position.
  ZeroedArray<double> r_;                   // their residual
  ZeroedArray<double> t_;                   // (I-U)^-1 p; at the end x
  ZeroedArray<double> u_;                   // (I-L)^-1 (p - t); at the end q
  std::vector<ZeroedArray<double>> basis_;  // the direction p of conjugate gradients, or those of GMRES
  // Of goals that are verified: q / D, and f, by position.
  ZeroedArray<double> solution_, given_;
  Offset num_arcs_ = 0;
  double left_ = 0;   // of f
  double ratio_ = 0;  // of that to the norm of r
};

}  // namespace filigree::ppr
