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

/// Instruction sets that kernels exist in, each with all that the one before has. avx512: F, DQ, BW and VL.
enum class Isa { portable, avx2, avx512 };
/// The best one that this processor has.
Isa isa();
/// For tests: makes isa() answer no more than `most`. Kernels that were chosen before stay.
void lower_isa(Isa most);

inline bool cpu_has_avx2() { return isa() >= Isa::avx2; }
inline bool cpu_has_avx512() { return isa() >= Isa::avx512; }

}  // namespace filigree
