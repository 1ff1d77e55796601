#include "ppr/answer.hpp"

#include <array>
#include <limits>
#include <optional>

namespace filigree::ppr {
namespace {

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

}  // namespace

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

}  // namespace filigree::ppr
