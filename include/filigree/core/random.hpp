// Stream: random numbers as a pure function of what they are for.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "filigree/core/types.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// A counter-based random stream (Philox4x32-10; Salmon, Moraes, Dror, Shaw, SC 2011). A draw depends only on
/// (seed, purpose) and its own coordinates, never on which rank or thread asks or in which order: nothing to ship,
/// nothing to keep. Different purposes give independent streams from one seed.
class Stream {
 public:
  using Block = std::array<std::uint32_t, 4>;

  constexpr Stream(std::uint64_t seed, std::uint64_t purpose) : key_(mix(seed + mix(purpose))) {}

  /// Four uniform 32-bit words at coordinates (vertex, walk, i). Costs one Philox call, about 10 ns.
  Block block(Global vertex, std::uint32_t walk, std::uint32_t i) const {
    const auto v = static_cast<std::uint64_t>(vertex);
    return philox(key_, {static_cast<std::uint32_t>(v), static_cast<std::uint32_t>(v >> 32), walk, i});
  }
  /// Philox4x32-10: the words of a counter under a key.
  __attribute__((always_inline)) static constexpr Block philox(std::uint64_t key, Block counter) {
    std::uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    auto k0 = static_cast<std::uint32_t>(key);
    auto k1 = static_cast<std::uint32_t>(key >> 32);
    const auto round = [&]() __attribute__((always_inline)) {
      const std::uint64_t a = std::uint64_t{0xD2511F53} * c0;
      const std::uint64_t b = std::uint64_t{0xCD9E8D57} * c2;
      c0 = static_cast<std::uint32_t>(b >> 32) ^ c1 ^ k0;
      c1 = static_cast<std::uint32_t>(b);
      c2 = static_cast<std::uint32_t>(a >> 32) ^ c3 ^ k1;
      c3 = static_cast<std::uint32_t>(a);
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    };
    round(), round(), round(), round(), round(), round(), round(), round(), round(), round();  // no loop: faster
    return {c0, c1, c2, c3};
  }

  /// block() for many coordinates at once, by the widest vectors of this processor and with the same bits: an element
  /// comes as {low half of vertex, high half, walk, i} and leaves as its words. About 1.5 ns each with AVX-512.
  void fill(std::span<Block> blocks) const;

  /// A word as an index in [0, n), n <= 2^32. Bias below n / 2^32.
  static constexpr std::uint32_t below(std::uint32_t word, std::uint64_t n) {
    return static_cast<std::uint32_t>((word * n) >> 32);
  }
  /// A word as a real number in (0, 1): the middle of its cell, so logarithms are finite.
  static constexpr double unit(std::uint32_t word) { return (word + 0.5) * 0x1p-32; }
  /// Two words as a real number in (0, 1) with 53 random bits.
  static constexpr double unit(std::uint32_t high, std::uint32_t low) {
    const std::uint64_t bits = (std::uint64_t{high} << 32 | low) >> 12;
    return (static_cast<double>(bits) + 0.5) * 0x1p-52;
  }

 private:
  /// splitmix64's finalizer: a bijection that spreads small seeds over all 64 bits.
  static constexpr std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }

  std::uint64_t key_;
};

}  // namespace filigree
#pragma GCC visibility pop
