// The five semirings as functors: zero(), times(a, b), plus(sum, product); and the way to them.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "filigree/spgemm.hpp"

namespace filigree::spgemm {

/// Integers wrap around, which only unsigned ones may.
template <class V>
using Wrapping = typename std::conditional_t<std::is_integral_v<V>, std::make_unsigned<V>, std::type_identity<V>>::type;

template <class V>
struct PlusTimes {
  static V zero() { return V{0}; }
  static V times(V a, V b) { return static_cast<V>(static_cast<Wrapping<V>>(a) * static_cast<Wrapping<V>>(b)); }
  static V plus(V sum, V product) {
    return static_cast<V>(static_cast<Wrapping<V>>(sum) + static_cast<Wrapping<V>>(product));
  }
};

template <class V>
struct MinPlus {
  using Limits = std::numeric_limits<V>;
  static V zero() { return Limits::has_infinity ? Limits::infinity() : Limits::max(); }
  static V times(V a, V b) { return PlusTimes<V>::plus(a, b); }
  // A NaN is less than nothing and nothing is less than a NaN: it stays.
  static V plus(V sum, V product) { return product < sum || product != product ? product : sum; }
};

template <class V>
struct MaxTimes {
  using Limits = std::numeric_limits<V>;
  static V zero() { return Limits::has_infinity ? -Limits::infinity() : Limits::lowest(); }
  static V times(V a, V b) { return PlusTimes<V>::times(a, b); }
  static V plus(V sum, V product) { return product > sum || product != product ? product : sum; }
};

template <class V>
struct OrAnd {
  static V zero() { return V{0}; }
  static V times(V a, V b) { return static_cast<V>(a != V{0} && b != V{0}); }
  static V plus(V sum, V product) { return product > sum ? product : sum; }
};

template <class V>
struct PlusPair {
  static V zero() { return V{0}; }
  static V times(V, V) { return V{1}; }
  static V plus(V sum, V product) { return PlusTimes<V>::plus(sum, product); }
};

/// f(functor) for an option's functor.
template <class V, class F>
auto with_semiring(Semiring semiring, F f) {
  switch (semiring) {
    case Semiring::plus_times: return f(PlusTimes<V>());
    case Semiring::min_plus: return f(MinPlus<V>());
    case Semiring::max_times: return f(MaxTimes<V>());
    case Semiring::or_and: return f(OrAnd<V>());
    case Semiring::plus_pair: return f(PlusPair<V>());
  }
  throw InvalidArgument("multiply: unknown semiring");
}

}  // namespace filigree::spgemm
