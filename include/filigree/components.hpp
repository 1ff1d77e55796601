// Connected components of a graph.
#pragma once

#include "filigree/core/timing.hpp"
#include "filigree/matrix/dist_csr.hpp"
#include "filigree/matrix/labels.hpp"

#pragma GCC visibility push(default)
namespace filigree::components {

struct Result {
  Labels labels;       ///< connected vertices have equal labels; numbered in the order of their smallest vertices
  Global largest = 0;  ///< vertices of the largest component
  Timings timings;     ///< join, merge, label
  Stats stats;         ///< cut_edges, rounds, jumps; they depend on the number of ranks
};

/// The weakly connected components: two vertices are connected if a path leads from one to the other along arcs taken
/// in any direction. Weights do not count, and a vertex without arcs is a component.
///
/// graph    square
/// returns  a label per vertex, dealt out like the rows, in the canonical form of compact_labels()
///
/// Throws InvalidArgument on all ranks if the graph is not square. Collective over graph.comm().
/// Every rank joins what its own arcs connect into pieces (union-find, almost linear: one pass over the arcs), and
/// keeps one edge for each of its pieces and each piece elsewhere that it touches, at most one per ghost. Then, in
/// rounds, every piece joins its smallest neighbour. At least half of those that have one are gone after each round, so
/// there are at most log2(vertices) rounds, and in each at most 2 + log2(vertices) pointer jumps; each is a few
/// exchanges of one number per piece that takes part. One rank needs none.
/// Peak bytes per rank beyond the graph: 8 per local column and 12 per owned vertex, then 32 per owned vertex, 30 per
/// piece that touches others and 100 per ghost; then what compact_labels() takes. Same labels on any number of ranks.
/// Sources: Boruvka, "O jistem problemu minimalnim", Prace Moravske prirodovedecke spolecnosti 3, 1926 (the rounds);
/// Tarjan, van Leeuwen, "Worst-case Analysis of Set Union Algorithms", JACM 31, 1984 (path halving).
Result weak(const Graph& graph);

}  // namespace filigree::components
#pragma GCC visibility pop
