#include "ppr/query/batch_plan.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "filigree/core/random.hpp"
#include "filigree/core/top_k.hpp"

namespace filigree::ppr {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
/// The arcs that it takes until at most `error` is left, weighted, as predicted where a solver goes on. Nothing if that
/// is for conjugate gradients, or has no end.
std::optional<Offset> arcs_alone(SinglePush& push, const EngineState& engine, const float* weight, double error) {
  ThresholdSchedule thresholds(push.largest_ratio());
  for (double left; (left = push.weighted_residual(weight)) > error; thresholds.advance()) {
    if (push.is_for_solver(left, error, error)) {
      if (engine.tables.graph.is_symmetric) return std::nullopt;
      return push.num_arcs_pushed() + static_cast<Offset>(push.predicted_arcs(error));
    }
    for (int sweep = 0; sweep < 3; ++sweep, thresholds.advance()) push.sweep_above(thresholds.threshold());
    if (thresholds.is_lowest()) return std::nullopt;
  }
  return push.num_arcs_pushed();
}

/// The first of all vertices by what uniform seeds settle there.
std::vector<Local> most_passed(const EngineState& engine, double teleport, std::size_t count) {
  constexpr double enough = 0.2;  // left: that changes few of the first
  const auto all = engine.single.take(engine.tables);
  all->start({}, teleport);
  ThresholdSchedule thresholds(all->largest_ratio());
  for (; all->rough_norms(nullptr).residual > enough; thresholds.advance()) all->sweep_above(thresholds.threshold());
  std::vector<Scored<Local>> mass;
  all->for_estimates([&](Local v, double x) { mass.push_back({v, x}); });
  keep_top(mass, count);
  std::vector<Local> vertices;
  for (const auto& [vertex, passed] : mass) vertices.push_back(vertex);
  return vertices;
}

/// What tries did, of all of them.
struct Tried {
  Offset arcs = 0;
  Offset slots = 0;    // vertices reached by groups
  Offset partial = 0;  // elements of partial vectors
  Offset links = 0;    // of F
  Offset failed = 0;   // given up

  double of_groups() const {
    return tuning::lanes_cost * static_cast<double>(arcs) + tuning::slot_cost * static_cast<double>(slots) +
           tuning::entry_cost * static_cast<double>(partial + links);
  }
};

/// Tries of some queries and hubs, to know what all of them would cost. Calls are collective.
class Trials {
 public:
  Trials(const EngineState& engine, const float* weight, std::span<const Query* const> queries, Offset num_queries,
         double teleport, double error)
      : engine_(engine),
        queries_(queries),
        num_queries_(num_queries),
        first_query_(engine.comm.exclusive_sum(std::ssize(queries))),
        teleport_(teleport),
        error_(error) {
    // A few at a time until enough was pushed to know: some take a thousand times what others do.
    constexpr Offset round = 2;
    constexpr Offset most_tries = 40;
    const Offset enough_arcs = engine.arcs().num_nonzeros() / 2;
    const Stream stream(1, 0);  // not every n-th: users have reasons for what they ask
    Offset num_tries = 0;
    Tried alone;
    while (num_tries < std::min(most_tries, num_queries / 16) && alone.arcs < enough_arcs && alone.failed == 0) {
      std::vector<const Query*> some;
      for (const Offset end = num_tries + round; num_tries < end; ++num_tries) {
        const auto draw = stream.block(0, static_cast<std::uint32_t>(num_tries), 0)[0];
        const Offset query = Stream::below(draw, z(num_queries)) - first_query_;
        if (query >= 0 && query < std::ssize(queries)) some.push_back(queries[z(query)]);
      }
      std::vector<Tried> each(some.size());
      engine.comm.guard([&] {
        const auto body = [&](SinglePush& push, Offset i) {
          push.start(*some[z(i)], teleport);
          const std::optional<Offset> arcs = arcs_alone(push, engine, weight, error);
          each[z(i)] = {.arcs = arcs.value_or(0), .failed = arcs ? 0 : 1};
        };
        engine.parallel_for_pooled(engine.single, std::ssize(some), body, [](Offset) {});
      });
      add_all(each, alone);
    }
    // A solver may be better than whatever there is.
    if (alone.failed == 0)
      alone_ = tuning::push_cost * static_cast<double>(alone.arcs) / static_cast<double>(num_tries) *
               static_cast<double>(num_queries);
  }

  /// Nanoseconds for all queries one by one; 0 if that is for a solver.
  double alone() const { return alone_; }

  /// Together, up to hubs if there are any; infinite if more than `limit`.
  double together(const HubChoice* choice, double limit) const {
    const Offset num_groups = (num_queries_ + batch_width - 1) / batch_width;
    const Offset num_tried = std::min<Offset>(2, num_groups);
    std::vector<Offset> groups;  // those that begin on this rank
    for (Offset i = 0; i < num_tried; ++i) {
      const Offset begin = (2 * i + 1) * num_groups / (2 * num_tried) * batch_width - first_query_;
      if (begin >= 0 && begin < std::ssize(queries_)) groups.push_back(begin);
    }
    const double of_all = static_cast<double>(num_groups) / static_cast<double>(num_tried);
    const auto try_group = [&](BatchPush& pushes, Offset i) {
      const auto group = queries_.subspan(z(groups[z(i)]));
      if (choice != nullptr)
        pushes.start(teleport_, choice->limit.data(), choice->outside.data());
      else
        pushes.start(teleport_, engine_.tables.out_arcs.span().data(), nullptr);
      std::array<double, batch_width> goals{};
      for (std::size_t l = 0; l < std::min(group.size(), std::size_t{batch_width}); ++l) {
        pushes.add(*group[l], l);
        goals[l] = (choice != nullptr ? 1 - share_of_hubs : 1) * error_;
      }
      const bool finished = pushes.run(goals, static_cast<Offset>(limit / of_all / tuning::lanes_cost));
      return Tried{
          .arcs = pushes.num_arcs_pushed(), .slots = std::ssize(pushes.vertices()), .failed = finished ? 0 : 1};
    };
    const Tried tried = try_groups(std::ssize(groups), try_group);
    const double cost = of_all * tried.of_groups();
    return tried.failed > 0 || cost > limit ? infinite : cost;
  }

  /// To make hubs and to use them, pushes up to them apart; infinite if making alone takes more
  /// than `limit`, or than memory allows.
  double hubs(const HubChoice& choice, double limit, Offset most_bytes) const {
    const Offset num_groups = choice.num_groups();
    const Offset num_tried = std::min(num_groups, std::max<Offset>(4, num_groups / 32));
    const double of_all = static_cast<double>(num_groups) / static_cast<double>(num_tried);
    // No single group may take a quarter of what all tries could.
    const auto most_arcs = static_cast<Offset>(limit / of_all / tuning::lanes_cost / 4);
    const Partition share = Partition::uniform(num_tried, engine_.comm.size());
    const auto try_group = [&](BatchPush& pushes, Offset i) {
      const Offset number = (2 * (share.begin(engine_.comm.rank()) + i) + 1) * num_groups / (2 * num_tried);
      const HubRows rows = push_from_hubs(pushes, choice, choice.group(number), teleport_, error_, most_arcs);
      return Tried{.arcs = rows.num_arcs,
                   .slots = std::ssize(pushes.vertices()),
                   .partial = std::ssize(rows.partial.at),
                   .links = std::ssize(rows.links.at),
                   .failed = rows.finished ? 0 : 1};
    };
    const Tried tried = try_groups(share.size(engine_.comm.rank()), try_group);
    const double partial = of_all * static_cast<double>(tried.partial);
    const double links = of_all * static_cast<double>(tried.links);
    constexpr double entry_bytes = 2 * 12;  // where it is made, and where it is put
    if (tried.failed > 0 || entry_bytes * (partial + links) > static_cast<double>(most_bytes)) return infinite;
    const double use = tuning::link_cost * links + tuning::sum_cost * partial +
                       tuning::block_cost * static_cast<double>(engine_.arcs().num_rows() / block_size);
    return of_all * tried.of_groups() + use * static_cast<double>(num_queries_);
  }

 private:
  /// Calls one(pushes, i) for this rank's groups to try.
  template <class Try>
  Tried try_groups(Offset count, Try one) const {
    Tried total;
    add_all(engine_.comm.guard([&] {
      return parallel_tasks(
          count, [&] { return BatchPush(engine_.tables); }, one);
    }),
            total);
    return total;
  }
  /// Those of all ranks.
  void add_all(const std::vector<Tried>& each, Tried& total) const {
    for (Offset Tried::*count : {&Tried::arcs, &Tried::slots, &Tried::partial, &Tried::links, &Tried::failed}) {
      Offset own = 0;
      for (const Tried& tried : each) own += tried.*count;
      total.*count += engine_.comm.sum(own);
    }
  }

  const EngineState& engine_;
  std::span<const Query* const> queries_;
  Offset num_queries_;
  Offset first_query_;
  double teleport_;
  double error_;
  double alone_ = 0;
};

}  // namespace

std::shared_ptr<const BatchPlan> plan_batch(const EngineState& engine, const IndexSummary* summary,
                                            std::span<const Query* const> queries, Offset num_queries, double error,
                                            const QueryOptions& options) {
  const double teleport = options.teleport;
  auto plan = std::make_shared<BatchPlan>(BatchPlan{summary != nullptr, teleport, error, num_queries, false, nullptr});
  const Local n = engine.arcs().num_rows();
  std::vector<float> ones;
  engine.comm.guard([&] {
    if (summary == nullptr) ones.assign(engine.tables.out_arcs.span().size(), 1);
  });
  const float* const weight = summary == nullptr ? ones.data() : summary->deviation.data();
  const Trials trials(engine, weight, queries, num_queries, teleport, error);
  if (trials.alone() == 0 || BatchPush::most_bytes(engine.arcs()) > options.batch_bytes) return plan;
  if (trials.alone() > tuning::arcs_for_hubs * tuning::push_cost * static_cast<double>(engine.arcs().num_nonzeros())) {
    std::optional<HubChoice> choice;
    engine.comm.guard([&] {
      const std::size_t count = std::clamp(z(n) / tuning::vertices_per_hub, tuning::fewest_hubs, tuning::most_hubs);
      choice.emplace(engine.tables, most_passed(engine, teleport, count));
    });
    const double most = tuning::gain_of_hubs * trials.alone();
    double cost = trials.hubs(*choice, most, options.batch_bytes);
    if (cost < most) cost += trials.together(&*choice, most - cost);
    if (cost < most) {
      plan->together = true;
      plan->hubs = std::make_shared<const Hubs>(engine.tables, std::move(*choice), teleport, error, options.progress);
    }
  }
  if (!plan->together) plan->together = trials.together(nullptr, tuning::gain * trials.alone()) < infinite;
  return plan;
}

}  // namespace filigree::ppr
