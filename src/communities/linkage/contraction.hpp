// Contraction: a graph and labels go in; the edges between communities come out, whole on rank 0.
#pragma once

#include <cstdint>
#include <vector>

#include "communities/linkage/ratio.hpp"
#include "filigree/communities.hpp"

namespace filigree::communities {

/// Edges between communities a <= b as integers: multiples of `unit`.
struct Contraction {
  struct Entry {
    Global b;
    Wide edges;
  };
  std::vector<Offset> sizes;
  std::vector<Offset> connected;  ///< vertices of each that have edges; empty = all
  std::vector<Offset> row_ptr{0};
  std::vector<Entry> entries;  ///< of each row ascending in b
  double unit = 1;
  bool is_weighted = false;
};

/// Throws InvalidArgument on all ranks, naming an arc, unless the graph is undirected with weights >= 0. Collective.
void check_undirected(const Graph& graph);

/// One pass over the edges, by integers, so that no sum depends on ranks or threads. `labels` is compact. The result is
/// on rank 0, empty elsewhere. Collective.
Contraction contract(const Graph& graph, const Labels& labels);

}  // namespace filigree::communities
