// Partition against its documented formulas, on chosen and on random inputs.
#include "filigree/matrix/partition.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

std::vector<Global> begins_of(const Partition& p) { return {p.begins().begin(), p.begins().end()}; }

/// Begins ascend from 0 to n, and owner() agrees with the blocks wherever it is asked.
void expect_partition(const Partition& p, Global n, int parts) {
  ASSERT_EQ(p.num_parts(), parts);
  EXPECT_EQ(p.num_items(), n);
  EXPECT_EQ(p.begin(0), 0);
  EXPECT_EQ(p.end(parts - 1), n);
  for (int part = 0; part < parts; ++part) {
    EXPECT_LE(p.begin(part), p.end(part));
    EXPECT_EQ(p.size(part), p.end(part) - p.begin(part));
    EXPECT_EQ(p.end(part), part + 1 < parts ? p.begin(part + 1) : n);
    if (p.size(part) == 0) continue;
    for (const Global index : {p.begin(part), p.begin(part) + p.size(part) / 2, p.end(part) - 1}) {
      EXPECT_EQ(p.owner(index), part) << "index " << index;
      for (int other = 0; other < parts; ++other) EXPECT_EQ(p.owns(other, index), other == part);
    }
  }
}

TEST(Partition, DefaultIsOneEmptyPart) { expect_partition(Partition(), 0, 1); }

TEST(Partition, UniformSizesDifferByAtMostOneLargerFirst) {
  for (const Global n : {0, 1, 2, 3, 4, 5, 7, 8, 9, 100, 101}) {
    for (int parts = 1; parts <= 12; ++parts) {
      const Partition p = Partition::uniform(n, parts);
      expect_partition(p, n, parts);
      for (int part = 0; part < parts; ++part) EXPECT_EQ(p.size(part), n / parts + (part < n % parts ? 1 : 0));
    }
  }
}

TEST(Partition, UniformOfAlmost2To63) {
  constexpr Global n = std::numeric_limits<Global>::max();
  for (const int parts : {1, 2, 3, 1000}) {
    const Partition p = Partition::uniform(n, parts);
    expect_partition(p, n, parts);
    EXPECT_LE(p.size(0) - p.size(parts - 1), 1);
  }
}

/// "part p begins at the first index whose preceding weight reaches p/parts of the total", said slowly.
std::vector<Global> weighted_begins(const std::vector<Offset>& weight, int parts) {
  __int128 total = 0;
  for (Offset w : weight) total += w;
  std::vector<Global> begins{0};
  for (int part = 1; part < parts; ++part) {
    __int128 before = 0;
    std::size_t i = 0;
    while (i < weight.size() && before * parts < total * part) before += weight[i++];
    begins.push_back(static_cast<Global>(i));
  }
  begins.push_back(static_cast<Global>(weight.size()));
  return begins;
}

TEST(Partition, ByWeightOfEqualWeightsIsUniformWhereItDivides) {
  const std::vector<Offset> weight(12, 5);
  for (const int parts : {1, 2, 3, 4, 6, 12})
    EXPECT_EQ(Partition::by_weight(weight, parts), Partition::uniform(12, parts));
}

TEST(Partition, ByWeightOfChosenWeights) {
  const std::vector<Offset> weight{1, 1, 6, 0, 0, 2, 2};
  EXPECT_EQ(begins_of(Partition::by_weight(weight, 2)), (std::vector<Global>{0, 3, 7}));
  EXPECT_EQ(begins_of(Partition::by_weight(weight, 3)), (std::vector<Global>{0, 3, 3, 7}));
  EXPECT_EQ(begins_of(Partition::by_weight(weight, 1)), (std::vector<Global>{0, 7}));
}

TEST(Partition, ByWeightWithoutItemsOrWeight) {
  for (int parts = 1; parts <= 5; ++parts) {
    expect_partition(Partition::by_weight({}, parts), 0, parts);
    const std::vector<Offset> zeros(9, 0);
    const Partition p = Partition::by_weight(zeros, parts);
    expect_partition(p, 9, parts);
    EXPECT_EQ(begins_of(p), weighted_begins(zeros, parts));
  }
}

TEST(Partition, ByWeightWithMorePartsThanItems) {
  const std::vector<Offset> weight{3, 1};
  const Partition p = Partition::by_weight(weight, 9);
  expect_partition(p, 2, 9);
  EXPECT_EQ(begins_of(p), weighted_begins(weight, 9));
}

TEST(Partition, ByWeightOfHugeWeights) {
  constexpr Offset huge = (Offset{1} << 62) - 1;
  for (const std::vector<Offset>& weight :
       {std::vector<Offset>{huge}, {huge, huge}, {huge, 1, huge}, {1, huge, 0, 1, 1}, {huge, huge, huge, huge, huge}}) {
    for (const int parts : {1, 2, 3, 7, 64}) {
      const Partition p = Partition::by_weight(weight, parts);
      expect_partition(p, static_cast<Global>(weight.size()), parts);
      EXPECT_EQ(begins_of(p), weighted_begins(weight, parts));
    }
  }
}

TEST(Partition, ByWeightOfRandomWeights) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<Offset> weight(static_cast<std::size_t>(below(random, 40)));
    const std::int64_t largest = std::int64_t{1} << below(random, 40);
    for (Offset& w : weight) w = below(random, 3) == 0 ? 0 : below(random, largest + 1);
    const int parts = static_cast<int>(below(random, 12)) + 1;
    const Partition p = Partition::by_weight(weight, parts);
    expect_partition(p, static_cast<Global>(weight.size()), parts);
    EXPECT_EQ(begins_of(p), weighted_begins(weight, parts));
    // No part passes its share by more than the weight of one item.
    Offset total = 0;
    Offset heaviest = 0;
    for (Offset w : weight) total += w, heaviest = std::max(heaviest, w);
    for (int part = 0; part < parts; ++part) {
      Offset own = 0;
      for (Global i = p.begin(part); i < p.end(part); ++i) own += weight[static_cast<std::size_t>(i)];
      EXPECT_LE(own, total / parts + 1 + heaviest);
    }
  }
}

TEST(Partition, OwnerSkipsEmptyBlocks) {
  const Partition p = Partition::from_begins({0, 0, 0, 3, 3, 5, 5});
  expect_partition(p, 5, 6);
  const std::vector<int> owners{2, 2, 2, 4, 4};
  for (Global i = 0; i < 5; ++i) EXPECT_EQ(p.owner(i), owners[static_cast<std::size_t>(i)]);
  for (int round = 0; round < 100; ++round)
    expect_partition(random_partition(20, 9, static_cast<std::uint64_t>(round)), 20, 9);
}

TEST(Partition, Compares) {
  EXPECT_EQ(Partition::uniform(10, 3), Partition::from_begins({0, 4, 7, 10}));
  EXPECT_NE(Partition::uniform(10, 3), Partition::from_begins({0, 3, 7, 10}));
  EXPECT_NE(Partition::uniform(0, 3), Partition::uniform(0, 2));
}

TEST(Partition, RefusesWhatIsNone) {
  EXPECT_THROW(Partition::uniform(-1, 2), InvalidArgument);
  EXPECT_THROW(Partition::uniform(5, 0), InvalidArgument);
  EXPECT_THROW(Partition::by_weight({}, 0), InvalidArgument);
  for (const int parts : {1, 2, 4}) {
    for (const std::size_t at : {0u, 1u, 3u}) {
      std::vector<Offset> weight{4, 4, 4, 4};
      weight[at] = -1;
      EXPECT_THROW(Partition::by_weight(weight, parts), InvalidArgument) << "at " << at << " of " << parts << " parts";
    }
  }
  EXPECT_THROW(Partition::from_begins({}), InvalidArgument);
  EXPECT_THROW(Partition::from_begins({0}), InvalidArgument);
  EXPECT_THROW(Partition::from_begins({1, 2}), InvalidArgument);
  EXPECT_THROW(Partition::from_begins({0, 3, 2}), InvalidArgument);
}

}  // namespace
}  // namespace filigree::testing
