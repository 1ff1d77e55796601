// The rules by which clusters grow. In: blocks and their norms. Out: the partition, with the decomposition of each
// part.
#pragma once

#include <vector>

#include "filigree/svd_clustering.hpp"

namespace filigree::svd_clustering {

/// A cluster as its rule leaves it: its blocks in order of acceptance and, if the rule has made it, its decomposition.
struct Grown {
  std::vector<Global> blocks;
  std::optional<IncrementalSvd> svd = {};
  bool grew = false;  ///< beyond its seed
};

/// `norms` of all blocks. Collective. Counts in stats: trials, accepted, rankings.
std::vector<Grown> grow_ours(const DenseBlocks& blocks, const std::vector<double>& norms, const Options& options,
                             Stats& stats);
std::vector<Grown> grow_published(const DenseBlocks& blocks, const std::vector<double>& norms, const Options& options,
                                  Stats& stats);

/// The clusters to go on from, and what was counted in making them.
std::vector<Grown> resumed(const Options& options, Stats& stats);
/// Tells options.finished of a cluster.
void tell_finished(const Options& options, const Grown& cluster, const Stats& stats);

/// The kernel whose certificates are sharp enough for the error that is asked for.
Kernel kernel_for(const Options& options);

/// The decomposition of some blocks, one after the other, equal on every rank. Collective.
IncrementalSvd decompose_members(const DenseBlocks& blocks, const std::vector<Global>& members, IncrementalSvd svd);

}  // namespace filigree::svd_clustering
