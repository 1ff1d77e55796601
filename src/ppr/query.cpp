#include <algorithm>
#include <numeric>
#include <utility>

#include "core/parallel_for.hpp"
#include "ppr/answer.hpp"
#include "ppr/index_exchange.hpp"
#include "ppr/query_ends.hpp"

namespace filigree::ppr {
namespace {

constexpr std::size_t in_flight = 256;      // queries of a rank whose residuals wait for other ranks at a time
constexpr std::size_t fewest_together = 4;  // fewer queries are answered one by one

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

/// Hubs for queries enough to share them: those that the graph keeps, if they serve, or new ones.
std::shared_ptr<const Hubs> find_hubs(const ReplicatedGraph::Parts& graph, const Index* index,
                                      const IndexSummary* summary, const Policy& policy, std::span<const Query> queries,
                                      const QueryOptions& options) {
  constexpr Offset fewest_queries = 64;
  const double error = policy.goal(options.target_error, 1);
  const bool may_miss = index == nullptr;  // what is missing is an error in full, a residual mostly less with an index
  const Offset num_queries = graph.comm.sum(static_cast<Offset>(queries.size()));
  if (num_queries < fewest_queries) return nullptr;
  std::shared_ptr<const Hubs>& kept = graph.tables->hubs;
  if (kept && kept->serve(may_miss, options.teleport, error)) return kept;
  std::optional<NoHubs>& refused = graph.tables->no_hubs;
  if (refused && refused->covers({may_miss, options.teleport, error, num_queries})) return nullptr;
  std::vector<float> ones;
  graph.comm.guard([&] {
    if (summary == nullptr) ones.assign(graph.tables->out_arcs.span().size(), 1);
  });
  auto found = Hubs::find(graph, summary == nullptr ? ones.data() : summary->deviation.data(), may_miss, queries,
                          num_queries, options.teleport, error, options.batch_bytes, options.progress);
  if (found)
    kept = found;
  else
    refused = NoHubs{may_miss, options.teleport, error, num_queries};
  return found;
}

}  // namespace

std::vector<float> row_masses(const Index& index) {
  std::vector<float> mass;
  for (Local row = 0; row < index.visits.num_rows(); ++row) {
    Offset visits = 0;
    index.visits.for_each(row, [&](Local, std::int32_t count) { visits += count; });
    mass.push_back(static_cast<float>(index.scale(row) * static_cast<double>(visits)));
  }
  return mass;
}

std::shared_ptr<const IndexSummary> summarize(const Comm& comm, const Index& index) {
  const std::vector<float> mass = row_masses(index);
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
  check_queries(graph.comm(), graph.num_vertices(), graph.hash(), index, queries, options);
  const Comm& comm = graph.comm();
  const ReplicatedGraph::Parts& parts = graph.parts();
  parts.prepare_queries();

  Result result;
  Stats counted{{"pushes", 0},        {"arcs_pushed", 0}, {"arcs_solved", 0}, {"residuals_sent", 0},
                {"index_entries", 0}, {"hub_entries", 0}, {"hub_arcs", 0}};
  std::shared_ptr<const IndexSummary> summary;
  if (index != nullptr) summary = index->summary ? index->summary : summarize(comm, *index);
  const Policy policy =
      comm.guard([&] { return make_policy(parts, options.dangling, options.teleport, options.target_error); });
  const RowFilter filter = comm.guard([&] { return RowFilter(graph.num_vertices(), options.filter); });
  const std::shared_ptr<const Hubs> kept = parts.tables->hubs;
  std::shared_ptr<const Hubs> hubs;
  if (options.method == Method::push && !options.until_settled) {
    const Phase phase(result.timings, "hubs");
    hubs = find_hubs(parts, index, summary.get(), policy, queries, options);
  }
  if (hubs && hubs != kept) counted["hub_arcs"] += hubs->num_arcs();
  const auto hubs_summary = comm.guard([&] { return hubs ? hubs->summary(summary.get()) : nullptr; });
  const Setting setting{parts, comm, index, summary.get(), policy, options, hubs.get(), hubs_summary.get()};

  const bool together = options.method == Method::verd && 256 * graph.num_vertices() <= options.batch_bytes;
  const Groups groups = make_groups(queries, together || hubs);
  Answers answers(queries.size(), policy, filter, options, index == nullptr ? 0 : summary->largest_mass);
  const auto finish = [&](std::size_t number, Partial& partial) {
    answers.finish(
        number, std::move(partial.q), partial.norms,
        [&](Global v) { return parts.out_weight(static_cast<Local>(v)) == 0; },
        filter.excluded(queries[number], [&](Global v) { return parts.arcs().cols(static_cast<Local>(v)); }));
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
      while (!hubs && num_together < group && groups.begin[num_together + 1] - groups.begin[num_together] > 1)
        ++num_together;
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

  answers.move_to(result);
  for (const auto& [name, count] : counted) result.stats[name] = comm.sum(count);
  return result;
}

Result exact(const ReplicatedGraph& graph, std::span<const Query> queries, const ExactOptions& options) {
  return query(graph, nullptr, queries, as_query(options));
}

}  // namespace filigree::ppr
