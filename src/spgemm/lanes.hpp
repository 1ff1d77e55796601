// Lanes: 8 values side by side, and the AVX-512 instructions for them.
#pragma once

#include <type_traits>

#include "spgemm/factors.hpp"

namespace filigree::spgemm {

constexpr Local num_lanes = 8;

template <class V>
struct LanesOf {
  typedef V Type __attribute__((vector_size(num_lanes * sizeof(V))));
};
template <class V>
using Lanes = typename LanesOf<V>::Type;

}  // namespace filigree::spgemm

#if defined(__x86_64__)
#include <immintrin.h>

#define FILIGREE_AVX512 [[gnu::target("avx512f,avx512dq,avx512bw,avx512vl")]]
#define FILIGREE_AVX512_INLINE [[gnu::target("avx512f,avx512dq,avx512bw,avx512vl"), gnu::always_inline]] inline

namespace filigree::spgemm {

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

}  // namespace filigree::spgemm
#endif
