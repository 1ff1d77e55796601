// A test that must fail, and end: rank 1 throws while the others wait for it. Its CTest entry expects the words
// printed.
#include <gtest/gtest.h>

#include "support/runtime.hpp"

namespace filigree::testing {

TEST(Support, FailsOnOneRank) {
  const Comm comm = Comm::world();
  if (comm.rank() == 1) throw Error("only here");
  comm.barrier();
}

}  // namespace filigree::testing
