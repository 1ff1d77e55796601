// The five semirings as functors: zero(), times(a, b), plus(sum, product), the latter two for values and for vectors of
// values alike; and the choice by an option.
//
// Where a semiring `tells`, a sum itself tells whether it has had a product: it starts as untouched(), takes products
// as touching() makes them, and is never untouched() again. What comes out has the bits of zero() plus the products.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/index.hpp"
#include "core/simd/lanes.hpp"
#include "filigree/spgemm/multiply.hpp"

/// name(X ...) for X = V and for lanes of V. The latter has to be for AVX-512 itself: in a function that is not, though
/// inlined into one that is, g++ 12 makes scalars of a ?: of vectors, and clang 14 takes no vectors.
#define FILIGREE_OF_VALUES(name, parameters, ...) \
  template <std::same_as<V> X>                    \
  FILIGREE_INLINE static X name parameters {      \
    return __VA_ARGS__;                           \
  }
#define FILIGREE_LANEWISE(name, parameters, ...)    \
  FILIGREE_OF_VALUES(name, parameters, __VA_ARGS__) \
  template <std::same_as<Lanes<V>> X>               \
  FILIGREE_AVX512_INLINE static X name parameters { \
    return __VA_ARGS__;                             \
  }

namespace filigree::spgemm {

/// What to add and multiply in: integers wrap around, which only unsigned ones may.
template <class X>
struct WrappingOf {
  using Type = X;
};
template <>
struct WrappingOf<std::int64_t> {
  using Type = std::uint64_t;
};
template <>
struct WrappingOf<Lanes<std::int64_t>> {
  using Type = Lanes<std::uint64_t>;
};
template <class X>
using Wrapping = typename WrappingOf<X>::Type;

/// Sums that do not tell.
template <class V>
struct Silent {
  static constexpr bool tells = false;
  FILIGREE_OF_VALUES(touching, (X product), product)
};

template <class V>
struct PlusTimes {
  static V zero() { return V{0}; }
  // Only negative zeros add up to a negative zero, and 0 + p is none.
  static constexpr bool tells = std::is_floating_point_v<V>;
  static V untouched() { return tells ? -V{0} : V{0}; }
  FILIGREE_OF_VALUES(touching, (X product), tells ? product + X{} : product)
  FILIGREE_LANEWISE(times, (X a, X b), X(Wrapping<X>(a) * Wrapping<X>(b)))
  FILIGREE_LANEWISE(plus, (X sum, X product), X(Wrapping<X>(sum) + Wrapping<X>(product)))
};

template <class V>
struct MinPlus : Silent<V> {
  using Limits = std::numeric_limits<V>;
  static V zero() { return Limits::has_infinity ? Limits::infinity() : Limits::max(); }
  static V untouched() { return zero(); }
  FILIGREE_LANEWISE(times, (X a, X b), PlusTimes<V>::plus(a, b))
  // A NaN is less than nothing and nothing is less than a NaN: it stays.
  FILIGREE_LANEWISE(plus, (X sum, X product), ((product < sum) | (product != product)) ? product : sum)
};

template <class V>
struct MaxTimes : Silent<V> {
  using Limits = std::numeric_limits<V>;
  static V zero() { return Limits::has_infinity ? -Limits::infinity() : Limits::lowest(); }
  static V untouched() { return zero(); }
  FILIGREE_LANEWISE(times, (X a, X b), PlusTimes<V>::times(a, b))
  FILIGREE_LANEWISE(plus, (X sum, X product), ((product > sum) | (product != product)) ? product : sum)
};

template <class V>
struct OrAnd : Silent<V> {
  static V zero() { return V{0}; }
  static V untouched() { return zero(); }
  FILIGREE_LANEWISE(times, (X a, X b), ((a != X{}) & (b != X{})) ? X{} + V{1} : X{})
  FILIGREE_LANEWISE(plus, (X sum, X product), product > sum ? product : sum)
};

template <class V>
struct PlusPair : Silent<V> {
  static V zero() { return V{0}; }
  static constexpr bool tells = true;  // there is no product less than 1
  static V untouched() { return zero(); }
  FILIGREE_LANEWISE(times, (X, X), X{} + V{1})
  FILIGREE_LANEWISE(plus, (X sum, X product), PlusTimes<V>::plus(sum, product))
};

/// The same semiring where marks tell which sums have had products.
template <class Semiring>
struct Marked : Semiring {
  static constexpr bool tells = false;
  static auto untouched() { return Semiring::zero(); }
};

/// Adds a product to a sum that started as untouched().
template <class Semiring, class V>
FILIGREE_INLINE void add_product(V& sum, V left, V right) {
  sum = Semiring::plus(sum, Semiring::touching(Semiring::times(left, right)));
}

/// sum[slot[j]] += left x right[j], j ascending; the same slot may come again. Sums begin as zero(). stretch:
/// products made before any is added
template <class Semiring, int stretch, class V, class Slot>
FILIGREE_INLINE void add_at(V left, const V* right, Offset length, const Slot* slot, V* sum) {
  Offset j = 0;
  // All products of a stretch before any sum: the compiler cannot know that sums do not overlap the factors.
  for (; j + stretch <= length; j += stretch) {
    V product[stretch];
    for (int i = 0; i < stretch; ++i) product[i] = Semiring::times(left, right[j + i]);
    for (int i = 0; i < stretch; ++i) sum[slot[j + i]] = Semiring::plus(sum[slot[j + i]], product[i]);
  }
  for (; j < length; ++j) sum[slot[j]] = Semiring::plus(sum[slot[j]], Semiring::times(left, right[j]));
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
