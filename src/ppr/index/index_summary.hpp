// What queries must know of an index, wherever its rows are.
#pragma once

#include <memory>
#include <vector>

#include "filigree/ppr.hpp"

namespace filigree::ppr {

/// What queries must know of an index: of all its rows, wherever they are.
struct IndexSummary {
  std::vector<float> mass;       ///< |q^_v|_1; a block of zeros behind
  std::vector<float> deviation;  ///< the same
  double largest_mass = 0;
};
/// |q^_v|_1 of this rank's rows of an index.
std::vector<float> row_masses(const Index& index);
/// Collective.
std::shared_ptr<const IndexSummary> summarize(const Comm& comm, const Index& index);

}  // namespace filigree::ppr
