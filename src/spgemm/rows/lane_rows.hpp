// Eight rows of C at once, a row a lane: a sum is a register, and the sums of a slot of all rows are side by side.
#pragma once

#include "core/simd/lanes.hpp"

namespace filigree::spgemm {

/// Rows with a lane each: so many at least, or they had better be made one by one,
constexpr Local least_lanes = 3;
/// and of no more nonzeros: the sums of all stay in the first level of cache.
constexpr Local most_lane_slots = 512;

}  // namespace filigree::spgemm

#if defined(__x86_64__)
namespace filigree::spgemm {

/// A product more for the sum at a slot.
template <class Semiring, class V>
FILIGREE_AVX512_INLINE void add_lanes(Lanes<V> left, Lanes<V> right, V* sums, std::uint16_t slot) {
  V* const memory = sums + Offset{slot} * num_lanes;
  Lanes<V> sum;
  std::memcpy(&sum, memory, sizeof sum);
  sum = Semiring::plus(sum, Semiring::times(left, right));
  std::memcpy(memory, &sum, sizeof sum);
}

/// A row of B for each lane, and the slots of its products.
template <class V>
struct LaneRows {
  const V* row[num_lanes];
  const std::uint16_t* slots;
  Offset length;
};

/// Adds the products with a row of B each.
template <class Semiring, class V>
FILIGREE_AVX512_INLINE void add_rows(Lanes<V> left, const LaneRows<V>& rows, V* sums) {
  Lanes<V> right[4];
  Offset j = 0;
  for (; j + 4 <= rows.length; j += 4) {
    load_columns(rows.row, j, 4, right);
    for (int i = 0; i < 4; ++i) add_lanes<Semiring, V>(left, right[i], sums, rows.slots[j + i]);
  }
  if (j == rows.length) return;
  load_columns(rows.row, j, static_cast<int>(rows.length - j), right);
  add_lanes<Semiring, V>(left, right[0], sums, rows.slots[j]);
  if (j + 1 < rows.length) add_lanes<Semiring, V>(left, right[1], sums, rows.slots[j + 1]);
  if (j + 2 < rows.length) add_lanes<Semiring, V>(left, right[2], sums, rows.slots[j + 2]);
}

/// Sums of `num_slots` slots: all products of eight rows of A with `degree` nonzeros each. left_row[i]: values of
/// that in lane i; null: all are 1. rows_of(t): of B, for the t-th nonzeros, which are added one after the other
template <class Semiring, class V, class RowsOf>
FILIGREE_AVX512_INLINE void add_lane_products(Offset degree, const V* const* left_row, RowsOf rows_of, Offset num_slots,
                                              V* sums) {
  const Lanes<V> zeros = broadcast<V>(Semiring::zero());
  for (Offset slot = 0; slot < num_slots; ++slot) std::memcpy(sums + slot * num_lanes, &zeros, sizeof zeros);
  Lanes<V> left[4];
  for (Lanes<V>& lanes : left) lanes = broadcast<V>(V{1});
  for (Offset t = 0; t < degree; ++t) {
    if (t % 4 == 0 && left_row != nullptr)
      load_columns(left_row, t, static_cast<int>(degree - t < 4 ? degree - t : 4), left);
    const LaneRows<V> rows = rows_of(t);
    add_rows<Semiring>(left[t % 4], rows, sums);
  }
}

/// row[i]: in lane i of eight slots, from `sums` on
template <class V>
FILIGREE_AVX512_INLINE void load_rows(const V* sums, Lanes<V>* row) {
  const V* of_slot[num_lanes];
  for (int i = 0; i < num_lanes; ++i) of_slot[i] = sums + i * num_lanes;
  load_columns(of_slot, 0, 4, row);
  load_columns(of_slot, 4, 4, row + 4);
}

}  // namespace filigree::spgemm
#endif
