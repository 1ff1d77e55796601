// Labels: what every vertex belongs to.
#pragma once

#include <vector>

#include "filigree/core/comm.hpp"
#include "filigree/matrix/partition.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// One label per vertex, distributed like the rows of a graph: this rank holds those of vertices.begin(rank) onwards.
struct Labels {
  Partition vertices;
  std::vector<Global> of;  ///< label of each owned vertex, in [0, num_labels)
  Global num_labels = 0;
};

/// Renumbers any labels >= 0 to 0 .. num_labels - 1 without gaps, in the order of the smallest vertex that carries
/// each: a canonical form, so that two labellings are the same exactly if their arrays are. Any number of ranks gives
/// the same. `of` holds the labels of this rank's vertices. Collective. Peak bytes: 40 per distinct label of this rank,
/// on it.
Labels compact_labels(const Comm& comm, const Partition& vertices, std::vector<Global> of);

}  // namespace filigree
#pragma GCC visibility pop
