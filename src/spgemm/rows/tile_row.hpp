// Tile: products are made and added into the array over all columns a tile (tiles.hpp) at a time, in registers. Rows of
// B that follow one another and have the same columns, as the unknowns of a node do, share their tiles, and so do rows
// of A: a line of sums of each of up to four rows is loaded once, gets its products with each of up to four rows of B
// in turn, and is stored. AVX-512 only.
#pragma once

#if defined(__x86_64__)
#include <bit>
#include <cstring>

#include "core/simd/lanes.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "spgemm/rows/scatter_row.hpp"
#include "spgemm/rows/tiles.hpp"
#include "spgemm/tuning.hpp"

namespace filigree::spgemm {

/// Adds the products of `group_size` rows of A with `shared` rows of B that have the same columns, one after the other.
/// left[i][r]: of row r of A for row i of B
template <class Semiring, int group_size, class V>
FILIGREE_AVX512_INLINE void add_tiles(std::span<const Tile> tiles, const V (*left)[tuning::most_in_group],
                                      const V* b_val, Offset b_stride, Offset shared, ScatterWorkspace<V>& workspace) {
  V* const sums = workspace.sum.data();
  std::uint8_t* const marks = workspace.mark.data();
  for (const Tile tile : tiles) {
    const auto mask = static_cast<__mmask8>(tile.mask);
    V* const line = sums + Offset{tile.line} * group_size * num_lanes;
    Lanes<V> sum[group_size];
    for (int r = 0; r < group_size; ++r) std::memcpy(&sum[r], line + r * num_lanes, sizeof sum[r]);
    const V* b = b_val - std::countr_zero(tile.mask);
    for (Offset i = 0; i < shared; ++i, b += b_stride) {
      const Lanes<V> right = load_lanes<V>(mask, b);
      for (int r = 0; r < group_size; ++r) {
        sum[r] = where<V>(mask, Semiring::plus(sum[r], Semiring::times(broadcast<V>(left[i][r]), right)), sum[r]);
      }
    }
    for (int r = 0; r < group_size; ++r) std::memcpy(line + r * num_lanes, &sum[r], sizeof sum[r]);
    marks[tile.line] = static_cast<std::uint8_t>(marks[tile.line] | tile.mask);
    b_val += std::popcount(tile.mask);
  }
}

/// scatter() by tiles, for `group_size` rows of A that have the same columns.
template <class Semiring, int group_size, class V>
FILIGREE_AVX512 Reach scatter_tiles(const Factors<V>& f, const Tiles<V>& tiles, Local row,
                                    ScatterWorkspace<V>& workspace) {
  Local least = std::numeric_limits<Local>::max();
  Local most = -1;
  const Offset end = f.a.row_ptr[z(row) + 1];
  const Offset degree = f.a.degree(row);
  for (Offset p = f.a.row_ptr[z(row)]; p < end;) {
    prefetch(f, p);
    const Local k = f.a.col[z(p)];
    const std::span<const Tile> of_k = tiles.of_row(k);
    Offset shared = 1;
    while (shared < tuning::most_shared && p + shared < end && f.a.col[z(p + shared)] == k + shared &&
           tiles.alike(k, static_cast<Local>(k + shared))) {
      ++shared;
    }
    V left[tuning::most_shared][tuning::most_in_group];
    for (Offset i = 0; i < shared; ++i) {
      for (int r = 0; r < group_size; ++r) left[i][r] = f.a_value(p + i + r * degree);
    }
    p += shared;
    if (of_k.empty()) continue;
    least = std::min(least, of_k.front().line);
    most = std::max(most, of_k.back().line);
    const Offset begin = f.b.row_ptr[z(k)];
    const Offset stride = f.ones != nullptr ? 0 : f.b.row_ptr[z(k) + 1] - begin;
    add_tiles<Semiring, group_size>(of_k, left, f.b_values(begin), stride, shared, workspace);
  }
  if (most < 0) return {};
  return {least, most};
}

/// Makes `group_size` rows from `row` on, whose rows of A have the same columns, one after the other into col and val;
/// returns the length of each.
template <class Semiring, class V>
FILIGREE_AVX512 Offset tile_rows(const Factors<V>& f, const Tiles<V>& tiles, Local row, int group_size,
                                 ScatterWorkspace<V>& workspace, Local* col, V* val) {
  Reach reach;
  switch (group_size) {
    case 1: reach = scatter_tiles<Semiring, 1>(f, tiles, row, workspace); break;
    case 2: reach = scatter_tiles<Semiring, 2>(f, tiles, row, workspace); break;
    case 3: reach = scatter_tiles<Semiring, 3>(f, tiles, row, workspace); break;
    default: reach = scatter_tiles<Semiring, 4>(f, tiles, row, workspace);
  }
  Offset length = 0;
  for (int r = 0; r < group_size; ++r)
    length =
        gather_avx512<Marked<Semiring>>(workspace, reach, col + r * length, val + r * length, {group_size, r}).length;
  return length;
}

/// Marks the columns of a row of C by tiles.
template <class V>
FILIGREE_AVX512_INLINE Reach mark_tiles(const Factors<V>& f, const Tiles<V>& tiles, Local row, std::uint8_t* marks) {
  Reach reach{std::numeric_limits<Local>::max(), -1};
  // Tiles of consecutive rows of B are mostly consecutive, too: one loop over all of them ends less often.
  const Tile* begin = nullptr;
  const Tile* end = nullptr;
  const auto mark_all = [&]() FILIGREE_INLINE_LAMBDA {
    for (const Tile* tile = begin; tile != end; ++tile)
      marks[tile->line] = static_cast<std::uint8_t>(marks[tile->line] | tile->mask);
  };
  std::span<const Tile> last;
  for (const Local k : f.a.cols(row)) {
    const std::span<const Tile> of_k = tiles.of_row(k);
    if (of_k.empty() || of_k.data() == last.data()) continue;
    last = of_k;
    reach.first_line = std::min(reach.first_line, of_k.front().line);
    reach.last_line = std::max(reach.last_line, of_k.back().line);
    if (of_k.data() != end) {
      mark_all();
      begin = of_k.data();
    }
    end = of_k.data() + of_k.size();
  }
  mark_all();
  return reach;
}

/// Marks the columns of a row of C one by one.
template <class V>
FILIGREE_AVX512_INLINE Reach mark_columns(const Factors<V>& f, Local row, std::uint8_t* marks) {
  Reach reach{std::numeric_limits<Local>::max(), -1};
  for (const Local k : f.a.cols(row)) {
    const auto cols = f.b.cols(k);
    if (cols.empty()) continue;
    reach.first_line = std::min(reach.first_line, cols.front() / num_lanes);
    reach.last_line = std::max(reach.last_line, cols.back() / num_lanes);
    for (const Local column : cols) {
      std::uint8_t& line = marks[column / num_lanes];
      line = static_cast<std::uint8_t>(line | bit_of(static_cast<std::uint32_t>(column)));
    }
  }
  return reach;
}

/// The length of a row of C. tiles: of B, or null
template <class V>
FILIGREE_AVX512 Offset count_row(const Factors<V>& f, const Tiles<V>* tiles, Local row,
                                 ScatterWorkspace<V>& workspace) {
  std::uint8_t* const marks = workspace.mark.data();
  const Reach reach = tiles != nullptr ? mark_tiles(f, *tiles, row, marks) : mark_columns(f, row, marks);
  constexpr Local group = ScatterWorkspace<V>::group;
  Offset count = 0;
  if (reach.last_line < 0) return count;
  for (Local begin = reach.first_line / group * group; begin <= reach.last_line; begin += group) {
    const __m512i some = _mm512_loadu_si512(marks + begin);
    if (_mm512_test_epi64_mask(some, some) == 0) continue;
    std::uint64_t bits[sizeof some / sizeof(std::uint64_t)];
    std::memcpy(bits, &some, sizeof bits);
    for (const std::uint64_t word : bits) count += std::popcount(word);
    _mm512_storeu_si512(marks + begin, _mm512_setzero_si512());
  }
  return count;
}

}  // namespace filigree::spgemm
#endif
