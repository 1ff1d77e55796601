// Queries of personalized PageRank.
//
//   q_s = c sum_k (1-c)^k s A^k                   s: seed distribution, A: row-stochastic by arc weights,
//                                                 zero on dangling rows
//   q_s = estimate + sum_v residual(v) q_v        after any pushes
//
// A query pushes until the residual is small; an index (filigree/ppr/index.hpp) walks the rest. q is linear in the
// seed, so nothing is normalised before the end. docs/ppr.md has methods, costs and memory.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "filigree/core/timing.hpp"
#include "filigree/matrix/transition.hpp"
#include "filigree/ppr/graph.hpp"
#include "filigree/ppr/index.hpp"

#pragma GCC visibility push(default)
namespace filigree::ppr {

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
  verd,  ///< push everything, `levels` times (vertex-centric decomposition, the paper's Algorithms 4 and 5)
};

struct QueryOptions {
  double teleport = 0.15;                ///< c = 1 - damping; must equal the index's, if there is one
  Dangling dangling = Dangling::source;  ///< `source` is the paper's
  Method method = Method::push;
  double target_error = 1e-2;  ///< push: L1 error to reach, with an index estimated, else guaranteed; in [1e-15, 2)
  int levels = 2;              ///< verd: T, >= 0
  int top = 0;                 ///< scores to return per query; 0 = all that are above 0
  Offset batch_bytes =
      Offset{2} << 30;     ///< memory that VERD and batches may take per thread, hubs and a partitioned batch per rank
  Progress progress = {};  ///< told the queries this rank has finished ("query"), before that hubs ("hubs", in groups)
  Filter filter = {};      ///< what it leaves out is replaced by others among the `top`
  Placement placement = Placement::automatic;  ///< of the calls that take a Graph
};

/// An answer: vertices and their scores.
struct Answer {
  std::span<const Global> vertices;  ///< by falling score and then rising id if `top` is set, else by rising id
  std::span<const double> scores;    ///< p of each
};

/// The answers of this rank's queries, in order: a range of Answer.
struct Result {
  std::vector<Offset> row_ptr{0};      ///< the scores of query i stand at row_ptr[i] .. row_ptr[i+1)
  std::vector<Global> vertex;          ///< of all answers, one after the other
  std::vector<double> score;           ///< the same
  std::vector<double> error_bound;     ///< per query: the L1 error of all its scores is never larger (rounding aside)
  std::vector<double> error_estimate;  ///< per query: expected upper bound of the same; equals the bound without index
  std::vector<double> index_share;     ///< per query: share of |q|_1 that came through the index
  Timings timings;
  Stats stats;  ///< over all ranks, named in docs/ppr.md

  std::size_t size() const { return row_ptr.empty() ? 0 : row_ptr.size() - 1; }
  /// Views this result.
  Answer operator[](std::size_t i) const& {
    const auto begin = static_cast<std::size_t>(row_ptr[i]);
    const auto length = static_cast<std::size_t>(row_ptr[i + 1]) - begin;
    return {std::span(vertex).subspan(begin, length), std::span(score).subspan(begin, length)};
  }
  Answer operator[](std::size_t i) const&& = delete;
  struct Iterator {
    using value_type = Answer;
    using difference_type = std::ptrdiff_t;
    const Result* result = nullptr;
    std::size_t i = 0;
    Answer operator*() const { return (*result)[i]; }
    Iterator& operator++() { return ++i, *this; }
    Iterator operator++(int) { return {result, i++}; }
    bool operator==(const Iterator&) const = default;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }
};

struct EngineState;

/// A replicated graph, an index if there is one, and what a query leaves for the next: tables, memory, the solution of
/// policy `uniform`, the plan of the last batch. For programs that ask more than once. Its calls change it: one thread
/// at a time. One that was moved from throws InvalidArgument where it is used. Making one and letting it go are
/// collective.
class Engine {
 public:
  /// Collective. Memory per node: 4 n bytes; with the solver, which the first query
  /// that may need it makes, 4 arcs + 40 n more (12 arcs with weights).
  explicit Engine(const ReplicatedGraph& graph);
  Engine(const ReplicatedGraph& graph, Index index);
  Engine(const ReplicatedGraph& graph, std::shared_ptr<const Index> index);
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  const ReplicatedGraph& graph() const;

 private:
  std::unique_ptr<EngineState> state_;
  friend EngineState& state_of(Engine& engine);
};

/// Answers every query by personalized PageRank; each rank passes queries and gets their answers. Scores are
/// q / |q|_1 with policy `source`; `self`: q(v)/c at dangling v; `uniform`: q + (1 - |q|_1) times the answer for the
/// uniform seed; `drop`: q. Without an index pushes reach `target_error`; VERD answers with its estimate.
///
/// Throws InvalidArgument on all ranks for options that are out of range or, except filter and progress, differ between
/// ranks; queries without seeds; vertices outside the graph; weights <= 0; repeated candidates; an index of another
/// graph or teleport.
///
/// Collective. Memory per thread: 17 n bytes, up to 193 n with the solver; 1200 n + 12 arcs if `batch_bytes` allows
/// groups: with VERD, or from 64 queries on; these may leave out scores of a hundredth of the target.
/// Equal bits for any number of threads; 1e-12 in L1 for any number of ranks. Costs: docs/ppr.md.
Result query(Engine& engine, std::span<const Query> queries, const QueryOptions& options = {});
/// Answers as query(Engine) does, and forgets what it made. A const graph may be asked from several threads where its
/// communicator has one rank.
Result query(const ReplicatedGraph& graph, std::span<const Query> queries, const QueryOptions& options = {});
Result query(const ReplicatedGraph& graph, const Index& index, std::span<const Query> queries,
             const QueryOptions& options = {});
/// Answers with the placement that choose_placement() makes of the options'; a `replicated` one copies the graph to
/// every node for the length of the call. Partitioned: every rank pushes at its own vertices and sends what crosses to
/// others, 16 bytes each; one thread; without an index n may be 2^31 and more. Scores agree with those of replicated
/// graphs to the target error, with VERD to 1e-12 in L1. Equal bits on every run on as many ranks. Collective.
Result query(const Graph& graph, std::span<const Query> queries, const QueryOptions& options = {});
Result query(const Graph& graph, const Index& index, std::span<const Query> queries, const QueryOptions& options = {});

/// Answers every query to an L1 error of `tolerance`, guaranteed up to rounding, in [1e-15, 2): query() by pushes
/// with that target. Of the options, method, levels and target_error are ignored. About 10 to 25 passes over all arcs a
/// query where the solver takes over (c = 0.2, 1e-12). Collective.
Result exact(Engine& engine, std::span<const Query> queries, double tolerance = 1e-12, QueryOptions options = {});
Result exact(const ReplicatedGraph& graph, std::span<const Query> queries, double tolerance = 1e-12,
             QueryOptions options = {});
Result exact(const Graph& graph, std::span<const Query> queries, double tolerance = 1e-12, QueryOptions options = {});

/// Finds the first k vertices of every query, k >= 1, and stops as soon as pushes can no longer change which they are
/// and their order, even if the error of their scores is above the target. Ties are pushed down to the target. Options
/// as of query() except method and top; throws InvalidArgument on all ranks for policies other than `source` and
/// `drop`, and for candidates. An index of the engine is not used. Collective. About half of the arcs of query() where
/// pushes alone answer; a solver goes all the way to the target.
Result top_k(Engine& engine, std::span<const Query> queries, int k, QueryOptions options = {});
Result top_k(const ReplicatedGraph& graph, std::span<const Query> queries, int k, QueryOptions options = {});

[[deprecated("pass the index by reference, or none")]] inline Result query(const ReplicatedGraph& graph,
                                                                           const Index* index,
                                                                           std::span<const Query> queries,
                                                                           const QueryOptions& options = {}) {
  return index == nullptr ? query(graph, queries, options) : query(graph, *index, queries, options);
}
[[deprecated("pass the index by reference, or none")]] inline Result query(const Graph& graph, const Index* index,
                                                                           std::span<const Query> queries,
                                                                           const QueryOptions& options = {}) {
  return index == nullptr ? query(graph, queries, options) : query(graph, *index, queries, options);
}

}  // namespace filigree::ppr
#pragma GCC visibility pop
