// The five semirings as functors: zero(), times(a, b), plus(sum, product), the latter two for values and for vectors of
// values alike; and the way to them.
//
// Where a semiring `tells`, a sum itself tells whether it has had a product: it starts as untouched(), takes products
// as touching() makes them, and is never untouched() again. What comes out has the bits of zero() plus the products.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "filigree/spgemm.hpp"
#include "spgemm/factors.hpp"

namespace filigree::spgemm {

/// Integers wrap around, which only unsigned ones may. X: V or a vector of V
template <class V, class X>
FILIGREE_INLINE auto wrapping(X x) {
  if constexpr (!std::is_integral_v<V>) {
    return x;
  } else if constexpr (std::is_same_v<X, V>) {
    return static_cast<std::make_unsigned_t<V>>(x);
  } else {
    typedef std::make_unsigned_t<V> Unsigned __attribute__((vector_size(sizeof(X))));
    return std::bit_cast<Unsigned>(x);
  }
}

/// Sums that do not tell.
template <class V>
struct Silent {
  static constexpr bool tells = false;
  template <class X>
  FILIGREE_INLINE static X touching(X product) {
    return product;
  }
};

template <class V>
struct PlusTimes {
  static V zero() { return V{0}; }
  // Only negative zeros add up to a negative zero, and 0 + p is none.
  static constexpr bool tells = std::is_floating_point_v<V>;
  static V untouched() { return tells ? -V{0} : V{0}; }
  template <class X>
  FILIGREE_INLINE static X touching(X product) {
    return tells ? product + X{} : product;
  }
  template <class X>
  FILIGREE_INLINE static X times(X a, X b) {
    return std::bit_cast<X>(wrapping<V>(a) * wrapping<V>(b));
  }
  template <class X>
  FILIGREE_INLINE static X plus(X sum, X product) {
    return std::bit_cast<X>(wrapping<V>(sum) + wrapping<V>(product));
  }
};

template <class V>
struct MinPlus : Silent<V> {
  using Limits = std::numeric_limits<V>;
  static V zero() { return Limits::has_infinity ? Limits::infinity() : Limits::max(); }
  static V untouched() { return zero(); }
  template <class X>
  FILIGREE_INLINE static X times(X a, X b) {
    return PlusTimes<V>::plus(a, b);
  }
  // A NaN is less than nothing and nothing is less than a NaN: it stays.
  template <class X>
  FILIGREE_INLINE static X plus(X sum, X product) {
    return (product < sum) | (product != product) ? product : sum;
  }
};

template <class V>
struct MaxTimes : Silent<V> {
  using Limits = std::numeric_limits<V>;
  static V zero() { return Limits::has_infinity ? -Limits::infinity() : Limits::lowest(); }
  static V untouched() { return zero(); }
  template <class X>
  FILIGREE_INLINE static X times(X a, X b) {
    return PlusTimes<V>::times(a, b);
  }
  template <class X>
  FILIGREE_INLINE static X plus(X sum, X product) {
    return (product > sum) | (product != product) ? product : sum;
  }
};

template <class V>
struct OrAnd : Silent<V> {
  static V zero() { return V{0}; }
  static V untouched() { return zero(); }
  template <class X>
  FILIGREE_INLINE static X times(X a, X b) {
    return (a != X{}) & (b != X{}) ? X{} + V{1} : X{};
  }
  template <class X>
  FILIGREE_INLINE static X plus(X sum, X product) {
    return product > sum ? product : sum;
  }
};

template <class V>
struct PlusPair : Silent<V> {
  static V zero() { return V{0}; }
  static constexpr bool tells = true;  // there is no product less than 1
  static V untouched() { return zero(); }
  template <class X>
  FILIGREE_INLINE static X times(X, X) {
    return X{} + V{1};
  }
  template <class X>
  FILIGREE_INLINE static X plus(X sum, X product) {
    return PlusTimes<V>::plus(sum, product);
  }
};

/// The same where something else tells which sums have had products.
template <class Semiring>
struct Marked : Semiring {
  static constexpr bool tells = false;
  static auto untouched() { return Semiring::zero(); }
};

/// A product more in a sum that started as untouched().
template <class Semiring, class V>
FILIGREE_INLINE void add_product(V& sum, V left, V right) {
  sum = Semiring::plus(sum, Semiring::touching(Semiring::times(left, right)));
}

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
