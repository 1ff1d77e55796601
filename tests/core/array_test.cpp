// Array: what it does otherwise than std::vector, and with random calls what that does.
#include "filigree/core/array.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <new>
#include <numeric>
#include <random>
#include <vector>

namespace filigree {
namespace {

TEST(Array, DoesAsAVector) {
  std::mt19937_64 random(1);
  Array<int> array;
  std::vector<int> vector;
  for (int round = 0; round < 20'000; ++round) {
    const int value = static_cast<int>(random() % 1000);
    const auto size = static_cast<std::size_t>(random() % 100);
    switch (random() % 12) {
      case 0: array.clear(), vector.clear(); break;
      case 1: array.resize(size, value), vector.resize(size, value); break;
      case 2: array.assign(size, value), vector.assign(size, value); break;
      case 3: array.reserve(size), vector.reserve(size); break;
      case 4: {
        const std::vector<int> more(size % 10, value);
        const auto at = static_cast<std::ptrdiff_t>(size % (vector.size() + 1));
        EXPECT_EQ(array.insert(array.begin() + at, more.begin(), more.end()) - array.begin(), at);
        vector.insert(vector.begin() + at, more.begin(), more.end());
        break;
      }
      case 5: {
        Array<int> copy = array;
        array = std::move(copy);
        EXPECT_TRUE(copy.empty());  // NOLINT: what was moved from is empty
        break;
      }
      case 6: {
        Array<int> other(vector.begin(), vector.end());
        EXPECT_TRUE(other == array);
        other.push_back(value);
        EXPECT_FALSE(other == array);
        array.swap(other);
        vector.push_back(value);
        break;
      }
      case 7:
        if (!vector.empty()) array.pop_back(), vector.pop_back();
        break;
      case 8: array.resize(size, value), vector.resize(size, value), array = Array<int>(array); break;
      default: array.push_back(value), vector.push_back(value);
    }
    ASSERT_EQ(std::vector<int>(array.begin(), array.end()), vector) << "round " << round;
    ASSERT_GE(array.capacity(), array.size());
  }
}

TEST(Array, WhatIsWrittenWithinItsCapacityBecomesElements) {
  for (const std::size_t scale : {std::size_t{1}, std::size_t{1'000'000}}) {  // small blocks and those from the kernel
    Array<int> array(3 * scale, 1);
    array.clear();
    array.reserve(8 * scale);
    int* const block = array.data();
    std::iota(block, block + 8 * scale, 0);
    array.resize(5 * scale);
    EXPECT_EQ(array.data(), block);
    ASSERT_EQ(array.size(), 5 * scale);
    for (std::size_t i = 0; i < array.size(); ++i) ASSERT_EQ(array[i], static_cast<int>(i));
    array.clear();
    array.reserve(7 * scale);
    EXPECT_EQ(array.data(), block) << "its memory is large enough";
  }
}

TEST(Array, LargeBlocksAreWholeHugePages) {
  constexpr std::uintptr_t huge_page = std::uintptr_t{2} << 20;
  for (const std::size_t size : {std::size_t{1} << 20, (std::size_t{5} << 20) + 1}) {
    const Array<int> first(size, 1);
    const Array<int> second(size, 2);  // is not behind the first by chance
    for (const Array<int>* array : {&first, &second}) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(array->data()) % huge_page, 0U);
      EXPECT_EQ(array->front() + array->back(), array == &first ? 2 : 4);
    }
  }
  const auto mapped_pages = [] {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages;
  };
  const std::size_t before = mapped_pages();
  for (std::size_t i = 0; i < 100; ++i) Array<int>((std::size_t{1} << 20) + 1000 * i);
  EXPECT_LT(mapped_pages(), before + 100) << "all that was mapped is given back";
}

TEST(Array, RefusesMoreThanThereIs) {
  Array<double> array;
  EXPECT_THROW(array.resize(std::numeric_limits<std::size_t>::max() / 2), std::bad_alloc);
  EXPECT_THROW(array.reserve(std::size_t{1} << 62), std::bad_alloc);
  EXPECT_TRUE(array.empty());
}

}  // namespace
}  // namespace filigree
