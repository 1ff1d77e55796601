// The generators: the same graph on any ranks and threads, and the graph that the formula says.
#include "filigree/generate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <tuple>

#include "support/matrices.hpp"
#include "support/runtime.hpp"

namespace filigree::testing {
namespace {

using Generator = std::function<Graph(const Comm&)>;
using Options = generate::RmatOptions;

/// Builds on all ranks and on each alone; returns the whole graph.
GlobalMatrix<double> same_on_any_ranks(const Generator& make, bool with_values = false) {
  const Comm world = Comm::world();
  const Graph together = make(world);
  expect_well_formed(together);
  const Graph alone = make(Comm::self());
  EXPECT_EQ(together.num_rows(), alone.num_rows());
  EXPECT_EQ(together.num_cols(), alone.num_cols());
  EXPECT_EQ(together.has_values(), with_values && alone.num_rows() > 0);
  auto matrix = whole(together);
  EXPECT_TRUE(matrix == whole(alone));
  return matrix;
}

Generator rmat(int scale, Offset edges, std::uint64_t seed, const Options& options = {},
               EntryCounts* counts = nullptr) {
  return [=](const Comm& comm) {
    auto made = generate::rmat_counted(comm, scale, edges, seed, options);
    if (counts != nullptr) *counts = made.counts;
    return std::move(made.matrix);
  };
}

Generator uniform(Global rows, Global cols, Offset edges, std::uint64_t seed,
                  const generate::UniformOptions& options = {}, EntryCounts* counts = nullptr) {
  return [=](const Comm& comm) {
    auto made = generate::uniform_counted(comm, rows, cols, edges, seed, options);
    if (counts != nullptr) *counts = made.counts;
    return std::move(made.matrix);
  };
}

std::vector<Offset> sorted_degrees(const GlobalMatrix<double>& matrix, std::size_t n) {
  std::vector<Offset> degree(n, 0);
  for (const auto& [at, value] : matrix) ++degree[static_cast<std::size_t>(at.first)];
  std::sort(degree.begin(), degree.end());
  return degree;
}

bool is_symmetric(const GlobalMatrix<double>& matrix) { return matrix == transposed(matrix); }

Offset num_loops(const GlobalMatrix<double>& matrix) {
  return std::count_if(matrix.begin(), matrix.end(), [](const auto& e) { return e.first.first == e.first.second; });
}

TEST(Rmat, SameOnAnyRanksAndThreads) {
  const auto plain = same_on_any_ranks(rmat(9, 8, 1));
  for (int threads : {1, 2, 3}) {
    const ThreadsScope scope(threads);
    EXPECT_TRUE(plain == same_on_any_ranks(rmat(9, 8, 1)));
  }
  Options options;
  options.noise = 0.1;
  options.undirected = true;
  options.loops = Loops::drop;
  EXPECT_FALSE(plain == same_on_any_ranks(rmat(9, 8, 1, options)));
  EXPECT_FALSE(plain == same_on_any_ranks(rmat(9, 8, 2)));
}

TEST(Rmat, EveryDrawnEdgeIsCounted) {
  for (const auto& [scale, edges] : {std::pair{0, 5}, {1, 3}, {2, 1}, {7, 16}, {10, 0}, {10, 4}}) {
    EntryCounts counts;
    const auto matrix = same_on_any_ranks(rmat(scale, edges, 3, {}, &counts));
    EXPECT_EQ(static_cast<Offset>(matrix.size()) + counts.duplicates, Offset{edges} << scale);
    EXPECT_GE(counts.loops, num_loops(matrix));
  }
  EntryCounts counts;
  const auto matrix = same_on_any_ranks(rmat(7, 16, 3, {.edges = 1'001}, &counts));
  EXPECT_EQ(static_cast<Offset>(matrix.size()) + counts.duplicates, 1'001);
  EXPECT_TRUE(same_on_any_ranks(rmat(7, 16, 3)) == same_on_any_ranks(rmat(7, 0, 3, {.edges = 16 << 7})));
}

TEST(Rmat, QuartersHoldTheirShares) {
  // Counts of a multinomial: 5 standard deviations, at the first level (all vertices) and at the last (parity of ids).
  const Offset edges = 1 << 18;
  const Options options{.a = 0.5, .b = 0.25, .c = 0.15, .scramble = false};
  const auto made = generate::rmat_counted(Comm::world(), 18, 1, 11, options);
  const Graph& graph = made.matrix;
  std::array<double, 4> high{};
  std::array<double, 4> low{};
  const CsrView<double> local = graph.local().view();
  for (Local r = 0; r < local.num_rows(); ++r) {
    const Global row = graph.first_row() + r;
    for (Local c : local.cols(r)) {
      const Global col = graph.global_col(c);
      ++high[static_cast<std::size_t>((row >> 17) * 2 + (col >> 17))];
      ++low[static_cast<std::size_t>((row & 1) * 2 + (col & 1))];
    }
  }
  graph.comm().sum(std::span(high));
  graph.comm().sum(std::span(low));
  const std::array<double, 4> share{0.5, 0.25, 0.15, 0.1};
  for (std::size_t q = 0; q < 4; ++q) {
    const double tolerance =
        5 * std::sqrt(edges * share[q] * (1 - share[q])) + static_cast<double>(made.counts.duplicates);
    EXPECT_NEAR(high[q], edges * share[q], tolerance) << q;
    EXPECT_NEAR(low[q], edges * share[q], tolerance) << q;
  }
  EXPECT_LT(static_cast<double>(made.counts.duplicates), 0.01 * edges);
}

TEST(Rmat, ScrambleRenumbersVerticesOneToOne) {
  for (int scale : {1, 2, 3, 8, 11}) {
    Options plain;
    plain.scramble = false;
    const auto ordered = same_on_any_ranks(rmat(scale, 8, 4, plain));
    const auto scrambled = same_on_any_ranks(rmat(scale, 8, 4));
    // One graph up to the names of its vertices. Equal degrees and loops say so, coincidences aside.
    const std::size_t n = std::size_t{1} << scale;
    EXPECT_EQ(sorted_degrees(ordered, n), sorted_degrees(scrambled, n));
    EXPECT_EQ(sorted_degrees(transposed(ordered), n), sorted_degrees(transposed(scrambled), n));
    EXPECT_EQ(num_loops(ordered), num_loops(scrambled));
    if (scale >= 8) {
      EXPECT_FALSE(ordered == scrambled);
    }
  }
}

TEST(Rmat, UndirectedAddsEveryReverse) {
  Options options;
  const auto directed = same_on_any_ranks(rmat(8, 4, 5, options));
  options.undirected = true;
  auto expected = directed;
  for (const auto& [at, value] : directed) expected.emplace(std::pair(at.second, at.first), value);
  const auto undirected = same_on_any_ranks(rmat(8, 4, 5, options));
  EXPECT_TRUE(is_symmetric(undirected));
  EXPECT_TRUE(undirected == expected);
  options.loops = Loops::drop;
  EXPECT_GT(num_loops(undirected), 0);
  EXPECT_EQ(num_loops(same_on_any_ranks(rmat(8, 4, 5, options))), 0);
}

TEST(Rmat, ExtremeProbabilities) {
  EntryCounts counts;
  Options options{.a = 1, .b = 0, .c = 0, .scramble = false};
  const GlobalMatrix<double> corner{{{0, 0}, 1.0}};
  EXPECT_TRUE(same_on_any_ranks(rmat(5, 4, 1, options, &counts)) == corner);
  EXPECT_EQ(counts.duplicates, 127);
  EXPECT_EQ(counts.loops, 128);
  options.a = 0;
  const GlobalMatrix<double> opposite{{{31, 31}, 1.0}};
  EXPECT_TRUE(same_on_any_ranks(rmat(5, 4, 1, options)) == opposite);
  options.b = 1;
  const GlobalMatrix<double> right{{{0, 31}, 1.0}};
  EXPECT_TRUE(same_on_any_ranks(rmat(5, 4, 1, options)) == right);
}

TEST(Uniform, SameOnAnyRanksAndEveryDrawnEdgeIsCounted) {
  EntryCounts counts;
  for (const auto& [rows, cols, edges] :
       {std::tuple{100, 100, 700}, {40, 7, 100}, {1, 1, 3}, {3, 1000, 50}, {5, 0, 0}, {0, 0, 0}, {50, 50, 0}}) {
    const auto matrix = same_on_any_ranks(uniform(rows, cols, edges, 6, {}, &counts));
    EXPECT_EQ(static_cast<Offset>(matrix.size()) + counts.duplicates, edges);
  }
  EXPECT_FALSE(same_on_any_ranks(uniform(100, 100, 700, 6)) == same_on_any_ranks(uniform(100, 100, 700, 7)));
}

TEST(Uniform, PositionsAreUniform) {
  // Chi-square over 8 x 4 cells, 31 degrees of freedom: above 68 with probability 1e-4 (the seed is fixed).
  const Global n = 4000;
  const Offset edges = 20000;
  const auto matrix = same_on_any_ranks(uniform(n, n, edges, 8));
  std::array<double, 32> observed{};
  for (const auto& [at, value] : matrix) ++observed[static_cast<std::size_t>(at.first * 8 / n * 4 + at.second * 4 / n)];
  const double expected = static_cast<double>(matrix.size()) / 32;
  double chi_square = 0;
  for (double o : observed) chi_square += (o - expected) * (o - expected) / expected;
  EXPECT_LT(chi_square, 68);
  EXPECT_GT(chi_square, 5);
}

TEST(Uniform, Undirected) {
  const auto matrix = same_on_any_ranks(uniform(60, 60, 200, 9, {.undirected = true, .loops = Loops::drop}));
  EXPECT_TRUE(is_symmetric(matrix));
  EXPECT_EQ(num_loops(matrix), 0);
}

/// Vertices of a grid are neighbours if their coordinates differ by one in one direction.
GlobalMatrix<double> grid_by_definition(Global depth, Global height, Global width) {
  GlobalMatrix<double> matrix;
  const Global n = depth * height * width;
  for (Global u = 0; u < n; ++u) {
    for (Global v = 0; v < n; ++v) {
      const Global distance = std::abs(u / (height * width) - v / (height * width)) +
                              std::abs(u / width % height - v / width % height) + std::abs(u % width - v % width);
      if (distance == 1) matrix.emplace(std::pair(u, v), 1.0);
    }
  }
  return matrix;
}

TEST(Grid, NeighboursDifferByOneStep) {
  for (const auto& [height, width] :
       {std::pair<Global, Global>{5, 7}, {1, 6}, {6, 1}, {1, 1}, {2, 2}, {0, 4}, {4, 0}}) {
    const auto made = same_on_any_ranks([h = height, w = width](const Comm& c) { return generate::grid2d(c, h, w); });
    EXPECT_TRUE(made == grid_by_definition(1, height, width)) << height << " x " << width;
  }
  for (const auto& [depth, height, width] :
       {std::tuple<Global, Global, Global>{3, 4, 5}, {1, 3, 3}, {4, 1, 2}, {3, 2, 1}, {2, 2, 2}, {2, 0, 3}}) {
    const auto made =
        same_on_any_ranks([d = depth, h = height, w = width](const Comm& c) { return generate::grid3d(c, d, h, w); });
    EXPECT_TRUE(made == grid_by_definition(depth, height, width)) << depth << " x " << height << " x " << width;
  }
}

/// A point meets those that differ by at most one in every direction.
GlobalMatrix<double> stencil27_by_definition(Global depth, Global height, Global width) {
  GlobalMatrix<double> matrix;
  const Global n = depth * height * width;
  for (Global u = 0; u < n; ++u) {
    for (Global v = 0; v < n; ++v) {
      const Global distance =
          std::max({std::abs(u / (height * width) - v / (height * width)),
                    std::abs(u / width % height - v / width % height), std::abs(u % width - v % width)});
      if (distance <= 1) matrix.emplace(std::pair(u, v), u == v ? 26.0 : -1.0);
    }
  }
  return matrix;
}

TEST(Stencil27, NeighboursDifferByAtMostOneInEveryDirection) {
  for (const auto& [depth, height, width] : {std::tuple<Global, Global, Global>{4, 5, 3},
                                             {1, 1, 1},
                                             {1, 1, 7},
                                             {1, 6, 1},
                                             {5, 1, 2},
                                             {2, 2, 2},
                                             {3, 3, 3},
                                             {0, 3, 3},
                                             {2, 0, 3}}) {
    const auto made = same_on_any_ranks(
        [d = depth, h = height, w = width](const Comm& c) { return generate::stencil27(c, d, h, w); }, true);
    EXPECT_TRUE(made == stencil27_by_definition(depth, height, width)) << depth << " x " << height << " x " << width;
  }
  // Of n^3 points (3n - 2)^3 pairs are neighbours or the same.
  EXPECT_EQ(generate::stencil27(Comm::world(), 10, 10, 10).num_nonzeros(), 28 * 28 * 28);
}

TEST(Generate, RefusesBadArgumentsByName) {
  const auto refused = [](const Generator& make) { return message_of<InvalidArgument>([&] { make(Comm::world()); }); };
  EXPECT_EQ(refused(rmat(-1, 16, 1)), "rmat: scale -1, must be in [0, 62]");
  EXPECT_EQ(refused(rmat(63, 16, 1)), "rmat: scale 63, must be in [0, 62]");
  EXPECT_EQ(refused(rmat(60, 5, 1)), "rmat: 5 edges per vertex, must be in [0, 4] for scale 60");
  EXPECT_EQ(refused(rmat(4, 1, 1, {.edges = -1})), "rmat: -1 edges, must be in [0, 4611686018427387904]");
  EXPECT_EQ(refused(rmat(4, -1, 1)).substr(0, 26), "rmat: -1 edges per vertex,");
  EXPECT_EQ(refused(rmat(4, 4, 1, {.a = 0.9, .b = 0.2})),
            "rmat: probabilities 0.9, 0.2, 0.19, must be at least 0 and sum to at most 1");
  EXPECT_EQ(refused(rmat(4, 4, 1, {.a = std::nan("")})).substr(0, 23), "rmat: probabilities nan");
  EXPECT_EQ(refused(rmat(4, 4, 1, {.noise = 0.2})), "rmat: noise 0.2, must be in [0, 0.19] with these probabilities");
  EXPECT_EQ(refused(uniform(-1, 4, 0, 1)), "uniform: shape -1 x 4, must be at least 0 x 0");
  EXPECT_EQ(refused(uniform(4, 0, 1, 1)), "uniform: 1 edges do not fit into 4 x 0");
  EXPECT_EQ(refused(uniform(4, 4, -2, 1)), "uniform: -2 edges, must be in [0, 2^62]");
  EXPECT_EQ(refused(uniform(4, 5, 2, 1, {.undirected = true})), "uniform: an undirected graph is square, not 4 x 5");
  EXPECT_EQ(refused([](const Comm& c) { return generate::grid2d(c, 3, -1); }), "grid2d: extent -1, must be at least 0");
  EXPECT_EQ(refused([](const Comm& c) { return generate::grid3d(c, 1 << 30, 1 << 30, 1 << 30); }),
            "grid3d: more than 2^62 vertices");
  EXPECT_EQ(refused([](const Comm& c) { return generate::stencil27(c, 3, -2, 1); }),
            "stencil27: extent -2, must be at least 0");
}

TEST(Generate, MoreEdgesThanMemoryFailsOnAllRanks) {
  EXPECT_NE(message_of<Error>([] { generate::rmat(Comm::world(), 50, 4096, 1); }), "");
}

}  // namespace
}  // namespace filigree::testing
