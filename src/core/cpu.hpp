// What the processor at hand can do, for kernels that exist in several instruction sets.
//
//   FILIGREE_INLINE void body(...) {...}                                   written once, in plain C++
//   [[gnu::target("avx512f,avx512dq")]] void wide(...) { body(...); }      compiled again for wider registers
//   void portable(...) { body(...); }
//   const auto kernel = cpu_has_avx512() ? wide : portable;
//
// Both give the same bits as long as a body leaves the compiler no choice: sums in a fixed order of their own lanes.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#define FILIGREE_INLINE [[gnu::always_inline]] inline
#define FILIGREE_INLINE_LAMBDA __attribute__((always_inline))  // behind its parameters

namespace filigree {

/// While it lives, this thread takes results below 2.2e-308 for zero: a processor needs a hundred cycles for each, and
/// recurrences that fade with distance leave millions of them.
class FlushDenormals {
 public:
#if defined(__SSE2__)
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040U); }
  ~FlushDenormals() { _mm_setcsr(before_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  unsigned before_;
#else
  FlushDenormals() {}
#endif
};

/// While it lives, this thread rounds to nearest and keeps small results, whatever its caller does.
class StandardArithmetic {
 public:
#if defined(__SSE2__)
  StandardArithmetic() : before_(_mm_getcsr()) { _mm_setcsr(0x1F80U); }
  ~StandardArithmetic() { _mm_setcsr(before_); }
  StandardArithmetic(const StandardArithmetic&) = delete;
  StandardArithmetic& operator=(const StandardArithmetic&) = delete;

 private:
  unsigned before_;
#else
  StandardArithmetic() {}
#endif
};

inline bool cpu_has_avx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}

inline bool cpu_has_avx512() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

}  // namespace filigree
