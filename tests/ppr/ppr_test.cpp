#include "filigree/ppr.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>
#include <thread>

#include "ppr/query/engine.hpp"
#include "support/ppr_queries.hpp"
#include "support/walk_oracle.hpp"

namespace filigree::testing {
static_assert(std::ranges::input_range<const ppr::Result>);

namespace {

using ppr::Query;
using ::testing::HasSubstr;

/// sum_{k<levels} plus, if asked, the index on what is left: the recursion of the paper, written down once more.
std::vector<double> recursive_decomposition(const Graph& graph, const ppr::Index* index, Global vertex, double c,
                                            int levels) {
  const auto n = static_cast<std::size_t>(graph.num_rows());
  std::vector<double> q(n, 0);
  const CsrView<double> arcs = graph.local().view();
  const auto v = static_cast<Local>(vertex);
  if (levels == 0) {
    if (index == nullptr) return q;
    const double scale = index->scale(v);
    index->visits.for_each(v, [&](Local w, std::int32_t count) { q[static_cast<std::size_t>(w)] = scale * count; });
    return q;
  }
  double weight = 0;
  for (std::size_t k = 0; k < arcs.cols(v).size(); ++k) weight += arcs.has_values() ? arcs.vals(v)[k] : 1;
  for (std::size_t k = 0; k < arcs.cols(v).size() && weight > 0; ++k) {
    const double share = (1 - c) * (arcs.has_values() ? arcs.vals(v)[k] : 1) / weight;
    const auto inner = recursive_decomposition(graph, index, arcs.cols(v)[k], c, levels - 1);
    for (std::size_t w = 0; w < n; ++w) q[w] += share * inner[w];
  }
  q[static_cast<std::size_t>(vertex)] += c;
  return q;
}

std::vector<double> normalised(std::vector<double> q) {
  double norm = 0;
  for (double x : q) norm += x;
  for (double& x : q) x /= norm;
  return q;
}

TEST(Ppr, WhatWasMovedFromIsRefused) {
  const Comm comm = Comm::world();
  ppr::ReplicatedGraph graph(random_graph(comm, 20, 60, false, 1));
  ppr::ReplicatedGraph kept = std::move(graph);
  EXPECT_THAT(message_of<InvalidArgument>([&] { graph.comm(); }), HasSubstr("graph: it was moved from"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { graph.num_vertices(); }), HasSubstr("graph: it was moved from"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { ppr::Engine{graph}; }), HasSubstr("graph: it was moved from"));
  const std::vector<Query> queries{{{1, 1}}};
  EXPECT_THAT(message_of<InvalidArgument>([&] { ppr::query(graph, queries); }), HasSubstr("graph: it was moved from"));
  ppr::Engine engine(kept);
  ppr::Engine taken = std::move(engine);
  EXPECT_THAT(message_of<InvalidArgument>([&] { ppr::query(engine, queries); }),
              HasSubstr("engine: it was moved from"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { engine.graph(); }), HasSubstr("engine: it was moved from"));
  engine = std::move(taken);
  graph = std::move(kept);
  EXPECT_EQ(ppr::query(engine, queries).score, ppr::query(graph, queries).score);
}

TEST(Ppr, ExactEqualsADenseSolveForEveryPolicy) {
  const Comm comm = Comm::world();
  constexpr Global n = 70;
  for (const bool weighted : {false, true}) {
    for (const Offset arcs : {30, 150, 900}) {
      const Graph graph = random_graph(comm, n, arcs, weighted, 11);
      const auto global = whole(graph);
      const auto queries = deal_queries(comm, random_queries(n, 9, 1));
      for (const Dangling dangling : all_policies) {
        for (const double c : {0.05, 0.15, 0.6}) {
          const auto result = ppr::exact(graph, queries, 1e-13, {.teleport = c, .dangling = dangling});
          for (std::size_t i = 0; i < queries.size(); ++i) {
            const auto expected = dense_pagerank(global, teleport_of(queries[i], n), c, dangling);
            EXPECT_LT(l1_distance(dense_scores(result, i, n), expected), 1e-12)
                << "weighted " << weighted << " arcs " << arcs << " policy " << static_cast<int>(dangling) << " c "
                << c;
            EXPECT_LE(result.error_bound[i], 1e-13);
          }
        }
      }
    }
  }
}

TEST(Ppr, TopKEndsWhenPushesCanNoLongerChangeTheOrder) {
  const Comm comm = Comm::world();
  constexpr Global n = 400;
  for (const bool weighted : {false, true}) {
    const ppr::ReplicatedGraph graph(random_graph(comm, n, 3000, weighted, 5));
    const auto queries = deal_queries(comm, random_queries(n, 20, 2));
    for (const Dangling dangling : {Dangling::source, Dangling::drop}) {
      for (const bool exclude : {false, true}) {
        ppr::QueryOptions options{.dangling = dangling, .target_error = 1e-13, .top = 5};
        options.filter.exclude_seeds = options.filter.exclude_neighbours = exclude;
        const auto exact = ppr::query(graph, queries, options);
        const auto settled = ppr::top_k(graph, queries, 5, options);
        const auto arcs = [](const ppr::Result& result) {
          return result.stats.at("arcs_pushed") + result.stats.at("arcs_solved");
        };
        EXPECT_LE(arcs(settled), 1.5 * static_cast<double>(arcs(exact)));  // where the solver goes on, all the way
        EXPECT_EQ(settled.vertex, exact.vertex);
        for (std::size_t k = 0; k < exact.score.size(); ++k)
          EXPECT_NEAR(settled.score[k], exact.score[k], 0.1 * exact.score[k]);
      }
    }
  }
  // Where a query reaches a small part of the graph, pushes alone answer it, and end early.
  Entries<double> entries;
  Random random(4);
  constexpr Global block = 20;
  for (Global v = 0; comm.is_root() && v < 100 * block; ++v) {
    for (int k = 0; k < 6; ++k) {
      entries.row.push_back(v);
      entries.col.push_back(v / block * block + below(random, block));
    }
  }
  const ppr::ReplicatedGraph blocks(Graph::from_entries(comm, 100 * block, 100 * block, std::move(entries)));
  const auto asked = deal_queries(comm, random_queries(100 * block, 20, 2));
  const auto exact = ppr::query(blocks, asked, {.target_error = 1e-13, .top = 5});
  const auto early = ppr::top_k(blocks, asked, 5, {.target_error = 1e-13});
  EXPECT_EQ(early.vertex, exact.vertex);
  EXPECT_EQ(early.stats.at("arcs_solved") + exact.stats.at("arcs_solved"), 0);
  EXPECT_LT(early.stats.at("arcs_pushed"), exact.stats.at("arcs_pushed") / 2);

  const ppr::ReplicatedGraph graph(random_graph(comm, n, 3000, false, 5));
  const std::vector<Query> none;
  EXPECT_THROW(ppr::top_k(graph, none, 0), InvalidArgument);
  EXPECT_THROW(ppr::top_k(graph, none, 5, {.dangling = Dangling::self}), InvalidArgument);
  EXPECT_THROW(ppr::top_k(graph, none, 5, {.filter = {.candidates = {1}}}), InvalidArgument);
  // The filter is each rank's own; all ranks refuse.
  ppr::QueryOptions last_has_candidates;
  if (comm.rank() == comm.size() - 1) last_has_candidates.filter.candidates = {1};
  EXPECT_THROW(ppr::top_k(graph, none, 5, last_has_candidates), InvalidArgument);
}

/// Every arc both ways, loops and vertices without arcs among them.
Graph symmetric_graph(const Comm& comm, Global n, Offset arcs, bool weighted, std::uint64_t seed) {
  Entries<double> entries = random_entries<double>(n, n, arcs, weighted ? Values::exact : Values::none, seed);
  for (double& weight : entries.val) weight = std::abs(weight);
  for (std::size_t k = 0, count = entries.size(); k < count; ++k) {
    if (entries.row[k] == entries.col[k]) continue;
    entries.row.push_back(entries.col[k]);
    entries.col.push_back(entries.row[k]);
    if (weighted) entries.val.push_back(entries.val[k]);
  }
  // Weights are small whole numbers: sums of duplicates are the same in either order.
  return Graph::from_entries(comm, n, n, deal(comm, entries, seed), {Duplicates::sum, Loops::keep});
}

TEST(Ppr, SymmetricGraphsAreSolvedToTheTolerance) {
  const Comm comm = Comm::world();
  constexpr Global n = 90;
  Offset solved = 0;
  for (const bool weighted : {false, true}) {
    for (const Offset arcs : {40, 200, 900}) {
      const Graph graph = symmetric_graph(comm, n, arcs, weighted, 21);
      const auto global = whole(graph);
      for (const int count : {2, 70}) {  // one by one, and together
        const auto queries = deal_queries(comm, random_queries(n, count, 3));
        for (const Dangling dangling : all_policies) {
          for (const double c : {0.05, 0.6}) {
            const auto result = ppr::exact(graph, queries, 1e-12, {.teleport = c, .dangling = dangling});
            solved += result.stats.at("arcs_solved");
            for (std::size_t i = 0; i < queries.size(); ++i) {
              const auto expected = dense_pagerank(global, teleport_of(queries[i], n), c, dangling);
              EXPECT_LT(l1_distance(dense_scores(result, i, n), expected), 1e-11)
                  << "weighted " << weighted << " arcs " << arcs << " policy " << static_cast<int>(dangling) << " c "
                  << c;
              EXPECT_LE(result.error_bound[i], 1e-12);
            }
          }
        }
      }
    }
  }
  EXPECT_GT(solved, 0);
}

TEST(Ppr, CoarseTargetsAndExtremeWeightsAreMetToo) {
  // A star, every arc both ways, seen from a leaf: the solver is asked for hardly anything.
  for (const double weight : {1.0, 1e300, 1e-300}) {
    Entries<double> star;
    for (Global leaf = 1; leaf <= 10; ++leaf) {
      star.row.insert(star.row.end(), {0, leaf});
      star.col.insert(star.col.end(), {leaf, 0});
      star.val.insert(star.val.end(), {weight, weight});
    }
    const ppr::ReplicatedGraph graph(Graph::from_entries(Comm::self(), 11, 11, std::move(star)));
    const std::vector<Query> one = {{{1, 1}}};
    for (const double target : {1.5, 1.0, 1e-3, 1e-12}) {
      for (const double c : {1e-4, 0.15, 0.999}) {
        const auto result = ppr::query(graph, one, {.teleport = c, .target_error = target});
        EXPECT_LE(result.error_bound[0], target) << weight << " " << target << " " << c;
        const double sum = std::accumulate(result.score.begin(), result.score.end(), 0.0);
        EXPECT_NEAR(sum, 1, 1e-12);
      }
    }
  }
}

TEST(Ppr, QueriesTogetherMeetTheTargetOfEach) {
  constexpr Global n = 700;
  for (const bool weighted : {false, true}) {
    for (const bool symmetric : {false, true}) {
      const Graph graph = symmetric ? symmetric_graph(Comm::self(), n, 1500, weighted, 22)
                                    : random_graph(Comm::self(), n, 3000, weighted, 22);
      const ppr::ReplicatedGraph replicated(graph);
      const auto index = ppr::build_index(replicated, {.walks = 30});
      const auto queries = random_queries(n, 45, 4);
      const auto truth = ppr::exact(replicated, queries, 1e-13);
      for (const double target : {1e-1, 1e-3, 1e-8}) {
        for (const ppr::Index* used : {static_cast<const ppr::Index*>(nullptr), &index}) {
          const auto together = query_with(replicated, used, queries, {.target_error = target});
          for (std::size_t i = 0; i < queries.size(); ++i) {
            const double error = l1_distance(dense_scores(together, i, n), dense_scores(truth, i, n));
            EXPECT_LE(error, together.error_bound[i] + 1e-13);
            EXPECT_LE(together.error_estimate[i], target * (1 + 1e-9));
            EXPECT_GT(together.error_estimate[i], 0);
            EXPECT_LE(error, target);  // with an index expected, not certain: holds for these seeds
          }
        }
      }
      // VERD pushes the same whatever else is asked.
      const auto verd = ppr::query(replicated, index, queries, {.method = ppr::Method::verd, .levels = 3});
      for (std::size_t i = 0; i < queries.size(); ++i) {
        const auto alone =
            ppr::query(replicated, index, std::span(queries).subspan(i, 1), {.method = ppr::Method::verd, .levels = 3});
        EXPECT_LT(l1_distance(dense_scores(verd, i, n), dense_scores(alone, 0, n)), 1e-13);
      }
    }
  }
}

TEST(Ppr, VerdEqualsTheRecursiveDecomposition) {
  constexpr Global n = 30;
  for (const bool weighted : {false, true}) {
    const Graph graph = random_graph(Comm::self(), n, 90, weighted, 16);
    const auto index = ppr::build_index(graph, {.walks = 20});
    for (const int levels : {0, 1, 2, 4}) {
      for (const ppr::Index* used : {static_cast<const ppr::Index*>(nullptr), &index}) {
        if (levels == 0 && used == nullptr) continue;
        for (Global v = 0; v < n; v += 7) {
          const std::vector<Query> one = {{{v, 1}}};
          const auto result = query_with(graph, used, one, {.method = ppr::Method::verd, .levels = levels});
          const auto expected = normalised(recursive_decomposition(graph, used, v, 0.15, levels));
          EXPECT_LT(l1_distance(dense_scores(result, 0, n), expected), 1e-13) << "levels " << levels << " vertex " << v;
        }
      }
    }
  }
}

TEST(Ppr, QueryAgreesOnAnyRanksAndMeetsItsBounds) {
  constexpr Global n = 1500;
  const Comm comm = Comm::world();
  const Graph graph = random_graph(comm, n, 9000, true, 17);
  const Graph graph_alone = random_graph(Comm::self(), n, 9000, true, 17);
  const auto index = ppr::build_index(graph, {.walks = 40});
  const auto index_alone = ppr::build_index(graph_alone, {.walks = 40});
  // From 64 on they are a batch, whose way depends on all of them.
  std::vector<std::pair<Dangling, int>> cases;
  for (const Dangling policy : all_policies) cases.insert(cases.end(), {{policy, 60}, {policy, 70}});
  for (const auto& [dangling, count] : cases) {
    const ppr::QueryOptions options{.dangling = dangling, .target_error = 0.05};
    const auto queries = random_queries(n, count, 2);
    const auto mine = deal_queries(comm, queries);
    const auto first = static_cast<std::size_t>(Partition::uniform(count, comm.size()).begin(comm.rank()));
    const auto together = ppr::query(graph, index, mine, options);
    const auto alone = ppr::query(graph_alone, index_alone, queries, options);
    const auto truth = ppr::exact(graph_alone, mine, 1e-12, {.dangling = dangling});
    for (std::size_t i = 0; i < mine.size(); ++i) {
      const auto scores = dense_scores(together, i, n);
      EXPECT_LT(l1_distance(scores, dense_scores(alone, first + i, n)), 1e-12);
      EXPECT_GE(*std::min_element(scores.begin(), scores.end()), 0);
      const double error = l1_distance(scores, dense_scores(truth, i, n));
      EXPECT_LE(error, together.error_bound[i] + 1e-12);
      EXPECT_LE(together.error_estimate[i], 0.05 + 1e-9);
      EXPECT_LE(error, 0.05);  // expected, not certain: holds for these seeds
      const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
      if (dangling == Dangling::source || dangling == Dangling::uniform) {
        EXPECT_NEAR(sum, 1, 1e-12);
      }
    }
  }
}

TEST(Ppr, OneRankMayAskMoreThanMayBeInFlight) {
  const Comm comm = Comm::world();
  constexpr Global n = 400;
  constexpr int many = 600;
  const Graph graph = random_graph(comm, n, 1500, false, 51);
  const Graph graph_alone = random_graph(Comm::self(), n, 1500, false, 51);
  const auto index = ppr::build_index(graph, {.walks = 20});
  const auto index_alone = ppr::build_index(graph_alone, {.walks = 20});
  auto queries = random_queries(n, many, 52);
  for (const ppr::Method method : {ppr::Method::push, ppr::Method::verd}) {
    const ppr::QueryOptions options{.method = method, .target_error = 0.05, .levels = 1};
    constexpr std::size_t few = 50;  // too few to be a batch; nor are they where filters differ
    std::vector<ppr::Result> alone;
    for (std::size_t i = 0; i < queries.size(); i += few)
      alone.push_back(ppr::query(graph_alone, index_alone, std::span(queries).subspan(i, few), options));
    ppr::QueryOptions own = options;
    own.filter.exclude_seeds = !comm.is_root();
    if (comm.size() == 1 && method == ppr::Method::push) continue;
    const auto together = ppr::query(graph, index, comm.is_root() ? queries : std::vector<Query>{}, own);
    ASSERT_EQ(together.row_ptr.size(), comm.is_root() ? many + 1U : 1U);
    EXPECT_EQ(together.stats.at("residuals_sent") > 0, comm.size() > 1);
    for (std::size_t i = 0; i + 1 < together.row_ptr.size(); ++i)
      EXPECT_LT(l1_distance(dense_scores(together, i, n), dense_scores(alone[i / few], i % few, n)), 1e-12) << i;
  }
}

TEST(Ppr, AnEngineKeepsTheLastSolutionForPolicyUniform) {
  const Comm comm = Comm::world();
  constexpr Global n = 80;
  ppr::Engine engine(ppr::ReplicatedGraph(random_graph(comm, n, 300, true, 53)));
  const auto& solved = ppr::state_of(engine).solved;
  const std::vector<Query> queries = {{{3, 1}}};
  const auto ask = [&](Dangling dangling, double c, double error) {
    return ppr::query(engine, queries, {.teleport = c, .dangling = dangling, .target_error = error});
  };
  ask(Dangling::source, 0.15, 1e-6);
  EXPECT_EQ(solved, nullptr);
  const auto first = ask(Dangling::uniform, 0.15, 1e-6);
  const auto* const kept = solved.get();
  EXPECT_NE(kept, nullptr);
  const auto second = ask(Dangling::uniform, 0.15, 1e-6);
  EXPECT_EQ(solved.get(), kept);
  EXPECT_EQ(second.score, first.score);
  // Another teleport or error is another policy, and the first is right again after it.
  EXPECT_NE(ask(Dangling::uniform, 0.15, 1e-9).score, first.score);
  EXPECT_NE(ask(Dangling::uniform, 0.3, 1e-6).score, first.score);
  EXPECT_EQ(solved->teleport, 0.3);
  EXPECT_EQ(ask(Dangling::uniform, 0.15, 1e-6).score, first.score);
}

TEST(Ppr, TwoThreadsMayAskOneConstGraph) {
  constexpr Global n = 300;
  for (const bool symmetric : {false, true}) {
    const ppr::ReplicatedGraph graph(symmetric ? symmetric_graph(Comm::self(), n, 900, true, 7)
                                               : random_graph(Comm::self(), n, 1500, true, 7));
    const auto index = ppr::build_index(graph, {.walks = 10});
    const auto queries = random_queries(n, 70, 8);
    const auto ask = [&] {
      std::vector<std::vector<double>> scores;
      for (const Dangling dangling : all_policies) {
        scores.push_back(ppr::query(graph, index, queries, {.dangling = dangling}).score);
        scores.push_back(ppr::exact(graph, queries, 1e-9, {.dangling = dangling}).score);
      }
      scores.push_back(ppr::query(graph, index, queries, {.method = ppr::Method::verd}).score);
      scores.push_back(ppr::top_k(graph, queries, 3).score);
      return scores;
    };
    const auto expected = ask();
    std::vector<std::vector<double>> found[2];
    {
      const std::jthread one([&] { found[0] = ask(); });
      const std::jthread other([&] { found[1] = ask(); });
    }
    EXPECT_EQ(found[0], expected);
    EXPECT_EQ(found[1], expected);
  }
}

TEST(Ppr, AResultIsARangeOfAnswers) {
  const Graph graph = random_graph(Comm::self(), 50, 200, false, 19);
  const std::vector<Query> queries = {{{1, 1}}, {{2, 1}, {3, 2}}};
  const auto result = ppr::query(graph, queries, {.top = 4});
  ASSERT_EQ(result.size(), 2U);
  std::vector<Global> vertices;
  for (const ppr::Answer answer : result) {
    EXPECT_EQ(answer.vertices.size(), answer.scores.size());
    EXPECT_TRUE(std::is_sorted(answer.scores.rbegin(), answer.scores.rend()));
    vertices.insert(vertices.end(), answer.vertices.begin(), answer.vertices.end());
  }
  EXPECT_EQ(vertices, result.vertex);
  EXPECT_EQ(ppr::query(graph, {}).size(), 0U);
}

TEST(Ppr, TopScoresAreOrderedAndTiesGoToTheSmallestVertex) {
  // A star: all leaves tie.
  Entries<double> star;
  for (Global leaf = 1; leaf < 40; ++leaf) {
    star.row.push_back(0);
    star.col.push_back(leaf);
  }
  const Graph graph = Graph::from_entries(Comm::self(), 40, 40, std::move(star));
  const std::vector<Query> one = {{{0, 1}}};
  const auto result = ppr::exact(graph, one, 1e-12, {.top = 5});
  EXPECT_EQ(result.vertex, (std::vector<Global>{0, 1, 2, 3, 4}));
  EXPECT_TRUE(std::is_sorted(result.score.rbegin(), result.score.rend()));
  const auto all = ppr::exact(graph, one, 1e-12, {.top = 100});
  EXPECT_EQ(all.vertex.size(), 40U);
}

TEST(Ppr, DanglingAndIsolatedSourcesKeepTheirScore) {
  const Comm comm = Comm::world();
  const Graph graph =
      Graph::from_entries(comm, 4, 4, comm.is_root() ? Entries<double>{{0}, {1}, {}} : Entries<double>{});
  const auto index = ppr::build_index(graph, {.walks = 3});
  const std::vector<Query> queries = {{{1, 1}}, {{3, 2}}};
  for (const Dangling dangling : {Dangling::source, Dangling::self}) {
    for (const ppr::Index* used : {static_cast<const ppr::Index*>(nullptr), &index}) {
      const auto result = query_with(graph, used, queries, {.dangling = dangling, .target_error = 1e-12});
      EXPECT_EQ(result.vertex, (std::vector<Global>{1, 3}));
      EXPECT_NEAR(result.score[0], 1, 1e-12);
      EXPECT_NEAR(result.score[1], 1, 1e-12);
    }
  }
}

TEST(Ppr, BadArgumentsAreNamedOnAllRanks) {
  const Comm comm = Comm::world();
  const ppr::ReplicatedGraph graph(random_graph(comm, 50, 200, false, 19));
  const auto index = ppr::build_index(graph, {.walks = 2});
  const std::vector<Query> good = {{{1, 1}}};
  const auto says = [](auto f) { return message_of<InvalidArgument>(f); };
  const auto answer = [&](const std::vector<Query>& queries, const ppr::QueryOptions& options) {
    return says([&] { ppr::query(graph, index, queries, options); });
  };
  // Only the last rank asks badly; all hear of it.
  const auto last_asks = [&](Query query) {
    return answer(comm.rank() == comm.size() - 1 ? std::vector<Query>{{{1, 1}}, std::move(query)} : good, {});
  };
  EXPECT_THAT(last_asks({}), HasSubstr("query 1 has no seeds"));
  EXPECT_THAT(last_asks({{50, 1}}), HasSubstr("seed 50 is not a vertex; the graph has 50"));
  EXPECT_THAT(last_asks({{-1, 1}}), HasSubstr("seed -1"));
  EXPECT_THAT(last_asks({{3, 0}}), HasSubstr("seed 3 has weight 0"));
  EXPECT_THAT(last_asks({{3, -1}}), HasSubstr("seed 3 has weight -1"));
  EXPECT_THAT(last_asks({{3, std::nan("")}}), HasSubstr("weight"));
  EXPECT_THAT(last_asks({{3, 1e308}, {4, 1e308}}), HasSubstr("add up to more than a double holds"));
  EXPECT_THAT(answer(good, {.teleport = 1.5}), HasSubstr("teleport: 1.5"));
  EXPECT_THAT(answer(good, {.teleport = 0.2}), HasSubstr("built with teleport 0.15, the query has 0.2"));
  EXPECT_THAT(answer(good, {.target_error = 0}), HasSubstr("target error"));
  EXPECT_THAT(answer(good, {.levels = -1}), HasSubstr("levels: -1"));
  EXPECT_THAT(answer(good, {.top = -1}), HasSubstr("top: -1"));
  EXPECT_THAT(says([&] { ppr::build_index(graph, {.walks = 0}); }), HasSubstr("walks: 0"));
  for (const double c : {0.0, 1e-17, 1.0}) {
    EXPECT_THAT(says([&] { ppr::build_index(graph, {.teleport = c}); }), HasSubstr("must lie in [0.0001, 1)"));
  }
  const auto other = ppr::build_index(random_graph(comm, 50, 200, false, 20), {.walks = 2});
  EXPECT_THAT(says([&] { ppr::query(graph, other, good, {}); }), HasSubstr("built for another graph"));
}

}  // namespace
}  // namespace filigree::testing
