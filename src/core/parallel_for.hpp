// A loop over independent items of unequal cost, on the threads of this rank.
#pragma once

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <vector>

#include "core/index.hpp"

namespace filigree {

/// Items [0, n), n < 2^32, distributed over threads in contiguous parts, so that neighbours, and what other loops over
/// the same things left in its caches, go to one thread. A thread that has none left takes the last one of the thread
/// that has most.
class Shares {
 public:
  Shares(Offset n, int num_threads) : share_(z(num_threads)) {
    assert(n >> 32 == 0);
    const auto begin_of_share = [&](Offset thread) { return z(n * thread / num_threads); };
    for (Offset thread = 0; thread < num_threads; ++thread)
      share_[z(thread)].items = pack(begin_of_share(thread), begin_of_share(thread + 1));
  }

  /// An item for a thread; none when all are taken.
  std::optional<Offset> take(int thread) {
    if (const auto item = take_from(share_[z(thread)], true)) return item;
    for (;;) {
      Share* fullest = nullptr;
      std::uint64_t most = 0;
      for (Share& share : share_) {
        const std::uint64_t count = left(share.items);
        if (count > most) fullest = &share;
        most = std::max(most, count);
      }
      if (fullest == nullptr) return std::nullopt;
      if (const auto item = take_from(*fullest, false)) return item;
    }
  }

 private:
  /// Its first item times 2^32, and where it ends.
  struct alignas(64) Share {
    std::atomic<std::uint64_t> items = 0;
  };
  static std::uint64_t pack(std::uint64_t begin, std::uint64_t end) { return begin << 32 | end; }
  static std::uint64_t begin_of(std::uint64_t items) { return items >> 32; }
  static std::uint64_t end_of(std::uint64_t items) { return items & 0xFFFFFFFF; }
  static std::uint64_t left(std::uint64_t items) { return end_of(items) - begin_of(items); }

  static std::optional<Offset> take_from(Share& share, bool first) {
    std::uint64_t items = share.items;
    while (left(items) > 0) {
      const std::uint64_t begin = begin_of(items);
      const std::uint64_t end = end_of(items);
      if (share.items.compare_exchange_weak(items, first ? pack(begin + 1, end) : pack(begin, end - 1)))
        return static_cast<Offset>(first ? begin : end - 1);
    }
    return std::nullopt;
  }

  std::vector<Share> share_;
};

/// Calls body(thread) on a team of threads, once each, and rethrows the exception of the lowest thread that threw;
/// `stop` becomes true as soon as one has.
template <class Body>
void on_each_thread(int num_threads, Body body, std::atomic<bool>& stop) {
  std::vector<std::exception_ptr> failure(z(num_threads));
#pragma omp parallel num_threads(num_threads)
  {
    // OpenMP may give fewer threads than were asked for.
    for (int thread = omp_get_thread_num(); thread < num_threads; thread += omp_get_num_threads()) {
      try {
        body(thread);
      } catch (...) {
        stop = true;
        failure[z(thread)] = std::current_exception();
      }
    }
  }
  for (const std::exception_ptr& of_thread : failure) {
    if (of_thread) std::rethrow_exception(of_thread);
  }
}
template <class Body>
void on_each_thread(int num_threads, Body body) {
  std::atomic<bool> stop = false;
  on_each_thread(num_threads, body, stop);
}

/// Calls body(state, i) for every i in [0, n), each thread (at most n) with a state of its own from make_state().
/// Threads take items one by one (Shares), so nothing may depend on which thread does which. After each item of its own
/// the calling thread calls after(number of items done by all threads). When bodies throw, the exception of the lowest
/// such item is rethrown here, whatever the threads; items above it may be left out. One of make_state() or after()
/// comes before all of these.
template <class MakeState, class Body, class After>
void parallel_for(Offset n, MakeState make_state, Body body, After after) {
  const auto num_threads = static_cast<int>(std::clamp<Offset>(n, 1, omp_get_max_threads()));
  Shares shares(n, num_threads);
  std::atomic<Offset> done = 0;
  std::atomic<bool> stop = false;
  std::atomic<Offset> end = n;  // the lowest item that failed
  std::exception_ptr failure;
  const auto fail_at = [&](Offset i) {
#pragma omp critical(filigree_parallel_for)
    if (i < end) {
      end = i;
      failure = std::current_exception();
    }
  };
  on_each_thread(
      num_threads,
      [&](int thread) {
        auto state = make_state();
        for (auto i = shares.take(thread); i && !stop; i = shares.take(thread)) {
          if (*i >= end) continue;
          try {
            body(state, *i);
          } catch (...) {
            fail_at(*i);
            continue;
          }
          ++done;
          if (thread == 0) after(done.load());
        }
      },
      stop);
  if (failure) std::rethrow_exception(failure);
}

/// The same without state, and with nothing to do after an item.
template <class Body>
void parallel_for(Offset n, Body body) {
  parallel_for(
      n, [] { return 0; }, [&](int, Offset i) { body(i); }, [](Offset) {});
}

/// A group of tasks: {task(0), ..., task(n - 1)}, run on all threads, results in the order of tasks. Deterministic as
/// long as each task is; exceptions as from parallel_for(). Results are default-constructible.
template <class Task>
auto parallel_tasks(Offset n, Task task) {
  std::vector<decltype(task(Offset{}))> results(z(n));
  static_assert(!std::is_same_v<decltype(results), std::vector<bool>>, "threads cannot write bits apart");
  parallel_for(n, [&](Offset i) { results[z(i)] = task(i); });
  return results;
}
/// The same with a state for every thread, as in parallel_for(): task(state, i).
template <class MakeState, class Task>
auto parallel_tasks(Offset n, MakeState make_state, Task task) {
  auto probe = [&]() {
    auto state = make_state();
    return task(state, Offset{});
  };
  std::vector<decltype(probe())> results(z(n));
  static_assert(!std::is_same_v<decltype(results), std::vector<bool>>, "threads cannot write bits apart");
  parallel_for(
      n, make_state, [&](auto& state, Offset i) { results[z(i)] = task(state, i); }, [](Offset) {});
  return results;
}

}  // namespace filigree
