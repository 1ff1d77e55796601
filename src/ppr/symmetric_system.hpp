// A symmetric graph as a solver of linear equations reads it.
#pragma once

#include "core/index.hpp"
#include "filigree/matrix/shared_csr.hpp"

namespace filigree::ppr {

/// The neighbours of every vertex on one side of it, without loops, once per node. Rows are filled up to whole groups,
/// with the position behind the last vertex (weight 0): a loop over few arcs costs less than not knowing its end.
struct Half {
  static constexpr Offset group = 4;

  Offset num_arcs = 0;  ///< without what fills up
  SharedArray<Offset> row_ptr;
  SharedArray<Local> col;
  SharedArray<double> val;  ///< weighted graphs

  const Local* cols(Local v) const { return col.span().data() + row_ptr.span()[z(v)]; }
  const double* vals(Local v) const { return val.span().empty() ? nullptr : val.span().data() + row_ptr.span()[z(v)]; }
  Offset degree(Local v) const { return row_ptr.span()[z(v) + 1] - row_ptr.span()[z(v)]; }
};

/// The graph with its vertices renumbered by falling degree: hubs, which most arcs lead to, share few cache lines, and
/// rows of equal length stand together, so that loops over them end when the processor expects it. Bytes per node:
/// 4 an arc (12 with weights), and 60 a vertex.
struct SymmetricSystem {
  SharedArray<Local> vertex;   ///< of every position
  SharedArray<double> weight;  ///< of all out-arcs, by position
  SharedArray<double> loop;    ///< weight of the arc to itself, by position
  Half below;                  ///< neighbours at lower positions
  Half above;                  ///< at higher ones
};

/// Collective over `node`: its root does the work.
SymmetricSystem make_symmetric_system(const Comm& node, const CsrView<double>& arcs);

}  // namespace filigree::ppr
