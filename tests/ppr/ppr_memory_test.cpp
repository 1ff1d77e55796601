// What building an index takes, counted at every allocation, against what it says that it takes.
#include <gmock/gmock.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <new>
#include <string>

#include "filigree/ppr.hpp"
#include "ppr/query/engine.hpp"
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

/// A field of /proc/self/status, in bytes.
Offset status_bytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string name; status >> name; status.ignore(1000, '\n')) {
    Offset kibibytes = 0;
    if (name == field + ":" && status >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

TEST(PprMemory, AGroupOfVerdTakesNoMoreThanItSays) {
  const ThreadsScope one_thread(1);
  const Comm comm = Comm::world();
  constexpr Global n = 60000;
  constexpr Offset arcs = 400000;
  ppr::Engine engine(ppr::ReplicatedGraph(random_graph(comm, n, arcs, false, 41)));
  std::vector<ppr::Query> queries;
  for (Global v = 0; v < ppr::batch_width; ++v) queries.push_back({{v, 1}});
  const Offset stated = 1200 * n + 12 * arcs;  // as of the header
  const auto pushes = [&](Offset batch_bytes) {
    ppr::QueryOptions options{.method = ppr::Method::verd, .levels = 12, .batch_bytes = batch_bytes};
    return ppr::query(engine, queries, options).stats.at("pushes");
  };
  // Every duplicate arc less in the graph makes the formula smaller.
  EXPECT_GT(pushes(0), 10 * pushes(stated));

  ppr::Engine fresh(engine.graph());
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << 5;
  const Offset before = status_bytes("VmRSS");
  const auto result = ppr::query(fresh, queries, {.method = ppr::Method::verd, .levels = 12, .batch_bytes = stated});
  const Offset taken = status_bytes("VmHWM") - before;
  EXPECT_GT(std::ssize(result.vertex), n * ppr::batch_width / 2) << "it reaches everything";
  EXPECT_LE(taken, stated);
  EXPECT_GE(taken, stated / 2);
}

TEST(PprMemory, GivingBackToAPoolAllocatesNothing) {
  ppr::Pool<std::vector<int>> pool;
  for (int round = 0; round < 3; ++round) {
    std::vector<decltype(pool.take(1))> taken;
    taken.reserve(20);
    for (int i = 0; i < 20; ++i) taken.push_back(pool.take(1));
    const std::int64_t before = live;
    peak = before;
    taken.clear();
    EXPECT_EQ(peak, before);
    EXPECT_EQ(live, before);
  }
}

}  // namespace
}  // namespace filigree::testing
