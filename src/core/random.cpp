#include "filigree/core/random.hpp"

#include "core/simd/isa.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#if !defined(__clang__)
// GCC 12 takes the deliberately undefined operands inside its AVX-512 intrinsics for mistakes of ours (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif

namespace filigree {
namespace {

using Block = Stream::Block;

void fill_portable(std::uint64_t key, std::span<Block> blocks) {
  for (Block& block : blocks) block = Stream::philox(key, block);
}

#if defined(__x86_64__)

// A round turns the words (c0 c1 c2 c3) into (high(b) ^ c1 ^ k0, low(b), high(a) ^ c3 ^ k1, low(a)) with the 64-bit
// products a = c0 x M0, b = c2 x M1. With two words to a 64-bit lane, one multiplication makes a and b, turning the
// four words of the product around puts its halves where they belong, and a shift brings c1 and c3 over the high ones.
constexpr long long multipliers[] = {0xD2511F53, 0xCD9E8D57};
constexpr std::uint32_t key_steps[] = {0x9E3779B9, 0xBB67AE85};  // what is added to the key after each round

FILIGREE_AVX512 void fill_avx512(std::uint64_t key, std::span<Block> blocks) {
  constexpr std::size_t width = 4;  // blocks of a vector
  constexpr std::size_t depth = 4;  // vectors at once: a round waits for its multiplication
  const __m512i multiply = _mm512_set4_epi64(multipliers[1], multipliers[0], multipliers[1], multipliers[0]);
  std::size_t k = 0;
  for (; k + width * depth <= blocks.size(); k += width * depth) {
    __m512i x[depth];
    for (std::size_t d = 0; d < depth; ++d) x[d] = _mm512_loadu_si512(&blocks[k + d * width]);
    auto k0 = static_cast<std::uint32_t>(key);
    auto k1 = static_cast<std::uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
      const __m512i keys = _mm512_set4_epi64(k1, k0, k1, k0);
      for (std::size_t d = 0; d < depth; ++d) {
        const __m512i turned = _mm512_shuffle_epi32(_mm512_mul_epu32(x[d], multiply), _MM_PERM_ABCD);
        x[d] = _mm512_xor_si512(_mm512_xor_si512(turned, keys), _mm512_srli_epi64(x[d], 32));
      }
      k0 += key_steps[0];
      k1 += key_steps[1];
    }
    for (std::size_t d = 0; d < depth; ++d) _mm512_storeu_si512(&blocks[k + d * width], x[d]);
  }
  fill_portable(key, blocks.subspan(k));
}

FILIGREE_AVX2 void fill_avx2(std::uint64_t key, std::span<Block> blocks) {
  constexpr std::size_t width = 2;
  constexpr std::size_t depth = 4;
  const __m256i multiply = _mm256_set_epi64x(multipliers[1], multipliers[0], multipliers[1], multipliers[0]);
  std::size_t k = 0;
  for (; k + width * depth <= blocks.size(); k += width * depth) {
    __m256i x[depth];
    for (std::size_t d = 0; d < depth; ++d)
      x[d] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(&blocks[k + d * width]));
    auto k0 = static_cast<std::uint32_t>(key);
    auto k1 = static_cast<std::uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
      const __m256i keys = _mm256_set_epi64x(k1, k0, k1, k0);
      for (std::size_t d = 0; d < depth; ++d) {
        const __m256i turned = _mm256_shuffle_epi32(_mm256_mul_epu32(x[d], multiply), 0x1B);
        x[d] = _mm256_xor_si256(_mm256_xor_si256(turned, keys), _mm256_srli_epi64(x[d], 32));
      }
      k0 += key_steps[0];
      k1 += key_steps[1];
    }
    for (std::size_t d = 0; d < depth; ++d)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(&blocks[k + d * width]), x[d]);
  }
  fill_portable(key, blocks.subspan(k));
}

#else
constexpr auto fill_avx2 = fill_portable;
constexpr auto fill_avx512 = fill_portable;
#endif

}  // namespace

void Stream::fill(std::span<Block> blocks) const { best_of(fill_portable, fill_avx2, fill_avx512)(key_, blocks); }

}  // namespace filigree
