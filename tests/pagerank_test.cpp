#include "filigree/pagerank.hpp"

#include <gmock/gmock.h>

#include "support/walk_oracle.hpp"

namespace filigree::testing {
namespace {

using ::testing::HasSubstr;

std::vector<double> scores(const Graph& graph, const std::vector<double>& teleport, const pagerank::Options& options) {
  return whole(graph.comm(),
               pagerank::solve(graph, owned(graph.rows(), graph.comm().rank(), teleport), options).scores);
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
    const double error = l1_distance(whole(graph.comm(), result.scores), expected);
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

/// Two arcs into a vertex at most, whose sum has no order; and many vertices without out-arcs.
Graph two_arcs_in(const Comm& comm, Global n) {
  Entries<double> entries;
  if (comm.is_root()) {
    for (Global v = 0; v < n; ++v) {
      for (const Global tail : {(v * v + 3) % n, (7 * v + 1) % n}) {
        if (tail % 3 == 0 || (v % 5 == 0 && tail % 2 == 0)) continue;
        entries.row.push_back(tail);
        entries.col.push_back(v);
        entries.val.push_back(1 + static_cast<double>((tail * 31 + v) % 17) / 3);
      }
    }
  }
  return Graph::from_entries(comm, n, n, std::move(entries), {Duplicates::first, Loops::keep});
}

TEST(PageRank, SumsOverVerticesHaveTheSameBitsOnAnyRanks) {
  constexpr Global n = 3000;  // of several blocks, which ranks share
  std::vector<double> teleport(n, 1);
  for (std::size_t v = 0; v < teleport.size(); ++v) teleport[v] = 1 / (static_cast<double>(v % 29) + 0.7);
  const Graph world = two_arcs_in(Comm::world(), n);
  const Graph self = two_arcs_in(Comm::self(), n);
  for (const Dangling dangling : all_policies) {
    // The first extrapolation comes after 17 iterations.
    const pagerank::Options options{.teleport = 0.02, .tolerance = 1e-14, .dangling = dangling};
    const auto together = pagerank::solve(world, owned(world.rows(), world.comm().rank(), teleport), options);
    const auto alone = pagerank::solve(self, teleport, options);
    EXPECT_GT(alone.stats.at("iterations"), 17);
    EXPECT_EQ(together.stats.at("iterations"), alone.stats.at("iterations"));
    EXPECT_EQ(together.error_bound, alone.error_bound);
    EXPECT_EQ(whole(world.comm(), together.scores), alone.scores) << "policy " << static_cast<int>(dangling);
  }
}

/// Arcs between all vertices of one group and all of the next, by two factors: never stored as arcs.
class GroupCycle : public LinearOperator {
 public:
  GroupCycle(Comm comm, Global n, Global num_groups)
      : comm_(std::move(comm)), rows_(Partition::uniform(n, comm_.size())), num_groups_(num_groups) {}
  const Comm& comm() const override { return comm_; }
  const Partition& rows() const override { return rows_; }
  /// y[v] = sum of x over the group before that of v; the group of v is v mod num_groups.
  void apply(std::span<const double> x, std::span<double> y, const Finish& finish) const override {
    std::vector<double> sums(static_cast<std::size_t>(num_groups_));
    const Global first = rows_.begin(comm_.rank());
    for (std::size_t i = 0; i < x.size(); ++i) sums[group(first + static_cast<Global>(i) + 1)] += x[i];
    comm_.sum(sums);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = sums[group(first + static_cast<Global>(i))];
    if (finish) finish(0, y);
  }
  /// The same matrix as a graph: arc u -> v where v's group follows u's.
  Graph graph() const {
    Entries<double> entries;
    for (Global u = 0; u < rows_.num_items() && comm_.is_root(); ++u) {
      for (Global v = 0; v < rows_.num_items(); ++v) {
        if (group(u + 1) != group(v)) continue;
        entries.row.push_back(u);
        entries.col.push_back(v);
      }
    }
    return Graph::from_entries(comm_, rows_, rows_, std::move(entries));
  }

 private:
  std::size_t group(Global v) const { return static_cast<std::size_t>(v % num_groups_); }
  Comm comm_;
  Partition rows_;
  Global num_groups_;
};

TEST(PageRank, AnOperatorGivesWhatItsGraphGives) {
  for (const Global n : {3, 50}) {
    const GroupCycle cycle(Comm::world(), n, 3);
    const Graph graph = cycle.graph();
    std::vector<double> teleport(static_cast<std::size_t>(n), 0);
    teleport[0] = 2;
    teleport[static_cast<std::size_t>(n) - 1] += 1;
    const auto own = owned(cycle.rows(), cycle.comm().rank(), teleport);
    const pagerank::Options options{.tolerance = 1e-13};
    const auto result = pagerank::solve(cycle, out_weights(graph), own, options);
    EXPECT_LE(result.error_bound, 1e-13);
    EXPECT_LT(l1_distance(whole(cycle.comm(), result.scores), scores(graph, teleport, options)), 1e-13);
  }
}

TEST(PageRank, OperatorsAreCheckedOnAllRanks) {
  const GroupCycle cycle(Comm::world(), 20, 3);
  const Graph graph = cycle.graph();
  std::vector<double> weights = out_weights(graph);
  const auto says = [&] { return message_of<InvalidArgument>([&] { pagerank::solve(cycle, weights); }); };
  if (graph.rows().owns(graph.comm().rank(), 11)) weights[static_cast<std::size_t>(11 - graph.first_row())] = -1;
  EXPECT_THAT(says(), HasSubstr("out-weights: vertex 11 has weight -1"));
  if (graph.comm().is_root()) weights.push_back(1);
  EXPECT_THAT(says(), HasSubstr("on rank 0"));
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
  if (graph.rows().owns(comm.rank(), 7)) weights[static_cast<std::size_t>(7 - graph.first_row())] = -2;
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
