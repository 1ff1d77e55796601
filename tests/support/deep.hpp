// How much a random test tries. The quick amounts meet every kind of input once or more; -DFILIGREE_DEEP_TESTS=ON takes
// the deep ones:
//
//   for (int instance = 0; instance < deep(20, 1000); ++instance) ...
#pragma once

namespace filigree::testing {

template <class T>
constexpr T deep([[maybe_unused]] T quick, [[maybe_unused]] T thorough) {
#ifdef FILIGREE_DEEP_TESTS
  return thorough;
#else
  return quick;
#endif
}

}  // namespace filigree::testing
