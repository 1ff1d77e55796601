// Which blocks are near the span of a basis: the candidates of a cluster.
#pragma once

#include <span>
#include <vector>

#include "filigree/matrix/dense_blocks.hpp"

namespace filigree::svd_clustering {

/// Sketches of the owned blocks: a few random combinations of the columns of each, scaled to norm 1.
class Sketches {
 public:
  /// Collective.
  explicit Sketches(const DenseBlocks& blocks);

  /// About |A_i - Q Q^T A_i|^2 / |A_i|^2 for the blocks of `candidates` (ascending), the same on every rank. Exact to
  /// rounding for blocks of at most four columns. Collective. Work 2 m l times their sketched columns.
  std::vector<double> relative_residuals(DenseView basis, std::span<const Global> candidates) const;

 private:
  const DenseBlocks& blocks_;
  std::vector<Dense> local_;
};

}  // namespace filigree::svd_clustering
