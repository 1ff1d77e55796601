#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/parallel_for.hpp"
#include "ppr/decomposition.hpp"

namespace filigree::ppr {
namespace {

constexpr double least_error = 1e-15;  // below it rounding decides
constexpr Offset block_size = 64;      // queries of a rank in flight at a time

/// `value` belongs to vertex `vertex` of the query number `query` of a block: a residual on its way to the index, or a
/// score on its way back.
struct Term {
  std::int32_t query;
  Local vertex;
  double value;
};

void check(const ReplicatedGraph& graph, const Index* index, std::span<const Query> queries,
           const QueryOptions& options) {
  check_teleport(options.teleport);
  require(options.target_error >= least_error && options.target_error < 2, "target error: ", options.target_error,
          ", must lie in [1e-15, 2)");
  require(options.levels >= 0, "levels: ", options.levels, ", must be at least 0");
  require(options.top >= 0, "top: ", options.top, ", must be at least 0 (0 = all)");
  if (index != nullptr) {
    require(index->graph_hash == graph.hash(), "index: it was built for another graph (hash ", std::hex,
            index->graph_hash, ", this graph has ", graph.hash(), ")");
    require(index->teleport == options.teleport, "index: it was built with teleport ", index->teleport,
            ", the query has ", options.teleport);
    require(index->sources.num_parts() == graph.comm().size() && index->sources.num_items() == graph.num_vertices(),
            "index: it covers ", index->sources.num_items(), " vertices on ", index->sources.num_parts(),
            " ranks, the graph has ", graph.num_vertices(), " on ", graph.comm().size());
  }
  graph.comm().guard([&] {
    for (std::size_t i = 0; i < queries.size(); ++i) {
      require(!queries[i].empty(), "query ", i, " has no seeds");
      for (const Seed& seed : queries[i]) {
        require(seed.vertex >= 0 && seed.vertex < graph.num_vertices(), "query ", i, ": seed ", seed.vertex,
                " is not a vertex; the graph has ", graph.num_vertices());
        require(seed.weight > 0 && std::isfinite(seed.weight), "query ", i, ": seed ", seed.vertex, " has weight ",
                seed.weight, ", must be finite and above 0");
      }
    }
  });
}

/// What an index says about every vertex before any of its rows is read: the mass |q^_v|_1 and its expected error.
struct IndexSummary {
  std::vector<float> mass;
  std::vector<float> deviation;
  double largest_mass = 0;
};

IndexSummary summarize(const Comm& comm, const Index& index) {
  std::vector<float> mass;
  for (Local row = 0; row < index.visits.num_rows(); ++row) {
    const auto counts = index.visits.view().vals(row);
    const auto visits = std::accumulate(counts.begin(), counts.end(), Offset{0});
    mass.push_back(static_cast<float>(index.teleport * static_cast<double>(visits) / index.walks));
  }
  IndexSummary summary;
  summary.mass = comm.all_gather(std::span<const float>(mass)).values;
  summary.deviation = comm.all_gather(std::span<const float>(index.deviation)).values;
  summary.largest_mass = *std::max_element(summary.mass.begin(), summary.mass.end());
  return summary;
}

/// How the dangling policy turns q into p, and an error of q into one of p.
class Policy {
 public:
  Policy(const ReplicatedGraph& graph, const QueryOptions& options) : graph_(graph.parts()), options_(options) {
    if (options.dangling != Dangling::uniform) return;
    // Every rank finds the same answer for itself: exchanging it would cost more than it saves.
    Decomposition all(graph_, options.teleport);
    all.start({});
    const double target = std::max(least_error, options.target_error / 8);
    do {
      all.sweep_above(0);
      uniform_error_ = 2 * sum(all.residual()) / all.settled_mass();
    } while (uniform_error_ > target);
    all.settled().for_each([&](Local, double q) { uniform_.push_back(q / all.settled_mass()); });
  }

  /// L1 error of p when q has L1 norm `norm` and an L1 error of `error`.
  double error(double error, double norm) const {
    switch (options_.dangling) {
      case Dangling::source: return std::min(2.0, 2 * error / norm);
      case Dangling::self: return std::min(2.0, error / options_.teleport);
      case Dangling::uniform: return std::min(2.0, 2 * error + (1 - norm) * uniform_error_);
      case Dangling::drop: break;
    }
    return std::min(2.0, error);
  }

  /// Scores in place of `row`, which holds q by rising vertex.
  void apply(std::vector<Term>& row) const {
    double norm = 0;
    for (const Term& term : row) norm += term.value;
    switch (options_.dangling) {
      case Dangling::source:
        for (Term& term : row) term.value /= norm;
        break;
      case Dangling::self:
        for (Term& term : row) term.value /= graph_.out_weight(term.vertex) == 0 ? options_.teleport : 1;
        break;
      case Dangling::uniform: {
        std::vector<Term> dense(uniform_.size());
        for (std::size_t v = 0; v < dense.size(); ++v) dense[v] = {0, static_cast<Local>(v), (1 - norm) * uniform_[v]};
        for (const Term& term : row) dense[static_cast<std::size_t>(term.vertex)].value += term.value;
        row = std::move(dense);
        break;
      }
      case Dangling::drop: break;
    }
  }

  static double sum(const SparseVector& values) {
    double total = 0;
    values.for_each([&](Local, double x) { total += x; });
    return total;
  }

 private:
  const ReplicatedGraph::Parts& graph_;
  QueryOptions options_;
  std::vector<double> uniform_;  // the answer for the uniform seed, policy `uniform` only
  double uniform_error_ = 0;
};

/// L1 norms of a decomposition: they decide when to stop, and what can be said of the error.
struct Norms {
  double settled = 0;
  double residual = 0;        // |f|_1
  double indexed = 0;         // sum_v f(v) |q^_v|_1
  double expected_error = 0;  // sum_v f(v) deviation_v
};

Norms norms_of(const Decomposition& query, const IndexSummary* index) {
  Norms norms;
  norms.settled = query.settled_mass();
  query.residual().for_each([&](Local v, double f) {
    norms.residual += f;
    if (index == nullptr) return;
    norms.indexed += f * index->mass[static_cast<std::size_t>(v)];
    norms.expected_error += f * index->deviation[static_cast<std::size_t>(v)];
  });
  if (index == nullptr) norms.expected_error = norms.residual;
  return norms;
}

/// Pushes until the error that is left to the index, or to nobody, meets the target.
void decompose(Decomposition& query, const IndexSummary* index, const Policy& policy, const QueryOptions& options) {
  if (options.method == Method::verd) {
    for (int level = 0; level < options.levels; ++level) query.push_level();
    return;
  }
  // A slowly falling threshold pushes the residuals that buy most for their arcs first: fewer arcs than a queue with a
  // fixed threshold, and in memory order.
  constexpr double fall = 0.7;
  const auto off_target = [&] {
    const Norms norms = norms_of(query, index);
    const double norm = norms.settled + norms.indexed;
    return norms.residual > 0 && (norm == 0 || policy.error(norms.expected_error, norm) > options.target_error);
  };
  for (double rmax = query.largest_ratio(); off_target(); rmax *= fall) query.sweep_above(rmax);
}

/// A decomposed query that waits for its residual to be walked.
struct Partial {
  std::vector<Term> settled;
  std::vector<Term> residual;
  Norms norms;
};

Partial collect(const Decomposition& query, std::int32_t number, const IndexSummary* index) {
  Partial partial;
  query.settled().for_each([&](Local v, double x) { partial.settled.push_back({number, v, x}); });
  query.residual().for_each([&](Local v, double x) { partial.residual.push_back({number, v, x}); });
  partial.norms = norms_of(query, index);
  return partial;
}

/// Residuals of this rank's queries -> their walks' part of q, through the owners of the index rows. Both sorted by
/// query, and within a query by owner and vertex. Collective.
std::vector<Term> walk_residuals(const Comm& comm, const Index& index, std::span<const Partial> block, Stats& stats) {
  const auto owner = [&](const Term& term) { return static_cast<std::size_t>(index.sources.owner(term.vertex)); };
  std::vector<Offset> counts(static_cast<std::size_t>(comm.size()), 0);
  for (const Partial& partial : block) {
    for (const Term& term : partial.residual) ++counts[owner(term)];
  }
  std::vector<Offset> next(counts.size(), 0);
  std::exclusive_scan(counts.begin(), counts.end(), next.begin(), Offset{0});
  std::vector<Term> outgoing(static_cast<std::size_t>(std::accumulate(counts.begin(), counts.end(), Offset{0})));
  for (const Partial& partial : block) {
    for (const Term& term : partial.residual) outgoing[static_cast<std::size_t>(next[owner(term)]++)] = term;
  }
  const auto asked = comm.all_to_all(std::span<const Term>(outgoing), counts);
  stats["residuals_sent"] += static_cast<Offset>(outgoing.size());

  // A run: the residuals of one query of one rank. Each becomes one sparse row.
  struct Run {
    std::size_t rank, begin, end;
    std::vector<Term> row;
    Offset entries = 0;
  };
  std::vector<Run> runs;
  std::size_t at = 0;
  for (std::size_t rank = 0; rank < asked.counts.size(); ++rank) {
    const std::size_t end = at + static_cast<std::size_t>(asked.counts[rank]);
    while (at < end) {
      Run run{rank, at, at, {}, 0};
      while (run.end < end && asked.values[run.end].query == asked.values[at].query) ++run.end;
      at = run.end;
      runs.push_back(std::move(run));
    }
  }
  comm.guard([&] {
    const CsrView<std::int32_t> visits = index.visits.view();
    const Global first = index.sources.begin(comm.rank());
    const double scale = index.teleport / index.walks;
    const auto sum_rows = [&](SparseVector& sum, Offset i) {
      Run& run = runs[static_cast<std::size_t>(i)];
      for (std::size_t k = run.begin; k < run.end; ++k) {
        const auto row = static_cast<Local>(asked.values[k].vertex - first);
        const auto vertices = visits.cols(row);
        const auto walked = visits.vals(row);
        const double weight = scale * asked.values[k].value;
        for (std::size_t e = 0; e < vertices.size(); ++e) sum.add(vertices[e], weight * walked[e]);
        run.entries += static_cast<Offset>(vertices.size());
      }
      const std::int32_t query = asked.values[run.begin].query;
      sum.for_each([&](Local v, double x) { run.row.push_back({query, v, x}); });
      sum.clear();
    };
    parallel_for(
        static_cast<Offset>(runs.size()), [&] { return SparseVector(visits.num_cols); }, sum_rows, [](Offset) {});
  });

  std::vector<Term> answers;
  std::vector<Offset> answer_counts(counts.size(), 0);
  for (const Run& run : runs) {
    answers.insert(answers.end(), run.row.begin(), run.row.end());
    answer_counts[run.rank] += static_cast<Offset>(run.row.size());
    stats["index_entries"] += run.entries;
  }
  std::vector<Term> walked = comm.all_to_all(std::span<const Term>(answers), answer_counts).values;
  std::stable_sort(walked.begin(), walked.end(), [](const Term& a, const Term& b) { return a.query < b.query; });
  return walked;
}

/// The best `top` scores by falling score, ties by rising vertex.
void keep_top(std::vector<Term>& row, int top) {
  const auto better = [](const Term& a, const Term& b) {
    return a.value > b.value || (a.value == b.value && a.vertex < b.vertex);
  };
  const auto count = std::min(row.size(), static_cast<std::size_t>(top));
  std::partial_sort(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(count), row.end(), better);
  row.resize(count);
}

}  // namespace

Result query(const ReplicatedGraph& graph, const Index* index, std::span<const Query> queries,
             const QueryOptions& options) {
  check(graph, index, queries, options);
  const Comm& comm = graph.comm();
  const ReplicatedGraph::Parts& parts = graph.parts();
  const auto num_vertices = parts.arcs().num_rows();

  Result result;
  Stats counted{{"pushes", 0}, {"arcs_pushed", 0}, {"residuals_sent", 0}, {"index_entries", 0}};
  IndexSummary summary;
  if (index != nullptr) summary = summarize(comm, *index);
  const IndexSummary* known = index == nullptr ? nullptr : &summary;
  const Policy policy = comm.guard([&] { return Policy(graph, options); });

  const auto num_queries = static_cast<Offset>(queries.size());
  const Offset num_blocks = comm.max((num_queries + block_size - 1) / block_size);
  for (Offset number = 0; number < num_blocks; ++number) {
    const Offset first = std::min(number * block_size, num_queries);
    const Offset length = std::min(block_size, num_queries - first);
    std::vector<Partial> block(static_cast<std::size_t>(length));
    comm.guard([&] {
      const Phase phase(result.timings, "push");
      std::vector<std::pair<Offset, Offset>> work(block.size());
      const auto take_apart = [&](Decomposition& parts_of, Offset i) {
        const auto b = static_cast<std::size_t>(i);
        parts_of.start(queries[static_cast<std::size_t>(first + i)]);
        decompose(parts_of, known, policy, options);
        block[b] = collect(parts_of, static_cast<std::int32_t>(i), known);
        work[b] = {parts_of.num_pushes(), parts_of.num_arcs_pushed()};
      };
      parallel_for(
          length, [&] { return Decomposition(parts, options.teleport); }, take_apart,
          [&](Offset done) {
            if (options.progress) options.progress("query", first + done, num_queries);
          });
      for (const auto& [pushes, arcs] : work) {
        counted["pushes"] += pushes;
        counted["arcs_pushed"] += arcs;
      }
    });

    std::vector<Term> walked;
    if (index != nullptr) {
      const Phase phase(result.timings, "index");
      walked = walk_residuals(comm, *index, block, counted);
    }

    comm.guard([&] {
      const Phase phase(result.timings, "merge");
      const auto before = [](const Term& term, std::int32_t q) { return term.query < q; };
      const auto merge = [&](SparseVector& sum, Offset i) {
        Partial& partial = block[static_cast<std::size_t>(i)];
        const auto q = static_cast<std::int32_t>(i);
        for (const Term& term : partial.settled) sum.add(term.vertex, term.value);
        auto term = std::lower_bound(walked.begin(), walked.end(), q, before);
        for (; term != walked.end() && term->query == q; ++term) sum.add(term->vertex, term->value);
        partial.settled.clear();
        sum.for_each([&](Local v, double x) {
          if (x > 0) partial.settled.push_back({q, v, x});
        });
        sum.clear();
      };
      parallel_for(
          length, [&] { return SparseVector(num_vertices); }, merge, [](Offset) {});

      for (Partial& partial : block) {
        double norm = 0;
        for (const Term& term : partial.settled) norm += term.value;
        // |q - q^|_1 <= sum_v f(v) (|q_v|_1 + |q^_v|_1), and |q_v|_1 <= 1
        const double worst = partial.norms.residual * (index == nullptr ? 1 : 1 + summary.largest_mass);
        result.error_bound.push_back(norm > 0 ? policy.error(worst, norm) : 2);
        result.error_estimate.push_back(norm > 0 ? policy.error(partial.norms.expected_error, norm) : 2);
        result.index_share.push_back(norm > 0 ? partial.norms.indexed / norm : 0);
        policy.apply(partial.settled);
        if (options.top > 0) keep_top(partial.settled, options.top);
        for (const Term& term : partial.settled) {
          result.vertex.push_back(term.vertex);
          result.score.push_back(term.value);
        }
        result.row_ptr.push_back(static_cast<Offset>(result.vertex.size()));
      }
    });
  }

  for (const auto& [name, count] : counted) result.stats[name] = comm.sum(count);
  return result;
}

Result exact(const ReplicatedGraph& graph, std::span<const Query> queries, const ExactOptions& options) {
  QueryOptions as_query;
  as_query.teleport = options.teleport;
  as_query.dangling = options.dangling;
  as_query.target_error = options.tolerance;
  as_query.top = options.top;
  as_query.progress = options.progress;
  return query(graph, nullptr, queries, as_query);
}

}  // namespace filigree::ppr
