// Tile: products are made and added into the array over all columns a tile (tiles.hpp) at a time, in registers. Rows of
// B that follow one another and have the same columns, as the unknowns of a node do, share their tiles, and so do rows
// of A: a line of sums of each of up to four rows is loaded once, gets its products with each of up to four rows of B
// in turn, and is stored. AVX-512 only.
#pragma once

#if defined(__x86_64__)
#include <bit>
#include <cstring>

#include "spgemm/lanes.hpp"
#include "spgemm/scatter_row.hpp"
#include "spgemm/tiles.hpp"

namespace filigree::spgemm {

/// Adds the products of `team` rows of A with `shared` rows of B that have the same columns, one after the other.
/// left[i][r]: of row r of A for row i of B
template <class Semiring, int team, class V>
FILIGREE_AVX512_INLINE void add_tiles(std::span<const Tile> tiles, const V (*left)[most_tiled], const V* b_val,
                                      Offset b_stride, Offset shared, ScatterRoom<V>& room) {
  V* const sums = room.sum.data();
  std::uint8_t* const marks = room.mark.data();
  for (const Tile tile : tiles) {
    const auto mask = static_cast<__mmask8>(tile.mask);
    V* const line = sums + Offset{tile.line} * team * num_lanes;
    Lanes<V> sum[team];
    for (int r = 0; r < team; ++r) std::memcpy(&sum[r], line + r * num_lanes, sizeof sum[r]);
    const V* b = b_val - std::countr_zero(tile.mask);
    for (Offset i = 0; i < shared; ++i, b += b_stride) {
      const Lanes<V> right = load_lanes<V>(mask, b);
      for (int r = 0; r < team; ++r) {
        sum[r] = where<V>(mask, Semiring::plus(sum[r], Semiring::times(broadcast<V>(left[i][r]), right)), sum[r]);
      }
    }
    for (int r = 0; r < team; ++r) std::memcpy(line + r * num_lanes, &sum[r], sizeof sum[r]);
    marks[tile.line] = static_cast<std::uint8_t>(marks[tile.line] | tile.mask);
    b_val += std::popcount(tile.mask);
  }
}

/// scatter() by tiles, of `team` rows of A that have the same columns.
template <class Semiring, int team, class V>
FILIGREE_AVX512 Reach scatter_tiles(const Factors<V>& f, const Tiles<V>& tiles, Local row, ScatterRoom<V>& room) {
  Local least = std::numeric_limits<Local>::max();
  Local most = -1;
  const Offset end = f.a.row_ptr[z(row) + 1];
  const Offset degree = f.a.degree(row);
  for (Offset p = f.a.row_ptr[z(row)]; p < end;) {
    prefetch(f, p);
    const Local k = f.a.col[z(p)];
    const std::span<const Tile> of_k = tiles.of_row(k);
    Offset shared = 1;
    while (shared < Tiles<V>::most_shared && p + shared < end && f.a.col[z(p + shared)] == k + shared &&
           tiles.alike(k, static_cast<Local>(k + shared))) {
      ++shared;
    }
    V left[Tiles<V>::most_shared][most_tiled];
    for (Offset i = 0; i < shared; ++i) {
      for (int r = 0; r < team; ++r) left[i][r] = f.a_value(p + i + r * degree);
    }
    p += shared;
    if (of_k.empty()) continue;
    least = std::min(least, of_k.front().line);
    most = std::max(most, of_k.back().line);
    const Offset begin = f.b.row_ptr[z(k)];
    const Offset stride = f.ones != nullptr ? 0 : f.b.row_ptr[z(k) + 1] - begin;
    add_tiles<Semiring, team>(of_k, left, f.b_values(begin), stride, shared, room);
  }
  if (most < 0) return {};
  return {least, most};
}

/// Rows of A from `row` on that have the same columns, `team` of them, into col and val one after the other; returns
/// the length of each.
template <class Semiring, class V>
FILIGREE_AVX512 Offset tile_rows(const Factors<V>& f, const Tiles<V>& tiles, Local row, int team, ScatterRoom<V>& room,
                                 Local* col, V* val) {
  Reach reach;
  switch (team) {
    case 1: reach = scatter_tiles<Semiring, 1>(f, tiles, row, room); break;
    case 2: reach = scatter_tiles<Semiring, 2>(f, tiles, row, room); break;
    case 3: reach = scatter_tiles<Semiring, 3>(f, tiles, row, room); break;
    default: reach = scatter_tiles<Semiring, 4>(f, tiles, row, room);
  }
  Offset length = 0;
  for (int r = 0; r < team; ++r)
    length = gather_avx512<Marked<Semiring>>(room, reach, col + r * length, val + r * length, {team, r}).length;
  return length;
}

}  // namespace filigree::spgemm
#endif
