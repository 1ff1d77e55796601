// The choice of an instruction set: what best_of() and Kernel give follows it, whenever it changes.
#include "support/isa.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace filigree::testing {
namespace {

template <int number>
FILIGREE_INLINE int plus(int x) {
  return x + number;
}
int choice() { return best_of(0, 1, 2); }
int kernel(int x) { return Kernel<plus<10>, plus<11>, plus<12>>::best()(x); }

TEST(Isa, KernelsFollowEveryChange) {
  const Isa best = isa();
  std::vector<int> seen;
  for_each_isa([&] {
    EXPECT_EQ(choice(), static_cast<int>(isa()));
    EXPECT_EQ(kernel(100), 110 + static_cast<int>(isa()));
    seen.push_back(choice());
  });
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(best) + 1);  // each once, portable first
  EXPECT_EQ(seen.front(), 0);
  EXPECT_EQ(isa(), best);
}

TEST(Isa, IsNeverBeyondTheProcessor) {
  const Isa former = set_isa_for_test(Isa::portable);
  EXPECT_EQ(isa(), Isa::portable);
  EXPECT_EQ(set_isa_for_test(Isa::avx512), Isa::portable);
  EXPECT_GE(isa(), former);  // --isa= may have held it lower
  set_isa_for_test(former);
}

}  // namespace
}  // namespace filigree::testing
