// Queries on graphs of which each rank has its rows: the same answers, and no more bytes than promised.
#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "filigree/ppr.hpp"
#include "support/ppr_queries.hpp"
#include "support/walk_oracle.hpp"

namespace filigree::testing {
namespace {

using ppr::Placement;
using ppr::Query;
using ::testing::HasSubstr;

/// Most that a call may send, as its header says; besides what policies, filters and indexes elsewhere add.
Offset most_bytes(const ppr::Result& result, const Comm& comm, Offset num_queries, Offset num_seeds) {
  const auto stat = [&](const char* name) { return result.stats.at(name); };
  return 16 * (num_seeds + stat("arcs_crossed") + stat("residuals_sent") + stat("pushes") + stat("index_entries")) +
         8 * comm.size() * (4 * stat("levels") + 6 * num_queries);
}

Offset count_seeds(const Comm& comm, const std::vector<Query>& queries) {
  Offset count = 0;
  for (const Query& query : queries) count += std::ssize(query);
  return comm.sum(count);
}

/// An index whose rows stand where those of the graph stand; one whose rows do not; the same without a summary.
std::vector<ppr::Index> indexes(const Graph& graph, int walks) {
  std::vector<ppr::Index> all;
  all.push_back(ppr::build_index(graph, {.walks = walks, .placement = Placement::partitioned}));
  all.push_back(ppr::build_index(graph, {.walks = walks, .placement = Placement::replicated}));
  all.push_back(all.back());
  all.back().summary = nullptr;
  return all;
}

TEST(PprPartitioned, ExactEqualsADenseSolveForEveryPolicy) {
  const Comm comm = Comm::world();
  constexpr Global n = 150;  // more than one block of rows on a rank
  for (const bool weighted : {false, true}) {
    for (const Offset arcs : {60, 400, 2500}) {
      const Graph graph = random_graph(comm, n, arcs, weighted, 31);
      const auto global = whole(graph);
      const auto queries = deal_queries(comm, random_queries(n, 9, 1));
      for (const Dangling dangling : all_policies) {
        for (const double c : {0.05, 0.15, 0.999}) {
          const auto result = ppr::exact(graph, queries, 1e-13,
                                         {.teleport = c, .dangling = dangling, .placement = Placement::partitioned});
          for (std::size_t i = 0; i < queries.size(); ++i) {
            const auto expected = dense_pagerank(global, teleport_of(queries[i], n), c, dangling);
            EXPECT_LT(l1_distance(dense_scores(result, i, n), expected), 1e-12)
                << "weighted " << weighted << " arcs " << arcs << " policy " << static_cast<int>(dangling) << " c "
                << c;
            EXPECT_LE(result.error_bound[i], 1e-13);
            EXPECT_EQ(result.error_estimate[i], result.error_bound[i]);
          }
        }
      }
    }
  }
}

TEST(PprPartitioned, VerdEqualsTheReplicatedAnswerOnOneRank) {
  const Comm comm = Comm::world();
  constexpr Global n = 400;
  for (const bool weighted : {false, true}) {
    const Graph graph = random_graph(comm, n, 2000, weighted, 32);
    const Graph alone = random_graph(Comm::self(), n, 2000, weighted, 32);
    const auto index_alone = ppr::build_index(alone, {.walks = 20});
    const auto built = indexes(graph, 20);
    const auto queries = deal_queries(comm, random_queries(n, 25, 5));
    for (const Dangling dangling : all_policies) {
      for (const ppr::Index* index : {static_cast<const ppr::Index*>(nullptr), &built[0], &built[1], &built[2]}) {
        for (const int levels : {0, 1, 3}) {
          if (index == nullptr && levels == 0) continue;
          ppr::QueryOptions options{.dangling = dangling, .method = ppr::Method::verd, .levels = levels};
          options.target_error = 1e-14;  // of the uniform seed's answer
          options.placement = Placement::replicated;
          const auto expected = query_with(alone, index == nullptr ? nullptr : &index_alone, queries, options);
          options.placement = Placement::partitioned;
          const auto result = query_with(graph, index, queries, options);
          for (std::size_t i = 0; i < queries.size(); ++i) {
            EXPECT_LT(l1_distance(dense_scores(result, i, n), dense_scores(expected, i, n)), 1e-12);
            EXPECT_NEAR(result.error_bound[i], expected.error_bound[i], 1e-12);
            EXPECT_NEAR(result.error_estimate[i], expected.error_estimate[i], 1e-6);  // of floats
            EXPECT_NEAR(result.index_share[i], expected.index_share[i], 1e-6);
          }
        }
      }
    }
  }
}

TEST(PprPartitioned, AnswersMeetTheTargetTheirBoundsAndTheBytesPromised) {
  constexpr Global n = 700;
  const Comm comm = Comm::world();
  const auto all_queries = random_queries(n, 18, 2);
  const auto queries = deal_queries(comm, all_queries);
  for (const bool weighted : {false, true}) {
    const Graph graph = random_graph(comm, n, 4200, weighted, 17);
    const Graph alone = random_graph(Comm::self(), n, 4200, weighted, 17);
    const auto built = indexes(graph, 40);
    for (const Dangling dangling : all_policies) {
      const auto truth = ppr::exact(alone, queries, 1e-12, {.dangling = dangling});
      for (const double target : {0.05, 1e-6}) {
        const ppr::QueryOptions options{
            .dangling = dangling, .target_error = target, .placement = Placement::partitioned};
        for (const ppr::Index* index : {static_cast<const ppr::Index*>(nullptr), &built[0], &built[1], &built[2]}) {
          const auto result = query_with(graph, index, queries, options);
          for (std::size_t i = 0; i < queries.size(); ++i) {
            const auto scores = dense_scores(result, i, n);
            const double error = l1_distance(scores, dense_scores(truth, i, n));
            EXPECT_LE(error, result.error_bound[i] + 2e-12);
            EXPECT_LE(result.error_estimate[i], target * (1 + 1e-9));
            EXPECT_LE(error, target);  // with an index expected, not certain: holds for these seeds
            EXPECT_TRUE(std::is_sorted(result.vertex.begin() + result.row_ptr[i],
                                       result.vertex.begin() + result.row_ptr[i + 1]));
            const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
            if (dangling == Dangling::source || dangling == Dangling::uniform) {
              EXPECT_NEAR(sum, 1, 1e-12);
            }
          }
          Offset most = most_bytes(result, comm, std::ssize(all_queries), count_seeds(comm, queries));
          if (index != nullptr && !index->summary) most += 8 * n * (comm.size() - 1);
          if (dangling == Dangling::uniform) most += 8 * n * (comm.size() - 1) + 8 * comm.size() * 6;
          if (dangling == Dangling::self) most += 9 * comm.sum(result.row_ptr.back());
          EXPECT_LE(result.stats.at("bytes_sent"), comm.size() == 1 ? 0 : most);
          EXPECT_EQ(result.stats.at("bytes_sent") > 0, comm.size() > 1);
          if (index == &built[0]) {
            EXPECT_EQ(result.stats.at("residuals_sent"), 0);
          }
        }
      }
    }
  }
}

TEST(PprPartitioned, WhatGoesToAVertexIsSentOnceALevel) {
  // All arcs lead to the last vertex.
  constexpr Global n = 100;
  const Comm comm = Comm::world();
  Entries<double> arcs;
  std::vector<Query> one(comm.is_root() ? 1 : 0);
  for (Global v = 0; v + 1 < n && comm.is_root(); ++v) {
    arcs.row.push_back(v);
    arcs.col.push_back(n - 1);
    one[0].push_back({v, 1});
  }
  const Graph graph = Graph::from_entries(comm, n, n, std::move(arcs));
  const ppr::QueryOptions options{.method = ppr::Method::verd, .levels = 1, .placement = Placement::partitioned};
  const auto result = ppr::query(graph, one, options);
  const Offset ranks = comm.size();
  const Offset away = n - 1 - graph.rows().size(0);  // seeds that go to other ranks, and come back settled
  EXPECT_EQ(result.stats.at("bytes_sent"), ranks == 1 ? 0 : 16 * (2 * away + (ranks - 1)) + 40 * ranks);
  EXPECT_EQ(result.stats.at("arcs_crossed"), ranks == 1 ? 0 : graph.rows().begin(static_cast<int>(ranks) - 1));
  EXPECT_EQ(result.stats.at("arcs_pushed"), n - 1);
  EXPECT_EQ(result.stats.at("levels"), 1);
}

TEST(PprPartitioned, BatchesAndHomesChangeNothing) {
  constexpr Global n = 600;
  const Comm comm = Comm::world();
  const Graph graph = random_graph(comm, n, 4000, true, 18);
  const auto index = ppr::build_index(graph, {.walks = 30, .placement = Placement::partitioned});
  const auto all_queries = random_queries(n, 40, 6);
  for (const ppr::Index* used : {static_cast<const ppr::Index*>(nullptr), &index}) {
    ppr::QueryOptions options{.dangling = Dangling::self, .target_error = 1e-4, .placement = Placement::partitioned};
    // Everything at the last rank, and at once.
    const bool asks = comm.rank() + 1 == comm.size();
    const auto together = query_with(graph, used, asks ? all_queries : std::vector<Query>(), options);
    EXPECT_EQ(together.row_ptr.size(), asks ? 41U : 1U);
    // One by one, then some by some, at all ranks.
    for (const Offset batch_bytes : {Offset{0}, Offset{100'000}, Offset{400'000}}) {
      options.batch_bytes = batch_bytes;
      Offset told = 0;
      options.progress = [&](std::string_view phase, Offset done, Offset total) {
        EXPECT_EQ(phase, "query");
        EXPECT_EQ(done, ++told);
        EXPECT_EQ(total, std::ssize(deal_queries(comm, all_queries)));
      };
      const auto dealt = deal_queries(comm, all_queries);
      const auto apart = query_with(graph, used, dealt, options);
      EXPECT_EQ(told, std::ssize(dealt));
      // Bits do not depend on who asks, nor on who else is asked for.
      const auto vertex = comm.all_gather(apart.vertex).values;
      const auto score = comm.all_gather(apart.score).values;
      const auto bound = comm.all_gather(apart.error_bound).values;
      if (asks) {
        EXPECT_EQ(vertex, together.vertex);
        EXPECT_EQ(score, together.score);
        EXPECT_EQ(bound, together.error_bound);
      }
      for (const char* name : {"pushes", "arcs_pushed", "index_entries", "levels"})
        EXPECT_EQ(apart.stats.at(name), together.stats.at(name)) << name;
    }
  }
  const auto none = ppr::query(graph, index, {}, {.placement = Placement::partitioned});
  EXPECT_EQ(none.row_ptr, std::vector<Offset>{0});
}

TEST(PprPartitioned, FiltersAndTopsAreThoseOfReplicatedGraphs) {
  constexpr Global n = 300;
  const Comm comm = Comm::world();
  const Graph graph = random_graph(comm, n, 1800, true, 5);
  const auto index = ppr::build_index(graph, {.walks = 10});
  const auto all_queries = random_queries(n, 20, 7);
  const auto queries = deal_queries(comm, all_queries);
  std::vector<Offset> degree(n, 0);
  for (const auto& [at, weight] : whole(graph)) ++degree[static_cast<std::size_t>(at.first)];
  std::vector<Global> some;
  for (Global v = comm.rank(); v < n; v += 3) some.insert(some.begin(), v);
  Offset left_out = 0;
  for (const Dangling dangling : all_policies) {
    for (const ppr::Filter& filter : std::vector<ppr::Filter>{{},
                                                              {.exclude_seeds = true},
                                                              {.exclude_neighbours = true},
                                                              {.candidates = some},
                                                              {true, true, some},
                                                              {.exclude_neighbours = comm.rank() == 0}}) {
      for (const int top : {0, 10}) {
        ppr::QueryOptions options{.dangling = dangling, .method = ppr::Method::verd, .top = top, .filter = filter};
        options.target_error = 1e-14;
        options.placement = Placement::replicated;
        const auto expected = ppr::query(graph, index, queries, options);
        options.placement = Placement::partitioned;
        const auto result = ppr::query(graph, index, queries, options);
        EXPECT_EQ(result.row_ptr, expected.row_ptr);
        EXPECT_EQ(result.vertex, expected.vertex);
        for (std::size_t k = 0; k < std::min(result.score.size(), expected.score.size()); ++k)
          EXPECT_NEAR(result.score[k], expected.score[k], 1e-13);
        Offset most = most_bytes(result, comm, 20, count_seeds(comm, queries));
        if (dangling == Dangling::uniform) most += 8 * n * (comm.size() - 1) + 8 * comm.size() * 6;
        if (dangling == Dangling::self) most += 9 * n * 20;
        for (const Query& query : all_queries) {
          for (const ppr::Seed& seed : query) most += 16 + 8 * degree[static_cast<std::size_t>(seed.vertex)];
        }
        EXPECT_LE(result.stats.at("bytes_sent"), most);
        left_out += std::ssize(queries) * n - result.row_ptr.back();
      }
    }
  }
  EXPECT_GT(comm.sum(left_out), 0);
}

TEST(PprPartitioned, SlowWalksAndFarVerticesAreReached) {
  // A cycle with its vertices in an order that makes most arcs cross ranks, and a teleport so small that a walk goes
  // around it many times.
  constexpr Global n = 97;
  const Comm comm = Comm::world();
  Entries<double> cycle;
  for (Global v = 0; v < n && comm.is_root(); ++v) {
    cycle.row.push_back(v * 31 % n);
    cycle.col.push_back((v + 1) * 31 % n);
  }
  const Graph graph = Graph::from_entries(comm, n, n, std::move(cycle));
  const std::vector<Query> one = {{{5, 1}}};
  const auto result = ppr::exact(graph, one, 1e-9, {.teleport = 1e-3, .placement = Placement::partitioned});
  const auto expected = dense_pagerank(whole(graph), teleport_of(one[0], n), 1e-3, Dangling::source);
  EXPECT_LT(l1_distance(dense_scores(result, 0, n), expected), 1e-9);
  EXPECT_LE(result.error_bound[0], 1e-9);
}

TEST(PprPartitioned, DanglingAndIsolatedSourcesKeepTheirScore) {
  const Comm comm = Comm::world();
  const Graph graph =
      Graph::from_entries(comm, 4, 4, comm.is_root() ? Entries<double>{{0}, {1}, {}} : Entries<double>{});
  const auto index = ppr::build_index(graph, {.walks = 3, .placement = Placement::partitioned});
  const std::vector<Query> queries = {{{1, 1}}, {{3, 2}}};
  for (const Dangling dangling : {Dangling::source, Dangling::self}) {
    for (const ppr::Index* used : {static_cast<const ppr::Index*>(nullptr), &index}) {
      const auto result = query_with(
          graph, used, queries, {.dangling = dangling, .target_error = 1e-12, .placement = Placement::partitioned});
      EXPECT_EQ(result.vertex, (std::vector<Global>{1, 3}));
      for (const double score : result.score) EXPECT_NEAR(score, 1, 1e-12);
    }
  }
}

/// A rank without arcs cannot tell by itself whether the graph has weights.
TEST(PprPartitioned, RanksWithoutArcsOfAWeightedGraph) {
  const Comm comm = Comm::world();
  const Partition two_a_rank = Partition::uniform(2 * comm.size(), comm.size());
  Entries<double> entries;
  if (comm.is_root()) entries = {{0, 0, 1}, {1, 2 * comm.size() - 1, 0}, {2, 3, 1}};
  const Graph graph = Graph::from_entries(comm, two_a_rank, two_a_rank, std::move(entries));
  const auto queries = deal_queries(comm, random_queries(graph.num_rows(), 5, 3));
  const auto global = whole(graph);
  for (const ppr::Index& index : indexes(graph, 2000)) {
    const auto result = ppr::query(graph, index, queries, {.target_error = 1e-2, .placement = Placement::partitioned});
    for (std::size_t i = 0; i < queries.size(); ++i) {
      const auto expected = dense_pagerank(global, teleport_of(queries[i], graph.num_rows()), 0.15, Dangling::source);
      EXPECT_LT(l1_distance(dense_scores(result, i, graph.num_rows()), expected), 0.1);
    }
  }
}

TEST(PprPartitioned, PlacementIsChosenByMemory) {
  const Comm comm = Comm::world();
  const Graph graph = random_graph(comm, 50, 200, false, 19);
  EXPECT_EQ(ppr::choose_placement(graph, Placement::automatic), Placement::replicated);
  EXPECT_EQ(ppr::choose_placement(graph, Placement::automatic, 10), Placement::partitioned);
  for (const Placement wanted : {Placement::replicated, Placement::partitioned})
    EXPECT_EQ(ppr::choose_placement(graph, wanted, 10), wanted);
  if (comm.size() > 1) {
    const Placement own = comm.is_root() ? Placement::automatic : Placement::replicated;
    EXPECT_THROW(ppr::choose_placement(graph, own), InvalidArgument);
  }
  const std::vector<Query> one = {{{1, 1}}};
  const auto was_partitioned = [&](Placement placement) {
    return ppr::query(graph, one, {.placement = placement}).stats.contains("bytes_sent");
  };
  EXPECT_FALSE(was_partitioned(Placement::automatic));
  EXPECT_TRUE(was_partitioned(Placement::partitioned));
}

TEST(PprPartitioned, BadArgumentsAreNamedOnAllRanksAsForReplicatedGraphs) {
  const Comm comm = Comm::world();
  const Graph graph = random_graph(comm, 50, 200, false, 19);
  const auto index = ppr::build_index(graph, {.walks = 2});
  const auto other = ppr::build_index(random_graph(comm, 50, 200, false, 20), {.walks = 2});
  const std::vector<Query> good = {{{1, 1}}};
  const auto refusals = [&](const Graph& asked, const ppr::Index* used, const std::vector<Query>& queries,
                            ppr::QueryOptions options) {
    const auto message = [&](Placement placement) {
      options.placement = placement;
      return message_of<InvalidArgument>([&] { query_with(asked, used, queries, options); });
    };
    const std::string partitioned = message(Placement::partitioned);
    EXPECT_EQ(partitioned, message(Placement::replicated));
    return partitioned;
  };
  const auto last_asks = [&](Query query) {
    const bool last = comm.rank() == comm.size() - 1;
    return refusals(graph, &index, last ? std::vector<Query>{{{1, 1}}, std::move(query)} : good, {});
  };
  EXPECT_THAT(last_asks({}), HasSubstr("query 1 has no seeds"));
  EXPECT_THAT(last_asks({{50, 1}}), HasSubstr("seed 50 is not a vertex; the graph has 50"));
  EXPECT_THAT(last_asks({{3, -1}}), HasSubstr("seed 3 has weight -1"));
  EXPECT_THAT(last_asks({{3, 1e308}, {4, 1e308}}), HasSubstr("add up to more than a double holds"));
  EXPECT_THAT(refusals(graph, &index, good, {.teleport = 1.5}), HasSubstr("teleport: 1.5"));
  EXPECT_THAT(refusals(graph, &index, good, {.teleport = 0.2}), HasSubstr("built with teleport 0.15"));
  EXPECT_THAT(refusals(graph, nullptr, good, {.target_error = 0}), HasSubstr("target error"));
  EXPECT_THAT(refusals(graph, nullptr, good, {.batch_bytes = -1}), HasSubstr("batch bytes: -1"));
  EXPECT_THAT(refusals(graph, &other, good, {}), HasSubstr("built for another graph"));
  EXPECT_THAT(refusals(graph, nullptr, good, {.filter = {.candidates = {3, 7, 3}}}),
              HasSubstr("candidates: vertex 3 is there twice"));
  const Graph none = Graph::from_entries(comm, 0, 0, {});
  EXPECT_THAT(refusals(none, nullptr, {}, {}), HasSubstr("graph: it has no vertices"));
  const Graph wide = Graph::from_entries(comm, 2, 3, {});
  EXPECT_THAT(refusals(wide, nullptr, {}, {}), HasSubstr("must be square"));
  const Graph negative =
      Graph::from_entries(comm, 3, 3, comm.is_root() ? Entries<double>{{0}, {2}, {-1}} : Entries<double>{});
  EXPECT_THAT(refusals(negative, nullptr, {}, {}), HasSubstr("arc 0 -> 2 has weight -1"));
}

}  // namespace
}  // namespace filigree::testing
