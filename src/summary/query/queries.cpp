#include <algorithm>

#include "core/index.hpp"
#include "filigree/summary.hpp"
#include "summary/code/measure.hpp"

namespace filigree::summary {
namespace {

const Comm& comm_of(const Summary& summary) { return summary.superedges.comm(); }

/// Supernode of any vertex, on every rank. Collective.
Global supernode_of(const Summary& summary, Global vertex, const char* name) {
  require(vertex >= 0 && vertex < summary.num_vertices(), name, ": vertex ", vertex, ", must lie in [0, ",
          summary.num_vertices(), ")");
  const Comm& comm = comm_of(summary);
  const Partition& vertices = summary.supernode.vertices;
  const bool mine = vertices.owns(comm.rank(), vertex);
  return comm.max(mine ? summary.supernode.of[z(vertex - vertices.begin(comm.rank()))] : Global{-1});
}

struct Reached {
  Global supernode;
  double density;
};

/// Supernodes that some supernodes have superedges to, with the densities of `matrix`, on every rank. Collective.
std::vector<Reached> rows(const DistCsr<double>& matrix, std::span<const Global> supernodes) {
  std::vector<Reached> mine;
  for (const Global a : supernodes) {
    if (!matrix.rows().owns(matrix.comm().rank(), a)) continue;
    const auto row = static_cast<Local>(a - matrix.first_row());
    const auto cols = matrix.local().view().cols(row);
    const auto vals = matrix.local().view().vals(row);
    for (std::size_t k = 0; k < cols.size(); ++k) mine.push_back({matrix.global_col(cols[k]), vals[k]});
  }
  return matrix.comm().all_gather(mine).values;
}

}  // namespace

std::vector<Local> bfs(const Summary& summary, Global source) {
  const Comm& comm = comm_of(summary);
  const Global origin = supernode_of(summary, source, "bfs");
  std::vector<Local> level(z(summary.num_supernodes()), -1);
  std::vector<Global> frontier{origin};
  // From a supernode to itself it takes one step along a superedge inside, else two there and back.
  Local back = -1;
  level[z(origin)] = 0;
  for (Local step = 1; !frontier.empty(); ++step) {
    std::vector<Global> next;
    for (const Reached& reached : rows(summary.superedges, frontier)) {
      if (step == 1) back = std::max<Local>(back, reached.supernode == origin ? 1 : -1);
      if (level[z(reached.supernode)] >= 0) continue;
      level[z(reached.supernode)] = step;
      next.push_back(reached.supernode);
    }
    frontier = std::move(next);
    if (step == 1 && back < 0 && !frontier.empty()) back = 2;
  }
  level[z(origin)] = back;
  std::vector<Local> result;
  for (const Global a : summary.supernode.of) result.push_back(level[z(a)]);
  const Partition& vertices = summary.supernode.vertices;
  if (vertices.owns(comm.rank(), source)) result[z(source - vertices.begin(comm.rank()))] = 0;
  return result;
}

Neighbors neighbors(const Summary& summary, Global vertex) {
  const Comm& comm = comm_of(summary);
  const Global origin = supernode_of(summary, vertex, "neighbors");
  std::vector<double> density(z(summary.num_supernodes()), 0);
  for (const Reached& reached : rows(densities(summary), std::span(&origin, 1)))
    density[z(reached.supernode)] = reached.density;
  Neighbors result;
  const Global first = summary.supernode.vertices.begin(comm.rank());
  for (std::size_t i = 0; i < summary.supernode.of.size(); ++i) {
    const Global other = first + static_cast<Global>(i);
    const double s = density[z(summary.supernode.of[i])];
    if (s == 0 || other == vertex) continue;
    result.vertex.push_back(other);
    result.density.push_back(s);
  }
  return result;
}

}  // namespace filigree::summary
