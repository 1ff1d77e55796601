// QueryTables: what pushes and solvers read besides the arcs of a replicated graph.
#pragma once

#include "ppr/graph/replicated_graph.hpp"

namespace filigree::ppr {

/// The neighbours of every position on one side of it, without loops, once per node. A group of positions (see below)
/// has `slice` neighbours to each of its steps: one for every position of a slice, or the next few of a single row.
/// What is missing to whole steps is filled up with the position behind the last (weight 0). Leaves have their only
/// neighbour above, but are neighbours of none below.
struct Half {
  Offset num_arcs = 0;        ///< without what fills up
  SharedArray<Offset> begin;  ///< of every group in col, and the end
  SharedArray<Local> col;
  SharedArray<double> val;  ///< weighted graphs
};

/// The graph with its vertices in an order that triangular solves are fast in. The end of a short row is what a
/// processor never expects, and costs it as much as twenty arcs: so eight short rows, a slice, are gone through
/// together. They must not need one another: vertices of few arcs come in classes that no arc connects, each by numbers
/// of neighbours on both sides, so that the rows of a slice have about one length. Behind them stand the hubs, one by
/// one; before them the leaves, vertices of one arc, a third of a social graph: a solver for the others can do
/// without them. Bytes per node: 4 an arc (12 with weights), 22 a vertex and 36 a hub.
struct SymmetricSystem {
  static constexpr Local slice = 8;

  Local num_leaves = 0;         ///< slices of leaves: the neighbour of position i is above.col[i]
  Local num_first = 0;          ///< and of the first class, of which leaves are a part
  Local num_slices = 0;         ///< the groups: slices of positions, then single ones
  SharedArray<Local> position;  ///< of every vertex; others stand for nothing, but make whole slices of a class
  SharedArray<double> weight;   ///< of all out-arcs, by position; 1 where there are none
  SharedArray<double> loop;     ///< weight of the arc to itself, by position
  Half below;                   ///< neighbours at lower positions
  Half above;                   ///< at higher ones

  Local num_groups() const { return static_cast<Local>(below.begin.span().size()) - 1; }
  Local first_position(Local group) const {
    return group < num_slices ? group * slice : group + num_slices * (slice - 1);
  }
  Local num_positions() const { return static_cast<Local>(weight.span().size()); }
};

struct QueryTables {
  /// The graph must outlive them. Collective over graph.comm.
  explicit QueryTables(const GraphData& graph);

  const GraphData& graph;
  SharedArray<float> out_arcs;  ///< max(1, out-arcs), padded to whole blocks with 1
  SymmetricSystem system;       ///< of symmetric graphs
};

}  // namespace filigree::ppr
