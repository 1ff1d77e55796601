// Loops on all threads: every item once, on any thread.
#include "core/parallel_for.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/index.hpp"
#include "support/runtime.hpp"

namespace filigree {
namespace {

std::vector<Offset> all_of(Shares& shares, int thread) {
  std::vector<Offset> items;
  while (const auto item = shares.take(thread)) items.push_back(*item);
  return items;
}

TEST(Shares, AThreadTakesItsOwnThenTheLastOfOthers) {
  Shares shares(10, 3);  // 0 1 2, 3 4 5, 6 7 8 9
  EXPECT_EQ(shares.take(1), 3);
  EXPECT_EQ(shares.take(2), 6);
  EXPECT_EQ(all_of(shares, 0), (std::vector<Offset>{0, 1, 2, 9, 5, 8, 4, 7}));
  EXPECT_EQ(shares.take(1), std::nullopt);
}

TEST(Shares, FewerItemsThanThreads) {
  Shares none(0, 4);
  EXPECT_EQ(none.take(2), std::nullopt);
  Shares one(1, 4);
  EXPECT_EQ(all_of(one, 0), (std::vector<Offset>{0}));
  EXPECT_EQ(one.take(3), std::nullopt);
}

TEST(ParallelFor, DoesEveryItemOnce) {
  for (const int threads : {1, 2, 3, 7}) {
    const testing::ThreadsScope scope(threads);
    for (const Offset n : {0, 1, 2, 5, 1000, 20'000}) {
      std::vector<std::atomic<int>> times(z(n));
      Offset last_done = 0;
      parallel_for(
          n, [] { return Offset{0}; },
          [&](Offset& before, Offset i) {
            // Uneven, so that some threads end early and help others.
            for (Offset k = 0; k < (i < n / 4 ? 200 : 0); ++k) before += i;
            ++times[z(i)];
          },
          [&](Offset done) {
            EXPECT_LE(last_done, done);
            last_done = done;
          });
      EXPECT_TRUE(std::ranges::all_of(times, [](const std::atomic<int>& count) { return count == 1; }))
          << n << " items, " << threads << " threads";
      EXPECT_LE(last_done, n);
    }
  }
}

TEST(ParallelFor, ThrowsWhatABodyThrows) {
  const testing::ThreadsScope scope(3);
  const auto throw_at = [](Offset item) {
    parallel_for(1000, [&](Offset i) {
      if (i == item) throw std::out_of_range("here");
    });
  };
  for (const Offset item : {0, 17, 500, 999}) EXPECT_THROW(throw_at(item), std::out_of_range) << item;
}

TEST(ParallelFor, ThrowsTheExceptionOfTheLowestItemThatFails) {
  for (const int threads : {1, 2, 3, 7}) {
    const testing::ThreadsScope scope(threads);
    for (const Offset lowest : {3, 400, 998}) {
      for (int round = 0; round < 20; ++round) {
        try {
          parallel_for(1000, [&](Offset i) {
            if (i >= lowest && (i - lowest) % 2 == 0) throw std::out_of_range(std::to_string(i));
          });
          ADD_FAILURE() << "no exception";
        } catch (const std::out_of_range& error) {
          EXPECT_EQ(error.what(), std::to_string(lowest)) << threads << " threads";
        }
      }
    }
  }
}

TEST(ParallelFor, AStateThatCannotBeMadeEndsIt) {
  const testing::ThreadsScope scope(3);
  EXPECT_THROW(parallel_for(
                   100, []() -> int { throw std::bad_alloc(); }, [](int, Offset) {}, [](Offset) {}),
               std::bad_alloc);
}

TEST(ParallelFor, WhatComesAfterAnItemCanEndIt) {
  const testing::ThreadsScope scope(1);
  EXPECT_THROW(parallel_for(
                   100, [] { return 0; }, [](int, Offset) {}, [](Offset) { throw std::out_of_range("stop"); }),
               std::out_of_range);
}

TEST(OnEachThread, CallsEachOnceAndThrowsTheLowestException) {
  for (const int threads : {1, 2, 5}) {
    std::vector<std::atomic<int>> calls(z(threads));
    on_each_thread(threads, [&](int thread) { ++calls[z(thread)]; });
    EXPECT_TRUE(std::ranges::all_of(calls, [](const std::atomic<int>& count) { return count == 1; }));
    std::atomic<bool> stop = false;
    try {
      on_each_thread(
          threads, [&](int thread) { throw std::out_of_range(std::to_string(thread)); }, stop);
      ADD_FAILURE() << "no exception";
    } catch (const std::out_of_range& error) {
      EXPECT_STREQ(error.what(), "0");
    }
    EXPECT_TRUE(stop);
  }
}

TEST(ParallelTasks, ResultsAreInTheOrderOfTasks) {
  for (const int threads : {1, 2, 7}) {
    const testing::ThreadsScope scope(threads);
    for (const Offset n : {0, 1, 5, 1000}) {
      std::vector<std::string> expected;
      for (Offset i = 0; i < n; ++i) expected.push_back(std::to_string(i * i));
      EXPECT_EQ(parallel_tasks(n, [](Offset i) { return std::to_string(i * i); }), expected);
      EXPECT_EQ(parallel_tasks(
                    n, [] { return std::string(); },
                    [](std::string& state, Offset i) {
                      state = std::to_string(i * i);
                      return state;
                    }),
                expected);
    }
  }
}

}  // namespace
}  // namespace filigree
