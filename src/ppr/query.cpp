#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "core/parallel_for.hpp"
#include "ppr/decomposition.hpp"
#include "ppr/filter.hpp"
#include "ppr/policy.hpp"

namespace filigree::ppr {
namespace {

constexpr double least_error = 1e-15;       // below it rounding decides
constexpr std::size_t in_flight = 256;      // queries of a rank whose residuals wait for other ranks at a time
constexpr std::size_t fewest_together = 4;  // fewer queries are answered one by one

/// `value` belongs to vertex `vertex` of the query number `query` of those in flight: a residual on its way to the
/// index, or a score on its way back.
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
  require(options.batch_bytes >= 0, "batch bytes: ", options.batch_bytes, ", must be at least 0");
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
      double total = 0;
      for (const Seed& seed : queries[i]) {
        require(seed.vertex >= 0 && seed.vertex < graph.num_vertices(), "query ", i, ": seed ", seed.vertex,
                " is not a vertex; the graph has ", graph.num_vertices());
        require(seed.weight > 0 && std::isfinite(seed.weight), "query ", i, ": seed ", seed.vertex, " has weight ",
                seed.weight, ", must be finite and above 0");
        total += seed.weight;
      }
      require(std::isfinite(total), "query ", i, ": the weights of its seeds add up to more than a double holds");
    }
  });
}

/// Everything that queries of one call share.
struct Setting {
  const ReplicatedGraph::Parts& graph;
  const Comm& comm;
  const Index* index;
  const IndexSummary* summary;
  const Policy& policy;
  const QueryOptions& options;
};

/// Pushes until the error that is left to the index, or to nobody, meets the target. On a symmetric graph where
/// everything has come into reach it ends before and returns the residual that a solver should go on to: iterations
/// over the whole graph have nothing to lose then, and converge faster.
std::optional<double> push_to_target(Decomposition<1>& query, const Setting& setting) {
  const Policy& policy = setting.policy;
  const double target = setting.options.target_error;
  const auto off_target = [&](const Norms& norms) {
    const double norm = norms.settled + norms.indexed;
    return norms.residual + norms.unsolved > 0 && (norm == 0 || policy.error(norms.expected_error, norm) > target);
  };
  // Looking costs a pass over all that was touched: not while the error, at the last look's share of the residual, is
  // well above the target; and a close look only when a rough one finds nothing.
  Norms seen = query.rough_norms(setting.summary);
  const auto is_off = [&] {
    Norms now = query.rough_norms(nullptr);
    now.indexed = seen.residual > 0 ? seen.indexed * now.residual / seen.residual : 0;
    now.expected_error = seen.residual > 0 ? 0.8 * seen.expected_error * now.residual / seen.residual : 0;
    if (off_target(now)) return true;
    seen = query.rough_norms(setting.summary);
    return off_target(seen) || off_target(query.norms(setting.summary)[0]);
  };
  // A slowly falling threshold pushes the residuals that buy most for their arcs first: half the arcs that a fixed one
  // takes, and less the slower it falls until looking for them costs more than they save.
  constexpr double fall = 0.8;
  const Offset many_arcs = setting.graph.arcs().num_nonzeros() / 2;
  for (double rmax = query.largest_ratio(); is_off(); rmax *= fall) {
    if (setting.graph.tables->is_symmetric && query.num_arcs_pushed() > many_arcs) {
      // Nearly all that is left to push will settle.
      const Norms norms = query.norms(nullptr)[0];
      return policy.goal(target, (norms.settled + norms.residual) / (1 + target / 2));
    }
    if (rmax < std::numeric_limits<double>::min()) break;  // what is left is too small to count
    query.sweep_above(rmax);
  }
  return std::nullopt;
}

/// An answer on its way: q as far as it is known, and residuals whose index rows other ranks hold.
struct Partial {
  Row q;
  Row residual;
  Norms norms;
};

/// Lets this rank's rows of the index walk what they can, and takes the answers out. partial[lane] null: not that one.
template <int lanes>
void collect(Decomposition<lanes>& parts, const Setting& setting, const std::array<Partial*, lanes>& partial) {
  const auto norms = parts.norms(setting.summary);
  for (std::size_t l = 0; l < lanes; ++l) {
    if (partial[l] != nullptr) partial[l]->norms = norms[l];
  }
  if (setting.index != nullptr) {
    parts.walk(*setting.index, setting.index->sources.begin(setting.comm.rank()));
    if (setting.comm.size() > 1)
      parts.for_residual([&](int lane, Local v, double x) { partial[z(lane)]->residual.add(v, x); });
  }
  parts.for_settled([&](int lane, Local v, double x) { partial[z(lane)]->q.add(v, x); });
}

/// What was done for a query or a group of them.
template <int lanes>
Stats work_of(const Decomposition<lanes>& parts) {
  return {{"pushes", parts.num_pushes()},
          {"arcs_pushed", parts.num_arcs_pushed()},
          {"arcs_solved", parts.num_arcs_solved()},
          {"index_entries", parts.num_index_entries()}};
}

Stats answer(Decomposition<1>& parts, std::span<const Query* const> query, const Setting& setting,
             std::span<Partial> partial) {
  parts.start(query, setting.options.teleport);
  if (setting.options.method == Method::verd) {
    for (int level = 0; level < setting.options.levels; ++level) parts.push_level();
  } else if (const auto goal = push_to_target(parts, setting)) {
    parts.solve({*goal});
  }
  collect<1>(parts, setting, {&partial[0]});
  return work_of(parts);
}

/// Levels of VERD go together. Pushes by threshold are few and far apart, so each query does its own; those that come
/// to the solver go on together.
Stats answer(Decomposition<many>& parts, std::span<const Query* const> queries, const Setting& setting,
             std::span<Partial> partial) {
  std::array<Partial*, many> of_lane{};
  if (setting.options.method == Method::verd) {
    parts.start(queries, setting.options.teleport);
    for (int level = 0; level < setting.options.levels; ++level) parts.push_level();
    for (std::size_t l = 0; l < queries.size(); ++l) of_lane[l] = &partial[l];
    collect<many>(parts, setting, of_lane);
    return work_of(parts);
  }
  parts.start({}, setting.options.teleport);
  const auto alone =
      setting.graph.tables->single.take([&] { return std::make_unique<Decomposition<1>>(setting.graph); });
  Stats work;
  std::array<double, many> goal{};
  int num_lanes = 0;
  for (std::size_t l = 0; l < queries.size(); ++l) {
    alone->start(queries.subspan(l, 1), setting.options.teleport);
    if (const auto rest = push_to_target(*alone, setting)) {
      goal[z(num_lanes)] = *rest;
      of_lane[z(num_lanes)] = &partial[l];
      parts.take_over(num_lanes++, *alone);
    } else {
      collect<1>(*alone, setting, {&partial[l]});
    }
    for (const auto& [name, count] : work_of(*alone)) work[name] += count;
  }
  if (num_lanes > 0) {
    parts.solve(goal);
    collect<many>(parts, setting, of_lane);
    for (const auto& [name, count] : work_of(parts)) work[name] += count;
  }
  return work;
}

/// The queries of a call in groups that are answered together: neighbours by seed, as they tend to meet the same
/// vertices. `order` lists their numbers, group after group.
struct Groups {
  std::vector<std::size_t> order;
  std::vector<std::size_t> begin;  ///< of each group in `order`, and the end
};

Groups make_groups(std::span<const Query> queries, bool together) {
  Groups groups;
  groups.order.resize(queries.size());
  std::iota(groups.order.begin(), groups.order.end(), std::size_t{0});
  std::stable_sort(groups.order.begin(), groups.order.end(),
                   [&](std::size_t a, std::size_t b) { return queries[a].front().vertex < queries[b].front().vertex; });
  for (std::size_t at = 0; at < queries.size();) {
    groups.begin.push_back(at);
    const std::size_t left = queries.size() - at;
    at += together && left >= fewest_together ? std::min(left, std::size_t{many}) : 1;
  }
  groups.begin.push_back(queries.size());
  return groups;
}

/// Residuals that wait for rows of other ranks -> their walks' part of q, by query and vertex. Collective.
std::vector<Term> walk_elsewhere(const Setting& setting, std::span<Partial> partial, Stats& stats) {
  const Comm& comm = setting.comm;
  const Index& index = *setting.index;
  const auto owner = [&](Local v) { return z(index.sources.owner(v)); };
  std::vector<Offset> counts(z(comm.size()), 0);
  for (const Partial& query : partial) {
    for (Local v : query.residual.vertex) ++counts[owner(v)];
  }
  std::vector<Offset> next(counts.size(), 0);
  std::exclusive_scan(counts.begin(), counts.end(), next.begin(), Offset{0});
  std::vector<Term> outgoing(z(std::accumulate(counts.begin(), counts.end(), Offset{0})));
  for (std::size_t q = 0; q < partial.size(); ++q) {
    const Row& residual = partial[q].residual;
    for (std::size_t k = 0; k < residual.size(); ++k) {
      const Local v = residual.vertex[k];
      outgoing[z(next[owner(v)]++)] = {static_cast<std::int32_t>(q), v, residual.value[k]};
    }
  }
  const auto asked = comm.all_to_all(std::span<const Term>(outgoing), counts);
  stats["residuals_sent"] += std::ssize(outgoing);

  // A run: the residuals of one query of one rank. Each becomes one sparse row.
  struct Run {
    std::size_t rank, begin, end;
    std::vector<Term> row;
    Offset entries = 0;
  };
  std::vector<Run> runs;
  std::size_t at = 0;
  for (std::size_t rank = 0; rank < asked.counts.size(); ++rank) {
    const std::size_t end = at + z(asked.counts[rank]);
    while (at < end) {
      Run run{rank, at, at, {}, 0};
      while (run.end < end && asked.values[run.end].query == asked.values[at].query) ++run.end;
      at = run.end;
      runs.push_back(std::move(run));
    }
  }
  comm.guard([&] {
    const auto sum_rows = [&](Decomposition<1>& sum, Offset i) {
      Run& run = runs[z(i)];
      Row residual;
      for (std::size_t k = run.begin; k < run.end; ++k) residual.add(asked.values[k].vertex, asked.values[k].value);
      sum.start(residual.vertex, residual.value);
      sum.walk(index, index.sources.begin(comm.rank()));
      const std::int32_t query = asked.values[run.begin].query;
      sum.for_settled([&](int, Local v, double x) { run.row.push_back({query, v, x}); });
      run.entries = sum.num_index_entries();
    };
    parallel_for_pooled(setting.graph.tables->single, setting.graph, std::ssize(runs), sum_rows, [](Offset) {});
  });

  std::vector<Term> answers;
  std::vector<Offset> answer_counts(counts.size(), 0);
  for (const Run& run : runs) {
    answers.insert(answers.end(), run.row.begin(), run.row.end());
    answer_counts[run.rank] += std::ssize(run.row);
    stats["index_entries"] += run.entries;
  }
  std::vector<Term> walked = comm.all_to_all(std::span<const Term>(answers), answer_counts).values;
  std::sort(walked.begin(), walked.end(),
            [](const Term& a, const Term& b) { return a.query != b.query ? a.query < b.query : a.vertex < b.vertex; });
  return walked;
}

/// row + terms, both by rising vertex; a vertex occurs once in the row.
Row add_terms(const Row& row, std::span<const Term> terms) {
  Row sum;
  std::size_t k = 0;
  for (const Term& term : terms) {
    for (; k < row.size() && row.vertex[k] <= term.vertex; ++k) sum.add(row.vertex[k], row.value[k]);
    if (sum.size() > 0 && sum.vertex.back() == term.vertex)
      sum.value.back() += term.value;
    else
      sum.add(term.vertex, term.value);
  }
  for (; k < row.size(); ++k) sum.add(row.vertex[k], row.value[k]);
  return sum;
}

/// The best `top` scores by falling score, ties by rising vertex.
void keep_top(Row& row, int top) {
  const auto count = std::min(row.size(), static_cast<std::size_t>(top));
  std::vector<std::pair<double, Local>> best(row.size());
  for (std::size_t k = 0; k < row.size(); ++k) best[k] = {-row.value[k], row.vertex[k]};
  const auto end = best.begin() + static_cast<std::ptrdiff_t>(count);
  std::nth_element(best.begin(), end, best.end());
  std::sort(best.begin(), end);
  row.vertex.resize(count);
  row.value.resize(count);
  for (std::size_t k = 0; k < count; ++k) {
    row.value[k] = -best[k].first;
    row.vertex[k] = best[k].second;
  }
}

}  // namespace

std::shared_ptr<const IndexSummary> summarize(const Comm& comm, const Index& index) {
  std::vector<float> mass;
  for (Local row = 0; row < index.visits.num_rows(); ++row) {
    Offset visits = 0;
    index.visits.for_each(row, [&](Local, std::int32_t count) { visits += count; });
    mass.push_back(static_cast<float>(index.scale(row) * static_cast<double>(visits)));
  }
  auto summary = std::make_shared<IndexSummary>();
  summary->mass = comm.all_gather(std::span<const float>(mass)).values;
  summary->deviation = comm.all_gather(std::span<const float>(index.deviation)).values;
  summary->largest_mass = static_cast<double>(*std::max_element(summary->mass.begin(), summary->mass.end()));
  summary->mass.resize(summary->mass.size() + block_size, 0);
  summary->deviation.resize(summary->deviation.size() + block_size, 0);
  return summary;
}

Result query(const ReplicatedGraph& graph, const Index* index, std::span<const Query> queries,
             const QueryOptions& options) {
  check(graph, index, queries, options);
  const Comm& comm = graph.comm();
  const ReplicatedGraph::Parts& parts = graph.parts();

  Result result;
  Stats counted{{"pushes", 0}, {"arcs_pushed", 0}, {"arcs_solved", 0}, {"residuals_sent", 0}, {"index_entries", 0}};
  std::shared_ptr<const IndexSummary> summary;
  if (index != nullptr) summary = index->summary ? index->summary : summarize(comm, *index);
  const Policy policy =
      comm.guard([&] { return Policy(parts, options.dangling, options.teleport, options.target_error); });
  const RowFilter filter = comm.guard([&] { return RowFilter(parts, options.filter); });
  const Setting setting{parts, comm, index, summary.get(), policy, options};

  const bool symmetric = parts.tables->is_symmetric;
  const Offset bytes_together = (symmetric ? 1200 : 256) * graph.num_vertices();
  const bool together = (options.method == Method::verd || symmetric) && bytes_together <= options.batch_bytes;
  const Groups groups = make_groups(queries, together);
  std::vector<Row> rows(queries.size());
  result.error_bound.resize(queries.size());
  result.error_estimate.resize(queries.size());
  result.index_share.resize(queries.size());
  const auto finish = [&](std::size_t number, Partial& partial) {
    const double norm = partial.q.sum();
    // |q - q^|_1 <= sum_v f(v) (|q_v|_1 + |q^_v|_1), and |q_v|_1 <= 1
    const double worst =
        partial.norms.residual * (index == nullptr ? 1 : 1 + summary->largest_mass) + partial.norms.unsolved;
    result.error_bound[number] = norm > 0 ? policy.error(worst, norm) : 2;
    result.error_estimate[number] = norm > 0 ? policy.error(partial.norms.expected_error, norm) : 2;
    result.index_share[number] = norm > 0 ? partial.norms.indexed / norm : 0;
    policy.apply(partial.q);
    filter.apply(queries[number], partial.q);
    if (options.top > 0) keep_top(partial.q, options.top);
    rows[number] = std::move(partial.q);
  };

  const std::size_t num_groups = groups.begin.size() - 1;
  const bool waits = index != nullptr && comm.size() > 1;
  std::size_t group = 0;
  for (bool more = true; more; more = waits && comm.max(static_cast<int>(group < num_groups)) != 0) {
    // As many groups as may be in flight; all of them where nothing waits for other ranks.
    const std::size_t first_group = group;
    const std::size_t first = groups.begin[std::min(group, num_groups)];
    while (group < num_groups && (!waits || groups.begin[group + 1] - first <= in_flight)) ++group;
    const std::size_t count = groups.begin[group] - first;
    std::vector<Partial> partial(waits ? count : 0);
    std::vector<Stats> work(group - first_group);
    comm.guard([&] {
      const Phase phase(result.timings, "push");
      const auto answer_group = [&](auto& parts_of, Offset i) {
        const std::size_t begin = groups.begin[first_group + z(i)];
        const auto numbers = std::span(groups.order).subspan(begin, groups.begin[first_group + z(i) + 1] - begin);
        std::vector<Partial> own(waits ? 0 : numbers.size());
        const std::span<Partial> out =
            waits ? std::span(partial).subspan(begin - first, numbers.size()) : std::span(own);
        std::vector<const Query*> asked;
        for (std::size_t number : numbers) asked.push_back(&queries[number]);
        work[z(i)] = answer(parts_of, asked, setting, out);
        for (std::size_t l = 0; l < own.size(); ++l) finish(numbers[l], own[l]);
      };
      const auto tell = [&](Offset done) {
        if (options.progress)
          options.progress("query", static_cast<Offset>(groups.begin[first_group + z(done)]), std::ssize(queries));
      };
      // Single queries stand behind all groups of many.
      std::size_t num_together = first_group;
      while (num_together < group && groups.begin[num_together + 1] - groups.begin[num_together] > 1) ++num_together;
      const auto num_many = static_cast<Offset>(num_together - first_group);
      const auto alone = static_cast<Offset>(group - num_together);
      parallel_for_pooled(parts.tables->together, parts, num_many, answer_group, tell);
      parallel_for_pooled(
          parts.tables->single, parts, alone, [&](auto& parts_of, Offset i) { answer_group(parts_of, num_many + i); },
          [&](Offset done) { tell(num_many + done); });
    });
    for (const Stats& of_group : work) {
      for (const auto& [name, amount] : of_group) counted[name] += amount;
    }
    if (!waits) continue;

    const Phase phase(result.timings, "index");
    const std::vector<Term> walked = walk_elsewhere(setting, partial, counted);
    comm.guard([&] {
      const auto query_of = [](const Term& term) { return term.query; };
      for (std::size_t i = 0; i < count; ++i) {
        const auto terms = std::ranges::equal_range(walked, static_cast<std::int32_t>(i), {}, query_of);
        partial[i].q = add_terms(partial[i].q, std::span(terms.begin(), terms.end()));
        finish(groups.order[first + i], partial[i]);
      }
    });
  }

  Offset total = 0;
  for (const Row& row : rows) total += std::ssize(row.vertex);
  result.vertex.reserve(z(total));
  result.score.reserve(z(total));
  result.row_ptr.reserve(rows.size() + 1);
  for (Row& row : rows) {
    result.vertex.insert(result.vertex.end(), row.vertex.begin(), row.vertex.end());
    result.score.insert(result.score.end(), row.value.begin(), row.value.end());
    result.row_ptr.push_back(std::ssize(result.vertex));
    row = Row{};
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
  as_query.filter = options.filter;
  return query(graph, nullptr, queries, as_query);
}

}  // namespace filigree::ppr
