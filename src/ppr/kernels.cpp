#include "ppr/kernels.hpp"

#include <algorithm>
#include <limits>

#include "core/cpu.hpp"

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
    double* const at = lanes + static_cast<Offset>(to[k]) * many;
    if (weight == nullptr) {
      for (int l = 0; l < many; ++l) at[l] += share[l];
    } else {
      for (int l = 0; l < many; ++l) at[l] += share[l] * weight[k];
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
double weighted_sum_portable(const double* amount, const float* weight) { return weighted_sum_body(amount, weight); }
double sum_portable(const double* amount) { return sum_body(amount); }

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
  static_assert(many == 16);
  const __m512d low = _mm512_loadu_pd(share);
  const __m512d high = _mm512_loadu_pd(share + 8);
  for (Offset k = 0; k < count; ++k) {
    double* const at = lanes + static_cast<Offset>(to[k]) * many;
    const __m512d factor = _mm512_set1_pd(weight == nullptr ? 1.0 : weight[k]);
    _mm512_storeu_pd(at, _mm512_add_pd(_mm512_loadu_pd(at), _mm512_mul_pd(low, factor)));
    _mm512_storeu_pd(at + 8, _mm512_add_pd(_mm512_loadu_pd(at + 8), _mm512_mul_pd(high, factor)));
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
const bool wide = cpu_has_avx512();
#else
constexpr bool wide = false;
constexpr auto at_least_wide = at_least_portable;
constexpr auto add_lanes_wide = add_lanes_portable;
constexpr auto weighted_sum_wide = weighted_sum_portable;
constexpr auto sum_wide = sum_portable;
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

}  // namespace filigree::ppr
