// IndexSummary: what queries must know of an index.
#pragma once

#include <memory>
#include <vector>

#include "filigree/ppr.hpp"

namespace filigree::ppr {

/// Of all rows of an index, wherever they are, or of those of a rank's part of the graph.
struct IndexSummary {
  std::vector<float> mass;       ///< |q^_v|_1; with zeros behind, up to a whole block or more
  std::vector<float> deviation;  ///< its expected L1 error; the same
  double largest_mass = 0;       ///< of all rows
};
/// Of all rows. Collective.
std::shared_ptr<const IndexSummary> summarize(const Comm& comm, const Index& index);

}  // namespace filigree::ppr
