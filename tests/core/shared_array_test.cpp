// SharedArray: one array that all ranks of a node write and read.
#include "filigree/core/shared_array.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <string>

namespace filigree::testing {
namespace {

TEST(SharedArray, StartsZeroedAndAligned) {
  for (const Comm& node : {Comm::world().node(), Comm::self()}) {
    for (const Offset size : {3, 1001, 100000}) {
      {  // memory that was used before
        std::vector<unsigned char> dirt(static_cast<std::size_t>(size) * sizeof(double), 0xff);
        SharedArray<double> used(node, size);
        std::fill(used.span().begin(), used.span().end(), -1.0 - dirt.back());
        used.fence();
      }
      const SharedArray<double> array(node, size);
      EXPECT_EQ(array.span().size(), static_cast<std::size_t>(size));
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(array.span().data()) % 8, 0u);
      EXPECT_TRUE(std::all_of(array.span().begin(), array.span().end(), [](double v) { return v == 0; }));
    }
  }
}

TEST(SharedArray, EveryRankSeesWhatTheOthersWrote) {
  const Comm node = Comm::world().node();
  const Offset per_rank = 10000;
  SharedArray<std::int64_t> array(node, per_rank * node.size());
  for (int round = 0; round < 20; ++round) {
    const auto value = [&](Offset i) { return i * 31 + round; };
    const Offset block = (node.rank() + round) % node.size();  // another block every round
    for (Offset i = block * per_rank; i < (block + 1) * per_rank; ++i)
      array.span()[static_cast<std::size_t>(i)] = value(i);
    array.fence();
    Offset wrong = 0;
    for (Offset i = 0; i < per_rank * node.size(); ++i) wrong += array.span()[static_cast<std::size_t>(i)] != value(i);
    EXPECT_EQ(wrong, 0) << "round " << round;
    array.fence();  // no rank writes the next round before all have read this one
  }
}

TEST(SharedArray, CopiesShareTheMemory) {
  const Comm node = Comm::world().node();
  SharedArray<int> copy;
  EXPECT_TRUE(copy.span().empty());
  {
    SharedArray<int> array(node, 5);
    copy = array;
    if (node.is_root()) std::iota(array.span().begin(), array.span().end(), 10);
    array.fence();
  }
  const std::vector<int> expected{10, 11, 12, 13, 14};
  EXPECT_TRUE(std::equal(copy.span().begin(), copy.span().end(), expected.begin(), expected.end()));
  const SharedArray<int> moved = std::move(copy);
  EXPECT_TRUE(std::equal(moved.span().begin(), moved.span().end(), expected.begin(), expected.end()));
  moved.fence();
}

TEST(SharedArray, MayBeEmpty) {
  const Comm node = Comm::world().node();
  const SharedArray<std::int64_t> array(node, 0);
  EXPECT_TRUE(array.span().empty());
  array.fence();
}

TEST(SharedArray, OnOneRankIsItsOwn) {
  const Comm self = Comm::self();
  SharedArray<int> array(self, 4);
  const int rank = Comm::world().rank();
  std::fill(array.span().begin(), array.span().end(), rank);
  array.fence();
  Comm::world().barrier();
  EXPECT_TRUE(std::all_of(array.span().begin(), array.span().end(), [&](int v) { return v == rank; }));
}

TEST(SharedArray, HoldsStructs) {
  struct Pair {
    Global vertex;
    float weight;
  };
  const Comm node = Comm::world().node();
  SharedArray<Pair> array(node, node.size());
  array.span()[static_cast<std::size_t>(node.rank())] = {node.rank() * 7, 0.5f};
  array.fence();
  for (int rank = 0; rank < node.size(); ++rank)
    EXPECT_EQ(array.span()[static_cast<std::size_t>(rank)].vertex, rank * 7);
  array.fence();
}

TEST(SharedArray, TooLargeFailsOnAllRanks) {
  const Comm node = Comm::world().node();
  EXPECT_THROW(SharedArray<double>(node, -1), InvalidArgument);
  if (node.size() > 1) {  // alone it is plain memory, and sanitizers end a program that wants too much of that
    EXPECT_THROW(SharedArray<double>(node, Offset{1} << 58), Error);
  }
  EXPECT_EQ(node.sum(1), node.size());
}

TEST(SharedArray, AFailureWhileOneLivesHangsNobody) {
  const Comm node = Comm::world().node();
  EXPECT_THROW(
      {
        const SharedArray<int> array(node, 100);
        node.guard([&] { require(node.rank() != 0, "stop"); });
      },
      InvalidArgument);
  EXPECT_EQ(node.sum(1), node.size());
}

/// Bytes that this process shares with others.
std::size_t mapped_shared_bytes() {
  std::ifstream maps("/proc/self/maps");
  std::size_t total = 0;
  for (std::string line; std::getline(maps, line);) {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::array<char, 5> access{};
    if (std::sscanf(line.c_str(), "%zx-%zx %4s", &begin, &end, access.data()) == 3 && access[3] == 's')
      total += end - begin;
  }
  return total;
}

TEST(SharedArray, FailuresLeakNoMemory) {
  const Comm node = Comm::world().node();
  constexpr Offset size = 1 << 20;
  const auto fail_with_two = [&] {
    const SharedArray<char> first(node, size);
    const SharedArray<char> second(Comm::world().node(), size);
    node.guard([&] { throw Error("stop"); });
  };
  EXPECT_THROW(fail_with_two(), Error);
  const std::size_t before = mapped_shared_bytes();
  for (int i = 0; i < 20; ++i) {
    EXPECT_THROW(fail_with_two(), Error);
  }
  EXPECT_LE(mapped_shared_bytes(), before + 4 * std::size_t{size});
}

}  // namespace
}  // namespace filigree::testing
