// The hierarchical stochastic block model: the same graph on any ranks and threads, and the densities that it promises.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "filigree/generate.hpp"
#include "support/matrices.hpp"
#include "support/runtime.hpp"

namespace filigree::testing {
namespace {

using generate::HsbmOptions;

/// Builds on all ranks and on each alone, and compares.
GlobalMatrix<double> same_on_any_ranks(const HsbmOptions& options, std::uint64_t seed,
                                       std::vector<Global>* leaves = nullptr) {
  const Comm world = Comm::world();
  const auto together = generate::hsbm(world, seed, options);
  expect_well_formed(together.graph);
  const auto alone = generate::hsbm(Comm::self(), seed, options);
  EXPECT_TRUE(together.leaves.vertices == together.graph.rows());
  EXPECT_EQ(whole(world, together.leaves.of), alone.leaves.of);
  EXPECT_EQ(together.leaves.num_labels, alone.leaves.num_labels);
  EXPECT_EQ(together.probabilities, alone.probabilities);
  if (leaves != nullptr) *leaves = alone.leaves.of;
  auto matrix = whole(together.graph);
  EXPECT_TRUE(matrix == whole(alone.graph));
  return matrix;
}

/// The depth of the lowest common ancestor of two leaves, by definition.
int common_depth(const HsbmOptions& options, Global a, Global b) {
  int depth = options.depth;
  for (; a != b; --depth) {
    a /= options.branching;
    b /= options.branching;
  }
  return depth;
}

TEST(Hsbm, SameOnAnyRanksAndThreads) {
  const HsbmOptions options{.branching = 3, .depth = 2, .leaf_size = 20, .beta = 0.4, .a_last = 10};
  const auto plain = same_on_any_ranks(options, 1);
  for (int threads : {2, 3}) {
    const ThreadsScope scope(threads);
    EXPECT_TRUE(plain == same_on_any_ranks(options, 1));
  }
  EXPECT_FALSE(plain == same_on_any_ranks(options, 2));
  EXPECT_TRUE(plain == transposed(plain));
  for (const auto& [at, value] : plain) EXPECT_NE(at.first, at.second);
}

TEST(Hsbm, DensitiesAreThoseOfTheModel) {
  for (const bool shuffle : {false, true}) {
    const HsbmOptions options{
        .branching = 2, .depth = 3, .leaf_size = 60, .beta = 0.5, .p_last = 0.3, .shuffle = shuffle};
    std::vector<Global> leaf;
    const auto matrix = same_on_any_ranks(options, 5, &leaf);
    std::map<Global, Global> sizes;
    for (Global label : leaf) ++sizes[label];
    EXPECT_EQ(sizes.size(), 8U);
    for (const auto& [label, size] : sizes) EXPECT_EQ(size, 60);
    std::map<int, double> edges;
    std::map<int, double> pairs;
    for (std::size_t u = 0; u < leaf.size(); ++u) {
      for (std::size_t v = 0; v < u; ++v) {
        const int depth = common_depth(options, leaf[u], leaf[v]);
        ++pairs[depth];
        edges[depth] += static_cast<double>(matrix.count({static_cast<Global>(u), static_cast<Global>(v)}));
      }
    }
    for (int k = 0; k <= 3; ++k) {
      const double p = 0.3 * std::pow(0.5, 3 - k);
      EXPECT_NEAR(edges[k] / pairs[k], p, 5 * std::sqrt(p * (1 - p) / pairs[k])) << "depth " << k;
    }
  }
}

TEST(Hsbm, WaysToSayHowDense) {
  const Comm comm = Comm::world();
  const double scale = std::log(3200.0) / 3200;
  const auto authors = generate::hsbm(comm, 1, {}).probabilities;
  ASSERT_EQ(authors.size(), 5U);
  EXPECT_DOUBLE_EQ(authors[4], 36 * scale);
  EXPECT_DOUBLE_EQ(authors[1], 36 * scale * 1e-3);
  EXPECT_EQ(authors, generate::hsbm(comm, 1, {.a_last = 36}).probabilities);
  const auto list = generate::hsbm(comm, 1, {.branching = 3, .depth = 3, .leaf_size = 100, .a = {10, 50, 60, 130}});
  EXPECT_DOUBLE_EQ(list.probabilities[2], 60 * std::log(2700.0) / 2700);
  const auto by_degree = generate::hsbm(comm, 1, {.beta = 0.3, .degree = 12.0});
  const double degree = static_cast<double>(by_degree.graph.num_nonzeros()) / 3200;
  EXPECT_NEAR(degree, 12, 5 * std::sqrt(2 * 12 / 3200.0));
}

TEST(Hsbm, EdgeCases) {
  // Certain edges, impossible ones, and a tree that is only its root.
  const auto cliques = same_on_any_ranks({.branching = 2, .depth = 1, .leaf_size = 3, .beta = 0, .p_last = 1.0}, 1);
  EXPECT_EQ(cliques.size(), 12U);
  EXPECT_EQ(same_on_any_ranks({.branching = 2, .depth = 1, .leaf_size = 3, .p_last = 0.0}, 1).size(), 0U);
  EXPECT_EQ(same_on_any_ranks({.branching = 7, .depth = 0, .leaf_size = 4, .p_last = 1.0}, 1).size(), 12U);
  EXPECT_EQ(same_on_any_ranks({.branching = 1, .depth = 2, .leaf_size = 1}, 1).size(), 0U);
  EXPECT_EQ(
      same_on_any_ranks({.branching = 3, .depth = 1, .leaf_size = 1, .beta = 1, .p_last = 1.0, .shuffle = true}, 1)
          .size(),
      6U);
  const auto refused = [](const HsbmOptions& options) {
    return message_of<InvalidArgument>([&] { generate::hsbm(Comm::world(), 1, options); });
  };
  EXPECT_EQ(refused({.branching = 0}), "hsbm: branching 0, must be at least 1");
  EXPECT_EQ(refused({.depth = -1}), "hsbm: depth -1, must be in [0, 40]");
  EXPECT_EQ(refused({.branching = 10, .depth = 40}), "hsbm: 10^40 leaves of 200 vertices are more than 2^40 vertices");
  EXPECT_EQ(refused({.beta = 1.5}), "hsbm: beta 1.5, must be in [0, 1]");
  EXPECT_EQ(refused({.a = {1, 2}}), "hsbm: 2 densities a for depth 4, must be 5, the root's first");
  EXPECT_EQ(refused({.a_last = 3, .degree = 4}),
            "hsbm: 2 of a_last, p_last, degree and a are given; one says how dense the graph is");
  EXPECT_EQ(refused({.p_last = 2}), "hsbm: the probability of an edge at depth 4 is 2, must be in [0, 1]; N = 3200");
}

}  // namespace
}  // namespace filigree::testing
