// Row kernels: what merges the products of a row into a row of C. All add the products of an entry to zero in ascending
// k, so they give the same bits.
//
//   scale    a row of A with one nonzero: nothing to merge.
//   sort     sort_row.hpp: products side by side, sorted and added up. For rows with few products.
//   list     list_row.hpp: columns are listed as they are met, with their sums, and sorted if they must be. For short
//            rows whose columns are far apart, above all where branch prediction knows which are new.
//   scatter  scatter_row.hpp: into an array over all columns, which is read in order. For rows that have several
//            columns in most blocks of 64 that they meet.
//   tile     tile_row.hpp: the same for factors with runs of neighbouring columns, a run at a time,
//            up to four rows of A at once.
//   repeat   repeat_row.hpp: several rows at once that have the same columns up to a shift, as those of stencils.
//   masked   scatter_row.hpp: into an array over all columns, at columns of the mask only.
#pragma once

#include "spgemm/rows/list_row.hpp"
#include "spgemm/rows/repeat_row.hpp"
#include "spgemm/rows/scatter_row.hpp"
#include "spgemm/rows/sort_row.hpp"
#include "spgemm/rows/tile_row.hpp"

namespace filigree::spgemm {

/// Makes a row that has one factor; returns its length.
template <class Semiring, class V>
FILIGREE_INLINE Offset scaled_row(const Factors<V>& f, Local row, Local* col, V* val) {
  const Offset p = f.a.row_ptr[z(row)];
  prefetch(f, p);
  const Factor<V> only = factor(f, p);
  for (Offset j = 0; j < only.length; ++j) {
    col[j] = only.col[j];
    val[j] = Semiring::plus(Semiring::zero(), Semiring::times(only.left, only.val[j]));
  }
  return only.length;
}

}  // namespace filigree::spgemm
