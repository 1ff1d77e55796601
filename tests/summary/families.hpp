// Small symmetric graphs of many families, and a summary reconstructed the slow way.
#pragma once

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "filigree/summary.hpp"
#include "support/matrices.hpp"

namespace filigree::testing {

using Edges = std::set<std::pair<Global, Global>>;  // u < v

struct Family {
  std::string name;
  Global num_vertices;
  Edges edges;
};

inline void connect(Edges& edges, Global u, Global v) {
  if (u != v) edges.emplace(std::min(u, v), std::max(u, v));
}

inline Family random_family(Global n, Offset m, std::uint64_t seed) {
  Random random(seed);
  Family family{"random", n, {}};
  for (Offset k = 0; k < m; ++k) connect(family.edges, below(random, n), below(random, n));
  return family;
}

/// Cliques, stars, bipartite blocks, paths, blocks with noise, isolated vertices, and random ones.
inline std::vector<Family> families() {
  std::vector<Family> all;
  Family path{"path", 30, {}};
  for (Global v = 0; v + 1 < 30; ++v) connect(path.edges, v, v + 1);
  all.push_back(path);
  Family clique{"clique", 12, {}};
  for (Global u = 0; u < 12; ++u)
    for (Global v = 0; v < u; ++v) connect(clique.edges, u, v);
  all.push_back(clique);
  Family star{"star", 25, {}};
  for (Global v = 1; v < 25; ++v) connect(star.edges, 0, v);
  all.push_back(star);
  Family bipartite{"bipartite", 20, {}};
  for (Global u = 0; u < 8; ++u)
    for (Global v = 8; v < 20; ++v) connect(bipartite.edges, u, v);
  all.push_back(bipartite);
  Family cliques{"cliques with isolated vertices", 50, {}};
  for (Global c = 0; c < 4; ++c)
    for (Global u = 0; u < 10; ++u)
      for (Global v = 0; v < u; ++v) connect(cliques.edges, 10 * c + u, 10 * c + v);
  all.push_back(cliques);
  Random random(11);
  Family blocks{"noisy blocks", 60, {}};
  for (Global u = 0; u < 60; ++u)
    for (Global v = 0; v < u; ++v)
      if (below(random, 100) < (u / 15 == v / 15 ? 80 : 4)) connect(blocks.edges, u, v);
  all.push_back(blocks);
  Family tree{"tree", 63, {}};
  for (Global v = 1; v < 63; ++v) connect(tree.edges, v, (v - 1) / 2);
  all.push_back(tree);
  Family pair{"one edge", 2, {}};
  connect(pair.edges, 0, 1);
  all.push_back(pair);
  all.push_back(random_family(40, 100, 1));
  all.push_back(random_family(90, 150, 2));
  all.push_back(random_family(30, 400, 3));
  return all;
}

/// Rows in blocks of nearly equal nonzeros, or as `rows` has them.
inline Graph graph_of(const Comm& comm, const Family& family, Global num_loops = 0, const Partition* rows = nullptr) {
  Entries<double> entries;
  if (comm.is_root()) {
    for (const auto& [u, v] : family.edges) {
      entries.row.push_back(u);
      entries.col.push_back(v);
    }
    for (Global v = 0; v < num_loops; ++v) {
      entries.row.push_back(v);
      entries.col.push_back(v);
    }
    symmetrize(entries);
  }
  if (rows != nullptr) return Graph::from_entries(comm, *rows, *rows, std::move(entries));
  return Graph::from_entries(comm, family.num_vertices, family.num_vertices, std::move(entries));
}

/// What a summary says, on every rank.
struct WholeSummary {
  std::vector<Global> of;
  GlobalMatrix<double> superedges;
  std::vector<std::vector<double>> matrix;  // A^
};

inline WholeSummary whole_summary(const summary::Summary& summary) {
  WholeSummary result;
  result.of = summary.superedges.comm().all_gather(summary.supernode.of).values;
  result.superedges = whole(summary.superedges);
  const std::size_t n = result.of.size();
  std::vector<double> size(static_cast<std::size_t>(summary.num_supernodes()), 0);
  for (const Global a : result.of) ++size[static_cast<std::size_t>(a)];
  result.matrix.assign(n, std::vector<double>(n, 0));
  for (std::size_t u = 0; u < n; ++u) {
    for (std::size_t v = 0; v < n; ++v) {
      const auto found = result.superedges.find({result.of[u], result.of[v]});
      if (u == v || found == result.superedges.end()) continue;
      const double a = size[static_cast<std::size_t>(result.of[u])];
      const double b = size[static_cast<std::size_t>(result.of[v])];
      result.matrix[u][v] = found->second / (result.of[u] == result.of[v] ? a * (a - 1) / 2 : a * b);
    }
  }
  return result;
}

}  // namespace filigree::testing
