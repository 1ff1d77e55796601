// spectral: a graph goes in; the spectral radius of its non-backtracking matrix, the number of communities that can be
// detected and the eigenvectors that show them come out.
#pragma once

#include <cstdint>
#include <vector>

#include "communities/spectral/projected.hpp"
#include "filigree/core/timing.hpp"
#include "filigree/matrix/dist_csr.hpp"
#include "filigree/matrix/dist_dense.hpp"

namespace filigree::communities {

/// A symmetric matrix without loops and the sums of its rows.
struct Adjacency {
  explicit Adjacency(const Graph& a);

  const Graph& graph;
  std::vector<double> degree;  ///< of the owned vertices
};

struct SpectrumOptions {
  Offset num_wanted = 0;  ///< K; 0 = those that stand out
  double tolerance = 1e-2;
  std::uint64_t seed = 1;
  Progress progress = {};
};

/// Leading eigenvalues of A x = lambda (D + (rho - 1) I) x, and the span of their vectors.
struct Subspace {
  double rho = 1;
  Offset num_detectable = 0;      ///< eigenvalues above margin / sqrt(rho); may be 0
  std::vector<double> values;     ///< descending; from below, so those that have not converged are too small
  std::vector<double> residuals;  ///< of each, relative
  DistDense<double> x;            ///< a column for each of `values`
  DistDense<double> ax;           ///< A x
};

/// rho: the largest r at which H_r is singular, or 1 if there is none above (forests). To 6 digits or more.
double spectral_radius(const Adjacency& a, Stats& stats);

/// X <- T((M^-1 A - centre) / half) X for the Chebyshev polynomial T of that degree and the interval [low, high]: parts
/// of X that belong to eigenvalues in it stay small, those beyond grow. over_mass: the diagonal of M^-1, 0 for vertices
/// to leave alone.
void filter(const Adjacency& a, std::span<const double> over_mass, Offset degree, double low, double high,
            DistDense<double>& x, Stats& stats);

/// Chebyshev-filtered subspace iteration with a Rayleigh-Ritz step a round. Work: `products` of the stats.
Subspace leading_subspace(const Adjacency& a, double rho, const SpectrumOptions& options, Stats& stats);

/// Vectors at which H_r is singular.
struct Embedding {
  std::vector<double> zeta;  ///< of p = 1 .. K
  DistDense<double> x;       ///< a column of norm 1 for each
  double residual = 0;       ///< the largest, relative
};

/// For p = 1 .. num_wanted from the subspace, which is expanded by residuals until these are below the tolerance.
Embedding bethe_hessian_vectors(const Adjacency& a, const Subspace& subspace, Offset num_wanted, double tolerance,
                                Stats& stats);

/// What an eigenvalue has to exceed: margin / sqrt(rho). Without a margin, graphs without communities have some too
/// often: G(10^4, mean degree 5) on 6 of 100 seeds, with 1.0014 at most.
constexpr double margin = 1.002;
/// A residual at which a value is worth comparing.
constexpr double few_digits = 0.3;
/// lambda_K / lambda_(K+1) from which on labels are certain.
constexpr double clear_separation = 1.02;

}  // namespace filigree::communities
