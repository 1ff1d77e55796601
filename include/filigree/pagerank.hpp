// PageRank by extrapolated power iteration, for any teleport distribution.
#pragma once

#include <span>
#include <vector>

#include "filigree/core/timing.hpp"
#include "filigree/matrix/dist_csr.hpp"
#include "filigree/matrix/linear_operator.hpp"
#include "filigree/matrix/transition.hpp"

#pragma GCC visibility push(default)
namespace filigree::pagerank {

struct Options {
  double teleport = 0.15;                ///< c, probability of a jump, in [1e-4, 1)
  double tolerance = 1e-10;              ///< on the L1 error of the scores, > 0; below 1e-15 rounding decides
  Dangling dangling = Dangling::source;  ///< what a vertex without out-arcs does
  Progress progress = {};                ///< told the iterations done and an upper bound of their number
};

struct Result {
  Partition vertices;
  std::vector<double> scores;  ///< of the vertices this rank owns
  double error_bound = 0;      ///< on the L1 distance of all scores from the fixed point, rounding aside
  Timings timings;             ///< transpose, plan, iterate
  Stats stats;                 ///< iterations, arcs, ghost_values
};

/// The fixed point p of
///
///   p = c t + (1-c) (p A + |p on dangling vertices|_1 d)
///
/// A: row-stochastic by arc weights, zero on dangling rows; t: teleport distribution; d: where dangling mass goes.
///
/// graph     square, weights finite and >= 0
/// teleport  weights >= 0 of the owned vertices, scaled here to sum 1 over all ranks; empty on all ranks = uniform
/// returns   scores, distributed like the rows; they sum to 1 (below 1 with Dangling::drop)
///
/// Throws InvalidArgument on all ranks for an option out of range, a graph that is not square or has no vertices, and
/// teleport weights that are negative, not finite or all 0. Collective over graph.comm().
/// Power iteration, sped up by reduced rank extrapolation every 17 iterations as long as that pays.
/// Cost: about log(tolerance c / 2) / log(1-c) iterations at most, each one pass over the transposed arcs and one
/// halo update. Peak bytes per rank beyond the graph: the transpose (4 per arc, 12 with weights, 8 per vertex), an
/// SpmvPlan of it, and 76 per vertex. Equal bits for any number of threads. Sums over vertices have equal bits on any
/// ranks, sums over the arcs into a vertex agree to rounding: so scores agree to the tolerance.
/// Sources: Page, Brin, Motwani, Winograd, "The PageRank Citation Ranking", Stanford 1999; Sidi, "Vector Extrapolation
/// Methods with Applications", SIAM 2017.
Result solve(const Graph& graph, std::span<const double> teleport = {}, const Options& options = {});

/// The same by an operator: in_arcs = A'^T, where A' is the matrix of arc weights, and out_weights its row sums (of
/// owned vertices; 0 marks a dangling one). For matrices that are not stored as a Graph. Throws InvalidArgument on all
/// ranks as above. Collective over in_arcs.comm(). Peak bytes per rank beyond the operator: 84 per vertex. Equal bits
/// on any ranks and threads where products of the operator have them. Stats: iterations; timings: iterate.
Result solve(const LinearOperator& in_arcs, std::span<const double> out_weights, std::span<const double> teleport = {},
             const Options& options = {});

}  // namespace filigree::pagerank
#pragma GCC visibility pop
