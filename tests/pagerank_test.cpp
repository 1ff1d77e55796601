#include "filigree/pagerank.hpp"

#include <gmock/gmock.h>

#include "support/walk_oracle.hpp"

namespace filigree::testing {
namespace {

using ::testing::HasSubstr;

std::vector<double> scores(const Graph& graph, const std::vector<double>& teleport, const pagerank::Options& options) {
  return whole(graph.comm, pagerank::solve(graph, owned(graph.rows, graph.comm.rank(), teleport), options).scores);
}

TEST(PageRank, EqualsADenseSolveForEveryPolicy) {
  const Comm comm = Comm::world();
  for (const bool weighted : {false, true}) {
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
      constexpr Global n = 60;
      const Graph graph = random_graph(comm, n, 150, weighted, seed);
      std::vector<double> teleport = random_vector(n, Values::exact, seed);
      for (double& weight : teleport) weight = std::max(0.0, weight);
      for (const Dangling dangling : all_policies) {
        for (const double c : {0.01, 0.15, 0.9}) {
          const pagerank::Options options{.teleport = c, .tolerance = 1e-13, .dangling = dangling};
          const auto expected = dense_pagerank(whole(graph), teleport, c, dangling);
          EXPECT_LT(l1_distance(scores(graph, teleport, options), expected), 2e-13)
              << "weighted " << weighted << " seed " << seed << " policy " << static_cast<int>(dangling) << " c " << c;
        }
      }
    }
  }
}

TEST(PageRank, ErrorBoundHolds) {
  const Graph graph = random_graph(Comm::world(), 60, 150, false, 4);
  const std::vector<double> uniform(60, 1.0 / 60);
  const auto expected = dense_pagerank(whole(graph), uniform, 0.15, Dangling::source);
  double previous = 3;
  for (const double tolerance : {1.0, 1e-2, 1e-5, 1e-9}) {
    const auto result = pagerank::solve(graph, {}, {.tolerance = tolerance});
    const double error = l1_distance(whole(graph.comm, result.scores), expected);
    EXPECT_LE(error, result.error_bound + 1e-14);
    EXPECT_LE(result.error_bound, tolerance);
    EXPECT_LT(result.error_bound, previous);
    previous = result.error_bound;
  }
}

TEST(PageRank, RanksAndSelfAgree) {
  const std::vector<double> uniform(500, 1);
  const auto together = scores(random_graph(Comm::world(), 500, 3000, true, 5), uniform, {.tolerance = 1e-13});
  const auto alone = scores(random_graph(Comm::self(), 500, 3000, true, 5), uniform, {.tolerance = 1e-13});
  EXPECT_LT(l1_distance(together, alone), 1e-14);
}

TEST(PageRank, OneVertexAndNoArcs) {
  const Comm comm = Comm::world();
  const Graph one = Graph::from_entries(comm, 1, 1, {});
  EXPECT_EQ(whole(comm, pagerank::solve(one).scores), std::vector<double>{1});
  const Graph loop =
      Graph::from_entries(comm, 1, 1, comm.is_root() ? Entries<double>{{0}, {0}, {}} : Entries<double>{});
  EXPECT_NEAR(whole(comm, pagerank::solve(loop).scores)[0], 1, 1e-10);
  const Graph isolated = Graph::from_entries(comm, 7, 7, {});
  for (const Dangling dangling : {Dangling::source, Dangling::self, Dangling::uniform}) {
    for (double score : whole(comm, pagerank::solve(isolated, {}, {.dangling = dangling}).scores)) {
      EXPECT_NEAR(score, 1.0 / 7, 1e-10);
    }
  }
}

TEST(PageRank, BadArgumentsAreNamedOnAllRanks) {
  const Comm comm = Comm::world();
  const Graph graph = random_graph(comm, 20, 60, false, 6);
  const auto says = [](auto f) { return message_of<InvalidArgument>(f); };
  EXPECT_THAT(says([&] { pagerank::solve(graph, {}, {.teleport = 0}); }),
              HasSubstr("teleport: 0, must lie in [0.0001, 1)"));
  EXPECT_THAT(says([&] { pagerank::solve(graph, {}, {.teleport = 1}); }), HasSubstr("teleport"));
  EXPECT_THAT(says([&] { pagerank::solve(graph, {}, {.tolerance = 0}); }), HasSubstr("tolerance"));
  std::vector<double> weights(static_cast<std::size_t>(graph.num_local_rows()), 1);
  EXPECT_THAT(says([&] { pagerank::solve(graph, std::vector<double>(weights.size() + 1, 1)); }),
              HasSubstr("weights for"));
  if (graph.rows.owns(comm.rank(), 7)) weights[static_cast<std::size_t>(7 - graph.first_row())] = -2;
  EXPECT_THAT(says([&] { pagerank::solve(graph, weights); }), HasSubstr("vertex 7 has weight -2"));
  std::fill(weights.begin(), weights.end(), 0);
  EXPECT_THAT(says([&] { pagerank::solve(graph, weights); }), HasSubstr("sum to 0"));
  EXPECT_THAT(says([&] { pagerank::solve(Graph::from_entries(comm, 2, 3, {})); }), HasSubstr("must be square"));
  EXPECT_THAT(says([&] { pagerank::solve(Graph::from_entries(comm, 0, 0, {})); }), HasSubstr("no vertices"));
  Entries<double> negative;
  if (comm.is_root()) negative = {{0, 1}, {1, 2}, {1, -0.5}};
  const Graph bad = Graph::from_entries(comm, 3, 3, std::move(negative));
  EXPECT_THAT(says([&] { pagerank::solve(bad); }), HasSubstr("arc 1 -> 2 has weight -0.5"));
}

TEST(PageRank, TellsItsProgress) {
  const Graph graph = random_graph(Comm::world(), 20, 60, false, 7);
  Offset last = 0;
  const auto result = pagerank::solve(graph, {}, {.progress = [&](std::string_view, Offset done, Offset total) {
                                        EXPECT_EQ(done, last + 1);
                                        EXPECT_LE(done, total);
                                        last = done;
                                      }});
  EXPECT_EQ(result.stats.at("iterations"), last);
}

}  // namespace
}  // namespace filigree::testing
