// That the pretence works: two ranks of one host, on two nodes.
#include <gtest/gtest.h>

#include "filigree/core/comm.hpp"

namespace filigree::testing {

TEST(TwoNodes, EachHasOneRank) {
  EXPECT_EQ(Comm::world().size(), 2);
  EXPECT_EQ(Comm::world().node().size(), 1);
}

}  // namespace filigree::testing
