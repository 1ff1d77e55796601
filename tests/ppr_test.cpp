#include "filigree/ppr.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <numeric>

#include "filigree/core/random.hpp"
#include "filigree/ppr_file.hpp"
#include "support/runtime.hpp"
#include "support/walk_oracle.hpp"

namespace filigree::testing {
namespace {

using ppr::Query;
using ::testing::HasSubstr;

/// Queries of random seeds; equal ones on all ranks.
std::vector<Query> random_queries(Global n, int count, std::uint64_t seed) {
  Random random(seed);
  std::vector<Query> queries(static_cast<std::size_t>(count));
  for (Query& query : queries) {
    const auto num_seeds = 1 + below(random, 3);
    for (std::int64_t s = 0; s < num_seeds; ++s)
      query.push_back({below(random, n), 0.5 + static_cast<double>(below(random, 4))});
  }
  return queries;
}

/// This rank's share of the queries.
std::vector<Query> deal_queries(const Comm& comm, const std::vector<Query>& queries) {
  return owned(Partition::uniform(static_cast<Global>(queries.size()), comm.size()), comm.rank(), queries);
}

std::vector<double> teleport_of(const Query& query, Global n) {
  std::vector<double> teleport(static_cast<std::size_t>(n), 0);
  for (const ppr::Seed& seed : query) teleport[static_cast<std::size_t>(seed.vertex)] += seed.weight;
  return teleport;
}

/// The scores of a result's query number i as a dense vector.
std::vector<double> dense_scores(const ppr::Result& result, std::size_t i, Global n) {
  std::vector<double> scores(static_cast<std::size_t>(n), 0);
  for (Offset k = result.row_ptr[i]; k < result.row_ptr[i + 1]; ++k) {
    scores[static_cast<std::size_t>(result.vertex[static_cast<std::size_t>(k)])] =
        result.score[static_cast<std::size_t>(k)];
  }
  return scores;
}

/// sum_{k<levels} plus, if asked, the index on what is left: the recursion of the paper, written down once more.
std::vector<double> recursive_decomposition(const Graph& graph, const ppr::Index* index, Global vertex, double c,
                                            int levels) {
  const auto n = static_cast<std::size_t>(graph.num_rows());
  std::vector<double> q(n, 0);
  const CsrView<double> arcs = graph.local.view();
  const auto v = static_cast<Local>(vertex);
  if (levels == 0) {
    if (index == nullptr) return q;
    const auto visited = index->visits.view().cols(v);
    const auto counts = index->visits.view().vals(v);
    for (std::size_t k = 0; k < visited.size(); ++k)
      q[static_cast<std::size_t>(visited[k])] = c * counts[k] / index->walks;
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

/// A name that every rank of this test program agrees on and no other program uses.
std::string scratch_file(const std::string& name) {
  const Comm comm = Comm::world();
  return comm.broadcast("/tmp/filigree_ppr_test_" + std::to_string(getpid()) + "_" + name);
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
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
          const auto result = ppr::exact(graph, queries, {.teleport = c, .dangling = dangling, .tolerance = 1e-13});
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

TEST(Ppr, IndexIsTheSameOnAnyRanksAndThreads) {
  const int threads = runtime().threads();
  for (const bool weighted : {false, true}) {
    const ppr::IndexOptions options{.walks = 13, .seed = 5};
    const ppr::Index together = ppr::build_index(random_graph(Comm::world(), 2500, 9000, weighted, 12), options);
    runtime().set_threads(1);
    const ppr::Index alone = ppr::build_index(random_graph(Comm::self(), 2500, 9000, weighted, 12), options);
    runtime().set_threads(threads);
    const Comm comm = Comm::world();
    EXPECT_EQ(whole(comm, together.visits.col), alone.visits.col);
    EXPECT_EQ(whole(comm, together.visits.val), alone.visits.val);
    EXPECT_EQ(whole(comm, together.deviation), alone.deviation);
    EXPECT_EQ(together.graph_hash, alone.graph_hash);
    EXPECT_EQ(together.stats, alone.stats);
    const ppr::Index other =
        ppr::build_index(random_graph(Comm::self(), 2500, 9000, weighted, 12), {.walks = 13, .seed = 6});
    EXPECT_NE(other.visits.val, alone.visits.val);
  }
}

TEST(Ppr, IndexEstimatesQWithoutBias) {
  // Every cell of the index against the dense q, as a z-test over walks (visits within a walk are correlated, walks
  // are not). The variance of visits per walk comes from repeated indices.
  constexpr Global n = 12;
  constexpr int repeats = 200;
  constexpr int walks = 50;
  for (const bool weighted : {false, true}) {
    const Graph graph = random_graph(Comm::self(), n, 40, weighted, 13);
    std::vector<double> sum(n * n, 0);
    std::vector<double> squares(n * n, 0);
    for (int repeat = 0; repeat < repeats; ++repeat) {
      const auto index = ppr::build_index(graph, {.walks = walks, .seed = static_cast<std::uint64_t>(repeat)});
      for (Local u = 0; u < n; ++u) {
        const auto visited = index.visits.view().cols(u);
        for (std::size_t k = 0; k < visited.size(); ++k) {
          const double q = 0.15 * index.visits.view().vals(u)[k] / walks;
          sum[static_cast<std::size_t>(u * n + visited[k])] += q;
          squares[static_cast<std::size_t>(u * n + visited[k])] += q * q;
        }
      }
    }
    for (Global u = 0; u < n; ++u) {
      const auto expected = dense_pagerank(whole(graph), teleport_of({{u, 1}}, n), 0.15, Dangling::drop);
      for (Global v = 0; v < n; ++v) {
        const auto cell = static_cast<std::size_t>(u * n + v);
        const double mean = sum[cell] / repeats;
        const double variance = (squares[cell] / repeats - mean * mean) / (repeats - 1);
        // 288 cells: 4.5 standard deviations is 2e-3 after Bonferroni.
        EXPECT_NEAR(mean, expected[static_cast<std::size_t>(v)], 4.5 * std::sqrt(variance) + 1e-12) << u << " " << v;
      }
    }
  }
}

TEST(Ppr, IndexErrorFallsAsOneOverR) {
  constexpr Global n = 200;
  const Graph graph = random_graph(Comm::self(), n, 1200, false, 14);
  const auto global = whole(graph);
  std::vector<std::vector<double>> truth;
  for (Global u = 0; u < n; ++u)
    truth.push_back(dense_pagerank(global, teleport_of({{u, 1}}, n), 0.15, Dangling::drop));
  // Least squares through (log R, log mean squared L2 error).
  double sx = 0, sy = 0, sxx = 0, sxy = 0;
  const std::vector<int> sizes = {16, 64, 256, 1024};
  for (const int walks : sizes) {
    const auto index = ppr::build_index(graph, {.walks = walks, .seed = 99});
    double squared = 0;
    for (Global u = 0; u < n; ++u) {
      const auto q = recursive_decomposition(graph, &index, u, 0.15, 0);
      for (std::size_t v = 0; v < q.size(); ++v) squared += std::pow(q[v] - truth[static_cast<std::size_t>(u)][v], 2);
    }
    const double x = std::log(walks);
    const double y = std::log(squared / n);
    sx += x, sy += y, sxx += x * x, sxy += x * y;
  }
  const auto count = static_cast<double>(sizes.size());
  EXPECT_NEAR((count * sxy - sx * sy) / (count * sxx - sx * sx), -1, 0.05);
}

TEST(Ppr, DeviationBoundsTheMeanErrorOfARow) {
  constexpr Global n = 100;
  const Graph graph = random_graph(Comm::self(), n, 600, false, 15);
  const auto index = ppr::build_index(graph, {.walks = 64, .seed = 3});
  double error = 0;
  double deviation = 0;
  for (Global u = 0; u < n; ++u) {
    const auto truth = dense_pagerank(whole(graph), teleport_of({{u, 1}}, n), 0.15, Dangling::drop);
    error += l1_distance(recursive_decomposition(graph, &index, u, 0.15, 0), truth);
    deviation += index.deviation[static_cast<std::size_t>(u)];
  }
  EXPECT_LE(error, deviation);
  EXPECT_GE(error, deviation / 4);  // and it is no idle bound
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
          const auto result = ppr::query(graph, used, one, {.method = ppr::Method::verd, .levels = levels});
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
  const auto queries = random_queries(n, 70, 2);  // more than one block of them on one rank
  const Graph graph = random_graph(comm, n, 9000, true, 17);
  const Graph graph_alone = random_graph(Comm::self(), n, 9000, true, 17);
  const auto index = ppr::build_index(graph, {.walks = 40});
  const auto index_alone = ppr::build_index(graph_alone, {.walks = 40});
  for (const Dangling dangling : all_policies) {
    const ppr::QueryOptions options{.dangling = dangling, .target_error = 0.05};
    const auto mine = deal_queries(comm, queries);
    const auto together = ppr::query(graph, &index, mine, options);
    const auto alone = ppr::query(graph_alone, &index_alone, mine, options);
    const auto truth = ppr::exact(graph_alone, mine, {.dangling = dangling});
    for (std::size_t i = 0; i < mine.size(); ++i) {
      const auto scores = dense_scores(together, i, n);
      EXPECT_LT(l1_distance(scores, dense_scores(alone, i, n)), 1e-12);
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

TEST(Ppr, TopScoresAreOrderedAndTiesGoToTheSmallestVertex) {
  // A star: all leaves tie.
  Entries<double> star;
  for (Global leaf = 1; leaf < 40; ++leaf) {
    star.row.push_back(0);
    star.col.push_back(leaf);
  }
  const Graph graph = Graph::from_entries(Comm::self(), 40, 40, std::move(star));
  const std::vector<Query> one = {{{0, 1}}};
  const auto result = ppr::exact(graph, one, {.top = 5});
  EXPECT_EQ(result.vertex, (std::vector<Global>{0, 1, 2, 3, 4}));
  EXPECT_TRUE(std::is_sorted(result.score.rbegin(), result.score.rend()));
  const auto all = ppr::exact(graph, one, {.top = 100});
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
      const auto result = ppr::query(graph, used, queries, {.dangling = dangling, .target_error = 1e-12});
      EXPECT_EQ(result.vertex, (std::vector<Global>{1, 3}));
      EXPECT_NEAR(result.score[0], 1, 1e-12);
      EXPECT_NEAR(result.score[1], 1, 1e-12);
    }
  }
}

TEST(Ppr, FilesAreTheSameFromAnyRanksAndLoadOnAnyRanks) {
  const Comm comm = Comm::world();
  const auto index = ppr::build_index(random_graph(comm, 300, 1500, false, 18), {.walks = 9});
  const auto alone = ppr::build_index(random_graph(Comm::self(), 300, 1500, false, 18), {.walks = 9});
  const std::string path = scratch_file("together.h5");
  const std::string path_alone = scratch_file("alone.h5");
  ppr::save(comm, index, path);
  if (comm.is_root()) ppr::save(Comm::self(), alone, path_alone);
  comm.barrier();
  EXPECT_EQ(bytes_of(path), bytes_of(path_alone));

  const auto back = ppr::load(comm, path_alone);
  EXPECT_EQ(back.visits, index.visits);
  EXPECT_EQ(back.deviation, index.deviation);
  EXPECT_EQ(back.walks, 9);
  EXPECT_EQ(back.graph_hash, index.graph_hash);
  const auto back_alone = ppr::load(Comm::self(), path);
  EXPECT_EQ(back_alone.visits, alone.visits);

  // Cut short: refused by name, on all ranks.
  comm.barrier();
  const std::string whole_file = bytes_of(path);
  comm.barrier();
  if (comm.is_root()) std::ofstream(path, std::ios::binary) << whole_file.substr(0, whole_file.size() / 2);
  comm.barrier();
  EXPECT_THAT(message_of<IoError>([&] { ppr::load(comm, path); }), HasSubstr(path));
  comm.barrier();
  if (comm.is_root()) {
    std::remove(path.c_str());
    std::remove(path_alone.c_str());
  }
  comm.barrier();
  EXPECT_THAT(message_of<IoError>([&] { ppr::load(comm, path); }), HasSubstr(path));
}

TEST(Ppr, BadArgumentsAreNamedOnAllRanks) {
  const Comm comm = Comm::world();
  const ppr::ReplicatedGraph graph = random_graph(comm, 50, 200, false, 19);
  const auto index = ppr::build_index(graph, {.walks = 2});
  const std::vector<Query> good = {{{1, 1}}};
  const auto says = [](auto f) { return message_of<InvalidArgument>(f); };
  const auto answer = [&](const std::vector<Query>& queries, const ppr::QueryOptions& options) {
    return says([&] { ppr::query(graph, &index, queries, options); });
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
  EXPECT_THAT(says([&] { ppr::query(graph, &other, good, {}); }), HasSubstr("built for another graph"));
}

}  // namespace
}  // namespace filigree::testing
