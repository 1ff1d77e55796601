// A graph as a solver of linear equations reads it.
#pragma once

#include "core/index.hpp"
#include "filigree/matrix/shared_csr.hpp"

namespace filigree::ppr {

/// The in-neighbours on one side of a range of positions, without loops, once per node. Positions come in groups: first
/// slices of `slice` positions, then single ones. A group has `slice` neighbours to each of its steps: one for every
/// position of a slice, or the next few of a single row. What is missing to whole steps is filled up with the position
/// behind the last of all (weight 0).
struct Rows {
  static constexpr Local slice = 8;

  Local first = 0;            ///< position of the first group
  Local num_slices = 0;       ///< groups that are slices
  Offset num_arcs = 0;        ///< without what fills up
  SharedArray<Offset> begin;  ///< of every group in col, and the end
  SharedArray<Local> col;
  SharedArray<double> val;  ///< weighted graphs

  Local num_groups() const { return static_cast<Local>(begin.span().size()) - 1; }
  Local first_position(Local group) const {
    return first + (group < num_slices ? group * slice : group + num_slices * (slice - 1));
  }
};

/// The graph with its vertices in an order that triangular solves are fast in: the core, then the back.
///
/// Vertices that no cycle leads to are the front: the pushes of a query settle them, each by one push, in the order of
/// `front`; they have no position. Vertices that lead to no cycle are the back (those up to some distance from where
/// walks end): they are found from their in-neighbours when all others are known. What is left is the core. A symmetric
/// graph is all core.
///
/// The end of a short row is what a processor never expects, and costs it as much as twenty arcs: so eight short rows,
/// a slice, are gone through together. They must not need one another: vertices of few arcs come in classes that no arc
/// connects, each by numbers of in-neighbours on both sides, so that the rows of a slice have about one length. Behind
/// them stand the hubs, one by one. On symmetric graphs the vertices of one arc, the leaves, a third of a social graph,
/// come before them: a solver for the others can do without them. The back consists of slices by distance from the end.
///
/// Bytes per node: 4 an arc (12 with weights) that does not come from the front, 22 a vertex and 36 a hub.
struct LinearSystem {
  static constexpr Local slice = Rows::slice;

  bool is_symmetric = false;
  Local num_leaves = 0;         ///< slices of leaves: the neighbour of position i is above.col[i]; they are no one's
  Local num_first = 0;          ///< and of the first class, of which leaves are a part: it has no neighbours below
  Local num_core = 0;           ///< positions of the core
  SharedArray<Local> position;  ///< of every vertex, of the front the one behind the last; what no vertex has is idle
  SharedArray<double> weight;   ///< of all out-arcs, by position; 1 where there are none
  SharedArray<double> loop;     ///< weight of the arc to itself, by position
  SharedArray<Local> front;     ///< its vertices
  Offset front_arcs = 0;        ///< their out-arcs
  Rows below;                   ///< of the core, neighbours in it at lower positions
  Rows above;                   ///< at higher ones
  Rows back;                    ///< of the back, neighbours in the core and in the back

  Local num_positions() const { return static_cast<Local>(weight.span().size()); }
};

/// Collective over `node`: its root does the work, and takes 4 bytes an arc (12 with weights) more meanwhile unless the
/// graph is symmetric.
LinearSystem make_linear_system(const Comm& node, const CsrView<double>& arcs, bool is_symmetric);

}  // namespace filigree::ppr
