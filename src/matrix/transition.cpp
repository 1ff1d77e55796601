#include "filigree/matrix/transition.hpp"

#include <cmath>
#include <limits>

#include "filigree/core/invalid_arc.hpp"

namespace filigree {

void check_teleport(double c) { require(c >= 1e-4 && c < 1, "teleport: ", c, ", must lie in [0.0001, 1)"); }

std::vector<double> out_weights(const Graph& graph) {
  const CsrView<double> arcs = graph.local().view();
  return graph.comm().guard([&] {
    std::vector<double> sums(static_cast<std::size_t>(arcs.num_rows()));
    for (Local row = 0; row < arcs.num_rows(); ++row) {
      double sum = arcs.has_values() ? 0 : static_cast<double>(arcs.degree(row));
      const auto weights = arcs.vals(row);
      for (std::size_t k = 0; k < weights.size(); ++k) {
        if (!(weights[k] >= 0 && std::isfinite(weights[k]))) {
          throw InvalidArc("arc ", graph.first_row() + row, graph.global_col(arcs.cols(row)[k]),
                           text(" has weight ", weights[k], "; weights must be finite and at least 0"));
        }
        sum += weights[k];
      }
      if (sum != 0 && !(std::isfinite(sum) && sum >= std::numeric_limits<double>::min())) {
        throw InvalidArc("the weights of the arcs from ", graph.first_row() + row,
                         text(" sum to ", sum, ", which cannot be divided by"));
      }
      sums[static_cast<std::size_t>(row)] = sum;
    }
    return sums;
  });
}

}  // namespace filigree
