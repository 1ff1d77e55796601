#include <algorithm>
#include <cmath>

#include "core/index.hpp"
#include "filigree/matrix/transition.hpp"
#include "filigree/summary.hpp"
#include "summary/code/measure.hpp"

namespace filigree::summary {
namespace {

const Comm& comm_of(const Summary& summary) { return summary.superedges.comm; }

/// A sum over all vertices in their order: equal bits on any number of ranks.
double sum_over_vertices(const Comm& comm, std::span<const double> owned) {
  double sum = 0;
  for (const double value : comm.all_gather(owned).values) sum += value;
  return sum;
}

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
    if (!matrix.rows.owns(matrix.comm.rank(), a)) continue;
    const auto row = static_cast<Local>(a - matrix.first_row());
    const auto cols = matrix.local.view().cols(row);
    const auto vals = matrix.local.view().vals(row);
    for (std::size_t k = 0; k < cols.size(); ++k) mine.push_back({matrix.global_col(cols[k]), vals[k]});
  }
  return matrix.comm.all_gather(std::span<const Reached>(mine)).values;
}

}  // namespace

std::vector<double> degrees(const Summary& summary) {
  const Operator reconstruction(summary);
  const std::vector<double> ones(summary.supernode.of.size(), 1);
  std::vector<double> result(ones.size());
  reconstruction.multiply(ones, result);
  return result;
}

PageRank pagerank(const Summary& summary, const PageRankOptions& options) {
  check_teleport(options.teleport);
  require(options.tolerance > 0, "tolerance: ", options.tolerance, ", must be above 0");
  const Comm& comm = comm_of(summary);
  const double c = options.teleport;
  const auto n = static_cast<double>(summary.num_vertices());
  const Operator reconstruction(summary);
  const std::size_t num_owned = summary.supernode.of.size();
  const std::vector<double> ones(num_owned, 1);
  std::vector<double> share(num_owned);  // what an edge of density 1 carries of its vertex's score; 0 without edges
  reconstruction.multiply(ones, share);
  for (double& degree : share) degree = degree > 0 ? (1 - c) / degree : 0;

  PageRank result;
  std::vector<double> p(num_owned, 1 / n);
  std::vector<double> sent(num_owned);
  std::vector<double> next(num_owned);
  std::vector<double> terms(num_owned);
  const auto most =
      static_cast<Offset>(std::ceil(std::log(std::max(options.tolerance, 1e-16) * c / 2) / std::log1p(-c))) + 2;
  do {
    for (std::size_t v = 0; v < num_owned; ++v) {
      sent[v] = p[v] * share[v];
      terms[v] = share[v] > 0 ? 0 : p[v];
    }
    const double jump = (c + (1 - c) * sum_over_vertices(comm, terms)) / n;
    reconstruction.multiply(sent, next);
    for (std::size_t v = 0; v < num_owned; ++v) {
      next[v] += jump;
      terms[v] = std::abs(next[v] - p[v]);
    }
    p.swap(next);
    result.error_bound = sum_over_vertices(comm, terms) * (1 - c) / c;
    ++result.iterations;
  } while (result.error_bound > options.tolerance && result.iterations < most);
  result.scores = std::move(p);
  return result;
}

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
