// Sort: the products of a row are written side by side, sorted by column, and added up. Nothing is looked up, and no
// branch depends on a column: for rows with few products.
#pragma once

#include <algorithm>
#include <bit>
#include <limits>

#include "core/simd/lanes.hpp"
#include "spgemm/rows/list_row.hpp"
#include "spgemm/rows/semirings.hpp"
#include "spgemm/tuning.hpp"

namespace filigree::spgemm {

/// Bits that tell products of a row apart.
inline int bits_of_product(Offset products) { return static_cast<int>(std::bit_width(z(products - 1))); }

/// Writes the products of a row into `workspace`, with keys: the column and, in the lowest bits, the number of the
/// product.
template <class Semiring, class V>
FILIGREE_INLINE void expand(const Factors<V>& f, Local row, Offset products, OrderWorkspace<V>& workspace) {
  const int bits = bits_of_product(products);
  std::uint32_t count = 0;
  for_each_factor(f, row, [&](const Factor<V>& factor) FILIGREE_INLINE_LAMBDA {
    for (Offset j = 0; j < factor.length; ++j, ++count) {
      workspace.key[count] = (static_cast<std::uint32_t>(factor.col[j]) << bits) + count;
      workspace.val[count] = Semiring::times(factor.left, factor.val[j]);
    }
  });
}

#if defined(__x86_64__)
/// The same by lanes: rows of B are often no longer than a vector.
template <class Semiring, class V>
FILIGREE_AVX512_INLINE void expand_avx512(const Factors<V>& f, Local row, Offset products,
                                          OrderWorkspace<V>& workspace) {
  const __m256i count_up = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
  const __m128i shift = _mm_cvtsi32_si128(bits_of_product(products));
  std::uint32_t count = 0;
  for (Offset p = f.a.row_ptr[z(row)]; p < f.a.row_ptr[z(row) + 1]; ++p) {
    prefetch(f, p);
    const Factor<V> row_of_b = factor(f, p);
    const Lanes<V> left = broadcast<V>(row_of_b.left);
    for (Offset j = 0; j < row_of_b.length; j += num_lanes) {
      const auto num = static_cast<std::uint32_t>(std::min<Offset>(num_lanes, row_of_b.length - j));
      const auto mask = static_cast<__mmask8>((1U << num) - 1);
      const __m256i col = _mm256_maskz_loadu_epi32(mask, row_of_b.col + j);
      const __m256i which = _mm256_add_epi32(count_up, _mm256_set1_epi32(static_cast<int>(count)));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(workspace.key + count),
                          _mm256_add_epi32(_mm256_sll_epi32(col, shift), which));
      const Lanes<V> product = Semiring::times(left, load_lanes<V>(mask, row_of_b.val + j));
      std::memcpy(workspace.val + count, &product, sizeof product);
      count += num;
    }
  }
}
#endif

/// Whether a row with so many products can be sorted: a column and a product fit into a key.
inline bool can_be_sorted(Offset products, Local num_cols) {
  return products <= tuning::most_ordered && std::uint64_t{static_cast<std::uint32_t>(num_cols)} + 1 <=
                                                 std::uint64_t{1} << (32 - bits_of_product(products));
}

/// Adds up the expanded row into col and val, columns ascending; returns its length.
template <class Semiring, class V>
FILIGREE_INLINE Offset add_sorted(Offset products, Local num_cols, OrderWorkspace<V>& workspace, Local* col, V* val) {
  const int bits = bits_of_product(products);
  sort_keys(workspace.key, z(products));
  std::fill_n(val, std::min<Offset>(products, num_cols), Semiring::zero());
  const std::uint32_t which = (1U << bits) - 1;
  std::uint32_t last = std::numeric_limits<std::uint32_t>::max();
  Offset end = -1;
  for (Offset i = 0; i < products; ++i) {
    const std::uint32_t column = workspace.key[i] >> bits;
    end += column != last ? 1 : 0;
    last = column;
    col[end] = static_cast<Local>(column);
    val[end] = Semiring::plus(val[end], workspace.val[workspace.key[i] & which]);
  }
  return end + 1;
}

}  // namespace filigree::spgemm
