#include "summary/code/fill.hpp"

#include <algorithm>
#include <bit>

#include "core/index.hpp"

namespace filigree::summary {

Filling fill_budget(const Supergraph& graph, std::int64_t num_edges, double budget_bits, Norm norm) {
  struct Ranked {
    float benefit;
    std::uint32_t edges;
    Local a, b;
  };
  std::vector<Ranked> ranked;
  for (Local a = 0; a < graph.num_supernodes(); ++a) {
    for (const Entry& e : graph.row(a)) {
      if (e.other < a) continue;
      const std::int64_t edges = e.edges();
      const std::int64_t pairs = num_vertex_pairs(graph.size[z(a)], graph.size[z(e.other)], e.other == a);
      if (norm == Norm::l1 && 2 * edges <= pairs) continue;
      const double s = static_cast<double>(edges) / static_cast<double>(pairs);
      const double benefit = static_cast<double>(edges) * (norm == Norm::l1 ? 2 * s - 1 : s);
      ranked.push_back({static_cast<float>(benefit), static_cast<std::uint32_t>(edges), a, e.other});
    }
  }
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& x, const Ranked& y) {
    if (x.benefit != y.benefit) return x.benefit > y.benefit;
    return std::pair(x.a, x.b) < std::pair(y.a, y.b);
  });
  const auto n = static_cast<std::int64_t>(graph.of.size());
  Filling result;
  std::vector<char> used(z(graph.num_supernodes()), 0);
  std::int64_t num_used = 0;
  double saved = 0;
  result.num_supernodes = 1;
  for (const Ranked& r : ranked) {
    const std::int64_t now_used = num_used + !used[z(r.a)] + (r.a != r.b && !used[z(r.b)]);
    const std::int64_t supernodes = now_used + (now_used < graph.num_supernodes() ? 1 : 0);
    const std::int64_t max_count = std::max<std::int64_t>(result.max_count, r.edges);
    const double size = size_in_bits(n, supernodes, std::ssize(result.superedges) + 1, max_count);
    if (size > budget_bits) continue;
    used[z(r.a)] = used[z(r.b)] = 1;
    num_used = now_used;
    result.num_supernodes = supernodes;
    result.max_count = max_count;
    result.superedges.push_back({r.a, r.b, r.edges});
    const double s = static_cast<double>(r.edges) /
                     static_cast<double>(num_vertex_pairs(graph.size[z(r.a)], graph.size[z(r.b)], r.a == r.b));
    saved += 2 * static_cast<double>(r.edges) * (norm == Norm::l1 ? 2 * s - 1 : s);
  }
  result.size_bits = size_in_bits(n, result.num_supernodes, std::ssize(result.superedges), result.max_count);
  result.error_sum = 2 * static_cast<double>(num_edges) - saved;
  return result;
}

}  // namespace filigree::summary
