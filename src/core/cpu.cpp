#include "core/cpu.hpp"

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

Isa& chosen() {
  static Isa isa = best();
  return isa;
}

}  // namespace

Isa isa() { return chosen(); }
void lower_isa(Isa most) { chosen() = std::min(most, best()); }

}  // namespace filigree
