// The best of a distributed vector, against a sort of the whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "filigree/matrix/top_k.hpp"
#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

TEST(TopKOfVector, EqualsASortOnAnyPartition) {
  const Comm comm = Comm::world();
  for (const Global n : {0, 1, 5, 300}) {
    std::mt19937 random(7);
    std::vector<double> all;
    std::vector<Scored<Global>> expected;
    for (Global i = 0; i < n; ++i) {
      all.push_back(static_cast<double>(random() % 9) - 4);  // many are equal
      expected.push_back({i, all.back()});
    }
    std::stable_sort(expected.begin(), expected.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    for (const std::uint64_t seed : {1, 2, 3}) {
      const Partition items = random_partition(n, comm.size(), seed);  // with empty parts
      const std::vector<double> own(all.begin() + items.begin(comm.rank()), all.begin() + items.end(comm.rank()));
      for (const std::size_t k : {0, 1, 10, 1000}) {
        const std::vector<Scored<Global>> best(expected.begin(),
                                               expected.begin() + std::min<std::ptrdiff_t>(n, static_cast<int>(k)));
        EXPECT_EQ(top_k(comm, items, own, k), best) << n << ' ' << k;
      }
    }
  }
}

TEST(TopKOfVector, RefusesValuesOfAnotherLengthOnAllRanks) {
  const Comm comm = Comm::world();
  const Partition items = Partition::uniform(10, comm.size());
  std::vector<double> own(static_cast<std::size_t>(items.size(comm.rank())));
  if (comm.rank() == comm.size() - 1) own.push_back(1);
  EXPECT_THROW(top_k(comm, items, own, 3), InvalidArgument);
  EXPECT_THROW(top_k(comm, Partition::uniform(10, comm.size() + 1), own, 3), InvalidArgument);
}

}  // namespace
}  // namespace filigree::testing
