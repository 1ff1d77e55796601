// Batches that are answered through hubs, against the same queries answered one by one without.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "filigree/core/random.hpp"
#include "filigree/ppr.hpp"
#include "ppr/hubs.hpp"
#include "ppr/parts.hpp"
#include "support/ppr_queries.hpp"
#include "support/walk_oracle.hpp"

namespace filigree::testing {
namespace {

using ppr::Query;

constexpr Global num_hosts = 150;
constexpr Global pages = 20;
constexpr Global n = num_hosts * pages;

/// Hosts whose pages link to each other and to their first page, which links to those of other hosts; of ten pages
/// `dangling` are.
Graph hosts(const Comm& comm, bool weighted, Global dangling = 2) {
  const Stream stream(5, 0);
  Entries<double> entries;
  std::uint32_t draw = 0;
  const auto below = [&](Global end) {
    return Stream::below(stream.block(0, draw++, 0)[0], static_cast<std::size_t>(end));
  };
  const auto add = [&](Global from, Global to) {
    entries.row.push_back(from);
    entries.col.push_back(to);
    if (weighted) entries.val.push_back(static_cast<double>(1 + below(9)));
  };
  for (Global v = 0; v < n; ++v) {
    const Global first = v / pages * pages;
    if (v % 10 < dangling && v != first) continue;
    for (int k = 0; k < 5; ++k) add(v, first + static_cast<Global>(below(pages)));
    if (v != first) add(v, first);
    for (int k = 0; v == first && k < 6; ++k) add(v, static_cast<Global>(below(num_hosts)) * pages);
  }
  return Graph::from_entries(comm, n, n, deal(comm, entries, 3), {Duplicates::sum, Loops::keep});
}

/// 200 queries of one to three seeds; this rank's share of them.
std::vector<Query> batch(const Comm& comm) { return deal_queries(comm, random_queries(n, 200, 17)); }

/// The same queries one by one on this rank alone, without hubs.
ppr::Result one_by_one(const Graph& graph, const ppr::Index* index, std::span<const Query> queries,
                       const ppr::QueryOptions& options) {
  const ppr::ReplicatedGraph replicated(graph);
  ppr::Result all;
  for (const Query& query : queries) {
    const auto one = ppr::query(replicated, index, {&query, 1}, options);
    EXPECT_EQ(one.stats.at("hub_entries"), 0);
    all.vertex.insert(all.vertex.end(), one.vertex.begin(), one.vertex.end());
    all.score.insert(all.score.end(), one.score.begin(), one.score.end());
    all.row_ptr.push_back(std::ssize(all.vertex));
  }
  return all;
}

TEST(PprHubs, AnswersMeetTheTargetForEveryPolicy) {
  const Comm comm = Comm::world();
  for (const auto& [weighted, num_dangling] : {std::pair(false, 2), std::pair(true, 0), std::pair(false, 8)}) {
    const ppr::ReplicatedGraph replicated(hosts(comm, weighted, num_dangling));
    const Graph alone = hosts(Comm::self(), weighted, num_dangling);
    const auto queries = batch(comm);
    for (const Dangling dangling : all_policies) {
      const auto truth =
          one_by_one(alone, nullptr, queries, {.teleport = 0.1, .dangling = dangling, .target_error = 1e-13});
      for (const double target : {0.1, 1e-4, 1e-10}) {
        const auto result =
            ppr::query(replicated, nullptr, queries, {.teleport = 0.1, .dangling = dangling, .target_error = target});
        if (num_dangling < 5) {
          EXPECT_GT(result.stats.at("hub_entries"), 0) << "target " << target;
        }
        for (std::size_t i = 0; i < queries.size(); ++i) {
          const double error = l1_distance(dense_scores(result, i, n), dense_scores(truth, i, n));
          EXPECT_LE(result.error_bound[i], target);
          EXPECT_LE(error, result.error_bound[i] + 2e-13)
              << num_dangling << " of ten dangling, policy " << static_cast<int>(dangling) << " target " << target;
        }
      }
    }
  }
}

TEST(PprHubs, TheBestAreThoseOfTheWholeAnswer) {
  const Comm comm = Comm::world();
  const ppr::ReplicatedGraph graph(hosts(comm, true));
  const auto queries = batch(comm);
  for (const double target : {0.1, 1e-8}) {
    for (const Dangling dangling : all_policies) {
      for (const bool exclude : {false, true}) {
        ppr::QueryOptions options{.teleport = 0.1, .dangling = dangling, .target_error = target};
        options.filter.exclude_seeds = options.filter.exclude_neighbours = exclude;
        const auto whole = ppr::query(graph, nullptr, queries, options);
        options.top = 10;
        const auto best = ppr::query(graph, nullptr, queries, options);
        EXPECT_GT(best.stats.at("hub_entries"), 0);
        for (std::size_t i = 0; i < queries.size(); ++i) {
          std::vector<std::pair<double, Global>> expected;
          for (auto k = static_cast<std::size_t>(whole.row_ptr[i]); k < static_cast<std::size_t>(whole.row_ptr[i + 1]);
               ++k)
            expected.emplace_back(-whole.score[k], whole.vertex[k]);
          std::sort(expected.begin(), expected.end());
          const auto first = static_cast<std::size_t>(best.row_ptr[i]);
          ASSERT_EQ(best.row_ptr[i + 1] - best.row_ptr[i], std::min<std::ptrdiff_t>(10, std::ssize(expected)));
          for (std::size_t k = 0; first + k < static_cast<std::size_t>(best.row_ptr[i + 1]); ++k) {
            EXPECT_NEAR(best.score[first + k], -expected[k].first, 1e-15);
            if (k + 1 < expected.size() && std::abs(expected[k].first - expected[k + 1].first) > 1e-14 &&
                (k == 0 || std::abs(expected[k].first - expected[k - 1].first) > 1e-14)) {
              EXPECT_EQ(best.vertex[first + k], expected[k].second);
            }
          }
        }
      }
    }
  }
}

TEST(PprHubs, SecondBatchesFindTheHubsOfFirstOnes) {
  const Comm comm = Comm::world();
  const ppr::ReplicatedGraph graph(hosts(comm, false));
  const auto queries = batch(comm);
  const ppr::QueryOptions options{.teleport = 0.1, .target_error = 1e-6};
  const auto first = ppr::query(graph, nullptr, queries, options);
  const auto hubs = graph.parts().tables->hubs;
  EXPECT_EQ(hubs->kept(), ppr::Hubs::Kept::by_vertex);
  EXPECT_GT(first.stats.at("hub_arcs"), 0);
  const auto second = ppr::query(graph, nullptr, queries, options);
  EXPECT_EQ(graph.parts().tables->hubs, hubs);
  EXPECT_EQ(second.stats.at("hub_arcs"), 0);
  EXPECT_EQ(first.score, second.score);
  // Another target, and an index, want others.
  const auto index = ppr::build_index(graph, {.walks = 20, .teleport = 0.1});
  ppr::query(graph, &index, queries, {.teleport = 0.1, .target_error = 0.05});
  EXPECT_NE(graph.parts().tables->hubs, hubs);
}

TEST(PprHubs, AnIndexFinishesWhatHubsLeave) {
  const Comm comm = Comm::world();
  const Graph graph = hosts(comm, false);
  const ppr::ReplicatedGraph replicated(graph);
  const auto index = ppr::build_index(replicated, {.walks = 50, .teleport = 0.1});
  const auto queries = batch(comm);
  const auto truth = one_by_one(hosts(Comm::self(), false), nullptr, queries, {.teleport = 0.1, .target_error = 1e-13});
  const auto result = ppr::query(replicated, &index, queries, {.teleport = 0.1, .target_error = 0.05});
  EXPECT_GT(result.stats.at("hub_entries"), 0);
  EXPECT_EQ(replicated.parts().tables->hubs->kept(), ppr::Hubs::Kept::by_row);
  EXPECT_GT(result.stats.at("index_entries"), 0);
  double error = 0;
  double estimate = 0;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const double of_query = l1_distance(dense_scores(result, i, n), dense_scores(truth, i, n));
    EXPECT_LE(of_query, result.error_bound[i]);
    EXPECT_LE(result.error_estimate[i], 0.05);
    error += of_query;
    estimate += result.error_estimate[i];
  }
  EXPECT_LE(error, estimate);
}

TEST(PprHubs, AnswersDoNotDependOnRanks) {
  const Comm comm = Comm::world();
  const ppr::ReplicatedGraph shared(hosts(comm, true));
  const ppr::ReplicatedGraph alone(hosts(Comm::self(), true));
  const auto queries = random_queries(n, 200, 17);
  const auto first = static_cast<std::size_t>(Partition::uniform(200, comm.size()).begin(comm.rank()));
  for (const double target : {0.1, 1e-8}) {
    const auto all = ppr::query(alone, nullptr, queries, {.teleport = 0.1, .target_error = target});
    const auto own = deal_queries(comm, queries);
    const auto mine = ppr::query(shared, nullptr, own, {.teleport = 0.1, .target_error = target});
    EXPECT_GT(all.stats.at("hub_entries"), 0);
    EXPECT_EQ(all.stats.at("hub_entries"), mine.stats.at("hub_entries"));
    for (std::size_t i = 0; i < own.size(); ++i)
      EXPECT_LT(l1_distance(dense_scores(mine, i, n), dense_scores(all, first + i, n)), 1e-12);
  }
}

}  // namespace
}  // namespace filigree::testing
