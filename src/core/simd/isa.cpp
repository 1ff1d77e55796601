#include "core/simd/isa.hpp"

#include <algorithm>

namespace filigree {
namespace {

Isa best() {
#if defined(__x86_64__)
  __builtin_cpu_init();  // kernels may be chosen before main()
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl"))
    return Isa::avx512;
  if (__builtin_cpu_supports("avx2")) return Isa::avx2;
#endif
  return Isa::portable;
}

}  // namespace

Isa detail::detect_isa() {
  const Isa found = best();
  isa_in_use.store(static_cast<int>(found), std::memory_order_relaxed);
  return found;
}

Isa set_isa_for_test(Isa most) {
  const Isa former = isa();
  detail::isa_in_use.store(static_cast<int>(std::min(most, best())), std::memory_order_relaxed);
  return former;
}

}  // namespace filigree
