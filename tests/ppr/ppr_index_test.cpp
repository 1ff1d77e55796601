// Building an index: the same on any ranks and threads, within its bytes and its memory.
#include <gmock/gmock.h>

#include <algorithm>

#include "core/index.hpp"
#include "filigree/ppr.hpp"
#include "ppr/index/walk_batch.hpp"
#include "support/runtime.hpp"
#include "support/walk_oracle.hpp"

namespace filigree::testing {
namespace {

using ppr::Estimator;
using ppr::VisitRows;
using ::testing::HasSubstr;

void expect_same_rows(const Comm& comm, const ppr::Index& together, const ppr::Index& alone) {
  VisitRows all;
  const auto bytes = comm.all_gather(together.visits.bytes()).values;
  const auto mine = together.visits.row_bytes();
  const auto row_bytes = comm.all_gather(mine).values;
  EXPECT_EQ(VisitRows::from_bytes(bytes, row_bytes, static_cast<Local>(alone.sources.num_items())), alone.visits);
  EXPECT_EQ(whole(comm, together.deviation), alone.deviation);
  EXPECT_EQ(whole(comm, together.walks), alone.walks);
}

TEST(PprIndex, IsTheSameOnAnyRanksAndThreads) {
  const Comm comm = Comm::world();
  for (const bool weighted : {false, true}) {
    const Graph graph = random_graph(comm, 2500, 9000, weighted, 12);
    const Graph graph_alone = random_graph(Comm::self(), 2500, 9000, weighted, 12);
    for (const Estimator estimator : {Estimator::visits, Estimator::end_points}) {
      const ppr::IndexOptions options{.walks = 13, .estimator = estimator, .seed = 5};
      const ppr::Index together = ppr::build_index(graph, options);
      const ppr::Index alone = [&] {
        const ThreadsScope one_thread(1);
        return ppr::build_index(graph_alone, options);
      }();
      expect_same_rows(comm, together, alone);
      EXPECT_EQ(together.graph_hash, alone.graph_hash);
      EXPECT_EQ(together.stats, alone.stats);
      const ThreadsScope one_thread(1);
      const ppr::Index other = ppr::build_index(graph_alone, {.walks = 13, .estimator = estimator, .seed = 6});
      EXPECT_NE(other.visits, alone.visits);
    }
  }
}

TEST(PprIndex, IsTheSamePartitionedAndReplicated) {
  const Comm comm = Comm::world();
  for (const bool weighted : {false, true}) {
    const Graph graph = random_graph(comm, 1500, 7000, weighted, 22);
    const Graph graph_alone = random_graph(Comm::self(), 1500, 7000, weighted, 22);
    for (const Estimator estimator : {Estimator::visits, Estimator::end_points}) {
      for (const Offset index_bytes : {0, 90000}) {
        ppr::IndexOptions options{.walks = 13, .estimator = estimator, .seed = 5, .index_bytes = index_bytes};
        options.placement = ppr::Placement::partitioned;
        const auto together = ppr::build_index(graph, options);
        EXPECT_EQ(together.sources, graph.rows());
        options.placement = ppr::Placement::replicated;
        const auto alone = [&] {
          const ThreadsScope one_thread(1);
          return ppr::build_index(graph_alone, options);
        }();
        expect_same_rows(comm, together, alone);
        EXPECT_EQ(together.stats.at("visits"), alone.stats.at("visits"));
        EXPECT_EQ(alone.stats.at("bytes_sent"), 0);
        if (index_bytes > 0) continue;  // numbers of walks that differ
        // The formula of the header. Walks that are sent on took a step and take another.
        const Offset walks = 1500 * 13;
        const Offset steps = estimator == Estimator::visits ? alone.stats.at("visits") - walks : walks * 6;
        const Offset most = 28 * steps + 4 * walks;
        const Offset sent = together.stats.at("bytes_sent");
        EXPECT_LE(sent, most);
        EXPECT_EQ(sent > 0, comm.size() > 1);
      }
    }
  }
}

TEST(PprIndex, BytesAreSpentToTheLastFewPerCent) {
  const Comm comm = Comm::world();
  const Graph graph = random_graph(comm, 6000, 40000, false, 23);
  const Graph graph_alone = random_graph(Comm::self(), 6000, 40000, false, 23);
  for (const Offset budget : {400000, 1500000}) {
    const ppr::IndexOptions options{.seed = 5, .index_bytes = budget};
    const auto together = ppr::build_index(graph, options);
    const Offset bytes = comm.sum(std::ssize(together.visits.bytes())) + 12 * 6000 + 8 * ((6000 + 63) / 64);
    EXPECT_EQ(together.stats.at("bytes"), bytes);
    EXPECT_LE(bytes, budget);
    EXPECT_GE(static_cast<double>(bytes), 0.95 * static_cast<double>(budget));
    const auto alone = [&] {
      const ThreadsScope one_thread(1);
      return ppr::build_index(graph_alone, options);
    }();
    expect_same_rows(comm, together, alone);
    // Vertices differ in what they get.
    EXPECT_LT(*std::min_element(alone.walks.begin(), alone.walks.end()),
              *std::max_element(alone.walks.begin(), alone.walks.end()));
  }
  const auto refusal = [&](Offset budget) {
    return message_of<InvalidArgument>([&] { ppr::build_index(graph, {.index_bytes = budget}); });
  };
  const std::string message = refusal(80000);
  const std::string expected = "index bytes: 80000, must be at least about ";
  ASSERT_THAT(message, ::testing::StartsWith(expected));
  const Offset least = std::stoll(message.substr(expected.size()));
  EXPECT_EQ(refusal(least + least / 100), "");
  EXPECT_THAT(refusal(least - least / 100), HasSubstr(text("index bytes: ", least - least / 100, ", must")));
}

TEST(PprIndex, BudgetsBeyondSaturationEnd) {
  const Comm comm = Comm::world();
  const Graph graph = random_graph(comm, 40, 300, false, 23);
  const ppr::IndexOptions options{.seed = 5, .index_bytes = 1000000};
  const auto together = ppr::build_index(graph, options);
  EXPECT_LT(together.stats.at("bytes"), 40 * (1 + 40 * 4 + 13));
  EXPECT_LT(together.stats.at("visits"), 4096 * 40 * 400);
  expect_same_rows(comm, together, ppr::build_index(random_graph(Comm::self(), 40, 300, false, 23), options));
}

TEST(PprIndex, MemoryIsCheckedBeforeTheWork) {
  const Comm comm = Comm::world();
  const Graph graph = random_graph(comm, 6000, 40000, false, 23);
  bool walked = false;
  ppr::IndexOptions options{.walks = 100, .memory_bytes = Offset{1} << 20};
  options.progress = [&](std::string_view, Offset, Offset) { walked = true; };
  EXPECT_THAT(message_of<Error>([&] { ppr::build_index(graph, options); }), HasSubstr("1 MiB are allowed"));
  options.index_bytes = 1500000;
  EXPECT_THAT(message_of<Error>([&] { ppr::build_index(graph, options); }), HasSubstr("1 MiB are allowed"));
  EXPECT_FALSE(walked);
  options.memory_bytes = Offset{1} << 30;
  EXPECT_NO_THROW(ppr::build_index(graph, options));
}

TEST(PprIndex, WalksThatStopWhereTheyBeginFillABatch) {
  const ThreadsScope one_thread(1);
  // Nearly all of these walks have no step. They must not pile up until the last of them is there.
  constexpr Global n = 20;
  const ppr::ReplicatedGraph graph(random_graph(Comm::self(), n, 100, false, 3));
  const ppr::WalkLaw law(1, 0.999999);
  ppr::WalkBatch batch(ppr::data_of(graph), law);
  const ppr::WalkLaw::Point point(Stream::Block{});
  std::uint32_t walks = 0;
  for (; !batch.full() && walks < (1U << 24); ++walks) batch.add(0, walks, 0, point);
  EXPECT_LE(walks, 1U << 18);
  batch.run();
  EXPECT_EQ(std::ssize(batch.vertices()), walks);

  const auto index = ppr::build_index(graph, {.walks = 1000000, .teleport = 0.999999});
  EXPECT_GE(index.stats.at("visits"), n * 1000000);
  EXPECT_LE(index.stats.at("visits"), n * 1000020);
  for (Local v = 0; v < n; ++v) {
    index.visits.for_each(v, [&](Local at, std::int32_t count) { EXPECT_EQ(count >= 1000000, at == v); });
  }
}

}  // namespace
}  // namespace filigree::testing
