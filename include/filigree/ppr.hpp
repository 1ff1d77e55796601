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
#include "filigree/ppr_rows.hpp"

namespace filigree::ppr {

/// The graph as walks and pushes read it: whole, once per node. Whoever asks more than once makes it once; a Graph
/// passed to the functions below turns into one for the length of the call, unless it is too large. Peak bytes per
/// node: those of SharedCsr; 8 per arc and vertex of a weighted graph; once it was queried, 4 per vertex, and for a
/// symmetric graph 4 per arc (12 if weighted) and 36 per vertex, while they are made 60.
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

/// What an index counts, and how a count becomes a share of q.
enum class Estimator {
  visits,      ///< every vertex of a walk; q^(v) = c visits(v) / R (the paper's Algorithm 1, MCFP)
  end_points,  ///< where walks stopped; q^(v) = stops(v) / R (Algorithm 2, MCEP): needs 1/c times as many walks
  ratio,       ///< every vertex of a walk; q^(v) = visits(v) / all visits (the paper's form of MCFP; slightly biased)
};

/// Where the graph stands while walks go through it.
enum class Placement {
  automatic,    ///< replicated if a node's memory has room for it
  replicated,   ///< whole on every node: no walk crosses a rank. Needs fewer than 2^31 vertices
  partitioned,  ///< each rank has its rows; walks and residuals travel
};
/// What `automatic` means for a graph: replicated when 12 bytes per vertex and 4 per arc (28 with weights) fit into
/// what memory_bytes leaves on every node, or half of its memory without limit (0). Returns any other wish as it is.
/// Collective.
Placement choose_placement(const Graph& graph, Placement wanted, Offset memory_bytes = 0);

struct IndexOptions {
  int walks = 100;         ///< R, walks from every vertex, >= 1
  double teleport = 0.15;  ///< c, probability that a walk stops, before every step, in [1e-4, 1)
  Estimator estimator = Estimator::visits;
  std::uint64_t seed = 1;
  /// Bytes of the finished index over all ranks. Above 0 it takes the place of `walks`: each vertex gets as many walks
  /// as make the error of queries least for the bytes.
  Offset index_bytes = 0;
  Offset memory_bytes = 0;  ///< most that the build may take on a rank beyond the graph; 0 = no limit
  Placement placement = Placement::automatic;  ///< of build_index(Graph)
  Progress progress = {};                      ///< told the vertices done by this rank
};

struct IndexSummary;

/// What the walks from every vertex met. Rows are dealt out uniformly over ranks.
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

  /// What one count of a row is worth: q^(v) = scale x count(v). Goes through the row with Estimator::ratio.
  double scale(Local row) const;
};

/// R walks from every vertex. A walk stops with probability c before every step; at a vertex without out-arcs it
/// stops with probability c and dies otherwise, so that q keeps sum_k c (1-c)^k e_u A0^k. With `visits` and
/// `end_points` the estimate is unbiased. Lengths and first two steps of a source's walks are spread evenly instead of
/// independently (two randomly shifted lattices); each single walk keeps its law.
///
/// `index_bytes`: a query leaves a residual f(v) to the index, and its error is at most sum_v f(v) e_v. With
/// e_v = a_v R_v^-alpha and bytes b_v R_v^beta the best walks per vertex are R_v ~ (w_v a_v / b_v)^(1 / (alpha +
/// beta)), w_v being how much residual v expects: what uniform sources leave there after zero to two levels of pushes.
/// A pilot of 8 walks from every vertex (they do not enter the index, so it stays unbiased) measures a_v and b_v; 32
/// walks from some give alpha and beta; and the bytes of some rows correct the prediction. The total is at most
/// `index_bytes` and within 5 % of it, unless rows are saturated before: the walks of a vertex make at most 4096
/// visits for each byte of its row in the pilot.
///
/// Collective. Work: about n R / c steps, each two cache misses on large graphs. Peak bytes per rank beyond graph and
/// index: 16 n + four slices of rows (each 1 Mi, or 64 rows if they are longer); per thread 112 for every entry of the
/// longest row and 48 for every visit of 64 walks, of which there are at most 2^18 + 44 / c (1 Mi at c = 0.15); with
/// `index_bytes` also 64 per row and 16 n. Throws Error before the work when memory_bytes is less than an estimate of
/// the index's share, rather too high than too low, and these. Equal bits for any number of ranks and threads. Throws
/// InvalidArgument on all ranks for options out of range.
Index build_index(const ReplicatedGraph& graph, const IndexOptions& options = {});

/// The same index, bit for bit, with the placement that choose_placement() makes of the options'.
///
/// Partitioned: the rows of the index are dealt out as those of the graph. In rounds all walks of a batch of sources
/// take one step each at the rank that owns the vertex they are at; that rank notes the visit and sends the walk on.
/// Notes go to the source's owner at the end of the batch, as counts per (source, half, vertex): at most
/// 12 (1-c)/c bytes a walk (68 at c = 0.15); a walk that carried its visits along would take 4 for each of them at
/// every later step, 4 (1-c)/c^2 (151). Bytes sent (stats "bytes_sent", without those of pilots)
///   <= (16 + 12) x steps + 4 x walks,
/// of which a share of 1 - 1/ranks when arcs lead anywhere; nothing on one rank. Peak bytes per rank beyond graph and
/// index: as above, and in place of what a thread takes 128 Mi, or 64 for every visit of one source's walks if that is
/// more. One thread.
Index build_index(const Graph& graph, const IndexOptions& options = {});

/// A seed of a query. A query's weights must be finite and above 0; they are scaled to sum 1.
struct Seed {
  Global vertex = 0;
  double weight = 1;
};
using Query = std::vector<Seed>;

/// Which vertices the answers of this rank's queries show. Scores stay what they are in the whole graph: they are not
/// scaled up to what is left.
struct Filter {
  bool exclude_seeds = false;       ///< leave out the seeds of the query
  bool exclude_neighbours = false;  ///< leave out the vertices that an arc from a seed leads to (with a loop, the seed)
  std::vector<Global> candidates = {};  ///< show only these, in any order, none twice; empty = all vertices
};

enum class Method {
  push,  ///< push wherever the residual is large for the arcs it takes, until `target_error` is met
  verd,  ///< push everything, `levels` times (the paper's Algorithms 4 and 5)
};

struct QueryOptions {
  double teleport = 0.15;                ///< must equal the index's, if there is one
  Dangling dangling = Dangling::source;  ///< `source` is the paper's
  Method method = Method::push;
  double target_error =
      1e-2;        ///< push: on the L1 error; with an index estimated, without one guaranteed; in [1e-15, 2)
  int levels = 2;  ///< verd: T, >= 0
  int top = 0;     ///< scores to return per query; 0 = all that are above 0
  /// Stop as soon as pushes can no longer change which vertices are the first `top` and their order, even if the error
  /// is still above the target. Ties never settle. Needs `top`, pushes without index, policy `source` or `drop`, no
  /// candidates, a replicated graph.
  bool until_settled = false;
  Offset batch_bytes =
      Offset{2} << 30;     ///< memory that VERD and batches may take per thread, hubs and a partitioned batch per rank
  Progress progress = {};  ///< told the queries this rank has finished ("query"), before that hubs ("hubs", in groups)
  Filter filter = {};      ///< what it leaves out makes room for others among the `top`
  Placement placement = Placement::automatic;  ///< of query(Graph)
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
  /// Over all ranks: pushes, arcs_pushed (once for all queries of a group), arcs_solved, residuals_sent, index_entries,
  /// hub_entries (links between hubs used, the same), hub_arcs (pushed to make hubs, the same). Of partitioned graphs
  /// also levels (counted for each query), arcs_crossed (to rows of other ranks), bytes_sent.
  Stats stats;
};

/// Personalized PageRank of every query; each rank passes its own (possibly none) and gets their answers.
///
/// With policy `source` scores are q / |q|_1; `self`: q(v)/c at dangling v; `uniform`: q + (1 - |q|_1) times the answer
/// for the uniform seed, which the graph keeps (8 n per rank) for calls of the same teleport and error; `drop`: q
/// itself.
///
/// `index` may be null: then pushing alone reaches `target_error`, or VERD answers with what its levels settled.
/// Throws on all ranks: InvalidArgument for options out of range, an empty query, a seed outside the graph or of weight
/// <= 0, an index of another graph or teleport, a candidate outside the graph or there twice, options other than
/// filter and progress that are not the same on all ranks. Collective. Queries of a rank run on its threads; those of
/// large batches are dealt out anew, and answers travel back.
///
/// Pushes follow a slowly falling threshold on residual / out-arcs. On a symmetric graph, once they have come
/// everywhere, conjugate gradients take over. With VERD 16 queries are answered together where 256 n bytes a thread are
/// allowed.
///
/// From 64 queries on (over all ranks, pushes only, not until_settled, one filter) some are tried, and the cheapest of
/// three ways is taken for all of them; the graph keeps it for later batches of like teleport and target.
///  - One by one.
///  - Together: queries of all ranks are sorted by seed and dealt out in groups of 16 neighbours. A group shares its
///    pushes: arcs are read once for 16 residuals. No index is used. On cnr-2000 at 1e-2 in half the time.
///  - Together through hubs: n / 64 vertices, 64 to 16,384, that most walks pass, and what lies behind each, walked for
///    all queries by all ranks (Jeh, Widom, "Scaling Personalized Web Search", WWW 2003). On cnr-2000 at 1e-8 making
///    them costs what 60 to 80 queries do, and a query then takes a ninth of the time.
///
/// Scores that are together below a hundredth of the target may be left out then, unless there are candidates or only
/// the best are asked for.
///
/// Peak bytes per thread beyond the answers (16 a score, twice where they travel): 17 n, on symmetric graphs 81 n, with
/// VERD 272 n, which the graph keeps; together 4 n and up to 1,000 for every vertex reached, if batch_bytes allows
/// 1,000 n, and with hubs 272 each. Per rank: with an index 8 n; with hubs 24 n and 10 for every element of their rows
/// (cnr-2000 at 1e-8: 30 MB), and while they are made twice that.
///
/// Equal bits for any number of threads; to 1e-12 in L1 for any number of ranks. The way that is taken depends on what
/// else is asked, and changes an answer within its error.
Result query(const ReplicatedGraph& graph, const Index* index, std::span<const Query> queries,
             const QueryOptions& options = {});

/// The same with the placement that choose_placement() makes of the options'. Scores agree with those above to the
/// target error, with VERD to 1e-12 in L1.
///
/// Partitioned: every rank keeps the residual and the settled part of its vertices, for all queries of a batch. In a
/// level each rank pushes at its own vertices. What goes to vertices of others is summed by query and vertex and sent
/// at the end of it, 16 bytes each; then the norms of every query are summed, and those that meet their target stop.
/// Residuals go to the rank that has the row of the index (none has to where index.sources = graph.rows); each rank
/// adds up what it has of a query, and the rank that asked gets one sparse row from each, 16 bytes an entry. Bytes sent
/// (stats "bytes_sent"), nothing on one rank:
///   <= 16 x (seeds + arcs_crossed + residuals_sent + pushes + index_entries) + 8 x ranks x (4 x levels + 6 x queries)
/// and 8 n if the index has no summary; 9 a score with policy `self`; 8 n x (ranks - 1) and a query more with
/// `uniform`, whose answers have n scores; 16 a seed and 8 an out-arc of it with exclude_neighbours. An exchange
/// announces its lengths besides, 8 bytes from each rank to each.
///
/// Without index n may be 2^31 and more. There is no solver for symmetric graphs: to high accuracy they take longer.
/// One thread. A call goes through all arcs once, with an index twice, before it pushes. Peak bytes per rank beyond
/// answers, with r rows and g ghosts: 12 r + 20 g, with an index 8 r and, as far as its rows reach, 8 n, with `uniform`
/// 8 n; and `batch_bytes`, or twice those of one query if that is more: 16 r + 32 g and 16 for every ghost that other
/// ranks have here, with an index 64 r; 64 an entry of an answer. Equal bits on every run on as many ranks, however
/// queries are dealt out and batched.
Result query(const Graph& graph, const Index* index, std::span<const Query> queries, const QueryOptions& options = {});

struct ExactOptions {
  double teleport = 0.15;
  Dangling dangling = Dangling::source;
  double tolerance = 1e-12;  ///< on the L1 error, guaranteed but for rounding, in [1e-15, 2)
  int top = 0;
  Progress progress = {};
  Filter filter = {};
  Placement placement = Placement::automatic;  ///< of exact(Graph)
};

/// The same without an index, to `tolerance`. Cost per query at c = 0.2 and 1e-12: a few pushes of every arc in reach;
/// on symmetric graphs about 15 to 25 passes over all arcs. Collective.
Result exact(const ReplicatedGraph& graph, std::span<const Query> queries, const ExactOptions& options = {});
/// And with the placement that the options choose, as query().
Result exact(const Graph& graph, std::span<const Query> queries, const ExactOptions& options = {});

}  // namespace filigree::ppr
