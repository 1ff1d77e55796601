// An index of random walks for personalized PageRank.
//
//   q_u = c sum_k (1-c)^k e_u A^k       A: row-stochastic by arc weights, zero on dangling rows;
//                                       c: teleport probability
//
// The index holds an estimate of every q_u from R walks. docs/ppr.md has its costs and the law of its walks.
//
// Source: Liu, Li, Lui, Cheng, "PowerWalk: Scalable Personalized PageRank via Random Walks with Vertex-Centric
// Decomposition", CIKM 2016.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "filigree/core/timing.hpp"
#include "filigree/ppr/graph.hpp"
#include "filigree/ppr_rows.hpp"

#pragma GCC visibility push(default)
namespace filigree::ppr {

/// What an index counts, and how a count becomes a share of q.
enum class Estimator {
  visits,      ///< every vertex of a walk; q^(v) = c visits(v) / R (the paper's Algorithm 1, MCFP)
  end_points,  ///< where walks stopped; q^(v) = stops(v) / R (Algorithm 2, MCEP): needs 1/c times as many walks
  ratio,       ///< every vertex of a walk; q^(v) = visits(v) / all visits (the paper's form of MCFP; slightly biased)
};

struct IndexOptions {
  int walks = 100;         ///< R, walks from every vertex, >= 1
  double teleport = 0.15;  ///< c = 1 - damping, probability that a walk stops, before every step, in [1e-4, 1)
  Estimator estimator = Estimator::visits;
  std::uint64_t seed = 1;
  /// Bytes of the finished index over all ranks. Above 0 it takes the place of `walks`: vertices get walks by
  /// the residual that queries are expected to leave there (docs/ppr.md).
  Offset index_bytes = 0;
  Offset memory_bytes = 0;  ///< most that the build may take on a rank beyond the graph; 0 = no limit
  Placement placement = Placement::automatic;  ///< of build_index(Graph)
  Progress progress = {};                      ///< told the vertices done by this rank
};

struct IndexSummary;

/// What the walks from every vertex met. Rows are distributed over ranks by `sources`.
struct Index {
  Partition sources;                ///< this rank holds the rows of sources.begin(rank) onwards
  VisitRows visits;                 ///< row: source; vertex: global id; count: times that its walks met the vertex
  std::vector<float> deviation;     ///< per row: estimate of the L1 error of its q, from the two halves of its walks
  std::vector<std::int32_t> walks;  ///< per row: R
  Estimator estimator = Estimator::visits;
  double teleport = 0;
  std::uint64_t seed = 0;
  std::uint64_t graph_hash = 0;
  std::shared_ptr<const IndexSummary>
      summary;  ///< of all ranks' rows: made with them, or by every query() anew if null
  Timings timings;
  Stats stats;  ///< walks, visits, entries, bytes (of rows, starts, walks, deviation), bytes_sent: over all ranks

  /// Returns what one count of a row adds to q: q^(v) = scale x count(v). Goes through the row with Estimator::ratio.
  double scale(Local row) const;
};

/// Walks R times from every vertex. A walk stops with probability c before every step; at a vertex without out-arcs it
/// stops with probability c and ends without a count otherwise. With `visits` and `end_points` the estimate is
/// unbiased. Returns rows distributed uniformly. Throws InvalidArgument on all ranks for options out of range, Error
/// before the work if it would take more than memory_bytes.
///
/// Collective. Work: about n R / c steps. Peak bytes per rank beyond graph and index: 16 n + 4 Mi of rows + 112 per
/// thread for every entry of the longest row (docs/ppr.md). Equal bits for any number of ranks and threads.
Index build_index(const ReplicatedGraph& graph, const IndexOptions& options = {});

/// Builds the same index, bit for bit, with the placement that choose_placement() makes of the options'; a `replicated`
/// one copies the graph to every node for the length of the call. Partitioned: rows are distributed as those of the
/// graph, and walks travel: at most 28 bytes a step and 4 a walk are sent; one thread. Collective.
Index build_index(const Graph& graph, const IndexOptions& options = {});

}  // namespace filigree::ppr
#pragma GCC visibility pop
