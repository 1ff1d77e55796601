// List: a column that is new to the row goes to the end of a list, with its sum; a table tells where in the list a
// column is. The table is an array over all columns or, where that would not stay in cache, a hash table a few times as
// large as the row. It is never cleared: slots of earlier rows are below those of this one. A list is in the order in
// which columns occur; order_list() sorts it.
#pragma once

#include <bit>

#include "core/scratch.hpp"
#include "core/simd/sort_keys.hpp"
#include "spgemm/rows/factors.hpp"
#include "spgemm/tuning.hpp"

namespace filigree::spgemm {

/// Makes a row, columns in the order in which they occur; returns its length. `slots` has one for every column or,
/// hashed, at least two for every product.
template <class Semiring, bool hashed, class V>
FILIGREE_INLINE Offset list_row(const Factors<V>& f, Local row, Offset products, SlotTable& slots, Local* col, V* val) {
  std::uint32_t* const table = slots.begin_list(products);
  const std::uint32_t first = slots.first();
  const std::uint32_t last_slot = static_cast<std::uint32_t>(std::bit_ceil(z(2 * products))) - 1;
  const int shift = std::countl_zero(last_slot);
  std::uint32_t length = 0;
  for_each_factor(f, row, [&](const Factor<V>& factor) FILIGREE_INLINE_LAMBDA {
    for (Offset j = 0; j < factor.length; ++j) {
      const Local column = factor.col[j];
      const V product = Semiring::times(factor.left, factor.val[j]);
      std::uint32_t slot;
      if constexpr (hashed) {
        slot = static_cast<std::uint32_t>(column) * 0x9E3779B1u >> shift;
        while (table[slot] >= first && col[table[slot] - first] != column) slot = (slot + 1) & last_slot;
      } else {
        slot = static_cast<std::uint32_t>(column);
      }
      const std::uint32_t at = table[slot];
      if (at < first) {
        table[slot] = first + length;
        col[length] = column;
        val[length] = Semiring::plus(Semiring::zero(), product);
        ++length;
      } else {
        val[at - first] = Semiring::plus(val[at - first], product);
      }
    }
  });
  slots.end_list(length);
  return length;
}

/// What a thread needs to sort a row.
template <class V>
struct OrderWorkspace {
  static constexpr std::size_t size = room_for_keys(tuning::most_ordered) + 16;  // and a vector
  std::uint32_t last_length = 0;  // of the list before; slot[i]: where the i-th column stood in it
  alignas(64) std::uint32_t slot[size];
  alignas(64) std::uint32_t key[size];
  alignas(64) Local col[size];
  alignas(64) V val[size];
};

/// Sorts the list in `workspace` into col and val. Returns whether it was listed in the order of the list before.
template <class V>
FILIGREE_INLINE bool order_list(OrderWorkspace<V>& workspace, Offset length, Local num_cols, Local* col, V* val) {
  const int bits = std::countr_zero(std::bit_ceil(z(length)));
  const auto count = static_cast<std::uint32_t>(length);
  const std::uint32_t position = (std::uint32_t{1} << bits) - 1;
  // Rows of meshes are often listed in the order of the row before.
  if (count == workspace.last_length) {
    std::uint32_t i = 0;
    Local before = -1;
    for (; i < count; ++i) {
      const std::uint32_t at = workspace.slot[i];
      if (workspace.col[at] <= before) break;
      col[i] = before = workspace.col[at];
      val[i] = workspace.val[at];
    }
    if (i == count) return true;
  }
  workspace.last_length = count;
  if (std::uint64_t{static_cast<std::uint32_t>(num_cols)} + 1 <= std::uint64_t{1} << (32 - bits)) {
    for (std::uint32_t i = 0; i < count; ++i)
      workspace.key[i] = (static_cast<std::uint32_t>(workspace.col[i]) << bits) + i;
    sort_keys(workspace.key, count);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t at = workspace.key[i] & position;
      workspace.slot[i] = at;
      col[i] = static_cast<Local>(workspace.key[i] >> bits);
      val[i] = workspace.val[at];
    }
    return false;
  }
  // A column and a slot do not fit into a key.
  for (std::uint32_t i = 0; i < count; ++i) workspace.slot[i] = i;
  std::sort(workspace.slot, workspace.slot + count,
            [&](std::uint32_t i, std::uint32_t j) { return workspace.col[i] < workspace.col[j]; });
  for (std::uint32_t i = 0; i < count; ++i) {
    col[i] = workspace.col[workspace.slot[i]];
    val[i] = workspace.val[workspace.slot[i]];
  }
  return false;
}

}  // namespace filigree::spgemm
