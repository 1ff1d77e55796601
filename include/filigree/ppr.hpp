// Personalized PageRank: an index of random walks, built once, and queries that finish with it.
//
//   q_s = c sum_k (1-c)^k s A^k         s: seed distribution, A: row-stochastic by arc weights, zero on dangling rows
//   q_s = settled + sum_v f(v) q_v      after any pushes: what stayed, and a residual f that still has to walk
//
// The index holds an estimate of every q_v from R walks; a query pushes until the residual is small and lets the index
// walk the rest. q is linear in the seed, so nothing is normalised before the end.
//
// Source: Liu, Li, Lui, Cheng, "PowerWalk: Scalable Personalized PageRank via Random Walks with Vertex-Centric
// Decomposition", CIKM 2016.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "filigree/core/timing.hpp"
#include "filigree/matrix/dist_csr.hpp"
#include "filigree/matrix/transition.hpp"

namespace filigree::ppr {

/// The graph as walks and pushes read it: whole, once per node. Whoever asks more than once makes it once; a Graph
/// passed to the functions below turns into one for the length of the call. Peak bytes per node: those of SharedCsr,
/// and 8 more per arc of a weighted graph.
class ReplicatedGraph {
 public:
  /// Throws InvalidArgument on all ranks when the graph is not square, has no vertices, 2^31 or more of them, or a
  /// weight that is negative or not finite. Collective; every arc crosses the network once per other node.
  ReplicatedGraph(const Graph& graph);

  const Comm& comm() const;
  Global num_vertices() const;
  std::uint64_t hash() const;  ///< content_hash() of the graph

  struct Parts;
  const Parts& parts() const { return *parts_; }

 private:
  std::shared_ptr<const Parts> parts_;
};

struct IndexOptions {
  int walks = 100;         ///< R, walks from every vertex, >= 1
  double teleport = 0.15;  ///< c, probability that a walk stops, before every step, in [1e-4, 1)
  std::uint64_t seed = 1;
  Progress progress = {};  ///< told the vertices done by this rank
};

/// Visits of the walks from every vertex; the walk's first vertex counts. Dealt out uniformly over ranks.
struct Index {
  Partition sources;             ///< this rank holds the rows of sources.begin(rank) onwards
  Csr<std::int32_t> visits;      ///< row: source, column: visited vertex (global id), value: visits by all its walks
  std::vector<float> deviation;  ///< per row: estimate of the L1 error of its q, from the two halves of its walks
  int walks = 0;
  double teleport = 0;
  std::uint64_t seed = 0;
  std::uint64_t graph_hash = 0;
  Timings timings;
  Stats stats;  ///< walks, visits, entries: over all ranks
};

/// R walks from every vertex (the paper's Algorithm 1, MCFP). A walk dies at a vertex without out-arcs. The estimate
/// q_u(v) = c visits_u(v) / R is unbiased.
/// Collective. Work: about n R / c steps, each two cache misses on large graphs. Peak bytes per rank beyond graph and
/// index: 8 n per thread. Equal bits for any number of ranks and threads. Throws InvalidArgument on all ranks for
/// options out of range.
Index build_index(const ReplicatedGraph& graph, const IndexOptions& options = {});

/// A seed of a query. A query's weights must be finite and above 0; they are scaled to sum 1.
struct Seed {
  Global vertex = 0;
  double weight = 1;
};
using Query = std::vector<Seed>;

enum class Method {
  push,  ///< push wherever the residual is large for the arcs it takes, until `target_error` is met
  verd,  ///< push everything, `levels` times (the paper's Algorithms 4 and 5)
};

struct QueryOptions {
  double teleport = 0.15;                ///< must equal the index's, if there is one
  Dangling dangling = Dangling::source;  ///< `source` is the paper's
  Method method = Method::push;
  double target_error = 1e-2;  ///< push: on the L1 error; with an index estimated, without one guaranteed; in (0, 2)
  int levels = 2;              ///< verd: T, >= 0
  int top = 0;                 ///< scores to return per query; 0 = all that are above 0
  Progress progress = {};      ///< told the queries this rank has finished
};

/// Answers of this rank's queries, in order: the scores of query i stand at row_ptr[i] .. row_ptr[i+1).
struct Result {
  std::vector<Offset> row_ptr{0};
  std::vector<Global> vertex;          ///< by falling score and then rising id if `top` is set, else by rising id
  std::vector<double> score;           ///< p of the vertex
  std::vector<double> error_bound;     ///< per query: the L1 error of all its scores is never larger (rounding aside)
  std::vector<double> error_estimate;  ///< per query: expected upper bound of the same; equals the bound without index
  std::vector<double> index_share;     ///< per query: share of |q|_1 that came through the index
  Timings timings;
  Stats stats;  ///< pushes, arcs_pushed, residuals_sent, index_entries: over all ranks
};

/// Personalized PageRank of every query; each rank passes its own (possibly none) and gets their answers.
///
/// With policy `source` scores are q / |q|_1; `self`: q(v)/c at dangling v; `uniform`: q + (1 - |q|_1) times the answer
/// for the uniform seed; `drop`: q itself.
///
/// `index` may be null: then pushing alone reaches `target_error`, or VERD answers with what its levels settled.
/// Throws on all ranks: InvalidArgument for options out of range, an empty query, a seed outside the graph or of weight
/// <= 0, an index of another graph or teleport. Collective. Queries of a rank run on its threads, one thread each.
/// Peak bytes per rank: 17 n per thread, 8 n with an index, and for 64 queries at a time 16 per score and per residual:
/// up to 1,024 n for exact answers of everything. Equal bits for any
/// number of threads; to 1e-12 in L1 for any number of ranks.
Result query(const ReplicatedGraph& graph, const Index* index, std::span<const Query> queries,
             const QueryOptions& options = {});

struct ExactOptions {
  double teleport = 0.15;
  Dangling dangling = Dangling::source;
  double tolerance = 1e-12;  ///< on the L1 error, guaranteed but for rounding (about 1e-15 per sweep)
  int top = 0;
  Progress progress = {};
};

/// The same without an index, to `tolerance`: pushes that turn into sweeps over the whole graph. Cost: up to
/// log(tolerance) / log(1-c) passes over all arcs per query. Collective.
Result exact(const ReplicatedGraph& graph, std::span<const Query> queries, const ExactOptions& options = {});

}  // namespace filigree::ppr
