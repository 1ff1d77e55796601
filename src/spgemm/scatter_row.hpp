// Scatter: every product is added into an array over all columns. A byte per column tells that it is in the row, a byte
// per block of 64 columns that any of them is; reading these in order needs no sort.
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <span>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/zeroed_array.hpp"
#include "spgemm/factors.hpp"

namespace filigree::spgemm {

/// The array over all columns, all zero() and unmarked between rows.
template <class V>
struct ScatterRoom {
  static constexpr unsigned block = 64;

  ScatterRoom(Local num_cols, V zero)
      : sum(padded(num_cols)), mark(padded(num_cols)), any(padded(padded(num_cols) / block)) {
    if (zero != V{0}) std::fill_n(sum.data(), sum.size(), zero);
  }
  static Offset padded(Offset count) { return (count + block - 1) / block * block; }

  ZeroedArray<V> sum;
  ZeroedArray<std::uint8_t> mark;  // by column
  ZeroedArray<std::uint8_t> any;   // by block of columns
};

/// The blocks that a row may touch.
struct Reach {
  Local first_block = 0;
  Local last_block = -1;
};

template <class Semiring, class V>
FILIGREE_INLINE Reach scatter(const Factors<V>& f, Local row, ScatterRoom<V>& room) {
  V* const sum = room.sum.data();
  std::uint8_t* const mark = room.mark.data();
  std::uint8_t* const any = room.any.data();
  Local least = std::numeric_limits<Local>::max();
  Local most = -1;
  for_each_factor(f, row, [&](const Factor<V>& factor) [[gnu::always_inline]] {
    if (factor.length == 0) return;
    least = std::min(least, factor.col[0]);
    most = std::max(most, factor.col[factor.length - 1]);
    for (Offset j = 0; j < factor.length; ++j) {
      const auto column = static_cast<std::uint32_t>(factor.col[j]);
      sum[column] = Semiring::plus(sum[column], Semiring::times(factor.left, factor.val[j]));
      mark[column] = 1;
      any[column / ScatterRoom<V>::block] = 1;
    }
  });
  if (most < 0) return {};
  constexpr auto block = static_cast<Local>(ScatterRoom<V>::block);
  return {least / block, most / block};
}

/// Bit j of the result: byte j is not 0. Bytes are 0 or 1.
FILIGREE_INLINE std::uint64_t bits_of_bytes(const std::uint8_t* bytes) {
  std::uint64_t bits = 0;
  for (int i = 0; i < 8; ++i) {
    std::uint64_t eight;
    std::memcpy(&eight, bytes + 8 * i, sizeof eight);
    bits |= (eight * 0x0102040810204080) >> 56 << (8 * i);
  }
  return bits;
}

struct Gathered {
  Offset length;
  Offset num_blocks;
};

/// Moves the marked sums of a block to the end of the row, one by one: for blocks with few. sum: of the block
template <class Semiring, class V>
FILIGREE_INLINE void take_marked(std::uint64_t marks, Local first_column, V* sum, Gathered& row, Local* col, V* val) {
  for (; marks != 0; marks &= marks - 1) {
    const int j = std::countr_zero(marks);
    col[row.length] = first_column + j;
    val[row.length] = sum[j];
    sum[j] = Semiring::zero();
    ++row.length;
  }
}

/// What was scattered, by ascending column, into col and val; room for a block more than the row has. Clears all.
template <class Semiring, class V>
FILIGREE_INLINE Gathered gather(ScatterRoom<V>& room, Reach reach, Local* col, V* val) {
  constexpr auto block = static_cast<Local>(ScatterRoom<V>::block);
  constexpr int dense = 24;  // from here on it is cheaper to look at all columns of a block
  Gathered row{0, 0};
  for (Local group = reach.first_block / block * block; group <= reach.last_block; group += block) {
    std::uint64_t blocks = bits_of_bytes(room.any.data() + group);
    if (blocks == 0) continue;
    std::memset(room.any.data() + group, 0, z(block));
    row.num_blocks += std::popcount(blocks);
    for (; blocks != 0; blocks &= blocks - 1) {
      const Local first = (group + std::countr_zero(blocks)) * block;
      std::uint64_t marks = bits_of_bytes(room.mark.data() + first);
      std::memset(room.mark.data() + first, 0, z(block));
      V* const sum = room.sum.data() + first;
      if (marks == ~std::uint64_t{0}) {
        for (Local j = 0; j < block; ++j) col[row.length + j] = first + j;
        std::memcpy(val + row.length, sum, block * sizeof(V));
        std::fill_n(sum, block, Semiring::zero());
        row.length += block;
      } else if (std::popcount(marks) >= dense) {
        for (Local j = 0; marks != 0; ++j, marks >>= 1) {
          col[row.length] = first + j;
          val[row.length] = sum[j];
          sum[j] = Semiring::zero();
          row.length += static_cast<Offset>(marks & 1);
        }
      } else {
        take_marked<Semiring>(marks, first, sum, row, col, val);
      }
    }
  }
  return row;
}

#if defined(__x86_64__)
#define FILIGREE_AVX512 [[gnu::target("avx512f,avx512dq,avx512bw,avx512vl")]]

/// The bits of 64 bytes that are not 0, which are cleared.
FILIGREE_AVX512 inline std::uint64_t take_bytes_avx512(std::uint8_t* bytes) {
  const __m512i all = _mm512_loadu_si512(bytes);
  _mm512_storeu_si512(bytes, _mm512_setzero_si512());
  return _mm512_test_epi8_mask(all, all);
}

/// gather() for this instruction set: bytes become bits, and lanes are packed, by one instruction each.
template <class Semiring, class V>
FILIGREE_AVX512 Gathered gather_avx512(ScatterRoom<V>& room, Reach reach, Local* col, V* val) {
  constexpr auto block = static_cast<Local>(ScatterRoom<V>::block);
  constexpr int dense = 12;
  constexpr Local lanes = 64 / sizeof(V);
  alignas(64) V zeros[lanes];
  std::fill_n(zeros, lanes, Semiring::zero());
  const __m512i zero = _mm512_load_si512(zeros);
  Gathered row{0, 0};
  for (Local group = reach.first_block / block * block; group <= reach.last_block; group += block) {
    std::uint64_t blocks = take_bytes_avx512(room.any.data() + group);
    row.num_blocks += std::popcount(blocks);
    for (; blocks != 0; blocks &= blocks - 1) {
      const Local first = (group + std::countr_zero(blocks)) * block;
      std::uint64_t marks = take_bytes_avx512(room.mark.data() + first);
      V* const sum = room.sum.data() + first;
      if (std::popcount(marks) < dense) {
        take_marked<Semiring>(marks, first, sum, row, col, val);
        continue;
      }
      for (Local j = 0; j < block; j += lanes, marks >>= lanes) {
        const __m512i values = _mm512_loadu_si512(sum + j);
        _mm512_storeu_si512(sum + j, zero);
        if constexpr (lanes == 8) {
          const auto some = static_cast<__mmask8>(marks);
          const __m256i columns =
              _mm256_add_epi32(_mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0), _mm256_set1_epi32(first + j));
          _mm256_storeu_si256(reinterpret_cast<__m256i*>(col + row.length), _mm256_maskz_compress_epi32(some, columns));
          _mm512_storeu_si512(val + row.length, _mm512_maskz_compress_epi64(some, values));
          row.length += std::popcount(static_cast<unsigned>(some));
        } else {
          const auto some = static_cast<__mmask16>(marks);
          const __m512i count_up = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
          const __m512i columns = _mm512_add_epi32(count_up, _mm512_set1_epi32(first + j));
          _mm512_storeu_si512(col + row.length, _mm512_maskz_compress_epi32(some, columns));
          _mm512_storeu_si512(val + row.length, _mm512_maskz_compress_epi32(some, values));
          row.length += std::popcount(static_cast<unsigned>(some));
        }
      }
    }
  }
  return row;
}
#undef FILIGREE_AVX512
#endif

/// Products at columns of the mask only; the row in the mask's order. Room for as many as the mask has. A row of B that
/// is much longer than the mask's is searched for the mask's columns, so that a hub costs those who meet it little.
template <class Semiring, class V>
FILIGREE_INLINE Offset masked_row(const Factors<V>& f, Local row, std::span<const Local> mask, ScatterRoom<V>& room,
                                  Local* col, V* val) {
  enum : std::uint8_t { closed, open, hit };
  V* const sum = room.sum.data();
  std::uint8_t* const mark = room.mark.data();
  for (const Local column : mask) mark[column] = open;
  for_each_factor(f, row, [&](const Factor<V>& factor) [[gnu::always_inline]] {
    const auto add = [&](Local column, Offset j) [[gnu::always_inline]] {
      mark[column] = hit;
      sum[column] = Semiring::plus(sum[column], Semiring::times(factor.left, factor.val[j]));
    };
    const Offset steps_of_search = 2 * std::bit_width(z(factor.length));
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
    sum[column] = Semiring::zero();
    mark[column] = closed;
  }
  return length;
}

/// Takes columns out of what was scattered.
template <class Semiring, class V>
FILIGREE_INLINE void strike(std::span<const Local> columns, ScatterRoom<V>& room) {
  for (const Local column : columns) {
    room.mark[z(column)] = 0;
    room.sum[z(column)] = Semiring::zero();
  }
}

}  // namespace filigree::spgemm
