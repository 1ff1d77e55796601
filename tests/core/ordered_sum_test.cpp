// Sums must have the same bits on any ranks, threads and cuts, and be right.
#include "core/ordered_sum.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "filigree/matrix/partition.hpp"
#include "support/runtime.hpp"

namespace filigree {
namespace {

/// Terms of very different size, so that almost any change of order shows.
std::vector<double> terms_of(Offset n) {
  std::mt19937_64 random(17);
  std::vector<double> terms;
  for (Offset i = 0; i < n; ++i) {
    const double size = std::ldexp(1.0, static_cast<int>(random() % 40) - 20);
    terms.push_back(size * (static_cast<double>(random() >> 11) * 0x1p-53 - 0.5));
  }
  return terms;
}

/// Cuts of [0, n) into `parts`: even, everything on the first or the last, all but single items on one, random.
std::vector<Partition> cuts(Offset n, int parts) {
  std::vector<Partition> all{Partition::uniform(n, parts)};
  std::mt19937_64 random(5);
  const auto add = [&](auto begin) {
    std::vector<Global> begins(1, 0);
    for (int p = 1; p < parts; ++p) begins.push_back(begin(p));
    std::sort(begins.begin(), begins.end());
    begins.push_back(n);
    all.push_back(Partition::from_begins(begins));
  };
  add([&](int) { return Global{0}; });
  add([&](int) { return n; });
  add([&](int p) { return std::min<Global>(p, n); });
  add([&](int p) { return std::max<Global>(0, n - p); });
  add([&](int p) { return std::min(n, n / 512 * 256 + p - 1); });  // within one block
  for (int k = 0; k < 4; ++k)
    add([&](int) { return static_cast<Global>(random() % static_cast<std::uint64_t>(n + 1)); });
  return all;
}

struct Sums {
  double scalar;
  std::vector<double> several;
};

Sums sums_over(const Comm& comm, const Partition& items, const std::vector<double>& terms) {
  const Offset first = items.begin(comm.rank());
  Sums sums;
  sums.scalar = ordered_sum(comm, items, [&](Offset i) { return terms[z(first + i)]; });
  sums.several = ordered_sums(comm, items, 3, [&](Offset begin, Offset end, std::span<double> of) {
    for (Offset i = first + begin; i < first + end; ++i) {
      of[0] += terms[z(i)];
      of[1] += terms[z(i)] * terms[z(i)];
      of[2] += 1;
    }
  });
  return sums;
}

constexpr Offset sizes[] = {0, 1, 2, 255, 256, 257, 511, 512, 513, 4000, 20'000};

TEST(OrderedSum, EqualBitsOnAnyRanksThreadsAndCuts) {
  const Comm world = Comm::world();
  for (const Offset n : sizes) {
    const std::vector<double> terms = terms_of(n);
    const Sums alone = sums_over(Comm::self(), Partition::uniform(n, 1), terms);
    for (const int threads : {1, 3}) {
      const testing::ThreadsScope scope(threads);
      for (const Partition& cut : cuts(n, world.size())) {
        const Sums sums = sums_over(world, cut, terms);
        EXPECT_EQ(std::bit_cast<std::uint64_t>(sums.scalar), std::bit_cast<std::uint64_t>(alone.scalar)) << n;
        EXPECT_EQ(sums.several, alone.several) << n;
      }
    }
  }
}

TEST(OrderedSum, IsTheSum) {
  for (const Offset n : sizes) {
    const std::vector<double> terms = terms_of(n);
    long double exact = 0;
    long double magnitude = 0;
    for (const double term : terms) {
      exact += static_cast<long double>(term);
      magnitude += std::abs(static_cast<long double>(term));
    }
    const Sums sums = sums_over(Comm::self(), Partition::uniform(n, 1), terms);
    const auto tolerance = static_cast<double>(magnitude) * 1e-14;
    EXPECT_NEAR(sums.scalar, static_cast<double>(exact), tolerance) << n;
    EXPECT_NEAR(sums.several[0], static_cast<double>(exact), tolerance) << n;
    EXPECT_EQ(sums.several[2], static_cast<double>(n));
  }
}

TEST(OrderedSum, TheTreeIsThatOfTheWholeSequence) {
  // By hand: five blocks of one are ((0 1) (2 3)) 4.
  const std::vector<double> value{1, 0x1p-53, 0x1p-53, 0x1p-53, -1};
  const double expected = ((value[0] + value[1]) + (value[2] + value[3])) + value[4];
  for (Offset cut = 0; cut <= 5; ++cut) {
    BlockTree first(1), second(1);
    for (Offset b = 0; b < 5; ++b) (b < cut ? first : second).push(b, std::span(value).subspan(z(b), 1));
    EXPECT_EQ(std::ssize(first.nodes()), BlockTree::num_nodes(0, cut));
    EXPECT_EQ(std::ssize(second.nodes()), BlockTree::num_nodes(cut, 5));
    BlockTree whole = first;
    whole.append(second);
    EXPECT_EQ(whole.total(), std::vector<double>{expected}) << cut;
    BlockTree received(1);
    received.append(0, cut, first.nodes());
    received.append(cut, 5, second.nodes());
    EXPECT_EQ(received.total(), std::vector<double>{expected}) << cut;
  }
}

TEST(BoundedSum, HasNoOrder) {
  const Comm comm = Comm::world();
  std::mt19937_64 random(23);
  std::vector<double> terms(4000);
  for (double& term : terms) {
    term = std::ldexp(static_cast<double>(random() >> 11) * 0x1p-53, -10 - static_cast<int>(random() % 40));
  }
  terms.push_back(1);
  long double exact = 0;
  for (const double term : terms) exact += static_cast<long double>(term);
  double first = 0;
  for (int round = 0; round < 5; ++round) {
    BoundedSum sums[2];
    for (std::size_t i = 0; i < terms.size(); ++i) {
      if (static_cast<int>(i % z(comm.size())) == comm.rank()) sums[i % 7 < 3 ? 0 : 1].add(terms[i]);
    }
    sums[1].add(sums[0]);
    BoundedSum::sum(comm, sums);
    if (round == 0) first = sums[1].value();
    EXPECT_EQ(sums[1].value(), first);
    EXPECT_NEAR(sums[1].value(), static_cast<double>(exact), 0x1p-50);
    std::shuffle(terms.begin(), terms.end(), random);
  }
  BoundedSum alone;
  for (const double term : terms) alone.add(term);
  EXPECT_EQ(alone.value(), first);
}

}  // namespace
}  // namespace filigree
