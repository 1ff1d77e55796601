#include "filigree/summary.hpp"

#include <gmock/gmock.h>
#include <omp.h>

#include <algorithm>
#include <functional>
#include <queue>

#include "filigree/pagerank.hpp"
#include "summary/families.hpp"
#include "support/deep.hpp"

namespace filigree::testing {
namespace {

using ::testing::HasSubstr;

std::string says(const std::function<void()>& f) { return message_of<InvalidArgument>(f); }

template <class T>
std::vector<T> all_of(const Comm& comm, const std::vector<T>& mine) {
  return comm.all_gather(mine).values;
}

pagerank::Result ranked(const summary::Operator& reconstruction, double tolerance) {
  return pagerank::solve(reconstruction, summary::degrees(reconstruction), {},
                         {.tolerance = tolerance, .dangling = Dangling::uniform});
}

struct BruteForce {
  double bits = 0, l1 = 0, l2 = 0;
};
BruteForce brute_force(const Family& family, const WholeSummary& summary, Global num_supernodes) {
  BruteForce result;
  const auto n = static_cast<double>(family.num_vertices);
  for (Global u = 0; u < family.num_vertices; ++u) {
    for (Global v = 0; v < family.num_vertices; ++v) {
      const bool edge = family.edges.contains({std::min(u, v), std::max(u, v)});
      const double difference =
          (edge ? 1 : 0) - summary.matrix[static_cast<std::size_t>(u)][static_cast<std::size_t>(v)];
      result.l1 += std::abs(difference);
      result.l2 += difference * difference;
    }
  }
  result.l1 /= n * (n - 1);
  result.l2 = std::sqrt(result.l2) / (n * (n - 1));
  double count = 0, most = 0;
  for (const auto& [pair, edges] : summary.superedges) {
    if (pair.first > pair.second) continue;
    ++count;
    most = std::max(most, edges);
  }
  const double id = std::log2(static_cast<double>(num_supernodes));
  result.bits = n * id + count * (2 * id + (count > 0 ? std::log2(most) : 0));
  return result;
}

TEST(Summary, EvaluateEqualsBruteForceAndTheBudgetHolds) {
  const Comm comm = Comm::world();
  for (const Family& family : families()) {
    const Graph graph = graph_of(comm, family);
    for (const double ratio : {0.02, 0.2, 0.5, 1.0}) {
      for (const auto norm : {summary::Norm::l1, summary::Norm::l2}) {
        SCOPED_TRACE(text(family.name, " ratio ", ratio, " norm ", static_cast<int>(norm)));
        const auto result = summary::summarize(graph, {.error = norm, .size_ratio = ratio});
        const auto expected = brute_force(family, whole_summary(result.summary), result.summary.num_supernodes());
        EXPECT_NEAR(result.measures.l1, expected.l1, 1e-12);
        EXPECT_NEAR(result.measures.l2, expected.l2, 1e-12);
        EXPECT_NEAR(result.measures.bits, expected.bits, 1e-9 * (1 + expected.bits));
        EXPECT_LE(result.measures.bits, result.budget_bits);
        EXPECT_NEAR(
            result.budget_bits,
            ratio * 2 * static_cast<double>(family.edges.size()) * std::log2(static_cast<double>(family.num_vertices)),
            1e-9);
        // What the run believed of itself is what comes out from scratch.
        double least = 1e300;
        for (const auto& round : result.rounds) {
          least = std::min(least, round.error);
          EXPECT_NE(round.unfilled_bits, result.budget_bits);  // a size, not a bound on it
        }
        EXPECT_NEAR(least, norm == summary::Norm::l1 ? result.measures.l1 : result.measures.l2, 1e-12);
        const auto measures = summary::evaluate(graph, result.summary);
        EXPECT_EQ(measures.l1, result.measures.l1);
        EXPECT_EQ(measures.bits, result.measures.bits);
        EXPECT_NO_THROW(result.merges.validate());
      }
    }
  }
}

/// No superedge that would lower the RE_1 fits beside those that are there.
void expect_full(const Family& family, const summary::Result& result) {
  const WholeSummary summary = whole_summary(result.summary);
  const auto num = static_cast<std::size_t>(result.summary.num_supernodes());
  std::vector<double> size(num, 0);
  std::vector<char> used(num, 0);
  for (const Global a : summary.of) ++size[static_cast<std::size_t>(a)];
  for (const auto& [pair, unused] : summary.superedges) used[static_cast<std::size_t>(pair.first)] = 1;
  GlobalMatrix<double> counts;
  for (const auto& [u, v] : family.edges) {
    const Global a = summary.of[static_cast<std::size_t>(u)];
    const Global b = summary.of[static_cast<std::size_t>(v)];
    ++counts[{std::min(a, b), std::max(a, b)}];
  }
  for (const auto& [pair, edges] : counts) {
    const auto [a, b] = std::pair(static_cast<std::size_t>(pair.first), static_cast<std::size_t>(pair.second));
    const double pairs = a == b ? size[a] * (size[a] - 1) / 2 : size[a] * size[b];
    // Supernodes without superedges were others before they became one.
    if (2 * edges <= pairs || summary.superedges.contains(pair) || !used[a] || !used[b]) continue;
    const double id = std::log2(static_cast<double>(num));
    const double count =
        std::log2(std::max(edges, static_cast<double>(std::max<Offset>(1, result.measures.max_count))));
    const double bits = static_cast<double>(family.num_vertices) * id +
                        static_cast<double>(result.measures.superedges + 1) * (2 * id + count);
    EXPECT_GT(bits, result.budget_bits) << "superedge " << pair.first << " " << pair.second << " would fit";
  }
}

TEST(Summary, RandomInstancesKeepEveryPromise) {
  const Comm comm = Comm::world();
  Random random(17);
  const auto all = families();
  for (int instance = 0; instance < deep(40, 3000); ++instance) {
    const auto kind = static_cast<std::size_t>(below(random, static_cast<std::int64_t>(all.size()) + 4));
    const Global n = 2 + below(random, 70);
    const Family family = kind < all.size() ? all[kind] : random_family(n, 1 + below(random, 6 * n), random());
    if (family.edges.empty()) continue;
    const auto norm = below(random, 3) == 0 ? summary::Norm::l2 : summary::Norm::l1;
    const summary::Options options{.error = norm,
                                   .size_ratio = static_cast<double>(1 + below(random, 100)) / 100,
                                   .seed = random(),
                                   .max_rounds = static_cast<int>(1 + below(random, 20))};
    SCOPED_TRACE(text("instance ", instance, ": ", family.name, " ratio ", options.size_ratio));
    const auto result = summary::summarize(graph_of(comm, family), options);
    const auto alone = summary::summarize(graph_of(Comm::self(), family), options);
    const WholeSummary summary = whole_summary(result.summary);
    const auto expected = brute_force(family, summary, result.summary.num_supernodes());
    EXPECT_NEAR(result.measures.l1, expected.l1, 1e-12);
    EXPECT_NEAR(result.measures.l2, expected.l2, 1e-12);
    EXPECT_LE(result.measures.bits, result.budget_bits);
    // No worse than a summary without superedges.
    const double arcs = 2.0 * static_cast<double>(family.edges.size());
    const auto ordered_pairs = static_cast<double>(family.num_vertices * (family.num_vertices - 1));
    if (norm == summary::Norm::l1)
      EXPECT_LE(result.measures.l1, arcs / ordered_pairs + 1e-12);
    else
      EXPECT_LE(result.measures.l2, std::sqrt(arcs) / ordered_pairs + 1e-12);
    if (norm == summary::Norm::l1) expect_full(family, result);
    EXPECT_EQ(summary.of, whole_summary(alone.summary).of);
    EXPECT_EQ(summary.superedges, whole_summary(alone.summary).superedges);
    EXPECT_EQ(result.merges, alone.merges);
  }
}

TEST(Summary, CountsAreThoseOfTheGraphAndSupernodesAreNumberedByTheirSmallestVertices) {
  const Comm comm = Comm::world();
  for (const Family& family : families()) {
    const auto result = summary::summarize(graph_of(comm, family), {.size_ratio = 0.4});
    const WholeSummary summary = whole_summary(result.summary);
    GlobalMatrix<double> counts;
    for (const auto& [u, v] : family.edges) {
      const Global a = summary.of[static_cast<std::size_t>(u)];
      const Global b = summary.of[static_cast<std::size_t>(v)];
      ++counts[{a, b}];
      if (a != b) ++counts[{b, a}];
    }
    for (const auto& [pair, edges] : summary.superedges) EXPECT_EQ(edges, counts[pair]) << family.name;
    Global next = 0;
    for (const Global a : summary.of) {
      EXPECT_LE(a, next) << family.name;
      next = std::max(next, a + 1);
    }
    EXPECT_EQ(next, result.summary.num_supernodes());
  }
}

TEST(Summary, RoundsGoOnUntilSomethingMerges) {
  const Comm comm = Comm::world();
  constexpr Global side = 24;
  Family grid{"grid", side * side, {}};
  for (Global v = 0; v < side * side; ++v) {
    if (v % side + 1 < side) connect(grid.edges, v, v + 1);
    if (v + side < side * side) connect(grid.edges, v, v + side);
  }
  const Graph graph = graph_of(comm, grid);
  for (const double ratio : {0.1, 0.3}) {
    const auto result = summary::summarize(graph, {.size_ratio = ratio});
    const auto of_one_round = summary::summarize(graph, {.size_ratio = ratio, .max_rounds = 1});
    EXPECT_GT(result.stats.at("merges"), 0);
    EXPECT_LE(result.measures.l1, of_one_round.measures.l1);
  }
}

TEST(Summary, CliquesAndBipartiteBlocksAreExact) {
  const Comm comm = Comm::world();
  for (const char* name : {"clique", "bipartite", "star", "cliques with isolated vertices"}) {
    for (const Family& family : families()) {
      if (family.name != name) continue;
      const auto result = summary::summarize(graph_of(comm, family), {.size_ratio = 0.6});
      EXPECT_EQ(result.measures.l1, 0) << name;
      EXPECT_LT(result.measures.supernodes, family.num_vertices / 2) << name;
    }
  }
}

TEST(Summary, RanksAndThreadsGiveEqualBits) {
  const Comm world = Comm::world();
  const Comm self = Comm::self();
  auto all = families();
  all.push_back(random_family(400, 3000, 5));
  for (const Family& family : all) {
    for (const std::uint64_t seed : {1u, 2u}) {
      const summary::Options options{.size_ratio = 0.3, .seed = seed};
      const auto together = summary::summarize(graph_of(world, family), options);
      const int threads = omp_get_max_threads();
      omp_set_num_threads(1);
      const auto alone = summary::summarize(graph_of(self, family), options);
      omp_set_num_threads(threads);
      const WholeSummary a = whole_summary(together.summary);
      const WholeSummary b = whole_summary(alone.summary);
      EXPECT_EQ(a.of, b.of) << family.name;
      EXPECT_EQ(a.superedges, b.superedges) << family.name;
      EXPECT_EQ(together.measures.l1, alone.measures.l1);
      EXPECT_EQ(together.measures.l2, alone.measures.l2);
      EXPECT_EQ(together.merges, alone.merges);
      EXPECT_EQ(together.stats, alone.stats);
      const summary::Operator on_world(together.summary);
      const summary::Operator on_self(alone.summary);
      EXPECT_EQ(all_of(world, ranked(on_world, 1e-10).scores), ranked(on_self, 1e-10).scores);
      EXPECT_EQ(all_of(world, summary::degrees(on_world)), summary::degrees(on_self));
    }
  }
}

TEST(Summary, OperatorAndQueriesEqualThoseOfTheReconstructedMatrix) {
  const Comm comm = Comm::world();
  for (const Family& family : families()) {
    SCOPED_TRACE(family.name);
    const auto result = summary::summarize(graph_of(comm, family), {.size_ratio = 0.3});
    const summary::Summary& summary = result.summary;
    const auto matrix = whole_summary(summary).matrix;
    const std::size_t n = matrix.size();
    const Global first = summary.supernode.vertices.begin(comm.rank());

    std::vector<double> x(n);
    Random random(3);
    for (double& value : x) value = static_cast<double>(below(random, 100)) / 8;
    std::vector<double> mine(x.begin() + first, x.begin() + summary.supernode.vertices.end(comm.rank()));
    std::vector<double> product(mine.size());
    const summary::Operator reconstruction(summary);
    reconstruction.apply(mine, product);
    product = all_of(comm, product);
    const auto degrees = all_of(comm, summary::degrees(reconstruction));
    for (std::size_t u = 0; u < n; ++u) {
      double expected = 0, degree = 0;
      for (std::size_t v = 0; v < n; ++v) {
        expected += matrix[u][v] * x[v];
        degree += matrix[u][v];
      }
      EXPECT_NEAR(product[u], expected, 1e-9);
      EXPECT_NEAR(degrees[u], degree, 1e-9);
    }

    // PageRank by plain iteration on the dense matrix.
    std::vector<double> p(n, 1 / static_cast<double>(n));
    for (int step = 0; step < 200; ++step) {
      std::vector<double> next(n, 0);
      double jumped = 0;
      for (std::size_t u = 0; u < n; ++u) {
        double degree = 0;
        for (const double s : matrix[u]) degree += s;
        if (degree > 0)
          for (std::size_t v = 0; v < n; ++v) next[v] += 0.85 * p[u] * matrix[u][v] / degree;
        jumped += degree > 0 ? 0.15 * p[u] : p[u];
      }
      for (double& score : next) score += jumped / static_cast<double>(n);
      p = next;
    }
    const auto solved = ranked(reconstruction, 1e-12);
    const auto scores = all_of(comm, solved.scores);
    EXPECT_LE(solved.error_bound, 1e-12);
    for (std::size_t v = 0; v < n; ++v) EXPECT_NEAR(scores[v], p[v], 1e-11);

    for (Global source = 0; source < static_cast<Global>(n); source += 7) {
      std::vector<Local> expected(n, -1);
      std::queue<std::size_t> queue;
      expected[static_cast<std::size_t>(source)] = 0;
      queue.push(static_cast<std::size_t>(source));
      while (!queue.empty()) {
        const std::size_t u = queue.front();
        queue.pop();
        for (std::size_t v = 0; v < n; ++v) {
          if (matrix[u][v] == 0 || expected[v] >= 0) continue;
          expected[v] = expected[u] + 1;
          queue.push(v);
        }
      }
      EXPECT_EQ(all_of(comm, summary::bfs(summary, source)), expected) << "from " << source;

      const auto row = summary::neighbors(summary, source);
      const auto vertex = all_of(comm, row.vertex);
      const auto density = all_of(comm, row.density);
      std::vector<double> found(n, 0);
      for (std::size_t k = 0; k < vertex.size(); ++k) found[static_cast<std::size_t>(vertex[k])] = density[k];
      EXPECT_EQ(found, matrix[static_cast<std::size_t>(source)]);
      EXPECT_TRUE(std::is_sorted(vertex.begin(), vertex.end()));
    }
  }
}

TEST(Summary, LoopsAndWeightsMakeNoDifference) {
  const Comm comm = Comm::world();
  const Family family = random_family(60, 200, 8);
  Graph graph = graph_of(comm, family, 10);
  const auto plain = summary::summarize(graph_of(comm, family, 0, &graph.rows()));
  const auto with_loops = summary::summarize(graph);
  EXPECT_EQ(with_loops.stats.at("loops"), 10);
  EXPECT_EQ(plain.stats.at("loops"), 0);
  EXPECT_EQ(whole_summary(plain.summary).of, whole_summary(with_loops.summary).of);
  EXPECT_EQ(plain.measures.l1, with_loops.measures.l1);
  // A summary of either is one of both.
  EXPECT_EQ(plain.summary.graph_hash, with_loops.summary.graph_hash);
  EXPECT_EQ(summary::evaluate(graph, plain.summary).l1, plain.measures.l1);
  graph.set_values(Array<double>(graph.local().col.size(), 2.5));
  EXPECT_EQ(summary::summarize(graph).measures.l1, plain.measures.l1);
  EXPECT_EQ(summary::evaluate(graph, plain.summary).l1, plain.measures.l1);
}

TEST(Summary, OtherSeedsGiveOtherSummaries) {
  const Comm comm = Comm::world();
  const Graph graph = graph_of(comm, families()[5]);
  const auto one = whole_summary(summary::summarize(graph, {.seed = 1}).summary).of;
  EXPECT_EQ(one, whole_summary(summary::summarize(graph, {.seed = 1}).summary).of);
  EXPECT_NE(one, whole_summary(summary::summarize(graph, {.seed = 2}).summary).of);
}

TEST(Summary, BudgetInBitsAndBudgetsThatHoldNothing) {
  const Comm comm = Comm::world();
  const Family family = random_family(60, 200, 8);
  const Graph graph = graph_of(comm, family);
  const auto none = summary::summarize(graph, {.bits = 0});
  EXPECT_EQ(none.measures.bits, 0);
  EXPECT_EQ(none.measures.supernodes, 1);
  EXPECT_EQ(none.measures.superedges, 0);
  EXPECT_NEAR(none.measures.l1, 2.0 * static_cast<double>(family.edges.size()) / (60 * 59), 1e-12);
  const auto some = summary::summarize(graph, {.bits = 500});
  EXPECT_LE(some.measures.bits, 500);
  EXPECT_EQ(some.budget_bits, 500);
}

TEST(Summary, BadArgumentsAreNamedOnAllRanks) {
  const Comm comm = Comm::world();
  const Graph graph = graph_of(comm, random_family(20, 40, 1));
  const auto of_options = [&](const summary::Options& options) {
    return says([&] { summary::summarize(graph, options); });
  };
  EXPECT_THAT(of_options({.size_ratio = 0}), HasSubstr("size_ratio: 0, must lie in (0, 1]"));
  EXPECT_THAT(of_options({.size_ratio = 1.01}), HasSubstr("size_ratio"));
  EXPECT_THAT(of_options({.size_ratio = std::nan("")}), HasSubstr("size_ratio"));
  EXPECT_THAT(of_options({.bits = -1}), HasSubstr("bits: -1, must be finite and at least 0"));
  EXPECT_THAT(of_options({.max_rounds = 0}), HasSubstr("max_rounds"));
  EXPECT_THAT(of_options({.mode = summary::Mode::hybrid}), HasSubstr("not available yet: hybrid"));
  const auto of_graph = [&](const Graph& other) { return says([&] { summary::summarize(other); }); };
  EXPECT_THAT(of_graph(Graph::from_entries(comm, 0, 0, {})), HasSubstr("no vertices"));
  EXPECT_THAT(of_graph(Graph::from_entries(comm, 1, 1, {})), HasSubstr("one vertex"));
  EXPECT_THAT(of_graph(Graph::from_entries(comm, 5, 5, {})), HasSubstr("no edges"));
  EXPECT_THAT(of_graph(Graph::from_entries(comm, 2, 3, {})), HasSubstr("must be square"));
  Entries<double> arc;
  if (comm.is_root()) arc = {{0, 1, 2}, {1, 0, 1}, {}};
  EXPECT_THAT(of_graph(Graph::from_entries(comm, 3, 3, std::move(arc))),
              HasSubstr("arc 2 -> 1 has no reverse; read it with --undirected"));
  const auto result = summary::summarize(graph);
  EXPECT_THAT(says([&] { summary::evaluate(graph_of(comm, random_family(20, 40, 2)), result.summary); }),
              HasSubstr("another graph"));
  EXPECT_THAT(says([&] { summary::evaluate(graph_of(comm, random_family(21, 40, 2)), result.summary); }),
              HasSubstr("of 20 vertices"));
  EXPECT_THAT(says([&] { summary::bfs(result.summary, 20); }), HasSubstr("vertex 20"));
  EXPECT_THAT(says([&] { summary::neighbors(result.summary, -1); }), HasSubstr("vertex -1"));
  std::vector<double> values(result.summary.supernode.of.size());
  EXPECT_THAT(says([&] { summary::Operator(result.summary).apply(std::vector<double>(values.size() + 1), values); }),
              HasSubstr("summary operator"));
}

}  // namespace
}  // namespace filigree::testing
