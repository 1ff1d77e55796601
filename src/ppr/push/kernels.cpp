#include "ppr/push/kernels.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "core/index.hpp"
#include "core/simd/isa.hpp"

#if defined(__x86_64__)
#include <immintrin.h>  // _mm512_maskz_: g++ 12 warns of the unmasked form of conversions
#endif

namespace filigree::ppr {
namespace {

/// `count` doubles as vectors of `width`, which is that of an instruction set.
template <int width, int count>
struct Doubles {
  typedef double Vector __attribute__((vector_size(width * sizeof(double))));
  static constexpr int num_parts = count / width;
  Vector part[num_parts] = {};

  Doubles() = default;
  // A vector at a time: compilers leave an array that is copied as a whole in memory.
  FILIGREE_INLINE explicit Doubles(const double* from) {
#pragma GCC unroll 8
    for (int i = 0; i < num_parts; ++i) std::memcpy(&part[i], from + i * width, sizeof part[i]);
  }
  FILIGREE_INLINE explicit Doubles(const float* from) {
#pragma GCC unroll 8
    for (int i = 0; i < num_parts; ++i) {
#pragma GCC unroll 8
      for (int l = 0; l < width; ++l) part[i][l] = static_cast<double>(from[i * width + l]);
    }
  }
  FILIGREE_INLINE void store(double* to) const {
#pragma GCC unroll 8
    for (int i = 0; i < num_parts; ++i) std::memcpy(to + i * width, &part[i], sizeof part[i]);
  }
  FILIGREE_INLINE void operator+=(const Doubles& other) {
#pragma GCC unroll 8
    for (int i = 0; i < num_parts; ++i) part[i] += other.part[i];
  }
  FILIGREE_INLINE void operator*=(const Doubles& factors) {
#pragma GCC unroll 8
    for (int i = 0; i < num_parts; ++i) part[i] *= factors.part[i];
  }
  FILIGREE_INLINE void operator*=(double factor) {
#pragma GCC unroll 8
    for (int i = 0; i < num_parts; ++i) part[i] *= factor;
  }
  FILIGREE_INLINE double sum() const {
    static_assert(count == 8);
    double x[count];
    store(x);
    return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
  }
};
template <int width>
using Eight = Doubles<width, 8>;
template <int width>
using Batch = Doubles<width, batch_width>;

template <int width>
FILIGREE_INLINE double weighted_sum_body(const double* amount, const float* weight) {
  Eight<width> sums;
  for (int i = 0; i < block_size; i += 8) {
    Eight<width> terms(amount + i);
    terms *= Eight<width>(weight + i);
    sums += terms;
  }
  return sums.sum();
}

template <int width>
FILIGREE_INLINE double sum_body(const double* amount) {
  Eight<width> sums;
  for (int i = 0; i < block_size; i += 8) sums += Eight<width>(amount + i);
  return sums.sum();
}

template <int width>
FILIGREE_INLINE void sum_lanes_body(const double* lanes, const float* weight, Offset count, double* sums) {
  Batch<width> totals;
  for (Offset i = 0; i < count; ++i) {
    Batch<width> terms(lanes + i * batch_width);
    terms *= static_cast<double>(weight[i]);
    totals += terms;
  }
  totals.store(sums);
}

template <int width>
FILIGREE_INLINE void sum_over_lanes_body(const double* lanes, const double* factor, Offset count, double* totals) {
  const Eight<width> low_factors(factor);
  const Eight<width> high_factors(factor + 8);
  for (Offset i = 0; i < count; ++i) {
    Eight<width> low(lanes + i * batch_width);
    Eight<width> high(lanes + i * batch_width + 8);
    low *= low_factors;
    high *= high_factors;
    low += high;
    totals[i] = low.sum();
  }
}

/// Lanes of to[k] += share * weight[k]; then also(to[k], weight[k]).
template <int width, class Also>
FILIGREE_INLINE void add_to_each(double* lanes, const Local* to, const double* weight, Offset count,
                                 const Batch<width>& share, Also also) {
  const auto add = [&](auto weight_of) FILIGREE_INLINE_LAMBDA {
    for (Offset k = 0; k < count; ++k) {
      double* const at = lanes + Offset{to[k]} * batch_width;
      Batch<width> terms = share;
      terms *= weight_of(k);
      Batch<width> sums(at);
      sums += terms;
      sums.store(at);
      also(to[k], weight_of(k));
    }
  };
  if (weight == nullptr)
    add([](Offset) FILIGREE_INLINE_LAMBDA { return 1.0; });
  else
    add([weight](Offset k) FILIGREE_INLINE_LAMBDA { return weight[k]; });
}

template <int width>
FILIGREE_INLINE void add_lanes_body(double* lanes, const Local* to, const double* weight, Offset count,
                                    const double* share) {
  add_to_each(lanes, to, weight, count, Batch<width>(share), [](Local, double) FILIGREE_INLINE_LAMBDA {});
}

template <int width>
FILIGREE_INLINE void push_lanes_body(double* residual, double* pushed, double* total, Local from, double rate,
                                     const Local* to, const double* weight, Offset count) {
  double* const own = residual + Offset{from} * batch_width;
  double* const of_own = pushed + Offset{from} * batch_width;
  Batch<width> share(own);
  Batch<width> sums(of_own);
  sums += share;
  sums.store(of_own);
  Batch<width>().store(own);
  share *= rate;
  const double total_share = rate * std::exchange(total[from], 0.0);
  add_to_each(residual, to, weight, count, share, [total, total_share](Local v, double factor) FILIGREE_INLINE_LAMBDA {
    total[v] += total_share * factor;
  });
}

std::uint64_t at_least_portable(const double* amount, const float* scale, double threshold) {
  std::uint64_t found = 0;
  for (int i = 0; i < block_size; ++i) {
    found |= std::uint64_t{amount[i] >= threshold * static_cast<double>(scale[i])} << i;
  }
  return found;
}

std::uint32_t combine_portable(const Offset* ptr, Local count, const std::uint16_t* item, const double* value,
                               const double* lanes, double* values) {
  double largest[batch_width] = {};
  for (Local i = 0; i < count; ++i) {
    double sum[batch_width] = {};
    for (Offset k = ptr[i]; k < ptr[i + 1]; ++k) {
      const double* const from = lanes + Offset{item[k]} * batch_width;
      for (int l = 0; l < batch_width; ++l) sum[l] += value[k] * from[l];
    }
    for (int l = 0; l < batch_width; ++l) {
      values[l * block_size + i] = sum[l];
      largest[l] = std::max(largest[l], sum[l]);
    }
  }
  std::uint32_t lanes_above = 0;
  for (int l = 0; l < batch_width; ++l) lanes_above |= largest[l] > 0 ? 1U << l : 0;
  return lanes_above;
}

int keep_above_portable(const double* values, double least, Global first, Global* at, double* kept) {
  int count = 0;
  for (Local i = 0; i < block_size; ++i) {
    kept[count] = values[i];
    at[count] = first + i;
    count += values[i] > least ? 1 : 0;
  }
  return count;
}

#if defined(__x86_64__)
FILIGREE_AVX512 std::uint64_t at_least_avx512(const double* amount, const float* scale, double threshold) {
  const __m512d factor = _mm512_set1_pd(threshold);
  std::uint64_t found = 0;
  for (int i = 0; i < block_size; i += 8) {
    const __m512d least = _mm512_mul_pd(factor, _mm512_maskz_cvtps_pd(0xff, _mm256_loadu_ps(scale + i)));
    const __mmask8 mask = _mm512_cmp_pd_mask(_mm512_loadu_pd(amount + i), least, _CMP_GE_OQ);
    found |= static_cast<std::uint64_t>(mask) << i;
  }
  return found;
}

FILIGREE_AVX512 std::uint32_t combine_avx512(const Offset* ptr, Local count, const std::uint16_t* item,
                                             const double* value, const double* lanes, double* values) {
  static_assert(batch_width == 16);
  const __m512d zero = _mm512_setzero_pd();
  std::uint32_t lanes_above = 0;
  for (Local i = 0; i < count; ++i) {
    if (ptr[i] == ptr[i + 1]) continue;
    __m512d low = zero;
    __m512d high = zero;
    for (Offset k = ptr[i]; k < ptr[i + 1]; ++k) {
      const double* const from = lanes + Offset{item[k]} * batch_width;
      const __m512d factor = _mm512_set1_pd(value[k]);
      low = _mm512_add_pd(low, _mm512_mul_pd(factor, _mm512_loadu_pd(from)));
      high = _mm512_add_pd(high, _mm512_mul_pd(factor, _mm512_loadu_pd(from + 8)));
    }
    const auto above = static_cast<std::uint32_t>(_mm512_cmp_pd_mask(low, zero, _CMP_GT_OQ)) |
                       static_cast<std::uint32_t>(_mm512_cmp_pd_mask(high, zero, _CMP_GT_OQ)) << 8;
    lanes_above |= above;
    alignas(64) double sum[batch_width];
    _mm512_store_pd(sum, low);
    _mm512_store_pd(sum + 8, high);
    for (std::uint32_t left = above; left != 0; left &= left - 1) {
      const int l = std::countr_zero(left);
      values[l * block_size + i] = sum[l];
    }
  }
  return lanes_above;
}

FILIGREE_AVX512 int keep_above_avx512(const double* values, double least, Global first, Global* at, double* kept) {
  const __m512d bar = _mm512_set1_pd(least);
  __m512i place = _mm512_add_epi64(_mm512_set1_epi64(first), _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
  int count = 0;
  for (int i = 0; i < block_size; i += 8) {
    const __m512d eight = _mm512_loadu_pd(values + i);
    const __mmask8 above = _mm512_cmp_pd_mask(eight, bar, _CMP_GT_OQ);
    _mm512_storeu_pd(kept + count, _mm512_maskz_compress_pd(above, eight));
    _mm512_storeu_si512(at + count, _mm512_maskz_compress_epi64(above, place));
    count += std::popcount(static_cast<unsigned>(above));
    place = _mm512_add_epi64(place, _mm512_set1_epi64(8));
  }
  return count;
}

#else
constexpr auto at_least_avx512 = at_least_portable;
constexpr auto combine_avx512 = combine_portable;
constexpr auto keep_above_avx512 = keep_above_portable;
#endif

}  // namespace

std::uint64_t at_least(const double* amount, const float* scale, double threshold) {
  // 0 >= 0 must not count: a threshold has to be above 0.
  const double least = std::max(threshold, std::numeric_limits<double>::min());
  return best_of(at_least_portable, at_least_portable, at_least_avx512)(amount, scale, least);
}
double weighted_sum(const double* amount, const float* weight) {
  return Kernel<weighted_sum_body<2>, weighted_sum_body<4>, weighted_sum_body<8>>::best()(amount, weight);
}
double sum(const double* amount) { return Kernel<sum_body<2>, sum_body<4>, sum_body<8>>::best()(amount); }

void add_lanes(double* lanes, const Local* to, const double* weight, Offset count, const double* share) {
  Kernel<add_lanes_body<2>, add_lanes_body<4>, add_lanes_body<8>>::best()(lanes, to, weight, count, share);
}
void sum_lanes(const double* lanes, const float* weight, Offset count, double* sums) {
  Kernel<sum_lanes_body<2>, sum_lanes_body<4>, sum_lanes_body<8>>::best()(lanes, weight, count, sums);
}
void sum_over_lanes(const double* lanes, const double* factor, Offset count, double* totals) {
  Kernel<sum_over_lanes_body<2>, sum_over_lanes_body<4>, sum_over_lanes_body<8>>::best()(lanes, factor, count, totals);
}
void push_lanes(double* residual, double* pushed, double* total, Local from, double rate, const Local* to,
                const double* weight, Offset count) {
  Kernel<push_lanes_body<2>, push_lanes_body<4>, push_lanes_body<8>>::best()(residual, pushed, total, from, rate, to,
                                                                             weight, count);
}

std::uint32_t combine(const Offset* ptr, Local count, const std::uint16_t* item, const double* value,
                      const double* lanes, double* values) {
  return best_of(combine_portable, combine_portable, combine_avx512)(ptr, count, item, value, lanes, values);
}

int keep_above(const double* values, double least, Global first, Global* at, double* kept) {
  return best_of(keep_above_portable, keep_above_portable, keep_above_avx512)(values, least, first, at, kept);
}

}  // namespace filigree::ppr
