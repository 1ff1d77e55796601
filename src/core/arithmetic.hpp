// How a thread rounds, and what it makes of results that are nearly zero.
#pragma once

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

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

}  // namespace filigree
