// A loop over independent items of unequal cost, on the threads of this rank.
#pragma once

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>

#include "filigree/core/types.hpp"

namespace filigree {

/// Calls body(state, i) for every i in [0, n), each thread (at most n) with a state of its own from make_state(). Items
/// are dealt out one by one, so nothing may depend on which thread does which. After each item of its own the calling
/// thread calls after(number of items done by all threads). The first exception ends the loop and is rethrown here.
template <class MakeState, class Body, class After>
void parallel_for(Offset n, MakeState make_state, Body body, After after) {
  std::atomic<Offset> next = 0;
  std::atomic<Offset> done = 0;
  std::exception_ptr failure;
  const auto num_threads = static_cast<int>(std::clamp<Offset>(n, 1, omp_get_max_threads()));
#pragma omp parallel num_threads(num_threads)
  {
    try {
      auto state = make_state();
      for (Offset i = next++; i < n; i = next++) {
        body(state, i);
        ++done;
        if (omp_get_thread_num() == 0) after(done.load());
      }
    } catch (...) {
      next = n;
#pragma omp critical(filigree_parallel_for)
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

/// The same without state, and with nothing to do after an item.
template <class Body>
void parallel_for(Offset n, Body body) {
  parallel_for(
      n, [] { return 0; }, [&](int, Offset i) { body(i); }, [](Offset) {});
}

}  // namespace filigree
