// The best of many, against a full sort.
#include "filigree/core/top_k.hpp"

#include <gtest/gtest.h>

#include <random>

namespace filigree {
namespace {

using Items = std::vector<Scored<Global>>;

/// Items with distinct ids in random order and many equal scores.
Items random_items(Offset n, unsigned seed) {
  std::mt19937 random(seed);
  Items items;
  for (Offset i = 0; i < n; ++i) items.push_back({i, static_cast<double>(random() % 7) - 3});
  std::shuffle(items.begin(), items.end(), random);
  return items;
}

/// Written apart: by score and id as pairs.
Items sorted(Items items, std::size_t k) {
  std::sort(items.begin(), items.end(),
            [](const auto& a, const auto& b) { return std::pair(-a.score, a.id) < std::pair(-b.score, b.id); });
  items.resize(std::min(k, items.size()));
  return items;
}

TEST(TopK, EqualsAFullSort) {
  for (const Offset n : {0, 1, 2, 17, 300}) {
    for (const std::size_t k : {0, 1, 5, 16, 17, 18, 1000}) {
      const Items items = random_items(n, static_cast<unsigned>(n + 1));
      Items best = items;
      sort_top(best, k);
      EXPECT_EQ(best, sorted(items, k)) << n << ' ' << k;
      Items kept = items;
      keep_top(kept, k);
      EXPECT_EQ(sorted(kept, k), sorted(items, k)) << n << ' ' << k;
      EXPECT_EQ(kept.size(), std::min(k, items.size()));
    }
  }
}

TEST(TopK, OverRanksEqualsOneRank) {
  const Comm comm = Comm::world();
  for (const Offset n : {0, 1, 3, 200}) {
    const Items all = random_items(n, 5);
    Items own;
    for (const auto& item : all) {
      // Uneven: the last rank has most, and with few items some have none.
      if (std::min<Offset>(comm.size() - 1, item.id % (comm.size() + 1)) == comm.rank()) own.push_back(item);
    }
    for (const std::size_t k : {0, 1, 10, 500}) EXPECT_EQ(top_k(comm, own, k), sorted(all, k)) << n << ' ' << k;
  }
}

}  // namespace
}  // namespace filigree
