// linkage: the edges between communities go in; their dendrogram comes out, on one rank.
#pragma once

#include "communities/linkage/contraction.hpp"

namespace filigree::communities {

struct Built {
  Dendrogram tree;
  Offset scans = 0;  ///< neighbours that scans met
};

Built build_dendrogram(const Contraction& edges, const LinkOptions& options);

}  // namespace filigree::communities
