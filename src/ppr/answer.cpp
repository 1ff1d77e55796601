#include "ppr/answer.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include "ppr/row_collector.hpp"

namespace filigree::ppr {
namespace {

/// Of a row of q, how many of the largest values decide the best that are asked for; 0 = all.
std::size_t num_needed(std::span<const Query* const> queries, const Setting& setting) {
  const QueryOptions& options = setting.options;
  const bool in_proportion = options.dangling == Dangling::source || options.dangling == Dangling::drop;
  const bool whole = setting.index == nullptr || setting.comm.size() == 1;  // nothing comes from other ranks
  if (options.top == 0 || !in_proportion || !whole || !options.filter.candidates.empty()) return 0;
  Offset most_excluded = 0;
  for (const Query* query : queries) {
    Offset excluded = 0;
    for (const Seed& seed : *query) {
      if (options.filter.exclude_seeds) ++excluded;
      if (options.filter.exclude_neighbours) excluded += setting.graph.arcs().degree(static_cast<Local>(seed.vertex));
    }
    most_excluded = std::max(most_excluded, excluded);
  }
  return z(options.top) + z(most_excluded);
}

/// Whether no push can change any more which vertices are the first `count` by falling q, nor their order: a residual
/// adds less than itself wherever it goes.
bool is_settled(const Decomposition<1>& query, std::size_t count, double residual) {
  Row row;
  RowCollector collector(row, 0, count + 1);
  query.for_settled_blocks([&](Global first, const double* values) { collector.add(first, values); });
  std::vector<double>& best = row.value;
  if (best.size() < count) return false;
  best.push_back(0);
  std::partial_sort(best.begin(), best.begin() + static_cast<std::ptrdiff_t>(count) + 1, best.end(), std::greater<>());
  for (std::size_t k = 0; k < count; ++k) {
    if (best[k] - best[k + 1] <= residual + 1e-15) return false;
  }
  return true;
}

/// Pushes until the error that is left to the index, or to nobody, meets the target. On a symmetric graph where
/// everything has come into reach it ends before and returns the residual that a solver should go on to: iterations
/// over the whole graph have nothing to lose then, and converge faster. most_settled > 0: it may also end when so many
/// of the best have settled.
std::optional<double> push_to_target(Decomposition<1>& query, const Setting& setting, const IndexSummary* summary,
                                     double target, std::size_t most_settled = 0) {
  const Policy& policy = setting.policy;
  const auto off_target = [&](const Norms& norms) {
    const double norm = norms.settled + norms.indexed;
    return norms.residual + norms.unsolved > 0 && (norm == 0 || policy.error(norms.expected_error, norm) > target);
  };
  // Looking costs a pass over all that was touched: every fourth time while the error is well above the target; and a
  // close look only when a rough one finds nothing.
  Norms seen;
  int rest = 0;
  double tried_at = 1;  // the residual when it was seen last whether the best have settled
  const auto is_off = [&] {
    if (rest-- > 0) return true;
    seen = query.rough_norms(summary);
    if (most_settled > 0 && seen.residual < tried_at / 2) {
      tried_at = seen.residual;
      if (is_settled(query, most_settled, seen.residual)) return false;
    }
    if (!off_target(seen)) return off_target(query.norms(summary)[0]);
    seen.expected_error /= 3;
    rest = off_target(seen) ? 3 : 0;
    return true;
  };
  // A slowly falling threshold pushes the residuals that buy most for their arcs first: half the arcs that a fixed one
  // takes, and less the slower it falls until looking for them costs more than they save.
  constexpr double fall = 0.8;
  // Where nothing is left above `lowest` the target is met with ease.
  const CsrView<double> arcs = setting.graph.arcs();
  const double lowest =
      1e-3 * target * setting.options.teleport / static_cast<double>(arcs.num_rows() + arcs.num_nonzeros());
  double rmax = 0;
  for (bool first = true; is_off(); first = false) {
    rmax = first ? query.largest_ratio() : std::max(rmax * fall, lowest);
    if (query.is_for_solver()) {
      // Nearly all that is left to push will settle.
      const Norms norms = query.norms(nullptr)[0];
      const double goal = policy.goal(target, (norms.settled + norms.residual) / (1 + target / 2));
      return std::max(goal - norms.unsolved, 0.1 * goal);
    }
    const Offset pushes = query.num_pushes();
    query.sweep_above(rmax);
    if (rmax <= lowest && query.num_pushes() == pushes) break;  // only rounding, or what cannot be pushed, is left
  }
  return std::nullopt;
}

/// What a residual becomes where walks of this rank's rows of the index can go on with it.
template <int lanes>
void walk_on(Decomposition<lanes>& parts, const Setting& setting, std::span<Partial> partial) {
  const auto norms = parts.norms(setting.summary);
  for (std::size_t l = 0; l < partial.size(); ++l) partial[l].norms = norms[l];
  if (setting.index == nullptr) return;
  parts.walk(*setting.index, setting.index->sources.begin(setting.comm.rank()));
  if (setting.comm.size() > 1)
    parts.for_residual([&](int lane, Local v, double x) { partial[z(lane)].residual.add(v, x); });
}

/// Walks on and takes the answer out: at least the first `most` of it, all if 0.
void collect(Decomposition<1>& parts, const Setting& setting, Partial& partial, std::size_t most) {
  walk_on(parts, setting, {&partial, 1});
  RowCollector collector(partial.q, 0, most);
  parts.for_settled_blocks([&](Global first, const double* values) { collector.add(first, values); });
  collector.finish();
}

/// The same for many, all of each.
void collect(Decomposition<many>& parts, const Setting& setting, std::span<Partial> partial) {
  walk_on(parts, setting, partial);
  parts.for_settled([&](int lane, Local v, double x) { partial[z(lane)].q.add(v, x); });
}

/// What was done for a query or a group of them.
template <int lanes>
Stats work_of(const Decomposition<lanes>& parts) {
  return {{"pushes", parts.num_pushes()},
          {"arcs_pushed", parts.num_arcs_pushed()},
          {"arcs_solved", parts.num_arcs_solved()},
          {"index_entries", parts.num_index_entries()}};
}
void add_work(Stats& sum, const Stats& work) {
  for (const auto& [name, count] : work) sum[name] += count;
}

/// Each query pushes until only hubs hold more than the target allows; what is behind them was walked before, for all.
Stats answer_through_hubs(Decomposition<1>& parts, std::span<const Query* const> queries, const Setting& setting,
                          std::span<Partial> partial) {
  const Hubs& hubs = *setting.hubs;
  const double target = setting.options.target_error;
  constexpr double share_of_links = 0.02;  // of the error
  constexpr double share_of_rest = 0.01;   // of scores too small to matter
  const double share = Hubs::share_of_pushes() - share_of_links - share_of_rest;
  // Whoever names candidates sees all of them.
  const double rest = setting.options.filter.candidates.empty() ? share_of_rest * setting.policy.goal(target, 1) : 0;
  const bool by_vertex = hubs.kept() == Hubs::Kept::by_vertex;
  ZeroedArray<double> passing(by_vertex ? static_cast<Offset>(hubs.num_hubs()) * many : 0);
  Hubs::Workspace work_space(hubs);
  std::vector<Row*> rows(queries.size(), nullptr);  // to which sums are added
  Stats work;
  for (std::size_t l = 0; l < queries.size(); ++l) {
    parts.start(queries.subspan(l, 1), setting.options.teleport, hubs.limit());
    if (const auto goal = push_to_target(parts, setting, setting.hubs_summary, share * target)) parts.solve(*goal);
    const Norms norms = parts.norms(setting.hubs_summary)[0];
    const double norm = norms.settled + norms.indexed;
    const double goal = share_of_links * setting.policy.goal(target, norm);
    if (by_vertex) {
      work["hub_entries"] += hubs.pass(parts, goal, work_space, passing.data() + l);
      parts.miss(rest);
      const double error = parts.norms(setting.summary)[0].expected_error;  // and as much is missing in the norm
      if (error >= norm || setting.policy.error(error, norm - error) > target) {
        // It passes hubs more often than they are made for.
        for (std::size_t hub = 0; hub < hubs.num_hubs(); ++hub) passing[hub * many + l] = 0;
        add_work(work, work_of(parts));
        parts.start(queries.subspan(l, 1), setting.options.teleport);
        if (const auto left = push_to_target(parts, setting, setting.summary, target)) parts.solve(*left);
      } else {
        rows[l] = &partial[l].q;
      }
    } else {
      work["hub_entries"] += hubs.pass(parts, goal, work_space);
      if (const auto left = push_to_target(parts, setting, setting.summary, target)) parts.solve(*left);
    }
    collect(parts, setting, partial[l], rows[l] != nullptr ? 0 : num_needed(queries.subspan(l, 1), setting));
    add_work(work, work_of(parts));
  }
  if (by_vertex) {
    hubs.add({passing.data(), z(passing.size())}, rest / static_cast<double>(setting.graph.arcs().num_rows()),
             num_needed(queries, setting), rows);
  }
  return work;
}

}  // namespace

Stats answer(Decomposition<1>& parts, std::span<const Query* const> query, const Setting& setting,
             std::span<Partial> partial) {
  if (setting.hubs != nullptr) return answer_through_hubs(parts, query, setting, partial);
  parts.start(query, setting.options.teleport);
  if (setting.options.method == Method::verd) {
    for (int level = 0; level < setting.options.levels; ++level) parts.push_level();
  } else {
    const std::size_t most_settled = setting.options.until_settled ? num_needed(query, setting) : 0;
    const auto goal = push_to_target(parts, setting, setting.summary, setting.options.target_error, most_settled);
    if (goal) parts.solve(*goal);
  }
  collect(parts, setting, partial[0], num_needed(query, setting));
  return work_of(parts);
}

Stats answer(Decomposition<many>& parts, std::span<const Query* const> queries, const Setting& setting,
             std::span<Partial> partial) {
  parts.start(queries, setting.options.teleport);
  for (int level = 0; level < setting.options.levels; ++level) parts.push_level();
  collect(parts, setting, partial);
  return work_of(parts);
}

}  // namespace filigree::ppr
