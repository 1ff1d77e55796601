#include "filigree/pagerank.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace filigree::pagerank {
namespace {

void check_options(const Graph& graph, const Options& options) {
  require(options.teleport > 0 && options.teleport < 1, "teleport: ", options.teleport, ", must lie in (0, 1)");
  require(options.tolerance > 0, "tolerance: ", options.tolerance, ", must be above 0");
  require(graph.is_square(), "graph: ", graph.num_rows(), " x ", graph.num_cols(), ", must be square");
  require(graph.num_rows() > 0, "graph: it has no vertices");
}

/// The teleport distribution of the owned vertices, summing to 1 over all ranks.
std::vector<double> teleport_distribution(const Graph& graph, std::span<const double> weights) {
  const auto num_owned = static_cast<std::size_t>(graph.num_local_rows());
  const bool uniform = graph.comm.max(static_cast<int>(!weights.empty())) == 0;
  std::vector<double> distribution(num_owned, 1.0 / static_cast<double>(graph.num_rows()));
  if (uniform) return distribution;
  graph.comm.guard([&] {
    require(weights.size() == num_owned, "teleport: ", weights.size(), " weights for ", num_owned, " vertices on rank ",
            graph.comm.rank());
    for (std::size_t v = 0; v < num_owned; ++v) {
      require(weights[v] >= 0 && std::isfinite(weights[v]), "teleport: vertex ", graph.first_row() + static_cast<Global>(v),
              " has weight ", weights[v], "; weights must be finite and at least 0");
    }
  });
  const double total = graph.comm.sum(std::accumulate(weights.begin(), weights.end(), 0.0));
  require(total > 0 && std::isfinite(total), "teleport: the weights sum to ", total, ", must be finite and above 0");
  for (std::size_t v = 0; v < num_owned; ++v) distribution[v] = weights[v] / total;
  return distribution;
}

}  // namespace

Result solve(const Graph& graph, std::span<const double> teleport, const Options& options) {
  check_options(graph, options);
  const Comm& comm = graph.comm;
  const double c = options.teleport;
  const std::vector<double> t = teleport_distribution(graph, teleport);
  const std::vector<double> weights = out_weights(graph);
  const std::size_t num_owned = t.size();
  const double uniform_share = 1.0 / static_cast<double>(graph.num_rows());

  Result result;
  result.vertices = graph.rows;
  const Graph in_arcs = [&] {
    const Phase phase(result.timings, "transpose");
    return transpose(graph);
  }();

  // Each iteration shrinks the L1 error by 1-c or more, so this many reach any tolerance that rounding allows.
  const double least = std::max(options.tolerance, 1e-16);
  const auto most_iterations = static_cast<Offset>(std::ceil(std::log(least * c / 2) / std::log1p(-c))) + 2;

  const Phase phase(result.timings, "iterate");
  std::vector<double> p = t;
  std::vector<double> sent(num_owned);      // what each vertex gives along an arc of weight 1
  std::vector<double> received(num_owned);  // what arrives
  Offset iteration = 0;
  do {
    double dangling = 0;
    for (std::size_t v = 0; v < num_owned; ++v) {
      sent[v] = weights[v] > 0 ? (1 - c) * p[v] / weights[v] : 0;
      if (weights[v] == 0) dangling += (1 - c) * p[v];
    }
    multiply(in_arcs, std::span<const double>(sent), std::span<double>(received));
    dangling = comm.sum(dangling);

    double change = 0;
    for (std::size_t v = 0; v < num_owned; ++v) {
      double next = received[v] + c * t[v];
      switch (options.dangling) {
        case Dangling::source: next += dangling * t[v]; break;
        case Dangling::self: next += weights[v] == 0 ? (1 - c) * p[v] : 0; break;
        case Dangling::uniform: next += dangling * uniform_share; break;
        case Dangling::drop: break;
      }
      change += std::abs(next - p[v]);
      p[v] = next;
    }
    result.error_bound = comm.sum(change) * (1 - c) / c;
    ++iteration;
    if (options.progress) options.progress("iterate", iteration, most_iterations);
  } while (result.error_bound > options.tolerance && iteration < most_iterations);

  result.scores = std::move(p);
  result.stats["iterations"] = iteration;
  result.stats["arcs"] = graph.num_nonzeros();
  result.stats["ghost_values"] = comm.sum(static_cast<Offset>(in_arcs.ghosts.size())) * iteration;
  return result;
}

}  // namespace filigree::pagerank
