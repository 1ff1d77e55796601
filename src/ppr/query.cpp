#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/parallel_for.hpp"
#include "ppr/answer.hpp"
#include "ppr/filter.hpp"
#include "ppr/index_exchange.hpp"

namespace filigree::ppr {
namespace {

constexpr double least_error = 1e-15;       // below it rounding decides
constexpr std::size_t in_flight = 256;      // queries of a rank whose residuals wait for other ranks at a time
constexpr std::size_t fewest_together = 4;  // fewer queries are answered one by one

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
    walk_elsewhere(setting, partial, counted);
    comm.guard([&] {
      for (std::size_t i = 0; i < count; ++i) finish(groups.order[first + i], partial[i]);
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
