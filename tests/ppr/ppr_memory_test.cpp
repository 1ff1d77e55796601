// What building an index takes, counted at every allocation, against what it says that it takes.
#include <gmock/gmock.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "filigree/ppr.hpp"
#include "support/runtime.hpp"
#include "support/walk_oracle.hpp"

namespace {

std::atomic<std::int64_t> live = 0;
std::atomic<std::int64_t> peak = 0;

}  // namespace

// Not inlined: the compiler would take malloc and delete for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  void* const memory = std::malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  const std::int64_t now = live += static_cast<std::int64_t>(malloc_usable_size(memory));
  std::int64_t before = peak;
  while (before < now && !peak.compare_exchange_weak(before, now)) continue;
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  live -= static_cast<std::int64_t>(malloc_usable_size(memory));
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace filigree::testing {
namespace {

/// MiB that a build says it takes: the least with which it begins to walk.
Offset stated_mebibytes(const Graph& graph, ppr::IndexOptions options) {
  options.progress = [](std::string_view, Offset, Offset) { throw Error("walks"); };
  for (options.memory_bytes = 1 << 20;;) {
    const std::string message = message_of<Error>([&] { ppr::build_index(graph, options); });
    if (message == "walks") return options.memory_bytes >> 20;
    const std::string before = "takes about ";
    const Offset more = std::stoll(message.substr(message.find(before) + before.size()));
    EXPECT_GT(more, options.memory_bytes >> 20) << message;
    if (more <= options.memory_bytes >> 20) return 0;
    options.memory_bytes = more << 20;
  }
}

TEST(PprMemory, ABuildTakesNoMoreThanItSays) {
  const Comm comm = Comm::world();
  const Graph wide = random_graph(comm, 10000, 100000, false, 41);
  const Graph long_rows = random_graph(comm, 2000, 40000, false, 42);
  const std::vector<std::pair<const Graph*, ppr::IndexOptions>> builds = {
      {&wide, {.walks = 10}},
      {&wide, {.walks = 100}},
      {&wide, {.walks = 1, .teleport = 0.001}},
      {&wide, {.index_bytes = 2000000}},
      {&long_rows, {.walks = 50, .teleport = 0.01}},
      {&long_rows, {.walks = 1, .teleport = 0.0001}},
      {&long_rows, {.walks = 50, .teleport = 0.01, .estimator = ppr::Estimator::end_points}},
      {&long_rows, {.teleport = 0.01, .index_bytes = 1000000}},
  };
  for (const auto placement : {ppr::Placement::replicated, ppr::Placement::partitioned}) {
    for (auto [graph, options] : builds) {
      if (placement == ppr::Placement::partitioned && options.teleport < 0.1) continue;  // slow
      options.placement = placement;
      const Offset stated = stated_mebibytes(*graph, options);
      const std::int64_t before = live;
      peak = before;
      const auto index = ppr::build_index(*graph, options);
      EXPECT_LE(static_cast<double>(peak - before) / 0x1p20, static_cast<double>(stated))
          << options.walks << " " << options.teleport << " " << options.index_bytes;
    }
  }
}

}  // namespace
}  // namespace filigree::testing
