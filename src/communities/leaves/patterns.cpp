#include "communities/leaves/patterns.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/index.hpp"
#include "core/ordered_sum.hpp"

namespace filigree::communities {
namespace {

/// The arcs that keep(row, column, weight) keeps, by global ids. Collective.
template <class Keep>
Graph filtered(const Graph& graph, bool with_values, Keep keep) {
  const CsrView<double> rows = graph.local();
  std::vector<Offset> row_ptr{0};
  std::vector<Global> col;
  std::vector<double> val;
  graph.comm().guard([&] {
    for (Local v = 0; v < rows.num_rows(); ++v) {
      const auto cols = rows.cols(v);
      const auto vals = rows.vals(v);
      for (std::size_t k = 0; k < cols.size(); ++k) {
        const Global to = graph.global_col(cols[k]);
        const double weight = vals.empty() ? 1 : vals[k];
        if (!keep(graph.first_row() + v, to, weight)) continue;
        col.push_back(to);
        if (with_values) val.push_back(weight);
      }
      row_ptr.push_back(std::ssize(col));
    }
  });
  return Graph::from_csr(graph.comm(), graph.num_cols(), std::span<const Offset>(row_ptr), std::span<const Global>(col),
                         std::span<const double>(val));
}

}  // namespace

Graph without_loops(const Graph& graph, Offset& dropped) {
  const auto counts = [](Global from, Global to, double weight) { return from != to && weight > 0; };
  const CsrView<double> rows = graph.local();
  dropped = 0;
  for (Local v = 0; v < rows.num_rows(); ++v) {
    const auto cols = rows.cols(v);
    const auto vals = rows.vals(v);
    for (std::size_t k = 0; k < cols.size(); ++k)
      dropped += counts(graph.owned_begin() + v, cols[k], vals.empty() ? 1 : vals[k]) ? 0 : 1;
  }
  dropped = graph.comm().sum(dropped);
  return dropped == 0 ? graph : filtered(graph, graph.has_values(), counts);
}

std::vector<double> weight_quartiles(const Graph& graph) {
  std::vector<double> sorted(graph.local().val.begin(), graph.local().val.end());
  std::sort(sorted.begin(), sorted.end());
  const Offset total = graph.comm().sum(static_cast<Offset>(sorted.size()));
  std::vector<double> quartiles;
  for (Offset quarter = 0; quarter < 4; ++quarter) {
    // The largest weight that at most quarter / 4 of the arcs are below, by bisection over the bits of a double.
    std::uint64_t low = 0;
    std::uint64_t high = std::bit_cast<std::uint64_t>(std::numeric_limits<double>::infinity());
    while (high - low > 1) {
      const std::uint64_t middle = low + (high - low) / 2;
      const auto below = std::lower_bound(sorted.begin(), sorted.end(), std::bit_cast<double>(middle));
      const Offset num_below = graph.comm().sum(static_cast<Offset>(below - sorted.begin()));
      (num_below <= total * quarter / 4 ? low : high) = middle;
    }
    const auto weight = std::bit_cast<double>(low);
    if (quartiles.empty() || weight > quartiles.back()) quartiles.push_back(weight);
  }
  return quartiles;
}

void normalize_weights(Graph& graph) {
  if (!graph.has_values()) return;
  double largest = 0;
  for (const double weight : graph.local().val) largest = std::max(largest, weight);
  largest = graph.comm().max(largest);
  if (largest == 0) return;
  // By the largest first, so that no sum overflows.
  const int of_largest = std::ilogb(largest);
  const double total = ordered_sum(graph.comm(), graph.rows(), [&](Offset row) {
    double sum = 0;
    for (const double weight : graph.local().view().vals(static_cast<Local>(row)))
      sum += std::ldexp(weight, -of_largest);
    return sum;
  });
  const int exponent = of_largest + std::ilogb(total / static_cast<double>(graph.num_nonzeros()));
  if (exponent == 0) return;
  for (double& weight : graph.values())
    weight = std::max(std::ldexp(weight, -exponent), std::numeric_limits<double>::min());
}

Graph pattern_from(const Graph& graph, double least) {
  return filtered(graph, false, [&](Global, Global, double weight) { return weight >= least; });
}

}  // namespace filigree::communities
