// The innermost loops of queries: the instruction set of this processor against plain C++, bit for bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <vector>

#include "core/cpu.hpp"
#include "ppr/push/kernels.hpp"
#include "ppr/query/row_collector.hpp"
#include "support/matrices.hpp"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The same source once more, as it is on a processor without the wide instructions.
namespace portable {
using namespace ::filigree;
using namespace ::filigree::ppr;
#define cpu_has_avx512() false
#include "../src/ppr/push/kernels.cpp"
#undef cpu_has_avx512
}  // namespace portable

namespace filigree::testing {
namespace {

namespace plain = portable::filigree::ppr;
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

TEST(PprKernels, AllInstructionSetsGiveTheSameBits) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    const auto amount = amounts(random, block_size);
    std::vector<float> scale(block_size);
    for (float& value : scale) value = static_cast<float>(1 + below(random, 50));
    for (const double threshold : {0.0, 1e-300, 1e-13, 1e-2, 0.5})
      EXPECT_EQ(ppr::at_least(amount.data(), scale.data(), threshold),
                plain::at_least(amount.data(), scale.data(), threshold));
    EXPECT_EQ(ppr::sum(amount.data()), plain::sum(amount.data()));
    EXPECT_EQ(ppr::weighted_sum(amount.data(), scale.data()), plain::weighted_sum(amount.data(), scale.data()));

    // Lanes of 30 vertices.
    auto lanes = amounts(random, 30 * batch_width);
    auto others = lanes;
    std::vector<Local> to(20);
    for (Local& v : to) v = static_cast<Local>(below(random, 30));
    const auto weight = amounts(random, to.size());
    const auto share = amounts(random, batch_width);
    for (const double* weights : {static_cast<const double*>(nullptr), weight.data()}) {
      ppr::add_lanes(lanes.data(), to.data(), weights, std::ssize(to), share.data());
      plain::add_lanes(others.data(), to.data(), weights, std::ssize(to), share.data());
    }
    EXPECT_EQ(lanes, others);

    // A push of all lanes, and sums over places and over lanes.
    auto pushed = amounts(random, lanes.size());
    auto other_pushed = pushed;
    auto total = amounts(random, 30);
    auto other_total = total;
    for (const double* weights : {static_cast<const double*>(nullptr), weight.data()}) {
      ppr::push_lanes(lanes.data(), pushed.data(), total.data(), to[0], 0.3, to.data(), weights, std::ssize(to));
      plain::push_lanes(others.data(), other_pushed.data(), other_total.data(), to[0], 0.3, to.data(), weights,
                        std::ssize(to));
    }
    EXPECT_EQ(lanes, others);
    EXPECT_EQ(pushed, other_pushed);
    EXPECT_EQ(total, other_total);
    std::vector<double> of_lanes(batch_width), other_of_lanes(batch_width);
    ppr::sum_lanes(lanes.data(), scale.data(), 30, of_lanes.data());
    plain::sum_lanes(lanes.data(), scale.data(), 30, other_of_lanes.data());
    EXPECT_EQ(of_lanes, other_of_lanes);
    ppr::sum_over_lanes(lanes.data(), share.data(), 30, total.data());
    plain::sum_over_lanes(lanes.data(), share.data(), 30, other_total.data());
    EXPECT_EQ(total, other_total);

    // Sums of rows for a block of which some have none.
    std::vector<Offset> ptr(1, 0);
    for (int i = 0; i < block_size; ++i) ptr.push_back(ptr.back() + std::max<Offset>(0, below(random, 9) - 4));
    std::vector<std::uint16_t> item(static_cast<std::size_t>(ptr.back()));
    for (std::uint16_t& hub : item) hub = static_cast<std::uint16_t>(below(random, 30));
    const auto value = amounts(random, item.size());
    std::vector<double> sums(block_size * batch_width, 0);
    auto other_sums = sums;
    EXPECT_EQ(ppr::combine(ptr.data(), block_size, item.data(), value.data(), lanes.data(), sums.data()),
              plain::combine(ptr.data(), block_size, item.data(), value.data(), lanes.data(), other_sums.data()));
    EXPECT_EQ(sums, other_sums);

    for (const double least : {0.0, 1e-40, 0.7}) {
      std::vector<Global> at(block_size + 8);
      std::vector<Global> other_at(block_size + 8);
      std::vector<double> kept(block_size + 8);
      std::vector<double> other_kept(block_size + 8);
      const int count = ppr::keep_above(amount.data(), least, 640, at.data(), kept.data());
      ASSERT_EQ(count, plain::keep_above(amount.data(), least, 640, other_at.data(), other_kept.data()));
      EXPECT_EQ(count, std::count_if(amount.begin(), amount.end(), [&](double x) { return x > least; }));
      EXPECT_TRUE(std::equal(at.begin(), at.begin() + count, other_at.begin()));
      EXPECT_TRUE(std::equal(kept.begin(), kept.begin() + count, other_kept.begin()));
    }
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
