// H_r = (r^2 - 1) I + D - r A on the span of a few vectors, as small matrices; and at which r it is singular.
#pragma once

#include <vector>

#include "filigree/matrix/dist_dense.hpp"

namespace filigree::communities {

/// A vector of the span at which H_r is singular: x = V y, |x| = 1.
struct Root {
  double r = 1;
  std::vector<double> y;
};

class Projected {
 public:
  /// From the columns of V: V^T V, V^T D V and V^T A V. Columns may be dependent.
  Projected(const Dense& gram, const Dense& degrees, const Dense& adjacency);

  /// Independent directions of V.
  Offset rank() const { return to_basis_.cols; }
  /// The largest r >= 1 at which the smallest eigenvalue is 0: rho, if V holds its vector, else less. An r below it is
  /// a good `start`.
  Root largest_root(double start) const;
  /// For each p of `which`, counted from 0: the largest r in [1, limit] at which the p-th smallest eigenvalue is not
  /// negative, and its vector, to about the relative `tolerance`. start: estimates by p, or `limit`.
  std::vector<Root> roots(double limit, std::span<const Offset> which, std::span<const double> start,
                          double tolerance) const;
  /// Eigenvalues theta, descending, of A y = theta (D + shift I) y; columns of `vectors` have y^T (D + shift I) y = 1.
  struct Pencil {
    std::vector<double> values;
    Dense vectors;  ///< in terms of V
  };
  Pencil pencil(double shift) const;

 private:
  SymmetricEigen at(double r) const;
  Root next_root(const SymmetricEigen& eigen, Offset p, double r, double limit) const;
  std::vector<double> in_terms_of_v(std::span<const double> in_basis) const;

  Dense to_basis_;  // V times this is orthonormal
  Dense degrees_, adjacency_;
};

}  // namespace filigree::communities
