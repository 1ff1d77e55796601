#include "core/simd/sort_keys.hpp"

#include <algorithm>
#include <cstring>

#include "core/simd/isa.hpp"

namespace filigree {
namespace {

using Keys [[gnu::vector_size(64)]] = std::uint32_t;
constexpr std::size_t num_keys = 16;

FILIGREE_INLINE Keys least(Keys a, Keys b) { return a < b ? a : b; }
FILIGREE_INLINE Keys most(Keys a, Keys b) { return a < b ? b : a; }

/// Lane i of the result is lane i ^ bits.
template <unsigned bits>
FILIGREE_INLINE Keys swapped(Keys v) {
  return __builtin_shufflevector(v, v, 0 ^ bits, 1 ^ bits, 2 ^ bits, 3 ^ bits, 4 ^ bits, 5 ^ bits, 6 ^ bits, 7 ^ bits,
                                 8 ^ bits, 9 ^ bits, 10 ^ bits, 11 ^ bits, 12 ^ bits, 13 ^ bits, 14 ^ bits, 15 ^ bits);
}

/// Compares lanes i and i ^ bits; the larger one goes where `high` is set in i.
template <unsigned bits, unsigned high>
FILIGREE_INLINE Keys compare(Keys v) {
  const Keys other = swapped<bits>(v);
  constexpr auto from = [](unsigned i) { return (i & high) != 0 ? i + 16 : i; };
  return __builtin_shufflevector(least(v, other), most(v, other), from(0), from(1), from(2), from(3), from(4), from(5),
                                 from(6), from(7), from(8), from(9), from(10), from(11), from(12), from(13), from(14),
                                 from(15));
}

/// Sorts lanes that rise and then fall.
FILIGREE_INLINE Keys sort_bitonic(Keys v) { return compare<1, 1>(compare<2, 2>(compare<4, 4>(compare<8, 8>(v)))); }

FILIGREE_INLINE Keys sort_lanes(Keys v) {
  v = compare<1, 1>(v);
  v = compare<1, 1>(compare<3, 2>(v));
  v = compare<1, 1>(compare<2, 2>(compare<7, 4>(v)));
  return compare<1, 1>(compare<2, 2>(compare<4, 4>(compare<15, 8>(v))));
}

/// Sorts x[0 .. count), whose two halves are sorted; count is a power of two of at least 2.
FILIGREE_INLINE void merge_halves(Keys* x, std::size_t count) {
  const std::size_t half = count / 2;
  // The second half backwards makes it bitonic. Its lesser half belongs to the first half, its greater to the second;
  // vector i of the one meets vector count - 1 - i of the other, from both ends at once so that it works in place.
  for (std::size_t i = 0; i < (half + 1) / 2; ++i) {
    const std::size_t j = half - 1 - i;
    const Keys a = x[i], b = x[j], c = swapped<15>(x[half + i]), d = swapped<15>(x[half + j]);
    x[i] = least(a, d);
    x[j] = least(b, c);
    x[half + i] = most(a, d);
    x[half + j] = most(b, c);
  }
  for (std::size_t stride = half / 2; stride > 0; stride /= 2) {
    for (std::size_t begin = 0; begin < count; begin += 2 * stride) {
      for (std::size_t i = begin; i < begin + stride; ++i) {
        const Keys a = x[i], b = x[i + stride];
        x[i] = least(a, b);
        x[i + stride] = most(a, b);
      }
    }
  }
  for (std::size_t i = 0; i < count; ++i) x[i] = sort_bitonic(x[i]);
}

/// Of a number of vectors known to the compiler, which keeps them in registers.
template <std::size_t count>
FILIGREE_INLINE void sort_registers(Keys* x) {
  if constexpr (count == 1) {
    x[0] = sort_lanes(x[0]);
  } else {
    sort_registers<count / 2>(x);
    sort_registers<count / 2>(x + count / 2);
    merge_halves(x, count);
  }
}

template <std::size_t count>
FILIGREE_INLINE void sort_block(std::uint32_t* keys) {
  Keys x[count];
  std::memcpy(x, keys, sizeof x);
  sort_registers<count>(x);
  std::memcpy(keys, x, sizeof x);
}

/// Of 1, 2, 4, ... vectors, at most `block`.
template <std::size_t block>
FILIGREE_INLINE void sort_few(std::uint32_t* keys, std::size_t num_vectors) {
  if (num_vectors == block) return sort_block<block>(keys);
  if constexpr (block > 1) sort_few<block / 2>(keys, num_vectors);
}

FILIGREE_AVX512 void sort_avx512(std::uint32_t* keys, std::size_t count) {
  constexpr std::size_t block = 16;  // vectors
  const std::size_t room = room_for_keys(count);
  for (std::size_t i = count; i < room; ++i) keys[i] = ~std::uint32_t{0};
  const std::size_t num_vectors = room / num_keys;
  if (num_vectors <= block) return sort_few<block>(keys, num_vectors);
  auto* const vectors = reinterpret_cast<Keys*>(keys);
  for (std::size_t i = 0; i < room; i += block * num_keys) sort_block<block>(keys + i);
  for (std::size_t width = 2 * block; width <= num_vectors; width *= 2) {
    for (std::size_t i = 0; i < num_vectors; i += width) merge_halves(vectors + i, width);
  }
}

/// Half the time of the network with 16 or 32 bytes a register, whose lanes a compiler moves one by one.
void sort_portable(std::uint32_t* keys, std::size_t count) { std::sort(keys, keys + count); }

}  // namespace

void sort_keys(std::uint32_t* keys, std::size_t count) {
  best_of(sort_portable, sort_portable, sort_avx512)(keys, count);
}

}  // namespace filigree
