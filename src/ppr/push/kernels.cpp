#include "ppr/push/kernels.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "core/cpu.hpp"
#include "core/index.hpp"

#if defined(__x86_64__)
#include <immintrin.h>  // _mm512_maskz_: g++ 12 warns of the unmasked form of conversions
#endif

namespace filigree::ppr {
namespace {

std::uint64_t at_least_portable(const double* amount, const float* scale, double threshold) {
  std::uint64_t found = 0;
  for (int i = 0; i < block_size; ++i) {
    found |= std::uint64_t{amount[i] >= threshold * static_cast<double>(scale[i])} << i;
  }
  return found;
}

[[gnu::always_inline]] inline void add_lanes_body(double* lanes, const Local* to, const double* weight, Offset count,
                                                  const double* share) {
  for (Offset k = 0; k < count; ++k) {
    double* const at = lanes + static_cast<Offset>(to[k]) * batch_width;
    if (weight == nullptr) {
      for (int l = 0; l < batch_width; ++l) at[l] += share[l];
    } else {
      for (int l = 0; l < batch_width; ++l) at[l] += share[l] * weight[k];
    }
  }
}

[[gnu::always_inline]] inline double weighted_sum_body(const double* amount, const float* weight) {
  double sums[8] = {};
  for (int i = 0; i < block_size; i += 8) {
    for (int l = 0; l < 8; ++l) sums[l] += amount[i + l] * static_cast<double>(weight[i + l]);
  }
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

[[gnu::always_inline]] inline double sum_body(const double* amount) {
  double sums[8] = {};
  for (int i = 0; i < block_size; i += 8) {
    for (int l = 0; l < 8; ++l) sums[l] += amount[i + l];
  }
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

void add_lanes_portable(double* lanes, const Local* to, const double* weight, Offset count, const double* share) {
  add_lanes_body(lanes, to, weight, count, share);
}
[[gnu::always_inline]] inline void sum_lanes_body(const double* lanes, const float* weight, Offset count,
                                                  double* sums) {
  double local[batch_width] = {};
  for (Offset i = 0; i < count; ++i) {
    for (int l = 0; l < batch_width; ++l) local[l] += lanes[i * batch_width + l] * static_cast<double>(weight[i]);
  }
  std::copy_n(local, batch_width, sums);
}
void sum_lanes_portable(const double* lanes, const float* weight, Offset count, double* sums) {
  sum_lanes_body(lanes, weight, count, sums);
}

[[gnu::always_inline]] inline void sum_over_lanes_body(const double* lanes, const double* factor, Offset count,
                                                       double* totals) {
  for (Offset i = 0; i < count; ++i) {
    double part[8];
    for (int l = 0; l < 8; ++l)
      part[l] = lanes[i * batch_width + l] * factor[l] + lanes[i * batch_width + 8 + l] * factor[8 + l];
    totals[i] = ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
  }
}
void sum_over_lanes_portable(const double* lanes, const double* factor, Offset count, double* totals) {
  sum_over_lanes_body(lanes, factor, count, totals);
}

void push_lanes_portable(double* residual, double* pushed, double* total, Local from, double rate, const Local* to,
                         const double* weight, Offset count) {
  double share[batch_width];
  for (std::size_t l = 0; l < batch_width; ++l) {
    double& own = residual[z(from) * batch_width + l];
    pushed[z(from) * batch_width + l] += own;
    share[l] = rate * std::exchange(own, 0.0);
  }
  const double share_of_all = rate * std::exchange(total[from], 0.0);
  add_lanes_body(residual, to, weight, count, share);
  for (Offset k = 0; k < count; ++k) total[to[k]] += weight == nullptr ? share_of_all : share_of_all * weight[k];
}
double weighted_sum_portable(const double* amount, const float* weight) { return weighted_sum_body(amount, weight); }
double sum_portable(const double* amount) { return sum_body(amount); }

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
[[gnu::target("avx512f,avx512dq")]] std::uint64_t at_least_wide(const double* amount, const float* scale,
                                                                double threshold) {
  const __m512d factor = _mm512_set1_pd(threshold);
  std::uint64_t found = 0;
  for (int i = 0; i < block_size; i += 8) {
    const __m512d least = _mm512_mul_pd(factor, _mm512_maskz_cvtps_pd(0xff, _mm256_loadu_ps(scale + i)));
    const __mmask8 mask = _mm512_cmp_pd_mask(_mm512_loadu_pd(amount + i), least, _CMP_GE_OQ);
    found |= static_cast<std::uint64_t>(mask) << i;
  }
  return found;
}
[[gnu::target("avx512f,avx512dq")]] void add_lanes_wide(double* lanes, const Local* to, const double* weight,
                                                        Offset count, const double* share) {
  static_assert(batch_width == 16);
  const __m512d low = _mm512_loadu_pd(share);
  const __m512d high = _mm512_loadu_pd(share + 8);
  for (Offset k = 0; k < count; ++k) {
    double* const at = lanes + static_cast<Offset>(to[k]) * batch_width;
    const __m512d factor = _mm512_set1_pd(weight == nullptr ? 1.0 : weight[k]);
    _mm512_storeu_pd(at, _mm512_add_pd(_mm512_loadu_pd(at), _mm512_mul_pd(low, factor)));
    _mm512_storeu_pd(at + 8, _mm512_add_pd(_mm512_loadu_pd(at + 8), _mm512_mul_pd(high, factor)));
  }
}
[[gnu::target("avx512f,avx512dq")]] void sum_lanes_wide(const double* lanes, const float* weight, Offset count,
                                                        double* sums) {
  sum_lanes_body(lanes, weight, count, sums);
}
[[gnu::target("avx512f,avx512dq")]] void sum_over_lanes_wide(const double* lanes, const double* factor, Offset count,
                                                             double* totals) {
  sum_over_lanes_body(lanes, factor, count, totals);
}
[[gnu::target("avx512f,avx512dq")]] void push_lanes_wide(double* residual, double* pushed, double* total, Local from,
                                                         double rate, const Local* to, const double* weight,
                                                         Offset count) {
  static_assert(batch_width == 16);
  double* const own = residual + static_cast<Offset>(from) * batch_width;
  double* const sums = pushed + static_cast<Offset>(from) * batch_width;
  const __m512d low = _mm512_loadu_pd(own);
  const __m512d high = _mm512_loadu_pd(own + 8);
  _mm512_storeu_pd(sums, _mm512_add_pd(_mm512_loadu_pd(sums), low));
  _mm512_storeu_pd(sums + 8, _mm512_add_pd(_mm512_loadu_pd(sums + 8), high));
  _mm512_storeu_pd(own, _mm512_setzero_pd());
  _mm512_storeu_pd(own + 8, _mm512_setzero_pd());
  const double total_share = rate * std::exchange(total[from], 0.0);
  const __m512d low_share = _mm512_mul_pd(low, _mm512_set1_pd(rate));
  const __m512d high_share = _mm512_mul_pd(high, _mm512_set1_pd(rate));
  for (Offset k = 0; k < count; ++k) {
    double* const at = residual + static_cast<Offset>(to[k]) * batch_width;
    const double factor = weight == nullptr ? 1.0 : weight[k];
    const __m512d factors = _mm512_set1_pd(factor);
    _mm512_storeu_pd(at, _mm512_add_pd(_mm512_loadu_pd(at), _mm512_mul_pd(low_share, factors)));
    _mm512_storeu_pd(at + 8, _mm512_add_pd(_mm512_loadu_pd(at + 8), _mm512_mul_pd(high_share, factors)));
    total[to[k]] += total_share * factor;
  }
}
[[gnu::target("avx512f,avx512dq")]] double weighted_sum_wide(const double* amount, const float* weight) {
  __m512d sums = _mm512_setzero_pd();
  for (int i = 0; i < block_size; i += 8) {
    const __m512d term =
        _mm512_mul_pd(_mm512_loadu_pd(amount + i), _mm512_maskz_cvtps_pd(0xff, _mm256_loadu_ps(weight + i)));
    sums = _mm512_add_pd(sums, term);
  }
  double part[8];
  _mm512_storeu_pd(part, sums);
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}
[[gnu::target("avx512f,avx512dq")]] double sum_wide(const double* amount) {
  __m512d sums = _mm512_setzero_pd();
  for (int i = 0; i < block_size; i += 8) sums = _mm512_add_pd(sums, _mm512_loadu_pd(amount + i));
  double part[8];
  _mm512_storeu_pd(part, sums);
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}
[[gnu::target("avx512f,avx512dq")]] std::uint32_t combine_wide(const Offset* ptr, Local count,
                                                               const std::uint16_t* item, const double* value,
                                                               const double* lanes, double* values) {
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

[[gnu::target("avx512f,avx512dq")]] int keep_above_wide(const double* values, double least, Global first, Global* at,
                                                        double* kept) {
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

const bool wide = cpu_has_avx512();
#else
constexpr bool wide = false;
constexpr auto at_least_wide = at_least_portable;
constexpr auto add_lanes_wide = add_lanes_portable;
constexpr auto sum_lanes_wide = sum_lanes_portable;
constexpr auto sum_over_lanes_wide = sum_over_lanes_portable;
constexpr auto push_lanes_wide = push_lanes_portable;
constexpr auto weighted_sum_wide = weighted_sum_portable;
constexpr auto sum_wide = sum_portable;
constexpr auto combine_wide = combine_portable;
constexpr auto keep_above_wide = keep_above_portable;
#endif

}  // namespace

std::uint64_t at_least(const double* amount, const float* scale, double threshold) {
  // 0 >= 0 must not count: a threshold has to be above 0.
  const double least = std::max(threshold, std::numeric_limits<double>::min());
  return wide ? at_least_wide(amount, scale, least) : at_least_portable(amount, scale, least);
}
double weighted_sum(const double* amount, const float* weight) {
  return wide ? weighted_sum_wide(amount, weight) : weighted_sum_portable(amount, weight);
}
double sum(const double* amount) { return wide ? sum_wide(amount) : sum_portable(amount); }
void add_lanes(double* lanes, const Local* to, const double* weight, Offset count, const double* share) {
  if (wide)
    add_lanes_wide(lanes, to, weight, count, share);
  else
    add_lanes_portable(lanes, to, weight, count, share);
}

void sum_lanes(const double* lanes, const float* weight, Offset count, double* sums) {
  if (wide)
    sum_lanes_wide(lanes, weight, count, sums);
  else
    sum_lanes_portable(lanes, weight, count, sums);
}
void sum_over_lanes(const double* lanes, const double* factor, Offset count, double* totals) {
  if (wide)
    sum_over_lanes_wide(lanes, factor, count, totals);
  else
    sum_over_lanes_portable(lanes, factor, count, totals);
}

void push_lanes(double* residual, double* pushed, double* total, Local from, double rate, const Local* to,
                const double* weight, Offset count) {
  if (wide)
    push_lanes_wide(residual, pushed, total, from, rate, to, weight, count);
  else
    push_lanes_portable(residual, pushed, total, from, rate, to, weight, count);
}

std::uint32_t combine(const Offset* ptr, Local count, const std::uint16_t* item, const double* value,
                      const double* lanes, double* values) {
  return wide ? combine_wide(ptr, count, item, value, lanes, values)
              : combine_portable(ptr, count, item, value, lanes, values);
}

int keep_above(const double* values, double least, Global first, Global* at, double* kept) {
  return wide ? keep_above_wide(values, least, first, at, kept) : keep_above_portable(values, least, first, at, kept);
}

}  // namespace filigree::ppr
