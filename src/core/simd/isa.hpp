// One choice of instruction set for all kernels, made at run time:
//
//   FILIGREE_INLINE void add_body(...) {...}                          written once, in plain C++
//   void add(...) { Kernel<add_body>::best()(...); }                  compiled again for wider registers
//
//   void pick_portable(...) {...}
//   FILIGREE_AVX512 void pick_avx512(...) {...}                       written in the instructions themselves
//   void pick(...) { best_of(pick_portable, pick_portable, pick_avx512)(...); }
//
// All give the same bits as long as a body leaves the compiler no choice: sums in a fixed order of their own lanes. No
// choice is kept in a static variable, so that tests can run kernels under each instruction set.
#pragma once

#include <atomic>

#define FILIGREE_INLINE [[gnu::always_inline]] inline
#define FILIGREE_INLINE_LAMBDA __attribute__((always_inline))  // behind its parameters

#if defined(__x86_64__)
#define FILIGREE_AVX2 [[gnu::target("avx2")]]
#define FILIGREE_AVX512 [[gnu::target("avx512f,avx512dq,avx512bw,avx512vl,prfchw")]]
#else  // never called there
#define FILIGREE_AVX2
#define FILIGREE_AVX512
#endif
#define FILIGREE_AVX512_INLINE FILIGREE_AVX512 FILIGREE_INLINE

namespace filigree {

/// Instruction sets that kernels exist in, each with all that the one before has. avx512: F, DQ, BW and VL.
enum class Isa { portable, avx2, avx512 };

namespace detail {
constexpr int isa_unknown = -1;
inline constinit std::atomic<int> isa_in_use = isa_unknown;
Isa detect_isa();
}  // namespace detail

/// The instruction set that kernels use: the best of this processor, unless a test lowers it. Also before main().
inline Isa isa() {
#if defined(__x86_64__)
  const int known = detail::isa_in_use.load(std::memory_order_relaxed);
  return known != detail::isa_unknown ? static_cast<Isa>(known) : detail::detect_isa();
#else
  return Isa::portable;
#endif
}

/// For tests: no kernel that is called from now on uses more than `most`. Returns what was in use. What is laid out for
/// an instruction set, as a plan of spgemm is, has to be used under that one.
Isa set_isa_for_test(Isa most);

/// That of three kernels (or sets of kernels, or parameters) which is for isa().
template <class Kernel>
FILIGREE_INLINE Kernel best_of(Kernel portable, Kernel avx2, Kernel avx512) {
  const Isa best = isa();
  return best == Isa::avx512 ? avx512 : best == Isa::avx2 ? avx2 : portable;
}

/// A function made of bodies for each instruction set, or of one body that is compiled for each. Bodies are
/// FILIGREE_INLINE and have the same parameters.
template <auto body, auto body_avx2 = body, auto body_avx512 = body_avx2>
struct Kernel;
template <class Result, class... Args, Result (*body)(Args...), Result (*body_avx2)(Args...),
          Result (*body_avx512)(Args...)>
struct Kernel<body, body_avx2, body_avx512> {
  static Result portable(Args... args) { return body(args...); }
  FILIGREE_AVX2 static Result avx2(Args... args) { return body_avx2(args...); }
  FILIGREE_AVX512 static Result avx512(Args... args) { return body_avx512(args...); }
  FILIGREE_INLINE static auto best() { return best_of(portable, avx2, avx512); }
};

}  // namespace filigree
