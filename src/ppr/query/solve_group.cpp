#include "ppr/query/solve_group.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "ppr/query/row_collector.hpp"

namespace filigree::ppr {
namespace {

/// Of a row of q, to which `index` may add, how many of the largest values decide the best that are asked for; 0 = all.
std::size_t num_needed(std::span<const Query* const> queries, const QueryContext& context, const Index* index) {
  const QueryOptions& options = context.options;
  const bool is_whole = index == nullptr || context.comm.size() == 1;
  const bool in_proportion = options.dangling == Dangling::source || options.dangling == Dangling::drop;
  if (options.top == 0 || !in_proportion || !is_whole || !options.filter.candidates.empty()) return 0;
  Offset most_excluded = 0;
  for (const Query* query : queries) {
    Offset excluded = 0;
    for (const Seed& seed : *query) {
      if (options.filter.exclude_seeds) ++excluded;
      if (options.filter.exclude_neighbours) excluded += context.engine.arcs().degree(static_cast<Local>(seed.vertex));
    }
    most_excluded = std::max(most_excluded, excluded);
  }
  return z(options.top) + z(most_excluded);
}

/// Whether no push can change any more which vertices are the first `count` by falling q, nor their order: a residual
/// adds less than itself wherever it goes.
bool is_final(const SinglePush& query, std::size_t count, double residual) {
  Row row;
  RowCollector collector(row, 0, count + 1);
  query.for_estimate_blocks([&](Global first, const double* values) { collector.add(first, values); });
  std::vector<double>& best = row.value;
  if (best.size() < count) return false;
  best.push_back(0);
  std::partial_sort(best.begin(), best.begin() + static_cast<std::ptrdiff_t>(count) + 1, best.end(), std::greater<>());
  for (std::size_t k = 0; k < count; ++k) {
    if (best[k] - best[k + 1] <= residual + 1e-15) return false;
  }
  return true;
}

/// Pushes until the error that is left to the index, or to nothing, meets the target, or until a solver should go
/// on: then it returns the residual to go to. num_final > 0: it may also end when so many of the best are final.
std::optional<double> push_to_target(SinglePush& query, const QueryContext& context, std::size_t num_final) {
  const double target = context.options.target_error;
  const auto is_above = [&](const Norms& norms) { return is_off_target(context.policy, norms, target); };
  // Looking costs a pass over all that was touched: every fourth time while the error is well above the target; and a
  // close look only when a rough one finds nothing.
  Norms seen;
  double error = 1;  // then
  int rest = 0;
  double tried_at = 1;  // the residual when it was seen last whether the best are final
  const auto is_off = [&] {
    if (rest-- > 0) return true;
    seen = query.rough_norms(context.summary);
    if (num_final > 0 && seen.residual < tried_at / 2) {
      tried_at = seen.residual;
      if (is_final(query, num_final, seen.residual)) return false;
    }
    if (!is_above(seen)) return is_above(query.norms(context.summary));
    error = seen.expected_error;
    seen.expected_error /= 3;
    rest = is_above(seen) ? 3 : 0;
    return true;
  };
  // Where nothing is left above `lowest` the target is met with ease.
  const CsrView<double> arcs = context.engine.arcs();
  const double lowest =
      1e-3 * target * context.options.teleport / static_cast<double>(arcs.num_rows() + arcs.num_nonzeros());
  // Of the residual nearly all becomes estimate on symmetric graphs, on others at least a share of c.
  const bool is_symmetric = context.engine.tables.graph.is_symmetric;
  const auto goal_of = [&](const Norms& norms) {
    const double all = norms.estimate + norms.residual;
    const double least = is_symmetric ? all : norms.estimate + context.options.teleport * norms.residual;
    const double goal = std::min(context.policy.goal(target, least / (1 + target / 2)), all / 2);
    return std::max(goal - norms.unsolved, 0.1 * goal);
  };
  for (ThresholdSchedule thresholds(query.largest_ratio(), lowest); is_off(); thresholds.advance()) {
    // Where pushes may end early they are expected to do so half way.
    const double goal = goal_of(seen);
    const double end = num_final > 0 && !is_symmetric ? std::sqrt(error * goal) : goal;
    if (query.is_for_solver(error, end, goal)) return goal_of(query.norms(nullptr));
    const Offset pushes = query.num_pushes();
    query.sweep_above(thresholds.threshold());
    if (thresholds.is_lowest() && query.num_pushes() == pushes)
      break;  // only rounding, or what cannot be pushed, is left
  }
  return std::nullopt;
}

/// Adds what this rank's rows of an index give, and collects the answer: of the estimates at least the first `most`,
/// all if 0.
void collect(SinglePush& push, const QueryContext& context, std::size_t most, Partial& partial) {
  partial.norms = push.norms(context.summary);
  if (context.index != nullptr) {
    push.add_index_rows(*context.index, context.index->sources.begin(context.comm.rank()));
    if (context.comm.size() > 1) push.for_residual([&](Local v, double x) { partial.residual.add(v, x); });
  }
  if (most == 0 && push.num_arcs_solved() > 0)  // it came everywhere
    partial.q.reserve(z(context.engine.arcs().num_rows()));
  RowCollector collector(partial.q, 0, most);
  push.for_estimate_blocks([&](Global first, const double* values) { collector.add(first, values); });
  collector.finish();
}

/// Of every lane, |q|_1 as far as it is known: the estimates, and at hubs what is behind them.
std::array<double, batch_width> known_norms(const BatchPush& pushes, double teleport, const Hubs* hubs) {
  const std::span<const double> pushed = pushes.lanes().pushed();
  std::array<double, batch_width> norms{};
  for (std::size_t first = 0; first < pushed.size(); first += batch_width) {
    for (std::size_t l = 0; l < batch_width; ++l) norms[l] += teleport * pushed[first + l];
  }
  for (std::size_t slot = 0; hubs != nullptr && slot < pushes.vertices().size(); ++slot) {
    const auto mass = static_cast<double>(hubs->mass()[pushes.vertices()[slot]]);
    for (std::size_t l = 0; mass > 0 && l < batch_width; ++l)
      norms[l] += mass * pushes.lanes().residual()[slot * batch_width + l];
  }
  return norms;
}

/// What pushes together came to, of every lane: |q|_1 as far as it is known, and the residual, at hubs apart.
struct Pushed {
  std::array<double, batch_width> norm{}, left{};
};

/// Pushes until what is left outside of hubs meets the target in every lane, if that is in reach.
Pushed push_to_target(BatchPush& pushes, std::span<const Query* const> queries, const QueryContext& context,
                      double target) {
  const Hubs* const hubs = context.hubs;
  const double teleport = context.options.teleport;
  if (hubs != nullptr)
    pushes.start(teleport, hubs->choice().limit.data(), hubs->choice().outside.data());
  else
    pushes.start(teleport, context.engine.tables.out_arcs.span().data(), nullptr);
  std::array<double, batch_width> goals{};
  for (std::size_t l = 0; l < queries.size(); ++l) {
    pushes.add(*queries[l], l);
    goals[l] = context.policy.goal(target, 1);
  }
  // How much terminates at dangling vertices shows when it has been pushed: then goals may have to be smaller.
  Pushed pushed;
  for (bool is_off = true, in_reach = true; is_off && in_reach;) {
    in_reach = pushes.run(goals);
    pushed = {known_norms(pushes, teleport, hubs), pushes.lanes().left()};
    is_off = false;
    for (std::size_t l = 0; l < queries.size(); ++l) {
      if (!is_off_target(context.policy,
                         {.estimate = pushed.norm[l], .unsolved = pushed.left[l], .expected_error = pushed.left[l]},
                         target))
        continue;
      is_off = true;
      goals[l] = std::min(0.9 * goals[l], context.policy.goal(target, pushed.norm[l]));
      in_reach = in_reach && goals[l] > 0;
    }
  }
  return pushed;
}

/// Lists the estimates of every lane by rising vertex: all but `rest` of their sum, or, if `enough` > 0, at least the
/// first `enough`. Returns what is missing in the rows; what is beyond enough does not count.
std::array<double, batch_width> list_estimates(const BatchPush& pushes, double teleport, double rest,
                                               std::size_t enough, std::span<Partial> partial) {
  const std::vector<std::size_t> slots = pushes.slots_by_vertex();
  std::vector<double> pushed(pushes.lanes().pushed().size(), 0);
  for (std::size_t i = 0; i < slots.size(); ++i)
    std::copy_n(pushes.lanes().pushed().data() + slots[i] * batch_width, batch_width, pushed.data() + i * batch_width);
  const Lanes::Large listed = Lanes::large(pushed, rest / teleport, enough);
  std::array<double, batch_width> missing{};
  for (std::size_t l = 0; l < partial.size(); ++l) {
    Row& q = partial[l].q;
    q.reserve(listed.of_lane[l].size());
    for (const auto& [i, x] : listed.of_lane[l]) q.add(pushes.vertices()[slots[z(i)]], teleport * x);
    (enough > 0 ? q.rest : missing[l]) = teleport * listed.missed[l];
  }
  return missing;
}

/// Answers queries by VERD.
Stats answer_by_levels(BatchPush& pushes, std::span<const Query* const> queries, const QueryContext& context,
                       std::span<Partial> partial) {
  const double teleport = context.options.teleport;
  pushes.start(teleport, context.engine.tables.out_arcs.span().data(), nullptr);
  for (std::size_t l = 0; l < queries.size(); ++l) pushes.add(*queries[l], l);
  for (int level = 0; level < context.options.levels; ++level) pushes.push_level();

  const std::array<double, batch_width> estimate = known_norms(pushes, teleport, nullptr);
  const std::array<double, batch_width> left = pushes.lanes().left();
  for (std::size_t l = 0; l < queries.size(); ++l)
    partial[l].norms = {.estimate = estimate[l], .residual = left[l], .expected_error = left[l]};
  if (context.index != nullptr) {
    const auto for_residual = [&](auto f) {
      for (const std::size_t slot : pushes.slots_by_vertex()) {
        for (std::size_t l = 0; l < queries.size(); ++l) {
          const double x = pushes.lanes().residual()[slot * batch_width + l];
          if (x > 0) f(partial[l], pushes.vertices()[slot], x);
        }
      }
    };
    for (Partial& of_query : partial) of_query.norms.expected_error = 0;
    for_residual([&](Partial& of_query, Local v, double x) {
      of_query.norms.indexed += x * static_cast<double>(context.summary->mass[z(v)]);
      of_query.norms.expected_error += x * static_cast<double>(context.summary->deviation[z(v)]);
    });
    pushes.add_index_rows(*context.index, context.index->sources.begin(context.comm.rank()));
    if (context.comm.size() > 1)
      for_residual([](Partial& of_query, Local v, double x) { of_query.residual.add(v, x); });
  }
  list_estimates(pushes, teleport, 0, 0, partial);
  return {{"pushes", pushes.num_pushes()},
          {"arcs_pushed", pushes.num_arcs_pushed()},
          {"index_entries", pushes.num_index_entries()}};
}

}  // namespace

Stats answer(SinglePush& push, std::span<const Query* const> query, const QueryContext& context,
             std::span<Partial> partial) {
  push.start(*query.front(), context.options.teleport);
  const std::size_t most = num_needed(query, context, context.index);
  if (context.options.method == Method::verd) {
    for (int level = 0; level < context.options.levels; ++level) push.push_level();
  } else {
    // Pushes go on where the solver fails.
    while (const auto goal = push_to_target(push, context, context.is_top_k ? most : 0)) {
      if (push.solve(*goal)) break;
    }
  }
  collect(push, context, most, partial.front());
  return {{"pushes", push.num_pushes()},
          {"arcs_pushed", push.num_arcs_pushed()},
          {"arcs_solved", push.num_arcs_solved()},
          {"index_entries", push.num_index_entries()}};
}

Stats answer(BatchPush& pushes, std::span<const Query* const> queries, const QueryContext& context,
             std::span<Partial> partial) {
  if (context.options.method == Method::verd) return answer_by_levels(pushes, queries, context, partial);
  const Hubs* const hubs = context.hubs;
  const double target = context.options.target_error;
  const double teleport = context.options.teleport;
  // Of the error: what hubs lack, what is left at them, and scores too small to matter.
  const double share_of_links = hubs != nullptr ? 0.02 : 0;
  // Of candidates all are shown.
  const double share_of_rest = context.options.filter.candidates.empty() ? 0.01 : 0;
  const double share = 1 - (hubs != nullptr ? share_of_hubs : 0) - share_of_links - (hubs ? 2 : 1) * share_of_rest;
  const std::size_t num_queries = queries.size();

  const Pushed pushed = push_to_target(pushes, queries, context, share * target);
  double rest = 1;
  for (std::size_t l = 0; l < num_queries; ++l)
    rest = std::min(rest, share_of_rest * context.policy.goal(target, pushed.norm[l]));

  const std::size_t most = num_needed(queries, context, nullptr);
  std::array<double, batch_width> missed = list_estimates(pushes, teleport, rest, hubs != nullptr ? 0 : most, partial);

  // What is behind hubs.
  Stats work{{"pushes", pushes.num_pushes()}, {"arcs_pushed", pushes.num_arcs_pushed()}};
  std::optional<decltype(hubs->lanes())> lanes;
  if (hubs != nullptr) {
    lanes.emplace(hubs->lanes());
    hubs->put(pushes, **lanes);
    std::array<double, batch_width> goals{};
    for (std::size_t l = 0; l < num_queries; ++l)
      goals[l] = share_of_links * context.policy.goal(target, pushed.norm[l]);
    std::array<double, batch_width> behind;
    work["hub_entries"] += hubs->pass(goals, **lanes, behind);
    for (std::size_t l = 0; l < num_queries; ++l) missed[l] += behind[l] + rest;
  }

  std::vector<Row*> rows(num_queries, nullptr);  // to which sums are added
  for (std::size_t l = 0; l < num_queries; ++l) {
    const double norm = pushed.norm[l];
    const double error = pushed.left[l] + missed[l];
    partial[l].norms = {
        .estimate = norm, .unsolved = error, .expected_error = error};  // nothing of it comes from an index
    if (norm > missed[l] && context.policy.error(error, norm - missed[l]) <= target) {
      rows[l] = &partial[l].q;
      continue;
    }
    // The bound of hubs is exceeded, or nearly all of the mass dies at dangling vertices: answered alone.
    if (hubs != nullptr) {
      for (std::size_t hub = 0; hub < hubs->num_hubs(); ++hub) (*lanes)->pushed()[hub * batch_width + l] = 0;
    }
    partial[l] = {};
    const auto alone = context.engine.single.take(context.engine.tables);
    for (const auto& [name, count] : answer(*alone, queries.subspan(l, 1), context, partial.subspan(l, 1)))
      work[name] += count;
  }
  if (hubs != nullptr) {
    hubs->add((*lanes)->pushed(), rest / static_cast<double>(context.engine.arcs().num_rows()), most, rows);
    // Whole answers sum up to 1 without what is left out.
    for (Row* const row : rows) {
      if (most == 0 && row != nullptr) row->rest = 0;
    }
  }
  return work;
}

}  // namespace filigree::ppr
