// Lanes: 8 values side by side, and the AVX-512 instructions for them.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/simd/isa.hpp"
#include "filigree/core/types.hpp"

namespace filigree {

constexpr Local num_lanes = 8;

template <class V>
struct LanesOf {
  typedef V Type __attribute__((vector_size(num_lanes * sizeof(V))));
};
template <class V>
using Lanes = typename LanesOf<V>::Type;

}  // namespace filigree

#if defined(__x86_64__)
#include <immintrin.h>

namespace filigree {

template <class V>
FILIGREE_AVX512_INLINE Lanes<V> broadcast(V value) {
  return value - Lanes<V>{};  // keeps the sign of zero
}

/// Lanes of `mask` from memory; the others are not touched.
template <class V>
FILIGREE_AVX512_INLINE Lanes<V> load_lanes(__mmask8 mask, const V* memory) {
  if constexpr (sizeof(V) == 8) {
    return reinterpret_cast<Lanes<V>>(_mm512_maskz_loadu_epi64(mask, memory));
  } else {
    return reinterpret_cast<Lanes<V>>(_mm256_maskz_loadu_epi32(mask, memory));
  }
}

/// Lanes of `mask` to memory, of which nothing else is written.
template <class V>
FILIGREE_AVX512_INLINE void store_lanes(__mmask8 mask, Lanes<V> lanes, V* memory) {
  if (mask == 0xFF) {
    std::memcpy(memory, &lanes, sizeof lanes);
  } else if constexpr (sizeof(V) == 8) {
    _mm512_mask_storeu_epi64(memory, mask, reinterpret_cast<__m512i>(lanes));
  } else {
    _mm256_mask_storeu_epi32(memory, mask, reinterpret_cast<__m256i>(lanes));
  }
}

template <class V>
FILIGREE_AVX512_INLINE Lanes<V> where(__mmask8 mask, Lanes<V> yes, Lanes<V> no) {
  // Of the type at hand, so that the compiler makes one instruction of this and an addition.
  if constexpr (std::is_same_v<V, double>) {
    return _mm512_mask_blend_pd(mask, no, yes);
  } else if constexpr (std::is_same_v<V, float>) {
    return _mm256_mask_blend_ps(mask, no, yes);
  } else if constexpr (sizeof(V) == 8) {
    return reinterpret_cast<Lanes<V>>(
        _mm512_mask_blend_epi64(mask, reinterpret_cast<__m512i>(no), reinterpret_cast<__m512i>(yes)));
  } else {
    return reinterpret_cast<Lanes<V>>(
        _mm256_mask_blend_epi32(mask, reinterpret_cast<__m256i>(no), reinterpret_cast<__m256i>(yes)));
  }
}

template <class V>
struct QuadOf {
  typedef V Type __attribute__((vector_size(4 * sizeof(V))));
};
template <class V>
using Quad = typename QuadOf<V>::Type;

/// The first `count` of four values.
template <class V>
FILIGREE_AVX512_INLINE Quad<V> load_quad(const V* memory, int count) {
  Quad<V> quad;
  const auto mask = static_cast<__mmask8>((1U << count) - 1);
  if (count == 4) {
    std::memcpy(&quad, memory, sizeof quad);
  } else if constexpr (sizeof(V) == 8) {
    quad = reinterpret_cast<Quad<V>>(_mm256_maskz_loadu_epi64(mask, memory));
  } else {
    quad = reinterpret_cast<Quad<V>>(_mm_maskz_loadu_epi32(mask, memory));
  }
  return quad;
}

/// column[j], lane i = row[i][first + j], of the first `count` of four columns
template <class V>
FILIGREE_AVX512_INLINE void load_columns(const V* const* row, Offset first, int count, Lanes<V>* column) {
  Lanes<V> halves[4];
  for (int i = 0; i < 4; ++i) {
    halves[i] = __builtin_shufflevector(load_quad(row[i] + first, count), load_quad(row[i + 4] + first, count), 0, 1, 2,
                                        3, 4, 5, 6, 7);
  }
  const Lanes<V> even01 = __builtin_shufflevector(halves[0], halves[1], 0, 8, 2, 10, 4, 12, 6, 14);
  const Lanes<V> even23 = __builtin_shufflevector(halves[2], halves[3], 0, 8, 2, 10, 4, 12, 6, 14);
  const Lanes<V> odd01 = __builtin_shufflevector(halves[0], halves[1], 1, 9, 3, 11, 5, 13, 7, 15);
  const Lanes<V> odd23 = __builtin_shufflevector(halves[2], halves[3], 1, 9, 3, 11, 5, 13, 7, 15);
  column[0] = __builtin_shufflevector(even01, even23, 0, 1, 8, 9, 4, 5, 12, 13);
  column[1] = __builtin_shufflevector(odd01, odd23, 0, 1, 8, 9, 4, 5, 12, 13);
  column[2] = __builtin_shufflevector(even01, even23, 2, 3, 10, 11, 6, 7, 14, 15);
  column[3] = __builtin_shufflevector(odd01, odd23, 2, 3, 10, 11, 6, 7, 14, 15);
}

}  // namespace filigree
#endif
