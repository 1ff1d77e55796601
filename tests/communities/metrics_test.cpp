// Agreement of labellings: published values and brute force.
#include "filigree/communities/metrics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "communities/compare/matching.hpp"
#include "communities/draw/svg.hpp"
#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

using communities::Agreement;
using Labelling = std::vector<Global>;

Agreement agree(const Labelling& a, const Labelling& b) {
  return communities::agreement(communities::contingency(Comm::self(), a, b));
}

Labelling repeated(const Labelling& labels, int times) {
  Labelling all;
  for (int i = 0; i < times; ++i) all.insert(all.end(), labels.begin(), labels.end());
  return all;
}

TEST(Agreement, PublishedExamplesOfScikitLearn) {
  // User guide, section "Clustering performance evaluation".
  const Agreement guide = agree({0, 0, 0, 1, 1, 1}, {0, 0, 1, 1, 2, 2});
  EXPECT_NEAR(guide.ami, 0.29879, 5e-6);
  EXPECT_NEAR(guide.ari, 0.24242, 5e-6);
  EXPECT_NEAR(guide.nmi, 0.5158037429793888, 1e-14);
  // Its docstrings.
  EXPECT_NEAR(agree({0, 0, 1, 2}, {0, 0, 1, 1}).ari, 0.57142857142857, 1e-14);
  EXPECT_NEAR(agree({0, 0, 1, 1}, {0, 0, 1, 2}).ari, 0.57142857142857, 1e-14);
  EXPECT_NEAR(agree({0, 0, 1, 1}, {0, 1, 0, 1}).ari, -0.5, 1e-14);
  EXPECT_NEAR(agree({0, 0, 1, 1}, {0, 1, 0, 1}).ami, -0.5, 1e-14);
  for (const Labelling& same : {Labelling{0, 0, 1, 1}, Labelling{1, 1, 0, 0}}) {
    EXPECT_EQ(agree({0, 0, 1, 1}, same).ami, 1);
    EXPECT_EQ(agree({0, 0, 1, 1}, same).ari, 1);
    EXPECT_EQ(agree({0, 0, 1, 1}, same).nmi, 1);
    EXPECT_EQ(agree({0, 0, 1, 1}, same).accuracy, 1);
  }
  EXPECT_EQ(agree({0, 0, 0, 0}, {0, 1, 2, 3}).ami, 0);
  EXPECT_EQ(agree({0, 0, 0, 0}, {0, 1, 2, 3}).ari, 0);
  // Its tests, first published with the Matlab code of Vinh, Epps and Bailey: 0.27821, and 0.37774 for 110 copies.
  const Labelling a{1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3};
  const Labelling b{1, 1, 1, 1, 2, 1, 2, 2, 2, 2, 3, 1, 3, 3, 3, 2, 2};
  EXPECT_NEAR(agree(a, b).ami, 0.27820964657269803, 1e-13);
  EXPECT_NEAR(agree(a, b).ari, 0.2669404517453799, 1e-13);
  EXPECT_NEAR(agree(repeated(a, 110), repeated(b, 110)).ami, 0.3777351644367515, 1e-12);
}

TEST(Agreement, LabelsMayBeLarge) {
  const Labelling a{0, 0, 1, 1, 2, 2, 2};
  const Labelling b{1, 1, 1, 0, 0, 2, 2};
  Labelling large_a = a;
  Labelling large_b = b;
  for (Global& label : large_a) label = 1000000000000000 * (label + 1);
  for (Global& label : large_b) label = 5 + 3000000000000000 * label;
  const Agreement small = agree(a, b);
  const Agreement large = agree(large_a, large_b);
  EXPECT_EQ(large.ami, small.ami);
  EXPECT_EQ(large.ari, small.ari);
  EXPECT_EQ(large.labels_b, 3);
  EXPECT_EQ(large.accuracy, small.accuracy);
  ASSERT_EQ(large.matching.size(), small.matching.size());
  for (std::size_t i = 0; i < large.matching.size(); ++i) {
    EXPECT_EQ(large.matching[i].first, 1000000000000000 * (small.matching[i].first + 1));
    EXPECT_EQ(large.matching[i].second, 5 + 3000000000000000 * small.matching[i].second);
  }
}

TEST(Svg, TextIsUtf8) {
  const auto shown = [](std::string_view name) {
    communities::Svg svg;
    svg.label(0, 0, 10, name);
    const std::string all = svg.finish(1, 1);
    const auto end = all.find("</text>");
    const auto begin = all.rfind('>', end) + 1;
    return all.substr(begin, end - begin);
  };
  EXPECT_EQ(shown("Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x8c\xb3 <&>"),
            "Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x8c\xb3 &lt;&amp;&gt;");
  EXPECT_EQ(shown("Z\xfcrich"), "Z?rich");                         // Latin-1
  EXPECT_EQ(shown("a\xe2\x82"), "a??");                            // cut short
  EXPECT_EQ(shown("\xc0\xaf \xed\xa0\x80"), "?? ???");             // too long, a surrogate
  EXPECT_EQ(shown("\xf4\x90\x80\x80\t\xef\xbf\xbf"), "????????");  // beyond, and what XML forbids
}

double information(const Labelling& a, const Labelling& b) {
  std::map<Global, double> in_a;
  std::map<Global, double> in_b;
  std::map<std::pair<Global, Global>, double> in_both;
  const auto n = static_cast<double>(a.size());
  for (std::size_t v = 0; v < a.size(); ++v) {
    in_a[a[v]] += 1 / n;
    in_b[b[v]] += 1 / n;
    in_both[{a[v], b[v]}] += 1 / n;
  }
  double sum = 0;
  for (const auto& [labels, p] : in_both) sum += p * std::log(p / in_a[labels.first] / in_b[labels.second]);
  return sum;
}

/// Share of pairs of vertices that are together in both.
double pairs_together(const Labelling& a, const Labelling& b) {
  double together = 0;
  for (std::size_t u = 0; u < a.size(); ++u)
    for (std::size_t v = 0; v < u; ++v) together += a[u] == a[v] && b[u] == b[v];
  return together;
}

TEST(Agreement, EqualsTheMeanOverAllPermutations) {
  Random random(5);
  for (int round = 0; round < 12; ++round) {
    const Global n = 4 + below(random, 4);
    Labelling a;
    Labelling b;
    for (Global v = 0; v < n; ++v) {
      a.push_back(below(random, 3));
      b.push_back(below(random, 3));
    }
    // Expected values by definition: over all orders of b.
    std::vector<std::size_t> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    double expected_information = 0;
    double expected_pairs = 0;
    double num_orders = 0;
    double best_accuracy = 0;
    do {
      Labelling permuted;
      for (std::size_t v : order) permuted.push_back(b[v]);
      expected_information += information(a, permuted);
      expected_pairs += pairs_together(a, permuted);
      ++num_orders;
    } while (std::next_permutation(order.begin(), order.end()));
    Labelling names{0, 1, 2};
    do {
      double hits = 0;
      for (std::size_t v = 0; v < a.size(); ++v) hits += a[v] == names[static_cast<std::size_t>(b[v])];
      best_accuracy = std::max(best_accuracy, hits / static_cast<double>(n));
    } while (std::next_permutation(names.begin(), names.end()));
    const Agreement result = agree(a, b);
    EXPECT_DOUBLE_EQ(*result.accuracy, best_accuracy);
    const double largest = (information(a, a) + information(b, b)) / 2;
    const double most_pairs = (pairs_together(a, a) + pairs_together(b, b)) / 2;
    expected_information /= num_orders;
    expected_pairs /= num_orders;
    if (largest - expected_information > 1e-9) {
      EXPECT_NEAR(result.ami, (information(a, b) - expected_information) / (largest - expected_information), 1e-10);
    }
    if (most_pairs - expected_pairs > 1e-9) {
      EXPECT_NEAR(result.ari, (pairs_together(a, b) - expected_pairs) / (most_pairs - expected_pairs), 1e-10);
    }
    if (largest > 0) {
      EXPECT_NEAR(result.nmi, information(a, b) / largest, 1e-12);
    }
  }
}

TEST(Agreement, MatchingIsTheBestOfAll) {
  Random random(8);
  for (int round = 0; round < 200; ++round) {
    const Global rows = 1 + below(random, 5);
    const Global cols = rows + below(random, 3);
    std::vector<Offset> gain(static_cast<std::size_t>(rows * cols));
    for (Offset& g : gain) g = below(random, 6);
    std::vector<Global> order(static_cast<std::size_t>(cols));
    std::iota(order.begin(), order.end(), 0);
    Offset best = 0;
    do {
      Offset sum = 0;
      for (Global r = 0; r < rows; ++r)
        sum += gain[static_cast<std::size_t>(r * cols + order[static_cast<std::size_t>(r)])];
      best = std::max(best, sum);
    } while (std::next_permutation(order.begin(), order.end()));
    const auto matching = communities::best_matching(gain, rows, cols);
    Offset sum = 0;
    std::vector<bool> taken(static_cast<std::size_t>(cols), false);
    for (Global r = 0; r < rows; ++r) {
      const auto col = static_cast<std::size_t>(matching[static_cast<std::size_t>(r)]);
      EXPECT_FALSE(taken[col]);
      taken[col] = true;
      sum += gain[static_cast<std::size_t>(r * cols) + col];
    }
    EXPECT_EQ(sum, best);
  }
}

TEST(Agreement, ManyLabelsWithoutLabelAndOverRanks) {
  Random random(2);
  Labelling a;
  Labelling b;
  for (int v = 0; v < 1000; ++v) {
    a.push_back(below(random, 9) - 1);
    b.push_back(below(random, 30) - 1);
  }
  const Comm world = Comm::world();
  const auto alone = communities::contingency(Comm::self(), a, b);
  const Partition parts = random_partition(1000, world.size(), 3);
  const auto together = communities::contingency(world, owned(parts, world.rank(), a), owned(parts, world.rank(), b));
  EXPECT_TRUE(alone.entries == together.entries);
  const Agreement result = communities::agreement(alone);
  EXPECT_EQ(result.labels_a, 8);
  EXPECT_EQ(result.labels_b, 29);
  EXPECT_LT(result.vertices, 1000);
  EXPECT_NEAR(result.ami, 0, 0.02);
  EXPECT_EQ(result.matching.size(), 8U);
  EXPECT_EQ(communities::agreement({}).vertices, 0);
  const auto mismatch = message_of<InvalidArgument>([&] { communities::contingency(world, a, Labelling(3)); });
  EXPECT_EQ(mismatch, "contingency: 1000 and 3 labels on rank 0");
}

TEST(Compare, FindsTheGroupsOfTheTruth) {
  const Comm self = Comm::self();
  // Leaves 0..3, called 3, 2, 1, 0 in the truth, whose pairs are {0, 1} and {2, 3}.
  const Labels leaves{Partition::uniform(8, 1), {0, 0, 1, 1, 2, 2, 3, 3}, 4};
  const std::vector<Labelling> truth{{3, 3, 2, 2, 1, 1, 0, 0}, {1, 1, 1, 1, 0, 0, 0, 0}};
  Dendrogram tree{4, {2, 2, 2, 2}, {}};
  const Global low = tree.join(0, 1, 0.5);
  const Global high = tree.join(2, 3, 0.5);
  tree.join(low, high, 1);
  std::vector<Labelling> large = truth;
  for (auto& labels : large)
    for (Global& label : labels) label = 7000000000000000 - 1000000000000000 * label;
  const auto of_large = communities::compare(self, leaves, tree, large);
  EXPECT_EQ(of_large.true_groups, 2);
  EXPECT_EQ(of_large.found_groups, 2);
  const auto good = communities::compare(self, leaves, tree, truth);
  EXPECT_EQ(good.true_groups, 2);
  EXPECT_EQ(good.found_groups, 2);
  EXPECT_EQ(good.levels[0].at_leaves.accuracy, 1);
  EXPECT_EQ(good.levels[1].cut->ami, 1);
  EXPECT_LT(good.levels[1].at_leaves.ami, 1);
  Dendrogram other{4, {2, 2, 2, 2}, {}};
  const Global pair = other.join(0, 1, 0.5);
  const Global three = other.join(pair, 2, 0.5);
  other.join(three, 3, 1);
  const auto bad = communities::compare(self, leaves, other, truth);
  EXPECT_EQ(bad.true_groups, 2);
  EXPECT_EQ(bad.found_groups, 1);
  EXPECT_LT(bad.levels[1].cut->ami, 1);
  // No hierarchy: a label of the finer one is torn apart.
  const std::vector<Labelling> torn{truth[0], {0, 1, 1, 1, 0, 0, 0, 0}};
  EXPECT_FALSE(communities::compare(self, leaves, tree, torn).true_groups);
}

}  // namespace
}  // namespace filigree::testing
