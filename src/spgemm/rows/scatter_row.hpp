// Scatter: every product is added into an array over all columns. A byte for each line of 8 columns tells whether some
// of them are in the row; which ones, the sums tell (semirings.hpp) or else the bits of the byte. Lines are read in
// order, so nothing is sorted.
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <span>

#include "core/simd/lanes.hpp"
#include "core/zeroed_array.hpp"
#include "spgemm/rows/factors.hpp"
#include "spgemm/rows/semirings.hpp"

namespace filigree::spgemm {

/// The bit of a column in the byte of its line.
FILIGREE_INLINE unsigned bit_of(std::uint32_t column) { return 1U << column % num_lanes; }

/// The array over all columns. Between rows all are untouched(), or zero() where marks tell, and unmarked.
template <class V>
struct ScatterWorkspace {
  static constexpr Local group = 64;  ///< lines whose marks are read at a time

  /// group_size: rows that are made at a time, side by side in every line
  ScatterWorkspace(Local num_cols, V untouched, Offset group_size)
      : sum(group_size * padded(num_cols)), mark(padded(num_cols)) {
    if (std::memcmp(&untouched, sum.data(), sizeof(V)) != 0) std::fill_n(sum.data(), sum.size(), untouched);
  }
  static Offset padded(Offset num_cols) { return (num_cols / (group * num_lanes) + 1) * group * num_lanes; }

  ZeroedArray<V> sum;
  ZeroedArray<std::uint8_t> mark;  // by line, or by column in masked_row()
};

/// The lines that a row may touch.
struct Reach {
  Local first_line = 0;
  Local last_line = -1;
};

template <class Semiring, class V>
FILIGREE_INLINE Reach scatter(const Factors<V>& f, Local row, ScatterWorkspace<V>& workspace) {
  V* const sum = workspace.sum.data();
  std::uint8_t* const mark = workspace.mark.data();
  Local least = std::numeric_limits<Local>::max();
  Local most = -1;
  for_each_factor(f, row, [&](const Factor<V>& factor) FILIGREE_INLINE_LAMBDA {
    if (factor.length == 0) return;
    least = std::min(least, factor.col[0]);
    most = std::max(most, factor.col[factor.length - 1]);
    for (Offset j = 0; j < factor.length; ++j) {
      const auto column = static_cast<std::uint32_t>(factor.col[j]);
      add_product<Semiring>(sum[column], factor.left, factor.val[j]);
      std::uint8_t& line = mark[column / num_lanes];
      line = Semiring::tells ? 1 : static_cast<std::uint8_t>(line | bit_of(column));
    }
  });
  if (most < 0) return {};
  return {least / num_lanes, most / num_lanes};
}

/// One of several rows whose sums lie line beside line.
struct Member {
  int group_size = 1;
  int number = 0;
};

struct Gathered {
  Offset length = 0;
  Offset num_lines = 0;
};

/// Reads what was scattered, by ascending column, into col and val, where there is capacity for a line more than the
/// row has, and clears it.
template <class Semiring, class V>
FILIGREE_INLINE Gathered gather(ScatterWorkspace<V>& workspace, Reach reach, Local* col, V* val) {
  const V untouched = Semiring::untouched();
  Gathered row;
  constexpr Local group = sizeof(std::uint64_t);
  for (Local begin = reach.first_line / group * group; begin <= reach.last_line; begin += group) {
    std::uint64_t marks;
    std::memcpy(&marks, workspace.mark.data() + begin, sizeof marks);
    if (marks == 0) continue;
    std::memset(workspace.mark.data() + begin, 0, sizeof marks);
    for (Local line = begin; marks != 0; ++line, marks >>= 8) {
      if ((marks & 0xFF) == 0) continue;
      ++row.num_lines;
      V* const sum = workspace.sum.data() + Offset{line} * num_lanes;
      for (Local j = 0; j < num_lanes; ++j) {
        col[row.length] = line * num_lanes + j;
        val[row.length] = sum[j];
        row.length += Semiring::tells ? std::memcmp(sum + j, &untouched, sizeof(V)) != 0 : marks >> j & 1;
        sum[j] = untouched;
      }
    }
  }
  return row;
}

#if defined(__x86_64__)
/// Moves the lanes that are set to the begin of a vector.
template <class V>
FILIGREE_AVX512_INLINE Lanes<V> pack_lanes(__mmask8 some, const Lanes<V>& lanes) {
  if constexpr (sizeof(V) == 8)
    return reinterpret_cast<Lanes<V>>(_mm512_maskz_compress_epi64(some, reinterpret_cast<__m512i>(lanes)));
  else
    return reinterpret_cast<Lanes<V>>(_mm256_maskz_compress_epi32(some, reinterpret_cast<__m256i>(lanes)));
}

/// gather() for this instruction set: a line by few instructions and no branch. Marks are cleared with the last row of
/// a row group.
template <class Semiring, class V>
FILIGREE_AVX512 Gathered gather_avx512(ScatterWorkspace<V>& workspace, Reach reach, Local* col, V* val,
                                       Member member = {}) {
  constexpr Local group = ScatterWorkspace<V>::group;
  const bool is_last = member.number == member.group_size - 1;
  const Lanes<V> untouched = broadcast<V>(Semiring::untouched());
  Gathered row;
  for (Local begin = reach.first_line / group * group; begin <= reach.last_line; begin += group) {
    std::uint8_t* const mark = workspace.mark.data() + begin;
    const __m512i marks = _mm512_loadu_si512(mark);
    std::uint64_t lines = _mm512_test_epi8_mask(marks, marks);
    if (Semiring::tells && is_last) _mm512_storeu_si512(mark, _mm512_setzero_si512());
    row.num_lines += std::popcount(lines);
    for (; lines != 0; lines &= lines - 1) {
      const int i = std::countr_zero(lines);
      const Local first = (begin + i) * num_lanes;
      V* const sum = workspace.sum.data() + Offset{first} * member.group_size + member.number * num_lanes;
      Lanes<V> sums;
      std::memcpy(&sums, sum, sizeof sums);
      __mmask8 some = Semiring::tells ? 0 : mark[i];
      if constexpr (Semiring::tells) {
        if constexpr (sizeof(V) == 8)
          some = _mm512_cmpneq_epi64_mask(reinterpret_cast<__m512i>(sums), reinterpret_cast<__m512i>(untouched));
        else
          some = _mm256_cmpneq_epi32_mask(reinterpret_cast<__m256i>(sums), reinterpret_cast<__m256i>(untouched));
      }
      std::memcpy(sum, &untouched, sizeof untouched);
      const Lanes<V> values = pack_lanes<V>(some, sums);
      const Lanes<Local> columns =
          pack_lanes<Local>(some, Lanes<Local>{0, 1, 2, 3, 4, 5, 6, 7} + broadcast<Local>(first));
      std::memcpy(val + row.length, &values, sizeof values);
      std::memcpy(col + row.length, &columns, sizeof columns);
      row.length += std::popcount(static_cast<unsigned>(some));
    }
    if (!Semiring::tells && is_last) _mm512_storeu_si512(mark, _mm512_setzero_si512());
  }
  return row;
}
#endif

/// Makes a row at columns of the mask only, in the mask's order, where there is capacity for as many as the mask has. A
/// row of B that is much longer than the mask's is searched for the mask's columns, so that long rows of B cost little.
template <class Semiring, class V>
FILIGREE_INLINE Offset masked_row(const Factors<V>& f, Local row, std::span<const Local> mask,
                                  ScatterWorkspace<V>& workspace, Local* col, V* val) {
  enum : std::uint8_t { closed, open, hit };
  V* const sum = workspace.sum.data();
  std::uint8_t* const mark = workspace.mark.data();
  for (const Local column : mask) mark[column] = open;
  for_each_factor(f, row, [&](const Factor<V>& factor) FILIGREE_INLINE_LAMBDA {
    const auto add = [&](Local column, Offset j) FILIGREE_INLINE_LAMBDA {
      mark[column] = hit;
      add_product<Semiring>(sum[column], factor.left, factor.val[j]);
    };
    const Offset steps_of_search = 2 * static_cast<Offset>(std::bit_width(z(factor.length)));
    if (std::ssize(mask) * steps_of_search < factor.length) {
      const Local* at = factor.col;
      const Local* const end = factor.col + factor.length;
      for (const Local column : mask) {
        at = std::lower_bound(at, end, column);
        if (at == end) break;
        if (*at == column) add(column, at - factor.col);
      }
    } else {
      for (Offset j = 0; j < factor.length; ++j) {
        if (mark[factor.col[j]] != closed) add(factor.col[j], j);
      }
    }
  });
  Offset length = 0;
  for (const Local column : mask) {
    col[length] = column;
    val[length] = sum[column];
    length += mark[column] == hit ? 1 : 0;
    sum[column] = Semiring::untouched();
    mark[column] = closed;
  }
  return length;
}

/// Removes columns from what was scattered.
template <class Semiring, class V>
FILIGREE_INLINE void strike(std::span<const Local> columns, ScatterWorkspace<V>& workspace) {
  for (const Local column : columns) {
    workspace.sum[z(column)] = Semiring::untouched();
    if constexpr (!Semiring::tells)
      workspace.mark[z(column / num_lanes)] &= static_cast<std::uint8_t>(~bit_of(static_cast<std::uint32_t>(column)));
  }
}

}  // namespace filigree::spgemm
