// The innermost loops of queries: the instruction set of this processor against plain C++, bit for bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ppr/push/kernels.hpp"
#include "ppr/query/row_collector.hpp"
#include "support/isa.hpp"
#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

using ppr::batch_width;
using ppr::block_size;

/// Zeros, tiny, small and large numbers.
std::vector<double> amounts(Random& random, std::size_t count) {
  std::vector<double> values(count);
  for (double& value : values) {
    const auto kind = below(random, 5);
    value = kind == 0
                ? 0
                : std::ldexp(1 + static_cast<double>(below(random, 1000)) / 1000, static_cast<int>(-kind * kind * 40));
  }
  return values;
}

/// What kernels make of equal inputs.
struct Made {
  std::vector<std::uint64_t> bits;
  std::vector<double> sums, lanes, pushed, totals, of_lanes, combined, kept;
  std::vector<Global> at;
  friend bool operator==(const Made&, const Made&) = default;
};

Made make_all(std::uint64_t seed) {
  Random random(seed);
  Made made;
  const auto amount = amounts(random, block_size);
  std::vector<float> scale(block_size);
  for (float& value : scale) value = static_cast<float>(1 + below(random, 50));
  for (const double threshold : {0.0, 1e-300, 1e-13, 1e-2, 0.5})
    made.bits.push_back(ppr::at_least(amount.data(), scale.data(), threshold));
  made.sums = {ppr::sum(amount.data()), ppr::weighted_sum(amount.data(), scale.data())};

  // Lanes of 30 vertices.
  made.lanes = amounts(random, 30 * batch_width);
  std::vector<Local> to(20);
  for (Local& v : to) v = static_cast<Local>(below(random, 30));
  const auto weight = amounts(random, to.size());
  const auto share = amounts(random, batch_width);
  made.pushed = amounts(random, made.lanes.size());
  made.totals = amounts(random, 30);
  for (const double* weights : {static_cast<const double*>(nullptr), weight.data()}) {
    ppr::add_lanes(made.lanes.data(), to.data(), weights, std::ssize(to), share.data());
    ppr::push_lanes(made.lanes.data(), made.pushed.data(), made.totals.data(), to[0], 0.3, to.data(), weights,
                    std::ssize(to));
  }
  made.of_lanes.resize(batch_width);
  ppr::sum_lanes(made.lanes.data(), scale.data(), 30, made.of_lanes.data());
  made.totals.resize(60);
  ppr::sum_over_lanes(made.lanes.data(), share.data(), 30, made.totals.data() + 30);

  // Sums of rows for a block of which some have none.
  std::vector<Offset> ptr(1, 0);
  for (int i = 0; i < block_size; ++i) ptr.push_back(ptr.back() + std::max<Offset>(0, below(random, 9) - 4));
  std::vector<std::uint16_t> item(static_cast<std::size_t>(ptr.back()));
  for (std::uint16_t& hub : item) hub = static_cast<std::uint16_t>(below(random, 30));
  const auto value = amounts(random, item.size());
  made.combined.resize(block_size * batch_width);
  made.bits.push_back(
      ppr::combine(ptr.data(), block_size, item.data(), value.data(), made.lanes.data(), made.combined.data()));

  for (const double least : {0.0, 1e-40, 0.7}) {
    std::vector<Global> at(block_size + 8);
    std::vector<double> kept(block_size + 8);
    const int count = ppr::keep_above(amount.data(), least, 640, at.data(), kept.data());
    EXPECT_EQ(count, std::count_if(amount.begin(), amount.end(), [&](double x) { return x > least; }));
    made.at.insert(made.at.end(), at.begin(), at.begin() + count);
    made.kept.insert(made.kept.end(), kept.begin(), kept.begin() + count);
  }
  return made;
}

TEST(PprKernels, AllInstructionSetsGiveTheSameBits) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::vector<Made> made;
    for_each_isa([&] { made.push_back(make_all(seed)); });
    for (const Made& other : made) EXPECT_EQ(other, made.front()) << "seed " << seed;
  }
}

/// The definition: a push of each lane by itself.
TEST(PprKernels, PushesAllLanesByWeight) {
  Random random(4);
  const auto residual = amounts(random, 3 * batch_width);
  const std::vector<Local> to{2, 1, 2};
  const std::vector<double> weight{0.5, 0.25, 0.125};
  for (const bool weighted : {false, true}) {
    auto lanes = residual;
    std::vector<double> pushed(lanes.size(), 1.0);
    std::vector<double> total{3, 0, 0};
    ppr::push_lanes(lanes.data(), pushed.data(), total.data(), 0, 0.5, to.data(), weighted ? weight.data() : nullptr,
                    3);
    for (std::size_t l = 0; l < batch_width; ++l) {
      const double share = 0.5 * residual[l];
      const auto part = [&](std::size_t k) { return weighted ? share * weight[k] : share; };
      EXPECT_EQ(lanes[l], 0);
      EXPECT_EQ(pushed[l], 1.0 + residual[l]);
      EXPECT_EQ(lanes[batch_width + l], residual[batch_width + l] + part(1));
      EXPECT_EQ(lanes[2 * batch_width + l], residual[2 * batch_width + l] + part(0) + part(2));
    }
    EXPECT_EQ(total, weighted ? (std::vector<double>{0, 0.375, 0.9375}) : (std::vector<double>{0, 1.5, 3}));
  }
}

TEST(PprKernels, RowsKeepTheFirstByValueAndVertexWithTies) {
  Random random(8);
  for (const std::size_t most : {std::size_t{1}, std::size_t{7}, std::size_t{300}}) {
    constexpr std::size_t count = 6400;
    std::vector<double> values(count);
    for (double& value : values) value = static_cast<double>(below(random, 12));
    ppr::Row row;
    ppr::RowCollector collector(row, 0, most);
    for (std::size_t first = 0; first < count; first += block_size)
      collector.add(static_cast<Global>(first), values.data() + first);
    collector.finish();
    EXPECT_LT(row.size(), count / 2);
    double total = 0;
    std::vector<std::pair<double, Global>> expected;
    for (std::size_t v = 0; v < count; ++v) {
      total += values[v];
      expected.emplace_back(-values[v], static_cast<Global>(v));
    }
    EXPECT_EQ(row.sum(), total);
    std::vector<std::pair<double, Global>> kept;
    for (std::size_t k = 0; k < row.size(); ++k) kept.emplace_back(-row.value[k], row.vertex[k]);
    std::sort(expected.begin(), expected.end());
    std::sort(kept.begin(), kept.end());
    for (std::size_t k = 0; k < most; ++k) EXPECT_EQ(kept[k], expected[k]);
  }
}

}  // namespace
}  // namespace filigree::testing
