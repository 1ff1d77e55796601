// Tests of kernels under every instruction set of this processor.
#pragma once

#include "core/simd/isa.hpp"

namespace filigree::testing {

/// f() with kernels held to each instruction set in turn that the processor (or --isa=) has, the best one last.
template <class F>
void for_each_isa(F f) {
  const Isa best = isa();
  for (int i = 0; i <= static_cast<int>(best); ++i) {
    set_isa_for_test(static_cast<Isa>(i));
    f();
  }
}

}  // namespace filigree::testing
