#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/parallel_for.hpp"
#include "ppr/push/term.hpp"
#include "ppr/query/batch_plan.hpp"
#include "ppr/query/redistribute.hpp"
#include "ppr/query/result.hpp"
#include "ppr/query/solve_group.hpp"

namespace filigree::ppr {
namespace {

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
    at += together && left >= tuning::fewest_together ? std::min(left, std::size_t{batch_width}) : 1;
  }
  groups.begin.push_back(queries.size());
  return groups;
}

/// How so many queries are answered: as the engine knows from the last time, or after some tries.
std::shared_ptr<const BatchPlan> plan(EngineState& engine, const IndexSummary* summary, const DanglingPolicy& policy,
                                      std::span<const Query> queries, const Groups& groups, Offset num_queries,
                                      const QueryOptions& options) {
  const double error = policy.goal(options.target_error, 1);
  if (!engine.plan || !engine.plan->serves(summary != nullptr, options.teleport, error, num_queries)) {
    std::vector<const Query*> sorted;
    engine.comm.guard([&] {
      for (std::size_t number : groups.order) sorted.push_back(&queries[number]);
    });
    engine.plan = plan_batch(engine, summary, sorted, num_queries, error, options);
  }
  return engine.plan;
}

/// Whether all ranks want the same left out: only then they can answer for each other.
bool is_everyones(const Comm& comm, const Filter& filter) {
  const std::uint64_t flags = (filter.exclude_seeds ? 1U : 0U) + (filter.exclude_neighbours ? 2U : 0U);
  const std::uint64_t hash =
      XXH3_64bits_withSeed(filter.candidates.data(), filter.candidates.size() * sizeof(Global), flags);
  return comm.min(hash) == comm.max(hash);
}

/// Adds to every partial.q what the walks of other ranks' rows make of its residual. Collective.
void exchange_residuals(const QueryContext& context, std::span<Partial> partial, Stats& stats) {
  const Comm& comm = context.comm;
  const Index& index = *context.index;
  Mailbox<Term> outbox(comm);
  comm.guard([&] {
    for (std::size_t q = 0; q < partial.size(); ++q) {
      const Row& residual = partial[q].residual;
      for (std::size_t k = 0; k < residual.size(); ++k) {
        const auto v = static_cast<Local>(residual.vertex[k]);
        outbox.put(index.sources.owner(v), {static_cast<std::int32_t>(q), v, residual.value[k]});
      }
      stats["residuals_sent"] += std::ssize(residual.vertex);
    }
  });
  ByRank<Term> asked(outbox.exchange());

  // A run: the residuals of one query of one rank. Each becomes one sparse row.
  struct Run {
    int rank;
    std::span<const Term> residuals;
    std::vector<Term> row;
    Offset entries = 0;
  };
  std::vector<Run> runs;
  for (int rank = 0; rank < comm.size(); ++rank) {
    while (asked.left(rank) > 0) {
      const std::int32_t query = asked.front(rank).query;
      runs.push_back({rank, asked.take_while(rank, [&](const Term& term) { return term.query == query; }), {}, 0});
    }
  }
  comm.guard([&] {
    const auto sum_rows = [&](SinglePush& sum, Offset i) {
      Run& run = runs[z(i)];
      std::vector<Local> vertices;
      std::vector<double> residuals;
      for (const Term& term : run.residuals) {
        vertices.push_back(term.vertex);
        residuals.push_back(term.value);
      }
      sum.start(vertices, residuals);
      sum.add_index_rows(index, index.sources.begin(comm.rank()));
      const std::int32_t query = run.residuals.front().query;
      sum.for_estimates([&](Local v, double x) { run.row.push_back({query, v, x}); });
      run.entries = sum.num_index_entries();
    };
    context.engine.parallel_for_pooled(context.engine.single, std::ssize(runs), sum_rows, [](Offset) {});
  });

  comm.guard([&] {
    for (const Run& run : runs) {
      for (const Term& term : run.row) outbox.put(run.rank, term);
      stats["index_entries"] += run.entries;
    }
  });
  ByRank<Term> walked(outbox.exchange());
  comm.guard([&] {
    SparseBlocks<1, block_size> total(context.engine.arcs().num_rows());
    for (std::size_t i = 0; i < partial.size(); ++i) {
      Row& q = partial[i].q;
      for (std::size_t k = 0; k < q.size(); ++k) total.at(q.vertex[k]) = q.value[k];
      for (int rank = 0; rank < comm.size(); ++rank) {
        for (const Term& term : walked.take_while(rank, [&](const Term& term) { return z(term.query) == i; }))
          total.at(term.vertex) += term.value;
      }
      q.resize(0);
      total.for_each([&](Offset v, double x) { q.add(v, x); });
      total.clear();
    }
  });
}

/// Answers queries that are in order. is_batch: they are many over all ranks; then neighbours by seed are on one rank.
Result answer_all(EngineState& engine, const Index* index, std::span<const Query> queries, const QueryOptions& options,
                  bool is_top_k, Offset num_queries, bool is_batch) {
  const Comm& comm = engine.comm;
  const CsrView<double> arcs = engine.arcs();
  const Local n = arcs.num_rows();
  Result result;
  Stats counted{{"pushes", 0},        {"arcs_pushed", 0}, {"arcs_solved", 0}, {"residuals_sent", 0},
                {"index_entries", 0}, {"hub_entries", 0}, {"hub_arcs", 0}};
  std::shared_ptr<const IndexSummary> summary;
  if (index != nullptr) summary = index->summary ? index->summary : summarize(comm, *index);
  const bool is_symmetric = engine.tables.graph.is_symmetric;
  if (options.method == Method::push && (is_symmetric || options.target_error <= tuning::coarsest_solved))
    engine.tables.make_system();
  const DanglingPolicy policy = comm.guard([&] { return engine.policy_for(options); });
  const RowFilter filter = comm.guard([&] { return RowFilter(n, options.filter); });
  const std::shared_ptr<const BatchPlan> kept = engine.plan;
  std::shared_ptr<const BatchPlan> batch;
  if (is_batch) {
    const Phase phase(result.timings, "plan");
    batch = plan(engine, summary.get(), policy, queries, make_groups(queries, true), num_queries, options);
  }
  const bool pushes_together = batch && batch->together;
  const Hubs* const hubs = pushes_together ? batch->hubs.get() : nullptr;
  if (hubs != nullptr && batch != kept) counted["hub_arcs"] += hubs->num_arcs();
  const QueryContext context{engine, comm, index, summary.get(), policy, options, is_top_k, hubs};

  const bool verd_together = options.method == Method::verd && BatchPush::most_bytes(arcs) <= options.batch_bytes;
  const Groups groups = make_groups(queries, verd_together || pushes_together);
  Answers answers(queries.size(), policy, filter, options, index == nullptr ? 0 : summary->largest_mass);
  const auto finish = [&](std::size_t number, Partial& partial) {
    answers.finish(
        number, std::move(partial.q), partial.norms,
        [&](Global v) { return engine.tables.graph.out_weight(static_cast<Local>(v)) == 0; },
        filter.excluded(queries[number], [&](Global v) { return arcs.cols(static_cast<Local>(v)); }));
  };

  const std::size_t num_groups = groups.begin.size() - 1;
  const bool waits = index != nullptr && comm.size() > 1;
  std::size_t group = 0;
  for (bool more = true; more; more = waits && comm.max(static_cast<int>(group < num_groups)) != 0) {
    // As many groups as may be in flight; all of them where nothing waits for other ranks.
    const std::size_t first_group = group;
    const std::size_t first = groups.begin[std::min(group, num_groups)];
    while (group < num_groups && (!waits || groups.begin[group + 1] - first <= tuning::queries_in_flight)) ++group;
    const std::size_t count = groups.begin[group] - first;
    std::vector<Partial> partial(waits ? count : 0);
    std::vector<Stats> work(group - first_group);
    comm.guard([&] {
      const Phase phase(result.timings, "push");
      const auto answer_group = [&](auto& push, Offset i) {
        const std::size_t begin = groups.begin[first_group + z(i)];
        const auto numbers = std::span(groups.order).subspan(begin, groups.begin[first_group + z(i) + 1] - begin);
        std::vector<Partial> own(waits ? 0 : numbers.size());
        const std::span<Partial> out =
            waits ? std::span(partial).subspan(begin - first, numbers.size()) : std::span(own);
        std::vector<const Query*> asked;
        for (std::size_t number : numbers) asked.push_back(&queries[number]);
        work[z(i)] = answer(push, asked, context, out);
        for (std::size_t l = 0; l < own.size(); ++l) finish(numbers[l], own[l]);
      };
      const auto tell = [&](Offset done) {
        if (options.progress)
          options.progress("query", static_cast<Offset>(groups.begin[first_group + z(done)]), std::ssize(queries));
      };
      // Single queries stand behind all groups of `batch_width`.
      std::size_t num_together = first_group;
      while (num_together < group && groups.begin[num_together + 1] - groups.begin[num_together] > 1) ++num_together;
      const auto num_many = static_cast<Offset>(num_together - first_group);
      const auto alone = static_cast<Offset>(group - num_together);
      if (pushes_together) {
        parallel_for(
            num_many, [&] { return BatchPush(engine.tables); }, answer_group, tell);
      } else {
        engine.parallel_for_pooled(engine.verd, num_many, answer_group, tell);
      }
      engine.parallel_for_pooled(
          engine.single, alone, [&](SinglePush& push, Offset i) { answer_group(push, num_many + i); },
          [&](Offset done) { tell(num_many + done); });
    });
    for (const Stats& of_group : work) {
      for (const auto& [name, amount] : of_group) counted[name] += amount;
    }
    if (!waits) continue;

    const Phase phase(result.timings, "index");
    exchange_residuals(context, partial, counted);
    comm.guard([&] {
      for (std::size_t i = 0; i < count; ++i) finish(groups.order[first + i], partial[i]);
    });
  }

  answers.move_to(result);
  for (const auto& [name, count] : counted) result.stats[name] = comm.sum(count);
  return result;
}

/// Answers queries that check_queries() let through, with the index, or without where it is null.
Result answer_checked(EngineState& engine, const Index* index, std::span<const Query> queries,
                      const QueryOptions& options, bool is_top_k) {
  const Comm& comm = engine.comm;
  const Offset num_queries = comm.sum(static_cast<Offset>(queries.size()));
  const bool is_batch = options.method == Method::push && !is_top_k && num_queries >= tuning::fewest_in_batch &&
                        is_everyones(comm, options.filter);
  if (!is_batch || comm.size() == 1)
    return answer_all(engine, index, queries, options, is_top_k, num_queries, is_batch);
  const RedistributedQueries shared(comm, queries);
  return shared.return_answers(answer_all(engine, index, shared.own(), options, false, num_queries, true));
}

Result answer_queries(Engine& engine, bool with_index, std::span<const Query> queries, const QueryOptions& options,
                      bool is_top_k = false) {
  EngineState& state = state_of(engine);
  const Index* const index = with_index ? state.index.get() : nullptr;
  check_queries(state.comm, state.graph.num_vertices(), state.graph.hash(), index, queries, options, is_top_k);
  return answer_checked(state, index, queries, options, is_top_k);
}

/// By an engine for this call alone, made only for queries that it can answer.
Result answer_once(const ReplicatedGraph& graph, const Index* index, std::span<const Query> queries,
                   const QueryOptions& options, bool is_top_k = false) {
  check_queries(graph.comm(), graph.num_vertices(), graph.hash(), index, queries, options, is_top_k);
  EngineState engine(graph, nullptr);
  return answer_checked(engine, index, queries, options, is_top_k);
}

QueryOptions exact_options(double tolerance, QueryOptions options) {
  options.method = Method::push;
  options.target_error = tolerance;
  options.levels = 0;
  return options;
}

QueryOptions top_k_options(int k, QueryOptions options) {
  options.method = Method::push;
  options.levels = 0;
  options.top = k;
  return options;
}

}  // namespace

Result query(Engine& engine, std::span<const Query> queries, const QueryOptions& options) {
  return answer_queries(engine, true, queries, options);
}

Result query(const ReplicatedGraph& graph, std::span<const Query> queries, const QueryOptions& options) {
  return answer_once(graph, nullptr, queries, options);
}

Result query(const ReplicatedGraph& graph, const Index& index, std::span<const Query> queries,
             const QueryOptions& options) {
  return answer_once(graph, &index, queries, options);
}

Result exact(Engine& engine, std::span<const Query> queries, double tolerance, QueryOptions options) {
  return answer_queries(engine, false, queries, exact_options(tolerance, std::move(options)));
}

Result exact(const ReplicatedGraph& graph, std::span<const Query> queries, double tolerance, QueryOptions options) {
  return query(graph, queries, exact_options(tolerance, std::move(options)));
}

Result exact(const Graph& graph, std::span<const Query> queries, double tolerance, QueryOptions options) {
  return query(graph, queries, exact_options(tolerance, std::move(options)));
}

Result top_k(Engine& engine, std::span<const Query> queries, int k, QueryOptions options) {
  return answer_queries(engine, false, queries, top_k_options(k, std::move(options)), true);
}

Result top_k(const ReplicatedGraph& graph, std::span<const Query> queries, int k, QueryOptions options) {
  return answer_once(graph, nullptr, queries, top_k_options(k, std::move(options)), true);
}

}  // namespace filigree::ppr
