// The walks of an index against dense solves: their law, and how their errors fall.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "core/index.hpp"
#include "filigree/ppr.hpp"
#include "support/runtime.hpp"
#include "support/walk_oracle.hpp"

namespace filigree::testing {
namespace {

using ppr::Estimator;

std::vector<double> teleport_to(Global vertex, Global n) {
  std::vector<double> teleport(z(n), 0);
  teleport[z(vertex)] = 1;
  return teleport;
}

/// q of every vertex.
std::vector<std::vector<double>> dense_q(const Graph& graph, double c) {
  const auto global = whole(graph);
  std::vector<std::vector<double>> q;
  for (Global u = 0; u < graph.num_rows(); ++u) {
    q.push_back(dense_pagerank(global, teleport_to(u, graph.num_rows()), c, Dangling::drop));
  }
  return q;
}

/// The estimate of q that a row holds.
std::vector<double> estimate(const ppr::Index& index, Local row) {
  std::vector<double> q(z(index.sources.num_items()), 0);
  const double scale = index.scale(row);
  index.visits.for_each(row, [&](Local v, std::int32_t count) { q[z(v)] = scale * count; });
  return q;
}

TEST(PprWalks, EstimatesQWithoutBias) {
  const ThreadsScope one_thread(1);  // the graph is tiny: threads would only wait for cores
  // Every cell of the index against the dense q, as a z-test over independent indices (visits within a walk, and walks
  // within an index, are correlated).
  constexpr Global n = 12;
  constexpr int repeats = 200;
  for (const bool weighted : {false, true}) {
    const Graph graph = random_graph(Comm::self(), n, 40, weighted, 13);
    const auto expected = dense_q(graph, 0.15);
    for (const Estimator estimator : {Estimator::visits, Estimator::end_points}) {
      std::vector<double> sum(n * n, 0);
      std::vector<double> squares(n * n, 0);
      for (int repeat = 0; repeat < repeats; ++repeat) {
        const auto index =
            ppr::build_index(graph, {.walks = 50, .estimator = estimator, .seed = static_cast<std::uint64_t>(repeat)});
        for (Local u = 0; u < n; ++u) {
          const auto q = estimate(index, u);
          for (std::size_t v = 0; v < q.size(); ++v) {
            sum[z(u * n) + v] += q[v];
            squares[z(u * n) + v] += q[v] * q[v];
          }
        }
      }
      for (Global u = 0; u < n; ++u) {
        for (Global v = 0; v < n; ++v) {
          const double mean = sum[z(u * n + v)] / repeats;
          const double variance = (squares[z(u * n + v)] / repeats - mean * mean) / (repeats - 1);
          // 576 cells: 4.5 standard deviations is 4e-3 after Bonferroni.
          EXPECT_NEAR(mean, expected[z(u)][z(v)], 4.5 * std::sqrt(variance) + 1e-12) << u << " " << v;
        }
      }
    }
  }
}

TEST(PprWalks, RatioIsVisitsOverAllVisitsOfTheRow) {
  const ThreadsScope one_thread(1);
  constexpr Global n = 40;
  const ppr::ReplicatedGraph graph(random_graph(Comm::self(), n, 160, false, 26));
  const auto counted = ppr::build_index(graph, {.walks = 30});
  const auto index = ppr::build_index(graph, {.walks = 30, .estimator = Estimator::ratio});
  EXPECT_EQ(index.visits, counted.visits);
  int dangling_too = 0;
  for (Local u = 0; u < n; ++u) {
    double visits = 0;
    std::vector<double> expected(n, 0);
    counted.visits.for_each(u, [&](Local v, std::int32_t count) {
      visits += count;
      expected[z(v)] = count;
    });
    for (double& share : expected) share /= visits;
    EXPECT_LT(l1_distance(estimate(index, u), expected), 1e-14) << u;
    dangling_too += visits == 30 ? 1 : 0;
    // No levels of VERD: what the index says of the seed is the answer.
    const std::vector<ppr::Query> query = {{{u, 1}}};
    const auto answer =
        ppr::query(graph, index, query, {.dangling = Dangling::drop, .method = ppr::Method::verd, .levels = 0});
    std::vector<double> scores(n, 0);
    for (std::size_t k = 0; k < answer.vertex.size(); ++k) scores[z(answer.vertex[k])] = answer.score[k];
    EXPECT_LT(l1_distance(scores, expected), 1e-7) << u;
  }
  EXPECT_GT(dangling_too, 0);
}

TEST(PprWalks, EndPointsAreDistributedAsQ) {
  // One walk from every vertex per seed: independent ones, so that counts are multinomial. Chi square over the vertices
  // where a walk may stop, and those that it may not reach at all.
  constexpr Global n = 12;
  constexpr int repeats = 4000;
  const ThreadsScope one_thread(1);
  for (const bool weighted : {false, true}) {
    const Graph graph = random_graph(Comm::self(), n, 40, weighted, 25);
    const auto q = dense_q(graph, 0.3);
    std::vector<std::vector<int>> stopped(n, std::vector<int>(n, 0));
    const ppr::ReplicatedGraph replicated(graph);
    for (int seed = 0; seed < repeats; ++seed) {
      const auto index = ppr::build_index(
          replicated,
          {.walks = 1, .teleport = 0.3, .estimator = Estimator::end_points, .seed = static_cast<std::uint64_t>(seed)});
      for (Local u = 0; u < n; ++u) {
        index.visits.for_each(u, [&](Local v, std::int32_t count) { stopped[z(u)][z(v)] += count; });
      }
    }
    for (std::size_t u = 0; u < n; ++u) {
      double chi = 0;
      double cells = 0;
      double died = repeats;
      double expected_to_die = repeats;
      for (std::size_t v = 0; v < n; ++v) {
        const double expected = repeats * q[u][v];
        died -= stopped[u][v];
        expected_to_die -= expected;
        if (expected < 1e-9) {
          EXPECT_EQ(stopped[u][v], 0);
        } else {
          chi += (stopped[u][v] - expected) * (stopped[u][v] - expected) / expected;
          ++cells;
        }
      }
      if (expected_to_die > 1e-6) {
        chi += (died - expected_to_die) * (died - expected_to_die) / expected_to_die;
        ++cells;
      }
      if (cells == 1) continue;
      // Wilson and Hilferty: (chi / freedom)^(1/3) is near normal. 24 sources: 3.5 deviations are 6e-3 after
      // Bonferroni.
      const double freedom = cells - 1;
      const double variance = 2 / (9 * freedom);
      EXPECT_LT((std::cbrt(chi / freedom) - (1 - variance)) / std::sqrt(variance), 3.5) << "source " << u;
    }
  }
}

TEST(PprWalks, StratifiedWalksErrLessThanIndependentOnes) {
  // R walks of one index against R indices of one walk each.
  constexpr Global n = 200;
  constexpr int walks = 64;
  const ThreadsScope one_thread(1);
  const Graph graph = random_graph(Comm::self(), n, 1200, false, 14);
  const auto truth = dense_q(graph, 0.15);
  const ppr::ReplicatedGraph replicated(graph);
  double together = 0;
  double independent = 0;
  const auto spread = ppr::build_index(replicated, {.walks = walks});
  std::vector<std::vector<double>> sum(n, std::vector<double>(n, 0));
  for (int seed = 0; seed < walks; ++seed) {
    const auto one = ppr::build_index(replicated, {.walks = 1, .seed = 100 + static_cast<std::uint64_t>(seed)});
    for (Local u = 0; u < n; ++u) {
      one.visits.for_each(u, [&](Local v, std::int32_t count) { sum[z(u)][z(v)] += 0.15 * count / walks; });
    }
  }
  for (Local u = 0; u < n; ++u) {
    together += l1_distance(estimate(spread, u), truth[z(u)]);
    independent += l1_distance(sum[z(u)], truth[z(u)]);
  }
  EXPECT_LT(together, 0.95 * independent);
}

TEST(PprWalks, ErrorFallsAsOneOverR) {
  const ThreadsScope one_thread(1);  // the graph is tiny: threads would only wait for cores
  constexpr Global n = 200;
  const Graph graph = random_graph(Comm::self(), n, 1200, false, 14);
  const auto truth = dense_q(graph, 0.15);
  // Least squares through (log R, log mean squared L2 error).
  double sx = 0, sy = 0, sxx = 0, sxy = 0;
  const std::vector<int> sizes = {16, 64, 256, 1024};
  for (const int walks : sizes) {
    const auto index = ppr::build_index(graph, {.walks = walks, .seed = 99});
    double squared = 0;
    for (Local u = 0; u < n; ++u) {
      const auto q = estimate(index, u);
      for (std::size_t v = 0; v < q.size(); ++v) squared += std::pow(q[v] - truth[z(u)][v], 2);
    }
    const double x = std::log(walks);
    const double y = std::log(squared / n);
    sx += x, sy += y, sxx += x * x, sxy += x * y;
  }
  const auto count = static_cast<double>(sizes.size());
  EXPECT_NEAR((count * sxy - sx * sy) / (count * sxx - sx * sx), -1, 0.05);
}

TEST(PprWalks, DeviationBoundsTheMeanErrorOfARow) {
  const ThreadsScope one_thread(1);  // the graph is tiny: threads would only wait for cores
  constexpr Global n = 100;
  const Graph graph = random_graph(Comm::self(), n, 600, false, 15);
  const auto truth = dense_q(graph, 0.15);
  const auto index = ppr::build_index(graph, {.walks = 64, .seed = 3});
  double error = 0;
  double deviation = 0;
  for (Local u = 0; u < n; ++u) {
    error += l1_distance(estimate(index, u), truth[z(u)]);
    deviation += index.deviation[z(u)];
  }
  EXPECT_LE(error, deviation);
  EXPECT_GE(error, deviation / 2);  // and it is no idle bound
}

}  // namespace
}  // namespace filigree::testing
