// Tile: products are made and added into the array over all columns a tile (tiles.hpp) at a time, in registers. Rows of
// B that follow one another and have the same columns, as the unknowns of a node do, share their tiles: a line of sums
// is loaded once, gets its products with each of up to four rows in turn, and is stored. AVX-512 only.
#pragma once

#if defined(__x86_64__)
#include <bit>
#include <cstring>

#include "spgemm/lanes.hpp"
#include "spgemm/scatter_row.hpp"
#include "spgemm/tiles.hpp"

namespace filigree::spgemm {

/// Adds the products with `rows` rows of B that have the same columns, one after the other.
template <class Semiring, int rows, class V>
FILIGREE_AVX512_INLINE void add_tiles(std::span<const Tile> tiles, const V* left, const V* b_val, Offset b_stride,
                                      ScatterRoom<V>& room) {
  Lanes<V> factor[rows];
  for (int i = 0; i < rows; ++i) factor[i] = broadcast<V>(left[i]);
  V* const sums = room.sum.data();
  std::uint8_t* const marks = room.mark.data();
  for (const Tile tile : tiles) {
    const auto mask = static_cast<__mmask8>(tile.mask);
    V* const line = sums + Offset{tile.line} * num_lanes;
    Lanes<V> sum;
    std::memcpy(&sum, line, sizeof sum);
    const V* const b = b_val - std::countr_zero(tile.mask);
    for (int i = 0; i < rows; ++i) {
      const Lanes<V> product = Semiring::touching(Semiring::times(factor[i], load_lanes<V>(mask, b + i * b_stride)));
      sum = where<V>(mask, Semiring::plus(sum, product), sum);
    }
    std::memcpy(line, &sum, sizeof sum);
    std::uint8_t& mark = marks[tile.line];
    mark = Semiring::tells ? 1 : static_cast<std::uint8_t>(mark | tile.mask);
    b_val += std::popcount(tile.mask);
  }
}

/// scatter() by tiles.
template <class Semiring, class V>
FILIGREE_AVX512 Reach scatter_tiles(const Factors<V>& f, const Tiles<V>& tiles, Local row, ScatterRoom<V>& room) {
  Local least = std::numeric_limits<Local>::max();
  Local most = -1;
  const Offset end = f.a.row_ptr[z(row) + 1];
  for (Offset p = f.a.row_ptr[z(row)]; p < end;) {
    prefetch(f, p);
    const Local k = f.a.col[z(p)];
    const std::span<const Tile> of_k = tiles.of_row(k);
    Offset shared = 1;
    while (shared < Tiles<V>::most_shared && p + shared < end && f.a.col[z(p + shared)] == k + shared &&
           tiles.alike(k, static_cast<Local>(k + shared))) {
      ++shared;
    }
    V left[Tiles<V>::most_shared];
    for (Offset i = 0; i < shared; ++i) left[i] = f.a_value(p + i);
    p += shared;
    if (of_k.empty()) continue;
    least = std::min(least, of_k.front().line);
    most = std::max(most, of_k.back().line);
    const Offset begin = f.b.row_ptr[z(k)];
    const Offset stride = f.ones != nullptr ? 0 : f.b.row_ptr[z(k) + 1] - begin;
    switch (shared) {
      case 1: add_tiles<Semiring, 1>(of_k, left, f.b_values(begin), stride, room); break;
      case 2: add_tiles<Semiring, 2>(of_k, left, f.b_values(begin), stride, room); break;
      case 3: add_tiles<Semiring, 3>(of_k, left, f.b_values(begin), stride, room); break;
      default: add_tiles<Semiring, 4>(of_k, left, f.b_values(begin), stride, room);
    }
  }
  if (most < 0) return {};
  return {least, most};
}

}  // namespace filigree::spgemm
#endif
