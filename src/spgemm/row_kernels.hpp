// Row kernels: the ways in which products of a row become a row of C. All add the products of an entry to zero in
// ascending k, so they give the same bits.
//
//   scale    a row of A with one nonzero: nothing to merge.
//   sort     products side by side, each with a key (column, position); the keys are sorted, equal columns are added.
//            For short rows whose columns are far apart: 2 to 4 ns a product, whatever the columns.
//   scatter  every product is added into an array over all columns. A byte per column tells that it is in the row, a
//            byte per block of 64 columns that any of them is; reading these in order needs no sort.
//            0.8 to 1.5 ns a product where blocks are shared, 5 ns and more where every product has its own.
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/index.hpp"
#include "core/zeroed_array.hpp"
#include "filigree/core/array.hpp"
#include "filigree/matrix/csr.hpp"
#include "spgemm/sort_keys.hpp"

namespace filigree::spgemm {

#define FILIGREE_INLINE [[gnu::always_inline]] inline

/// The factors, as kernels read them.
template <class V>
struct Factors {
  CsrView<V> a;
  CsrView<V> b;
  const V* ones = nullptr;  ///< as many as the longest row of B has, and `stretch` more; null when B has values

  V a_value(Offset p) const { return a.val.empty() ? V{1} : a.val[z(p)]; }
  const V* b_values(Offset q) const { return ones != nullptr ? ones : b.val.data() + q; }
};

/// Rows of B are read in stretches of this many elements, the last one past its end.
constexpr Offset stretch = 8;
/// Longest row that is sorted.
constexpr Offset most_sorted = 1024;

/// Asks for rows of B before they are needed. `p`: the nonzero of A that is at work.
template <class V>
FILIGREE_INLINE void prefetch(const Factors<V>& f, Offset p) {
  constexpr Offset row_ahead = 6;
  constexpr Offset start_ahead = 24;
  const Offset end = std::ssize(f.a.col);
  const Offset* const row_ptr = f.b.row_ptr.data();
  if (p + start_ahead < end) __builtin_prefetch(row_ptr + f.a.col[z(p + start_ahead)]);
  if (p + row_ahead >= end) return;
  const Offset q = row_ptr[f.a.col[z(p + row_ahead)]];
  __builtin_prefetch(f.b.col.data() + q);
  if (f.ones != nullptr) return;
  __builtin_prefetch(f.b.val.data() + q);
  __builtin_prefetch(f.b.val.data() + q + stretch);
}

/// A row of B as a row of A meets it: a_ik, and row k.
template <class V>
struct Factor {
  V left;
  Offset begin;  ///< of the row in B
  Offset length;
  const Local* col;
  const V* val;
};

template <class V>
FILIGREE_INLINE Factor<V> factor(const Factors<V>& f, Offset p) {
  const Local k = f.a.col[z(p)];
  const Offset begin = f.b.row_ptr[z(k)];
  return {f.a_value(p), begin, f.b.row_ptr[z(k) + 1] - begin, f.b.col.data() + begin, f.b_values(begin)};
}

/// use(factor) for all k of a row of A, ascending.
template <class V, class Use>
FILIGREE_INLINE void for_each_factor(const Factors<V>& f, Local row, Use use) {
  for (Offset p = f.a.row_ptr[z(row)]; p < f.a.row_ptr[z(row) + 1]; ++p) {
    prefetch(f, p);
    use(factor(f, p));
  }
}

/// A row that has one factor: there is nothing to merge. Returns its length.
template <class Semiring, class V>
FILIGREE_INLINE Offset scaled_row(const Factors<V>& f, Local row, Local* col, V* val) {
  const Offset p = f.a.row_ptr[z(row)];
  prefetch(f, p);
  const Factor<V> only = factor(f, p);
  std::copy_n(only.col, only.length, col);
  for (Offset j = 0; j < only.length; ++j) {
    val[j] = Semiring::plus(Semiring::zero(), Semiring::times(only.left, only.val[j]));
  }
  return only.length;
}

/// What a thread needs to sort rows.
template <class V>
struct SortRoom {
  static constexpr std::size_t size = most_sorted + stretch;
  alignas(64) std::uint32_t key[std::bit_ceil(size)];
  alignas(64) V product[size];
};

/// Whether keys of a row of `products` have room for all columns.
inline bool keys_fit(Offset products, Local num_cols) {
  return products <= most_sorted &&
         (std::uint64_t{static_cast<std::uint32_t>(num_cols)} + 1) * std::bit_ceil(z(products)) <=
             (std::uint64_t{1} << 32);
}

/// The row into col, val; returns its length. There is room for `stretch` more elements than it has products.
template <class Semiring, class V>
FILIGREE_INLINE Offset sort_row(const Factors<V>& f, Local row, Offset products, SortRoom<V>& room, Local* col,
                                V* val) {
  const int bits = std::countr_zero(std::bit_ceil(z(products)));
  const Offset last = std::ssize(f.b.col) - stretch;  // where a stretch still lies in B
  std::uint32_t count = 0;
  for_each_factor(f, row, [&](const Factor<V>& factor) [[gnu::always_inline]] {
    for (Offset begin = 0; begin < factor.length; begin += stretch) {
      const Local* const b_col = factor.col + begin;
      const V* const b_val = factor.val + begin;
      const auto length = static_cast<std::uint32_t>(std::min(stretch, factor.length - begin));
      if (factor.begin + begin <= last) {
        // Through arrays that nothing else points to: the compiler may use whole registers.
        std::uint32_t key[stretch];
        V product[stretch];
        std::memcpy(key, b_col, sizeof key);
        std::memcpy(product, b_val, sizeof product);
        for (std::uint32_t j = 0; j < stretch; ++j) key[j] = (key[j] << bits) + count + j;
        for (std::uint32_t j = 0; j < stretch; ++j) product[j] = Semiring::times(factor.left, product[j]);
        std::memcpy(room.key + count, key, sizeof key);
        std::memcpy(room.product + count, product, sizeof product);
      } else {
        for (std::uint32_t j = 0; j < length; ++j) {
          room.key[count + j] = (static_cast<std::uint32_t>(b_col[j]) << bits) + count + j;
          room.product[count + j] = Semiring::times(factor.left, b_val[j]);
        }
      }
      count += length;
    }
  });
  sort_keys(room.key, count);

  const std::uint32_t position = (std::uint32_t{1} << bits) - 1;
  Offset length = 0;
  std::uint32_t previous = ~std::uint32_t{0};
  const auto add = [&](std::uint32_t key) [[gnu::always_inline]] {
    const std::uint32_t column = key >> bits;
    const V product = room.product[key & position];
    const bool again = column == previous;
    length -= again ? 1 : 0;
    col[length] = static_cast<Local>(column);
    val[length] = Semiring::plus(again ? val[length] : Semiring::zero(), product);
    ++length;
    previous = column;
  };
  std::uint32_t i = 0;
  for (; i + stretch <= count; i += stretch) {
    std::uint32_t key[stretch];
    std::uint32_t before[stretch];
    std::memcpy(key, room.key + i, sizeof key);
    before[0] = previous;
    for (std::uint32_t j = 1; j < stretch; ++j) before[j] = key[j - 1] >> bits;
    std::uint32_t column[stretch];
    for (std::uint32_t j = 0; j < stretch; ++j) column[j] = key[j] >> bits;
    std::uint32_t equal[stretch];
    for (std::uint32_t j = 0; j < stretch; ++j) equal[j] = column[j] == before[j] ? 1 : 0;
    std::uint32_t any_equal = 0;
    for (std::uint32_t j = 0; j < stretch; ++j) any_equal |= equal[j];
    if (any_equal != 0) {
      for (std::uint32_t j = 0; j < stretch; ++j) add(key[j]);
      continue;
    }
    V sum[stretch];
    for (std::uint32_t j = 0; j < stretch; ++j)
      sum[j] = Semiring::plus(Semiring::zero(), room.product[key[j] & position]);
    std::memcpy(col + length, column, sizeof column);
    std::memcpy(val + length, sum, sizeof sum);
    length += stretch;
    previous = column[stretch - 1];
  }
  for (; i < count; ++i) add(room.key[i]);
  return length;
}

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

/// Products at columns of the mask only; the row in the mask's order. Room for as many as the mask has.
template <class Semiring, class V>
FILIGREE_INLINE Offset masked_row(const Factors<V>& f, Local row, std::span<const Local> mask, ScatterRoom<V>& room,
                                  Local* col, V* val) {
  enum : std::uint8_t { closed, open, hit };
  V* const sum = room.sum.data();
  std::uint8_t* const mark = room.mark.data();
  for (const Local column : mask) mark[column] = open;
  for_each_factor(f, row, [&](const Factor<V>& factor) [[gnu::always_inline]] {
    for (Offset j = 0; j < factor.length; ++j) {
      const auto column = static_cast<std::uint32_t>(factor.col[j]);
      if (mark[column] == closed) continue;
      mark[column] = hit;
      sum[column] = Semiring::plus(sum[column], Semiring::times(factor.left, factor.val[j]));
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

#undef FILIGREE_INLINE

}  // namespace filigree::spgemm
