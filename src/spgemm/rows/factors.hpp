// The two factors as kernels read them: row by row of A, and the rows of B that it references.
#pragma once

#include <algorithm>

#include "core/index.hpp"
#include "core/simd/isa.hpp"
#include "filigree/matrix/csr.hpp"
#include "spgemm/tuning.hpp"

namespace filigree::spgemm {

/// The factors, as kernels read them.
template <class V>
struct Factors {
  CsrView<V> a;
  CsrView<V> b;
  const V* ones = nullptr;  ///< as many as the longest row of B has; null when B has values

  V a_value(Offset p) const { return a.val.empty() ? V{1} : a.val[z(p)]; }
  const V* b_values(Offset q) const { return ones != nullptr ? ones : b.val.data() + q; }
};

/// Prefetches rows of B before they are needed. `p`: the nonzero of A that is at work.
template <class V>
FILIGREE_INLINE void prefetch(const Factors<V>& f, Offset p) {
  constexpr Offset line = 8;  // elements
  const Offset left = std::ssize(f.a.col) - p;
  const Local* const at = f.a.col.data() + p;
  const Offset* const row_ptr = f.b.row_ptr.data();
  if (tuning::start_ahead < left) __builtin_prefetch(row_ptr + at[tuning::start_ahead]);
  if (tuning::row_ahead >= left) return;
  const Offset q = row_ptr[at[tuning::row_ahead]];
  __builtin_prefetch(f.b.col.data() + q);
  __builtin_prefetch(f.b.col.data() + q + line - 1);
  if (f.ones != nullptr) return;
  __builtin_prefetch(f.b.val.data() + q);
  __builtin_prefetch(f.b.val.data() + q + line);
}

/// A nonzero of A with its row of B: a_ik, and row k.
template <class V>
struct Factor {
  V left;
  Offset length;
  const Local* col;
  const V* val;
};

template <class V>
FILIGREE_INLINE Factor<V> factor(const Factors<V>& f, Offset p) {
  const Local k = f.a.col[z(p)];
  const Offset begin = f.b.row_ptr[z(k)];
  return {f.a_value(p), f.b.row_ptr[z(k) + 1] - begin, f.b.col.data() + begin, f.b_values(begin)};
}

/// use(factor) for all k of a row of A, ascending.
template <class V, class Use>
FILIGREE_INLINE void for_each_factor(const Factors<V>& f, Local row, Use use) {
  for (Offset p = f.a.row_ptr[z(row)]; p < f.a.row_ptr[z(row) + 1]; ++p) {
    prefetch(f, p);
    use(factor(f, p));
  }
}

/// Rows of C that have been made.
struct Made {
  Local rows;
  Offset length;  ///< of each
};

}  // namespace filigree::spgemm
