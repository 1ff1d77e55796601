// Array: what it does otherwise than std::vector, and with random calls what that does.
#include "filigree/core/array.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <new>
#include <random>
#include <utility>
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

// Small blocks and those from the kernel.
TEST(Array, GrowsToBothSides) {
  for (const int scale : {1, 1'000'000}) {
    Array<int> array;
    const int* block = nullptr;
    for (const auto& [before, after] : {std::pair{3, 5}, {8, 0}, {0, 8}, {1, 2}}) {
      array.make_room(static_cast<std::size_t>(before * scale), static_cast<std::size_t>(after * scale));
      EXPECT_TRUE(array.empty());
      const int* const start = array.data() - before * scale;
      EXPECT_TRUE(block == nullptr || std::abs(start - block) < scale) << "the memory of before is large enough";
      block = start;
      for (int i = -before * scale; i < after * scale; ++i) array.data()[i] = i;
      const int kept_before = before * scale / 2;
      array.take(static_cast<std::size_t>(kept_before), static_cast<std::size_t>(after * scale));
      ASSERT_EQ(array.size(), static_cast<std::size_t>(kept_before + after * scale));
      for (std::size_t i = 0; i < array.size(); ++i) ASSERT_EQ(array[i], static_cast<int>(i) - kept_before);
    }
    const std::size_t size = array.size();
    const int first = array.front();
    const int* const begin = array.data();
    while (array.data() == begin) array.push_back(7);  // until it has to move, and did not begin with its block
    EXPECT_EQ(array.front(), first);
    EXPECT_EQ(array[size - 1], 2 * scale - 1);
    EXPECT_EQ(array[size], 7);
  }
}

// Bytes of memory behind so many elements from `start` on, which is the start of a page.
std::size_t resident_bytes(int* start, std::size_t size) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> is_resident(size * sizeof(int) / page);
  EXPECT_EQ(mincore(start, is_resident.size() * page, is_resident.data()), 0);
  return page * static_cast<std::size_t>(std::count_if(is_resident.begin(), is_resident.end(),
                                                       [](unsigned char state) { return (state & 1) != 0; }));
}

TEST(Array, KeepsNoMemoryOfWhatBeganElsewhere) {
  constexpr std::size_t room = std::size_t{16} << 20;
  constexpr std::size_t size = room / 4;
  Array<int> array;
  array.make_room(0, room);
  int* const block = array.data();
  std::fill_n(array.data(), size, 1);
  array.take(0, size);
  EXPECT_GE(resident_bytes(block, room), size * sizeof(int));
  array.make_room(room, 0);
  EXPECT_EQ(array.data() - room, block);
  EXPECT_EQ(resident_bytes(block, room), 0U);
  std::fill_n(array.data() - size, size, 2);
  array.take(size, 0);
  Array<int> other;
  other.swap(array);
  other.make_room(room - size, 0);
  EXPECT_GE(resident_bytes(block, room), size * sizeof(int)) << "there is room where it began: that is written again";
  EXPECT_EQ(other.data() - room, block);
  other.make_room(0, 1);
  EXPECT_EQ(other.data() - room, block);
  EXPECT_EQ(resident_bytes(block, room), 0U) << "nothing can be written before it any more";
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
  EXPECT_THROW(array.make_room(std::size_t{1} << 61, std::size_t{1} << 61), std::bad_alloc);
  EXPECT_TRUE(array.empty());
}

}  // namespace
}  // namespace filigree
