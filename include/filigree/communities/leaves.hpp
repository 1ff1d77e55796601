// communities, stage 1: the smallest communities that can be detected in a graph.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "filigree/core/timing.hpp"
#include "filigree/matrix/dist_csr.hpp"
#include "filigree/matrix/labels.hpp"

#pragma GCC visibility push(default)
namespace filigree::communities {

/// Probability of an edge between two vertices, given their communities.
enum class EdgeModel {
  automatic,        ///< degree_corrected if degrees within communities vary more than chance allows
  bernoulli,        ///< equal for all pairs of vertices of two communities
  degree_corrected  ///< proportional to both degrees
};

struct LeafOptions {
  Global num_communities = 0;  ///< K; 0 = as many as can be detected
  double tolerance = 1e-2;     ///< on the relative residuals of eigenvectors, in (0, 1)
  int num_starts = 10;         ///< of k-means, >= 1
  EdgeModel model = EdgeModel::automatic;
  int max_refinements = 30;  ///< passes that relabel vertices by likelihood; 0 = labels of k-means
  std::uint64_t seed = 1;
  Progress progress = {};  ///< phases "spectrum", "k-means", "refine"
};

struct LeafResult {
  Labels labels;               ///< in the canonical form of compact_labels()
  Global num_communities = 0;  ///< K
  Global num_detectable = 0;   ///< eigenvalues that stand out, at least 1
  double spectral_radius = 1;  ///< rho, of the non-backtracking matrix; of weights with a mean in [1, 2)
  std::vector<double> values;  ///< lambda_1 >= lambda_2 ..., K + 1 of them or more unless the graph is smaller
  double separation = 0;     ///< lambda_K / lambda_(K+1), estimated from below; 0 if there is no positive lambda_(K+1)
  std::vector<double> zeta;  ///< r of each column of the embedding, p = 1 .. K
  Global num_isolated = 0;   ///< vertices without edges, put with the largest community
  Offset num_loops = 0;      ///< loops and arcs of weight 0, which do not count
  std::vector<std::string> warnings;
  Timings timings;  ///< check, spectrum, k-means, refine
  Stats stats;      ///< products (columns multiplied by the matrix), rounds, expansions, relabelled, refinements
};

/// Finds the smallest detectable communities of a graph by the Bethe-Hessian H_r = (r^2 - 1) I + D - r A.
///
///   K        eigenvalues lambda of (D + (rho - 1) I)^-1/2 A (D + (rho - 1) I)^-1/2 above 1.002 / sqrt(rho), at least 1
///   column p the eigenvector of H_r for its p-th smallest eigenvalue at r = zeta_p, the largest in [1, sqrt(rho)]
///            where it is not negative
///
/// Rows of unit length are clustered by k-means; then vertices are relabelled by likelihood. docs/communities.md tells
/// how weights count.
///
/// graph    undirected: square and symmetric; weights finite and >= 0, in any unit
/// returns  labels distributed like the rows
///
/// Throws InvalidArgument on all ranks. Collective over graph.comm(). Memory: up to 72 K + 500 bytes a vertex. The same
/// labels on any ranks and threads. Sources: Dall'Amico, Couillet, Tremblay, JMLR 22, 2021; Dreveton et al., JASA 2026.
LeafResult cluster_leaves(const Graph& graph, const LeafOptions& options = {});

}  // namespace filigree::communities
#pragma GCC visibility pop
