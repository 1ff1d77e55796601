// The test program's Runtime, for tests that change the number of threads.
#pragma once

#include "filigree/core/runtime.hpp"

namespace filigree::testing {

Runtime& runtime();

/// Sets the threads per rank for a scope. Construction and destruction are collective.
class ThreadsScope {
 public:
  explicit ThreadsScope(int threads) : before_(runtime().threads()) { runtime().set_threads(threads); }
  ThreadsScope(const ThreadsScope&) = delete;
  ThreadsScope& operator=(const ThreadsScope&) = delete;
  ~ThreadsScope() { runtime().set_threads(before_); }

 private:
  int before_;
};

}  // namespace filigree::testing
