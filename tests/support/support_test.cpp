// The test program itself: every rank runs, threads are those asked for.
#include <gtest/gtest.h>

#include "support/runtime.hpp"

namespace filigree::testing {

TEST(Support, EveryRankRunsTheSameTest) {
  const Comm comm = Comm::world();
  EXPECT_EQ(comm.sum(1), comm.size());
  EXPECT_EQ(comm.size(), runtime().comm().size());
}

TEST(Support, ThreadsScopeSetsAndRestores) {
  ASSERT_EQ(runtime().threads(), 1);
  {
    const ThreadsScope two(2);
    EXPECT_EQ(runtime().threads(), 2);
  }
  EXPECT_EQ(runtime().threads(), 1);
}

}  // namespace filigree::testing
