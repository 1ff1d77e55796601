// Graphs of every family that has broken a distributed algorithm: what ranks own, reference and receive differs most.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "support/matrices.hpp"

namespace filigree::testing {

struct Family {
  std::string name;
  Global num_vertices = 0;
  std::vector<std::pair<Global, Global>> arcs;
};

/// Directed graphs of about `n` vertices, n >= 8, each once. Ranks without ghosts, without rows (fewer vertices than
/// ranks) and without values that others need all occur among them on 2 to 4 ranks.
inline std::vector<Family> graph_families(Global n = 24) {
  std::vector<Family> families;
  const auto add = [&](std::string name, Global num_vertices) -> auto& {
    return families.emplace_back(Family{std::move(name), num_vertices, {}}).arcs;
  };
  add("no arcs", n);
  add("one vertex", 1);
  add("one loop", 1) = {{0, 0}};
  add("two vertices, one arc", 2) = {{0, 1}};
  add("three vertices, a cycle", 3) = {{0, 1}, {1, 2}, {2, 0}};
  add("DAG of four", 4) = {{0, 1}, {1, 2}, {2, 3}, {0, 2}, {0, 3}};

  auto& chain = add("chain", n);
  for (Global v = 0; v + 1 < n; ++v) chain.emplace_back(v, v + 1);
  auto& reversed = add("chain backwards", n);
  for (Global v = 0; v + 1 < n; ++v) reversed.emplace_back(v + 1, v);
  auto& cycle = add("cycle", n);
  for (Global v = 0; v < n; ++v) cycle.emplace_back(v, (v + 1) % n);
  auto& out_star = add("star outwards", n);
  for (Global v = 1; v < n; ++v) out_star.emplace_back(0, v);
  auto& in_star = add("star inwards, centre last", n);
  for (Global v = 0; v + 1 < n; ++v) in_star.emplace_back(v, n - 1);
  auto& dag = add("DAG", n);
  for (Global v = 0; v < n; ++v) {
    for (Global w = v + 1; w < n; w += 1 + v % 5) dag.emplace_back(v, w);
  }
  auto& bipartite = add("bipartite", n);
  for (Global v = 0; v < n / 2; ++v) {
    for (Global w = n / 2; w < n; w += 1 + v % 3) bipartite.emplace_back(v, w);
  }
  auto& forest = add("forest", n);
  for (Global v = 1; v < n; ++v) {
    if (v % (n / 3) != 0) forest.emplace_back(v, v / (n / 3) * (n / 3) + (v % (n / 3) - 1) / 2);
  }
  auto& blocks = add("disjoint blocks", n);
  for (Global v = 0; v < n; ++v) {
    for (Global w = v / 4 * 4; w < std::min(n, v / 4 * 4 + 4); ++w) {
      if (v != w) blocks.emplace_back(v, w);
    }
  }
  auto& loops = add("loops only", n);
  for (Global v = 0; v < n; v += 2) loops.emplace_back(v, v);
  auto& isolated = add("a triangle among isolated vertices", n);
  isolated = {{n / 2, n / 2 + 1}, {n / 2 + 1, n / 2 + 2}, {n / 2 + 2, n / 2}};
  auto& random = add("random", n);
  Random generator(7);
  for (Global k = 0; k < 3 * n; ++k) random.emplace_back(below(generator, n), below(generator, n));
  return families;
}

/// The graph of a family over the ranks, every arc and loop once; symmetric if so asked. Collective.
inline Graph family_graph(const Comm& comm, const Family& family, bool undirected = false) {
  Entries<double> entries;
  for (const auto& [tail, head] : family.arcs) {
    entries.row.push_back(tail);
    entries.col.push_back(head);
  }
  Entries<double> mine = deal(comm, entries, static_cast<std::uint64_t>(family.arcs.size()));
  if (undirected) symmetrize(mine);
  return Graph::from_entries(comm, family.num_vertices, family.num_vertices, std::move(mine),
                             {Duplicates::first, Loops::keep});
}

}  // namespace filigree::testing
