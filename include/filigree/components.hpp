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

/// Finds the weakly connected components: two vertices are connected if a path leads from one to the other along arcs
/// taken in any direction. Weights do not count, and a vertex without arcs is a component.
///
/// graph    square
/// returns  a label per vertex, distributed like the rows, in the canonical form of compact_labels()
///
/// Throws InvalidArgument on all ranks if the graph is not square. Collective over graph.comm(). Cost: one pass over
/// the arcs; over ranks at most log2(n) rounds of at most 2 + log2(n) pointer jumps, each a few exchanges of 8 bytes
/// per piece of a component. Memory per rank beyond the graph: 12 local columns + 44 owned vertices + 130 ghosts bytes,
/// then what compact_labels() takes. Determinism: the same labels on any number of ranks. Sources: Boruvka, "O jistem
/// problemu minimalnim", 1926 (rounds); Tarjan, van Leeuwen, JACM 31, 1984 (path halving).
Result weak(const Graph& graph);

}  // namespace filigree::components
#pragma GCC visibility pop
