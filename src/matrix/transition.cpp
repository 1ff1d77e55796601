#include "filigree/matrix/transition.hpp"

#include <cmath>

namespace filigree {

std::vector<double> out_weights(const Graph& graph) {
  const CsrView<double> arcs = graph.local.view();
  return graph.comm.guard([&] {
    std::vector<double> sums(static_cast<std::size_t>(arcs.num_rows()));
    for (Local row = 0; row < arcs.num_rows(); ++row) {
      double sum = arcs.has_values() ? 0 : static_cast<double>(arcs.degree(row));
      const auto weights = arcs.vals(row);
      for (std::size_t k = 0; k < weights.size(); ++k) {
        require(weights[k] >= 0 && std::isfinite(weights[k]), "arc ", graph.first_row() + row, " -> ",
                graph.global_col(arcs.cols(row)[k]), " has weight ", weights[k],
                "; weights must be finite and at least 0");
        sum += weights[k];
      }
      require(std::isfinite(sum), "the weights of the arcs from ", graph.first_row() + row, " sum to ", sum);
      sums[static_cast<std::size_t>(row)] = sum;
    }
    return sums;
  });
}

}  // namespace filigree
