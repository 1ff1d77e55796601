#include "ppr/query/hub_rows.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace filigree::ppr {
namespace {

/// What the walk of a hub may leave. Queries pass hubs about once or twice; those that pass more do without.
double error_of_hub(double error) { return 0.5 * share_of_hubs * error; }

}  // namespace

HubChoice::HubChoice(const QueryTables& tables, std::vector<Local> vertices) : vertex(std::move(vertices)) {
  std::ranges::sort(vertex);
  const auto out_arcs = tables.out_arcs.span();
  limit.assign(out_arcs.begin(), out_arcs.end());
  for (Local v : vertex) limit[z(v)] = std::numeric_limits<float>::infinity();
}

std::vector<float> HubChoice::outside() const {
  std::vector<float> outside(limit.size(), 1);
  for (Local v : vertex) outside[z(v)] = 0;
  return outside;
}

HubRows walk_hubs(BatchPush& pushes, const HubChoice& choice, std::span<const Local> group, const float* outside,
                  double teleport, double error, Offset most_arcs) {
  HubRows rows;
  pushes.start(teleport, choice.limit.data(), outside);
  std::array<double, batch_width> goals{};
  for (std::size_t l = 0; l < group.size(); ++l) {
    pushes.add_pushed(group[l], l);
    goals[l] = error_of_hub(error);
  }
  rows.finished = pushes.run(goals, most_arcs);
  rows.num_arcs = pushes.num_arcs_pushed();
  // Rows leave out what is too small to matter.
  const double most_missed = 0.1 * error_of_hub(error);
  const Lanes::Large pushed = Lanes::large(pushes.lanes().pushed(), most_missed / teleport);
  const Lanes::Large residual = Lanes::large(pushes.lanes().residual(), most_missed);
  for (std::size_t l = 0; l < group.size(); ++l) {
    for (const auto& [place, x] : pushed.of_lane[l]) rows.partial.add(pushes.vertices()[z(place)], teleport * x);
    rows.partial.end_row();
    rows.settled.push_back(teleport * pushed.total[l]);
    double loop = 0;
    double missed = teleport * pushed.missed[l] + residual.missed[l];
    for (const auto& [place, x] : residual.of_lane[l]) {
      const Local v = pushes.vertices()[z(place)];
      if (v == group[l])
        loop = x;
      else if (choice.is_hub(v))
        rows.links.add(v, x);
      else
        missed += x;
    }
    rows.links.end_row();
    rows.loop.push_back(loop);
    rows.missed.push_back(missed);
  }
  return rows;
}

}  // namespace filigree::ppr
