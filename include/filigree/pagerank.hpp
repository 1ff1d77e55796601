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

/// Solves by extrapolated power iteration for the fixed point p of
///
///   p = c t + (1-c) (p A + |p on dangling vertices|_1 d)
///
/// A: row-stochastic by arc weights, 0 on dangling rows; t: teleport distribution; d: where dangling mass goes.
///
/// graph     square, weights finite and >= 0
/// teleport  >= 0, of the owned vertices, scaled to sum 1 over all ranks; empty on all ranks = uniform
/// returns   scores, distributed like the rows; sum 1 (less with Dangling::drop)
///
/// Throws InvalidArgument on all ranks. Collective over graph.comm(). Cost: at most log(tolerance c / 2) / log(1-c)
/// passes over the arcs and halo updates. Memory per rank beyond the graph, with weights: 24 arcs + 92 vertices bytes.
/// Determinism: equal bits for any number of threads; over ranks equal to rounding.
/// Sources: Page, Brin, Motwani, Winograd, "The PageRank Citation Ranking", 1999; Sidi, "Vector Extrapolation Methods",
/// 2017.
Result solve(const Graph& graph, std::span<const double> teleport = {}, const Options& options = {});

/// Solves the same for a matrix that is not stored as a Graph: in_arcs = A'^T, where A' is the matrix of arc weights,
/// and out_weights its row sums (of owned vertices; 0 marks a dangling one). Throws InvalidArgument on all ranks as
/// above. Collective over in_arcs.comm(). Memory per rank beyond the operator: 84 bytes per vertex. Equal bits on any
/// ranks and threads where products of the operator have them. Stats: iterations; timings: iterate.
Result solve(const LinearOperator& in_arcs, std::span<const double> out_weights, std::span<const double> teleport = {},
             const Options& options = {});

}  // namespace filigree::pagerank
#pragma GCC visibility pop
