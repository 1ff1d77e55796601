// The semirings as their definitions say, one product at a time: what verify() and tests compare the kernels with. It
// shares nothing with them.
#pragma once

#include <bit>
#include <limits>
#include <type_traits>

#include "filigree/spgemm/multiply.hpp"

namespace filigree::spgemm {

/// a + b and a * b; integers wrap around.
template <class V>
V sum_of(V a, V b) {
  if constexpr (std::is_integral_v<V>)
    return std::bit_cast<V>(std::bit_cast<std::uint64_t>(a) + std::bit_cast<std::uint64_t>(b));
  else
    return a + b;
}
template <class V>
V product_of(V a, V b) {
  if constexpr (std::is_integral_v<V>)
    return std::bit_cast<V>(std::bit_cast<std::uint64_t>(a) * std::bit_cast<std::uint64_t>(b));
  else
    return a * b;
}

template <class V>
bool is_nan(V value) {
  return value != value;
}

/// What a sum of products becomes by one more pair of factors, and what it is without any.
template <class V>
V with_one_more(Semiring semiring, V sum, V a, V b) {
  switch (semiring) {
    case Semiring::plus_times: {
      const volatile V product = product_of(a, b);  // rounded
      return sum_of<V>(sum, product);
    }
    case Semiring::min_plus: {
      const V path = sum_of(a, b);
      if (is_nan(sum) || is_nan(path)) return std::numeric_limits<V>::quiet_NaN();
      return path < sum ? path : sum;
    }
    case Semiring::max_times: {
      const V product = product_of(a, b);
      if (is_nan(sum) || is_nan(product)) return std::numeric_limits<V>::quiet_NaN();
      return product > sum ? product : sum;
    }
    case Semiring::or_and: return sum != V{0} || (a != V{0} && b != V{0}) ? V{1} : V{0};
    case Semiring::plus_pair: return sum_of(sum, V{1});
  }
  return sum;
}
template <class V>
V without_any(Semiring semiring) {
  constexpr bool real = std::is_floating_point_v<V>;
  constexpr V infinity = std::numeric_limits<V>::infinity();
  if (semiring == Semiring::min_plus) return real ? infinity : std::numeric_limits<V>::max();
  if (semiring == Semiring::max_times) return real ? -infinity : std::numeric_limits<V>::min();
  return V{0};
}

}  // namespace filigree::spgemm
