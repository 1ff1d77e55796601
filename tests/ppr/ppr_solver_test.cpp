// The solver of linear equations behind accurate queries, on directed and symmetric graphs of every family.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "ppr/push/linear_solver.hpp"
#include "ppr/push/single_push.hpp"
#include "support/deep.hpp"
#include "support/families.hpp"
#include "support/ppr_queries.hpp"

namespace filigree::testing {
namespace {

/// q of a query by Gaussian elimination on the transposed equations, (I - (1-c) A^T) q = c s; weights as they are.
std::vector<double> dense_q(const CsrView<double>& arcs, const std::vector<double>& weights, const ppr::Query& query,
                            double c) {
  const auto n = static_cast<std::size_t>(arcs.num_rows());
  std::vector<std::vector<long double>> rows(n, std::vector<long double>(n + 1, 0));
  for (std::size_t v = 0; v < n; ++v) rows[v][v] = 1;
  for (Local v = 0; v < arcs.num_rows(); ++v) {
    for (std::size_t k = 0; k < arcs.cols(v).size(); ++k) {
      const double weight = arcs.has_values() ? arcs.vals(v)[k] : 1;
      const double of_all = weights[static_cast<std::size_t>(v)];
      if (of_all > 0)
        rows[static_cast<std::size_t>(arcs.cols(v)[k])][static_cast<std::size_t>(v)] -=
            (1 - static_cast<long double>(c)) * weight / of_all;
    }
  }
  double total = 0;
  for (const ppr::Seed& seed : query) total += seed.weight;
  for (const ppr::Seed& seed : query) rows[static_cast<std::size_t>(seed.vertex)][n] += c * seed.weight / total;
  // Columns are dominated by their diagonals: no pivoting.
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = k + 1; i < n; ++i) {
      const long double factor = rows[i][k] / rows[k][k];
      for (std::size_t j = k; factor != 0 && j <= n; ++j) rows[i][j] -= factor * rows[k][j];
    }
  }
  std::vector<double> q(n);
  for (std::size_t k = n; k-- > 0;) {
    long double sum = rows[k][n];
    for (std::size_t j = k + 1; j < n; ++j) sum -= rows[k][j] * q[j];
    q[k] = static_cast<double>(sum / rows[k][k]);
  }
  return q;
}

/// Solves from the seeds on and after a few sweeps, to several goals, and compares with q.
void check(const Graph& graph, const std::vector<ppr::Query>& queries, const std::string& what) {
  const ppr::ReplicatedGraph replicated(graph);
  const ppr::GraphData& data = data_of(replicated);
  ppr::QueryTables tables(data);
  tables.make_system();
  std::vector<double> weights;
  for (Local v = 0; v < data.arcs().num_rows(); ++v) weights.push_back(data.out_weight(v));
  ppr::SinglePush push(tables);
  for (const double c : {0.003, 0.02, 0.15, 0.7}) {
    for (const ppr::Query& query : queries) {
      const std::vector<double> q = dense_q(data.arcs(), weights, query, c);
      for (const double goal : {0.3, 1e-3, 1e-9, 1e-13}) {
        for (const int sweeps : {0, 3}) {
          push.start(query, c);
          for (int k = 0; k < sweeps; ++k) push.sweep_above(0.01);
          if (!push.solve(goal)) {  // long cycles, and walks that are longer
            EXPECT_LT(c, 0.1) << what << " goal " << goal;
            continue;
          }
          const ppr::Norms norms = push.norms(nullptr);
          EXPECT_LE(norms.unsolved, goal) << what << " c " << c;
          EXPECT_EQ(norms.residual, 0);
          std::vector<double> found(q.size(), 0);
          push.for_estimates([&](Local v, double x) { found[static_cast<std::size_t>(v)] = x; });
          double error = 0;
          for (std::size_t v = 0; v < q.size(); ++v) error += std::abs(q[v] - found[v]);
          EXPECT_LE(error, norms.unsolved + 4e-15 / c)
              << what << " c " << c << " goal " << goal << " sweeps " << sweeps;
          EXPECT_NEAR(norms.estimate, std::reduce(found.begin(), found.end()), 1e-13);
        }
      }
    }
  }
}

TEST(PprSolver, FamiliesMeetTheirBounds) {
  for (const Family& family : graph_families(24)) {
    for (const bool undirected : {false, true})
      check(family_graph(Comm::self(), family, undirected), random_queries(family.num_vertices, 3, 5), family.name);
  }
}

TEST(PprSolver, RandomGraphsMeetTheirBounds) {
  for (int instance = 0; instance < deep(60, 2000); ++instance) {
    Random random(static_cast<std::uint64_t>(instance));
    const Global n = 1 + below(random, 80);
    const std::int64_t arcs = below(random, 6 * n + 1);
    const bool weighted = below(random, 2) == 0;
    const std::int64_t shape = below(random, 4);
    Entries<double> entries;
    for (std::int64_t k = 0; k < arcs; ++k) {
      Global tail = below(random, n);
      Global head = below(random, n);
      if (shape == 1 && tail > head) std::swap(tail, head);                                  // a DAG with loops
      if (shape == 2) head = (tail + 1 + below(random, 3)) % n;                              // long cycles
      if (shape == 3) head = std::min(head, below(random, std::min<Global>(n, 3) + 1) % n);  // hubs
      entries.row.push_back(tail);
      entries.col.push_back(head);
      if (weighted) entries.val.push_back(std::pow(10.0, static_cast<double>(below(random, 100)) / 10 - 5));
    }
    check(Graph::from_entries(Comm::self(), n, n, std::move(entries), {Duplicates::sum, Loops::keep}),
          random_queries(n, 2, static_cast<std::uint64_t>(instance)), "instance " + std::to_string(instance));
  }
}

TEST(PprSolver, WhatIsExactLeavesNothing) {
  // A loop, and behind it as many vertices as the back has classes: the loop's vertex is the whole core.
  Entries<double> entries;
  for (Global v = 0; v < 17; ++v) {
    entries.row.push_back(v == 0 ? 0 : v - 1);
    entries.col.push_back(v);
  }
  const ppr::ReplicatedGraph graph(
      Graph::from_entries(Comm::self(), 17, 17, std::move(entries), {Duplicates::first, Loops::keep}));
  ppr::QueryTables tables(data_of(graph));
  tables.make_system();
  ppr::SinglePush push(tables);
  push.start({{0, 1.0}}, 0.15);
  EXPECT_TRUE(push.solve(1e-3));
  EXPECT_EQ(push.norms(nullptr).unsolved, 0);
}

TEST(PprSolver, PushesGoOnWhereItFails) {
  // On a long cycle a step of any method reaches one vertex further, and walks are long: the worst case of GMRES.
  constexpr Global n = 4000;
  std::vector<std::pair<Global, Global>> arcs;
  for (Global v = 0; v < n; ++v) arcs.emplace_back(v, (v + 1) % n);
  const ppr::ReplicatedGraph graph(Graph::from_edges(Comm::self(), n, arcs));
  constexpr double c = 1e-4;
  const std::vector<ppr::Query> queries{{{0, 1.0}}};
  for (const double target : {1e-3, 1e-12}) {
    const auto result = ppr::query(graph, queries, {.teleport = c, .target_error = target});
    EXPECT_LE(result.error_bound[0], target);
    double error = 0;
    const std::vector<double> scores = dense_scores(result, 0, n);
    for (Global v = 0; v < n; ++v)
      error += std::abs(scores[static_cast<std::size_t>(v)] -
                        c * std::pow(1 - c, static_cast<double>(v)) / (1 - std::pow(1 - c, static_cast<double>(n))));
    EXPECT_LE(error, target);
  }
}

TEST(PprSolver, WeightsOfVerticesMayDifferByAnyFactor) {
  Entries<double> entries;
  const Global n = 40;
  Random random(3);
  for (Global v = 0; v < n; ++v) {
    for (int k = 0; k < 4; ++k) {
      entries.row.push_back(v);
      entries.col.push_back(below(random, n));
      entries.val.push_back(std::pow(10.0, static_cast<double>(v % 7 * 80 - 240)) *
                            static_cast<double>(1 + below(random, 9)));
    }
  }
  check(Graph::from_entries(Comm::self(), n, n, std::move(entries), {Duplicates::sum, Loops::keep}),
        random_queries(n, 3, 1), "extreme weights");
}

}  // namespace
}  // namespace filigree::testing
