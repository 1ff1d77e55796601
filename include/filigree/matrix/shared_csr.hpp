// SharedCsr: a whole matrix, once per node.
#pragma once

#include "filigree/core/shared_array.hpp"
#include "filigree/matrix/dist_csr.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// All rows of a distributed matrix in memory that the ranks of a node share, columns by global id. For algorithms
/// whose ranks do independent work on one graph. Needs fewer than 2^31 rows and columns. Memory per node: 8 rows + 4
/// nnz
/// (+ sizeof(V) nnz with values) bytes.
template <class V>
struct SharedCsr {
  Local num_cols = 0;
  SharedArray<Offset> row_ptr;
  SharedArray<Local> col;
  SharedArray<V> val;

  CsrView<V> view() const { return {num_cols, row_ptr.span(), col.span(), val.span()}; }
};

/// Copies the whole matrix to every node. Collective over matrix.comm(); each row crosses the network once per other
/// node.
template <class V>
FILIGREE_EXPORT SharedCsr<V> replicate(const DistCsr<V>& matrix);

}  // namespace filigree
#pragma GCC visibility pop
