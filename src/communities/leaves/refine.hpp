// leaves: eigenvectors go in; labels of vertices, first by k-means and then by likelihood, come out.
#pragma once

#include <vector>

#include "communities/spectral/bethe_hessian.hpp"
#include "filigree/communities/leaves.hpp"

namespace filigree::communities {

/// Moves vertices to the community in which their edges are most likely, given the labels of all others, as long as the
/// likelihood of the whole grows. labels: in [0, k) for owned vertices, -1 for isolated ones, which stay. No community
/// loses its last vertex. Collective. The same on any ranks and threads.
void refine(const Adjacency& a, Offset k, const LeafOptions& options, std::vector<Local>& labels, Stats& stats);

}  // namespace filigree::communities
