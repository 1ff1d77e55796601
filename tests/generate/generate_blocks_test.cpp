#include <gmock/gmock.h>

#include <cmath>

#include "filigree/core/error.hpp"
#include "filigree/generate.hpp"
#include "support/dense.hpp"
#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

using generate::BlockCase;

struct Expected {
  BlockCase which;
  Offset count, rows, cols, dim;
  double noise;
};
constexpr Expected cases[] = {
    {BlockCase::drift, 64, 1024, 128, 32, 1e-2},  {BlockCase::shared, 64, 1024, 128, 32, 1e-2},
    {BlockCase::decay, 64, 1024, 128, 128, 1e-3}, {BlockCase::groups, 64, 1024, 128, 32, 5e-3},
    {BlockCase::narrow, 800, 512, 20, 12, 1e-2},  {BlockCase::vectors, 1500, 768, 1, 1, 2e-2},
    {BlockCase::outliers, 300, 512, 20, 8, 5e-3},
};

TEST(GenerateBlocks, ShapesDimensionsAndNoise) {
  const Comm comm = Comm::world();
  for (const Expected& e : cases) {
    const DenseBlocks blocks = generate::blocks(comm, e.which, 7, 4);
    EXPECT_EQ(blocks.num_blocks(), 4);
    EXPECT_EQ(blocks.rows, e.rows);
    EXPECT_EQ(blocks.names[3], "00003");
    for (Global i = blocks.blocks.begin(comm.rank()); const Dense& block : blocks.local) {
      ASSERT_EQ(block.cols, e.cols);
      const auto s = singular_values(block);
      if (e.which == BlockCase::outliers && i++ % 10 == 0) {
        EXPECT_NEAR(std::sqrt(squared_norm(block) / static_cast<double>(e.rows * e.cols)), 10, 0.5);
        continue;
      }
      if (e.dim >= e.cols) continue;
      // Beyond the space only noise: sqrt(rows) noise at most a little exceeded.
      const double floor = e.noise * (std::sqrt(static_cast<double>(e.rows)) + std::sqrt(static_cast<double>(e.cols)));
      EXPECT_LT(s[static_cast<std::size_t>(e.dim)], 1.1 * floor);
      EXPECT_GT(s[static_cast<std::size_t>(e.dim)], 0.3 * floor);
      EXPECT_GT(s[static_cast<std::size_t>(e.dim) - 1], 1.5 * floor);
    }
  }
  const DenseBlocks all = generate::blocks(comm, BlockCase::vectors, 7);
  EXPECT_EQ(all.num_blocks(), 1500);
}

TEST(GenerateBlocks, AnyNumberOfRanksGivesTheSameBits) {
  for (const Expected& e : cases) {
    const Comm comm = Comm::world();
    const DenseBlocks together = generate::blocks(comm, e.which, 3, 5);
    const DenseBlocks alone = generate::blocks(Comm::self(), e.which, 3, 5);
    EXPECT_EQ(content_hash(together), content_hash(alone));
    for (Global i = 0; i < 5; ++i) {
      EXPECT_TRUE(!together.owns(i) || together.owned(i) == alone.owned(i));
    }
    EXPECT_NE(content_hash(alone), content_hash(generate::blocks(Comm::self(), e.which, 4, 5)));
  }
}

TEST(GenerateBlocks, GroupsAreOfEqualSize) {
  const DenseBlocks blocks = generate::blocks(Comm::self(), BlockCase::groups, 7, 16);
  // Blocks of one space: their columns lie in each other's span.
  std::vector<int> seen;
  for (Global i = 0; i < 16; ++i) {
    const Dense basis(svd(blocks.owned(i)).u.view().columns(0, 32));
    int same = 0;
    for (Global j = 0; j < 16; ++j) {
      const double inside = squared_norm(multiply(basis, blocks.owned(j), Op::transpose));
      same += inside > 0.9 * squared_norm(blocks.owned(j)) ? 1 : 0;
    }
    EXPECT_EQ(same, 4) << i;
  }
}

TEST(GenerateBlocks, RefusesNegativeCounts) {
  EXPECT_THROW(generate::blocks(Comm::world(), BlockCase::drift, 1, -1), InvalidArgument);
}

}  // namespace
}  // namespace filigree::testing
