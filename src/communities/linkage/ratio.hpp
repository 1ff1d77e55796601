// Similarities as exact ratios.
#pragma once

#include <compare>
#include <cstdint>

namespace filigree::communities {

__extension__ using Wide = unsigned __int128;

/// A product of two 128-bit numbers.
struct Product {
  Wide high, low;
  friend auto operator<=>(const Product&, const Product&) = default;
};

inline Product multiply(Wide x, Wide y) {
  const Wide mask = ~std::uint64_t{0};
  const Wide low = (x & mask) * (y & mask);
  if ((x | y) <= mask) return {0, low};
  const Wide cross_a = (x >> 64) * (y & mask);
  const Wide cross_b = (x & mask) * (y >> 64);
  const Wide middle = (low >> 64) + (cross_a & mask) + (cross_b & mask);
  return {(x >> 64) * (y >> 64) + (cross_a >> 64) + (cross_b >> 64) + (middle >> 64), middle << 64 | (low & mask)};
}

/// edges / pairs; pairs > 0.
struct Ratio {
  Wide edges = 0;
  Wide pairs = 1;

  friend std::strong_ordering operator<=>(const Ratio& x, const Ratio& y) {
    return multiply(x.edges, y.pairs) <=> multiply(y.edges, x.pairs);
  }
  friend bool operator==(const Ratio& x, const Ratio& y) { return (x <=> y) == 0; }
  double value() const { return static_cast<double>(edges) / static_cast<double>(pairs); }
};

}  // namespace filigree::communities
