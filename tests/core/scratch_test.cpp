// Arrays that are cleared in the number of touched entries, against maps.
#include "core/scratch.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

namespace filigree {
namespace {

template <class Range>
std::vector<Local> listed(const Range& range) {
  return {range.begin(), range.end()};
}

TEST(Scratch, IsAMapThatForgets) {
  constexpr Offset n = 97;
  std::mt19937 random(3);
  Scratch<double> scratch(n);
  for (int round = 0; round < 200; ++round) {
    std::map<Local, double> map;
    std::vector<Local> order;
    for (auto k = random() % 40; k > 0; --k) {
      const auto i = static_cast<Local>(random() % n);
      EXPECT_EQ(scratch.contains(i), map.contains(i));
      EXPECT_EQ(scratch.get(i), map.contains(i) ? map[i] : 0);
      if (!map.contains(i)) order.push_back(i);
      scratch[i] += static_cast<double>(k);
      map[i] += static_cast<double>(k);
      EXPECT_EQ(scratch[i], map[i]);
    }
    EXPECT_EQ(listed(scratch.touched()), order);
    for (Local i = 0; i < n; ++i) EXPECT_EQ(scratch.contains(i), map.contains(i));
    std::sort(order.begin(), order.end());
    EXPECT_EQ(listed(scratch.sort_touched()), order);
    for (const Local i : order) EXPECT_EQ(scratch.get(i), map[i]);
    scratch.clear();
    EXPECT_TRUE(scratch.touched().empty());
  }
}

TEST(ScratchSet, IsASetThatForgets) {
  constexpr Offset n = 97;
  std::mt19937 random(4);
  ScratchSet scratch(n);
  EXPECT_EQ(scratch.size(), n);
  for (int round = 0; round < 200; ++round) {
    std::set<Local> set;
    std::vector<Local> order;
    for (auto k = random() % 40; k > 0; --k) {
      const auto i = static_cast<Local>(random() % n);
      EXPECT_EQ(scratch.insert(i), set.insert(i).second);
      if (set.size() > order.size()) order.push_back(i);
    }
    EXPECT_EQ(listed(scratch.touched()), order);
    for (Local i = 0; i < n; ++i) EXPECT_EQ(scratch.contains(i), set.contains(i));
    EXPECT_EQ(listed(scratch.sort_touched()), listed(set));
    scratch.clear();
    EXPECT_TRUE(scratch.touched().empty());
  }
}

}  // namespace
}  // namespace filigree
