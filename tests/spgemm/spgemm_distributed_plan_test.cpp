// Products over ranks whose pattern repeats: equal bits to products without a plan, and only values travel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "filigree/spgemm.hpp"
#include "support/spgemm.hpp"

namespace filigree::testing {
namespace {

using spgemm::Options;
using ::testing::HasSubstr;

/// Values that depend on the position alone, so that they are the same on any ranks.
template <class V>
void draw_values(DistCsr<V>& matrix, std::uint64_t round) {
  const Csr<V>& local = matrix.local();
  Array<V> values(local.col.size());
  for (Local row = 0; row < local.num_rows(); ++row) {
    for (Offset k = local.row_ptr[static_cast<std::size_t>(row)]; k < local.row_ptr[static_cast<std::size_t>(row) + 1];
         ++k) {
      Random random(round * 1'000'003 + static_cast<std::uint64_t>((matrix.first_row() + row) * 1'009 +
                                                                   matrix.global_col(local.col[std::size_t(k)])));
      values[static_cast<std::size_t>(k)] = random_value<V>(random, Values::rounded);
    }
  }
  matrix.set_values(std::move(values));
}

template <class V>
DistCsr<V> random_matrix(const Comm& comm, Global num_rows, Global num_cols, Offset count, std::uint64_t seed) {
  const auto entries = random_entries<V>(num_rows, num_cols, count, Values::rounded, seed);
  return DistCsr<V>::from_entries(comm, random_partition(num_rows, comm.size(), seed * 3 + 1),
                                  random_partition(num_cols, comm.size(), seed * 5 + 2), deal(comm, entries, seed),
                                  {Duplicates::first, Loops::keep});
}

template <class V>
void expect_same(const DistCsr<V>& c, const DistCsr<V>& expected) {
  EXPECT_EQ(c.rows(), expected.rows());
  EXPECT_EQ(c.cols(), expected.cols());
  EXPECT_EQ(c.ghosts(), expected.ghosts());
  EXPECT_TRUE(same(c.local(), expected.local()));
  expect_well_formed(c);
}

/// Values of B that ranks name and others have, and the pairs of ranks that send any.
template <class V>
std::pair<Offset, Offset> travelling(const DistCsr<V>& a, const DistCsr<V>& b) {
  const int me = a.comm().rank();
  std::map<Global, Offset> length;
  for (const auto& [at, value] : whole(b)) ++length[at.first];
  std::set<Global> named;
  for (const Local column : a.local().col) named.insert(a.global_col(column));
  Offset values = 0;
  std::set<int> owners;
  for (const Global row : named) {
    if (b.rows().owns(me, row) || length[row] == 0) continue;
    values += length[row];
    owners.insert(b.rows().owner(row));
  }
  return {a.comm().sum(values), a.comm().sum(static_cast<Offset>(owners.size()))};
}

template <class V>
void expect_distributed(DistCsr<V> a, DistCsr<V> b, const DistCsr<V>& mask, std::uint64_t round) {
  const auto [values, messages] = travelling(a, b);
  for (const Semiring semiring : {Semiring::plus_times, Semiring::min_plus}) {
    for (const Masking masking : all_maskings) {
      SCOPED_TRACE(text("round ", round, " ", name_of(semiring), " ", name_of(masking)));
      const Options options{.semiring = semiring};
      const spgemm::DistMask<V> with(masking == Masking::none ? nullptr : &mask, masking == Masking::complement);
      const auto plan = spgemm::plan(a, b, options, with);
      std::optional<DistCsr<V>> again;
      for (std::uint64_t time = 0; time < 3; ++time) {
        draw_values(a, 10 * round + time);
        draw_values(b, 10 * round + time + 5);
        const auto expected = spgemm::multiply(a, b, options, with);
        auto planned = spgemm::multiply(plan, a, b, std::move(again));
        expect_same(planned.c, expected.c);
        for (const char* count : {"products", "nonzeros"})
          EXPECT_EQ(planned.stats.at(count), expected.stats.at(count)) << count;
        EXPECT_EQ(planned.stats.at("bytes_received"), values * static_cast<Offset>(sizeof(V)));
        EXPECT_EQ(planned.stats.at("messages"), messages);
        again.emplace(std::move(planned.c));
      }
      // Without values nothing travels.
      DistCsr<V> ones = b;
      ones.set_values({});
      const auto planned = spgemm::multiply(plan, a, ones);
      expect_same(planned.c, spgemm::multiply(a, ones, options, with).c);
      EXPECT_EQ(planned.stats.at("bytes_received"), 0);
    }
  }
}

template <class V>
class SpgemmDistributedPlan : public ::testing::Test {};
using ValueTypes = ::testing::Types<double, float, std::int64_t>;
TYPED_TEST_SUITE(SpgemmDistributedPlan, ValueTypes);

TYPED_TEST(SpgemmDistributedPlan, GivesWhatMultiplyGives) {
  using V = TypeParam;
  const Comm comm = Comm::world();
  Random random(7);
  for (std::uint64_t round = 0; round < 12; ++round) {
    const Global n = below(random, 60), inner = below(random, 60), m = below(random, 60);
    expect_distributed<V>(random_matrix<V>(comm, n, inner, below(random, 4 * n + 1), round),
                          random_matrix<V>(comm, inner, m, below(random, 6 * inner + 1), round + 1000),
                          random_matrix<V>(comm, n, m, n * m / 3, round + 2000), round);
  }
}

TYPED_TEST(SpgemmDistributedPlan, AddsByColumn) {
  using V = TypeParam;
  const Comm comm = Comm::world();
  // 16 columns and 200 products a row: too many for positions.
  const auto a = random_matrix<V>(comm, 12, 900, 9'000, 1);
  const auto b = random_matrix<V>(comm, 900, 16, 2'000, 2);
  expect_distributed<V>(a, b, random_matrix<V>(comm, 12, 16, 40, 3), 0);
}

TEST(SpgemmDistributedPlan, RefusesOnAllRanks) {
  const Comm comm = Comm::world();
  const auto a = random_matrix<double>(comm, 30, 40, 100, 1);
  const auto b = random_matrix<double>(comm, 40, 50, 100, 2);
  const auto plan = spgemm::plan(a, b);
  const auto refusal = [](auto f) { return message_of<InvalidArgument>(f); };
  EXPECT_THAT(refusal([&] { spgemm::multiply(plan, b, a); }), HasSubstr("not distributed as the plan's a"));
  // One entry elsewhere, so that one rank alone sees it.
  auto entries = random_entries<double>(40, 50, 100, Values::rounded, 2);
  const auto taken = *merged(entries, {Duplicates::first, Loops::keep});
  while (taken.contains({entries.row[0], entries.col[0]})) entries.col[0] = (entries.col[0] + 1) % 50;
  const auto changed =
      Graph::from_entries(comm, b.rows(), b.cols(), deal(comm, entries, 2), {Duplicates::first, Loops::keep});
  EXPECT_EQ(refusal([&] { spgemm::multiply(plan, a, changed); }),
            "multiply: the nonzeros of b are not where they were when the plan was made");
  EXPECT_EQ(refusal([&] { spgemm::plan(b, a); }),
            "plan: a is 40 x 50 and b 30 x 40; a must have as many columns as b has rows");
  EXPECT_EQ(refusal([&] { spgemm::plan(a, b, {}, &b); }),
            "plan: the product is 30 x 50 and the mask 40 x 50; they must have the same shape");
  EXPECT_NE(refusal([&] { spgemm::plan(a, b, {}, {nullptr, true}); }), "");
  EXPECT_EQ(refusal([&] { spgemm::multiply(plan, a, b); }), "");
}

}  // namespace
}  // namespace filigree::testing
