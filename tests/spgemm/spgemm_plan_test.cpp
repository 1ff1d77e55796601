// Products whose pattern repeats: the values that a plan gives are, bit for bit, those of a product without one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "filigree/spgemm.hpp"
#include "spgemm/plan/plan_rows.hpp"
#include "support/runtime.hpp"
#include "support/spgemm.hpp"

namespace filigree::testing {
namespace {

using spgemm::Options;
using spgemm::Plan;
using spgemm::PlanAccess;
using spgemm::PlanRows;
using ::testing::HasSubstr;

template <class V>
void draw_values(Random& random, Csr<V>& matrix, Contents contents) {
  matrix.val.clear();
  if (contents == Contents::none) return;
  const bool special = contents == Contents::special;
  for (Offset k = 0; k < matrix.num_nonzeros(); ++k) matrix.val.push_back(any_value<V>(random, special));
}

/// Which ways of adding up the plans of a test took.
struct Ways {
  bool by_column = false;
  bool plain = false;
  bool groups = false;
  bool alike = false;

  void add(const Plan& plan) {
    const PlanRows& rows = PlanAccess::rows(plan);
    for (Offset w = 0; w + 1 < std::ssize(rows.blocks); ++w) {
      const PlanRows::Block& block = rows.blocks[z(w)];
      const Local end = rows.blocks[z(w) + 1].first_row;
      if (rows.first_factor[z(end)] == rows.first_factor[z(block.first_row)]) continue;
      by_column = by_column || !block.has_positions;
      plain = plain || block.is_plain;
      if (!block.has_positions || block.is_plain) continue;
      rows.for_each_row_group(w, [&](Local row) {
        const PlanRows::RowGroup& row_group = rows.row_groups[z(row)];
        alike = alike || row_group.num_rows > 1;
        rows.for_each_group(row, [&](Offset, PlanRows::Group group) { groups = groups || group.num_factors > 1; });
      });
    }
  }
};

template <class V>
bool plan_holds(Random& random, Csr<V> a, Csr<V> b, const Options& options, const spgemm::Mask<V>& mask, Csr<V>& c,
                Ways& ways) {
  const Plan plan = spgemm::plan(a, b, options, mask);
  ways.add(plan);
  for (const auto contents : {Contents::ordinary, Contents::special, Contents::none}) {
    draw_values(random, a, contents);
    draw_values(random, b, contents == Contents::none ? Contents::ordinary : contents);
    if (below(random, 4) == 0) b.val.clear();
    Csr<V> expected;
    Stats counted = spgemm::multiply<V>(a, b, expected, options, mask).stats;
    const Stats stats = spgemm::multiply<V>(plan, a, b, c).stats;
    EXPECT_EQ(stats.at("products"), counted.at("products"));
    EXPECT_EQ(stats.at("nonzeros"), counted.at("nonzeros"));
    EXPECT_EQ(plan.num_products(), counted.at("products"));
    EXPECT_EQ(plan.num_nonzeros(), counted.at("nonzeros"));
    if (!same(c, expected)) return false;
  }
  return true;
}

/// These semirings and every mask, new values three times each, into the memory of the product before.
template <class V>
void expect_plans(Random& random, const Csr<V>& a, const Csr<V>& b, Csr<V>& c, Ways& ways, const std::string& what,
                  std::span<const Semiring> semirings = all_semirings) {
  const Csr<V> mask = mask_for(random, product_by_definition<V>(a, b, Semiring::or_and), b.num_cols);
  for (const Semiring semiring : semirings) {
    for (const Masking masking : all_maskings) {
      const auto kept =
          masking == Masking::none ? spgemm::Mask<V>() : spgemm::Mask<V>(mask, masking == Masking::complement);
      EXPECT_TRUE(plan_holds(random, a, b, {.semiring = semiring}, kept, c, ways))
          << what << ": " << a.num_rows() << " x " << a.num_cols << " x " << b.num_cols << ", " << name_of(semiring)
          << ", " << name_of(masking);
    }
  }
}

template <class V>
class SpgemmPlan : public ::testing::Test {};
using ValueTypes = ::testing::Types<double, float, std::int64_t>;
TYPED_TEST_SUITE(SpgemmPlan, ValueTypes);

TYPED_TEST(SpgemmPlan, SmallRandomProducts) {
  using V = TypeParam;
  Random random(1);
  Csr<V> c;
  Ways ways;
  for (int trial = 0; trial < deep(100, 300) && !this->HasFailure(); ++trial) {
    const ThreadsScope scope(1 + trial % 3);
    const auto extent = [&] { return static_cast<Local>(below(random, 8) == 0 ? 0 : below(random, trial % 60 + 1)); };
    const Local num_rows = extent();
    const Local num_inner = extent();
    const Local num_cols = extent();
    expect_plans<V>(random, skewed<V>(random, num_rows, num_inner, Contents::ordinary),
                    skewed<V>(random, num_inner, num_cols, Contents::ordinary), c, ways, text("trial ", trial));
  }
  EXPECT_TRUE(ways.plain);
  EXPECT_TRUE(ways.alike);
  EXPECT_TRUE(ways.groups);
}

/// A matrix of blocks: `size` rows after one another have equal columns, runs of them.
template <class V>
Csr<V> mesh(Random& random, Local num_points, Local size) {
  std::vector<std::set<Local>> rows;
  for (Local point = 0; point < num_points; ++point) {
    std::set<Local> columns;
    for (const Local other : some_columns(random, 9, std::max(0, point - 40), std::min(num_points, point + 40)))
      columns.merge(some_columns(random, size, other * size, other * size + size));
    for (Local i = 0; i < size; ++i) rows.push_back(columns);
  }
  return matrix_of<V>(num_points * size, rows, Contents::ordinary, random);
}

TYPED_TEST(SpgemmPlan, LargerProducts) {
  using V = TypeParam;
  Random random(2);
  Csr<V> c;
  Ways ways;
  std::size_t number = 0;
  const auto expect = [&](const std::string& name, const Csr<V>& a, const Csr<V>& b) {
    expect_plans<V>(random, a, b, c, ways, name, semirings_of_case(number++));
  };
  for_larger_cases<V>(expect);
  for (const Local size : {2, 3, 4, 5, 6}) {
    const Csr<V> blocks = mesh<V>(random, 200, size);
    expect(text("mesh of ", size), blocks, blocks);
  }
  for (const Local length : {0, 20'000}) {
    // A row block is full with its first row.
    std::vector<std::set<Local>> rows(5, some_columns(random, 2, 0, 20'000));
    rows[0] = some_columns(random, length, 0, 20'000);
    expect(text("first row of ", length), matrix_of<V>(20'000, rows, Contents::ordinary, random),
           regular<V>(random, 20'000, 500, 2, Contents::ordinary));
  }
  {
    // A row of C with more nonzeros than 16 bits tell apart, and one with as many as they do, among short ones.
    std::vector<std::set<Local>> rows;
    for (Local i = 0; i < 300; ++i) rows.push_back(some_columns(random, i == 100 ? 1'000 : 2, 0, 1'000));
    const Csr<V> a = matrix_of<V>(1'000, rows, Contents::ordinary, random);
    for (const Local num_cols : {65'534, 65'535, 65'536, 65'537}) {
      std::vector<std::set<Local>> b_rows(1'000);
      for (Local column = 0; column < num_cols; ++column)
        b_rows[static_cast<std::size_t>(column % 1'000)].insert(column);
      expect(text("a row of ", num_cols), a, matrix_of<V>(num_cols, b_rows, Contents::ordinary, random));
    }
  }
  EXPECT_TRUE(ways.plain);
  EXPECT_TRUE(ways.by_column);
  EXPECT_TRUE(ways.alike);
  EXPECT_TRUE(ways.groups);
}

TYPED_TEST(SpgemmPlan, RowsThatRepeat) {
  using V = TypeParam;
  Random random(7);
  Csr<V> c;
  Ways ways;
  std::size_t number = 0;
  const auto expect = [&](const std::string& name, const Csr<V>& a, const Csr<V>& b) {
    expect_plans<V>(random, a, b, c, ways, name, semirings_of_case(number++));
  };
  for_repeating_cases<V>(expect);
  // Row blocks that end at every place of a row group, and rows whose sums would leave the cache.
  for (const Local length : {3, 11, 16, 17, 18, 19, 23}) {
    const std::set<Local> near = some_columns(random, length, 0, 2 * length);
    const std::set<Local> far = some_columns(random, length, 0, 400 * length);
    const Csr<V> a = shifting<V>(random, 200, 200 + 2 * length, near, 1, false, Contents::ordinary);
    expect(text("rows of ", length), a, shifting<V>(random, a.num_cols, 600, near, 1, false, Contents::ordinary));
    expect(text("long rows of ", length), a,
           shifting<V>(random, a.num_cols, 500 * length, far, 1, false, Contents::ordinary));
  }
  EXPECT_TRUE(ways.plain);
  EXPECT_TRUE(ways.groups);
}

TYPED_TEST(SpgemmPlan, ThreadsDoNotChangeBits) {
  using V = TypeParam;
  const auto expect = [&](const std::string& name, const Csr<V>& a, const Csr<V>& b) {
    std::vector<Csr<V>> results;
    for (const int threads : {1, 2, 3}) {
      const ThreadsScope scope(threads);
      const Plan plan = spgemm::plan(a, b);
      spgemm::multiply<V>(plan, a, b, results.emplace_back());
      EXPECT_TRUE(identical(results.back(), results.front())) << name << ", " << threads << " threads";
    }
  };
  for_larger_cases<V>(expect);
  for_repeating_cases<V>(expect);
}

TEST(SpgemmPlan, WritesOnlyValuesWhereThePatternIs) {
  Random random(3);
  Csr<double> a = regular<double>(random, 500, 500, 20, Contents::ordinary);
  const Plan plan = spgemm::plan(a, a);
  Csr<double> c;
  spgemm::multiply<double>(plan, a, a, c);
  const Csr<double> first = c;
  const Local* const col = c.col.data();
  const double* const val = c.val.data();
  draw_values(random, a, Contents::ordinary);
  spgemm::multiply<double>(plan, a, a, c);
  EXPECT_EQ(c.col.data(), col);
  EXPECT_EQ(c.val.data(), val);
  Csr<double> expected;
  spgemm::multiply<double>(a, a, expected);
  EXPECT_TRUE(identical(c, expected));
  EXPECT_NE(c.val, first.val);

  // Other things that c may be: another product, a copy without values, rows of equal lengths at other columns.
  const Csr<double> other = regular<double>(random, 40, 500, 3, Contents::ordinary);
  Csr<double> without_values = expected;
  without_values.val.clear();
  Csr<double> shifted = expected;
  for (Local& column : shifted.col) column = 499 - column;
  for (Csr<double> was : {other, without_values, shifted, Csr<double>()}) {
    spgemm::multiply<double>(plan, a, a, was);
    EXPECT_TRUE(identical(was, expected));
  }
}

TEST(SpgemmPlan, OneForAllTypes) {
  Random random(4);
  const Csr<double> a = skewed<double>(random, 60, 70, Contents::ordinary);
  const Csr<double> b = skewed<double>(random, 70, 50, Contents::ordinary);
  const Plan plan = spgemm::plan(a, b);
  const auto integers = [](const Csr<double>& m) {
    Csr<std::int64_t> result{.num_cols = m.num_cols, .row_ptr = m.row_ptr, .col = m.col, .val = {}};
    for (const double value : m.val) result.val.push_back(static_cast<std::int64_t>(value * 8));
    return result;
  };
  Csr<std::int64_t> c;
  Csr<std::int64_t> expected;
  spgemm::multiply<std::int64_t>(plan, integers(a), integers(b), c);
  spgemm::multiply<std::int64_t>(integers(a), integers(b), expected);
  EXPECT_TRUE(identical(c, expected));
}

TEST(SpgemmPlan, RefusesOtherPatterns) {
  Random random(5);
  const Csr<double> a = regular<double>(random, 30, 40, 3, Contents::ordinary);
  const Csr<double> b = regular<double>(random, 40, 50, 4, Contents::ordinary);
  const Plan plan = spgemm::plan(a, b);
  Csr<double> c;
  spgemm::multiply<double>(plan, a, b, c);
  const Csr<double> before = c;
  const auto refusal = [&](const Csr<double>& x, const Csr<double>& y) {
    return message_of<InvalidArgument>([&] { spgemm::multiply<double>(plan, x, y, c); });
  };
  EXPECT_EQ(refusal(b, b), "multiply: a is 40 x 50 with 160 nonzeros, the plan is for 30 x 40 with 90");
  EXPECT_EQ(refusal(a, a), "multiply: b is 30 x 40 with 90 nonzeros, the plan is for 40 x 50 with 160");
  EXPECT_EQ(refusal(regular<double>(random, 30, 40, 2, Contents::ordinary), b),
            "multiply: a is 30 x 40 with 60 nonzeros, the plan is for 30 x 40 with 90");
  EXPECT_EQ(refusal(regular<double>(random, 30, 40, 3, Contents::ordinary), b),
            "multiply: the nonzeros of a are not where they were when the plan was made");
  EXPECT_EQ(refusal(a, regular<double>(random, 40, 50, 4, Contents::ordinary)),
            "multiply: the nonzeros of b are not where they were when the plan was made");
  // Equal columns, but one has gone to the next row.
  Csr<double> moved = b;
  --moved.row_ptr[20];
  EXPECT_NE(refusal(a, moved), "");
  EXPECT_TRUE(identical(c, before));
  EXPECT_EQ(refusal(a, b), "");

  // What multiply() refuses.
  EXPECT_THAT(message_of<InvalidArgument>([&] { spgemm::plan(b, a); }), HasSubstr("40 x 50"));
  EXPECT_NE(message_of<InvalidArgument>([&] { spgemm::plan(a, b, {}, a); }), "");
}

TEST(SpgemmPlan, TakesTheMemoryItSays) {
  const auto expect = [](const std::string& name, const Csr<double>& a, const Csr<double>& b) {
    const Plan plan = spgemm::plan(a, b);
    Csr<double> c;
    spgemm::multiply<double>(a, b, c);
    const Offset of_c = 4 * c.num_nonzeros() + 8 * (c.num_rows() + 1);
    const Offset of_a = 16 * a.num_nonzeros() + 16 * a.num_rows() + 8;
    const Offset blocks = 64 * std::ssize(PlanAccess::rows(plan).blocks);
    EXPECT_GE(plan.num_bytes(), of_c + of_a) << name;
    EXPECT_LE(plan.num_bytes(), of_c + of_a + blocks + std::min(2 * plan.num_products(), 48 * c.num_nonzeros()))
        << name;
  };
  for_larger_cases<double>(expect);
  for_repeating_cases<double>(expect);
  // So few rows of A are equal that it is not worth it: without, positions are too many.
  Random random(8);
  std::vector<std::set<Local>> rows;
  for (Local i = 0; i < 400; ++i) rows.push_back(i % 5 == 4 ? rows.back() : some_columns(random, 60, 0, 90));
  expect("some rows equal", matrix_of<double>(90, rows, Contents::ordinary, random),
         regular<double>(random, 90, 60, 28, Contents::ordinary));
}

TEST(SpgemmPlan, RowBlocksDoNotEndWithinARowGroup) {
  Random random(9);
  for (const Local size : {2, 3, 4}) {
    const Csr<double> a = mesh<double>(random, 600, size);
    const Plan plan = spgemm::plan(a, a);
    const auto& blocks = PlanAccess::rows(plan).blocks;
    ASSERT_GT(blocks.size(), 5U);
    for (std::size_t w = 1; w + 1 < blocks.size(); ++w) EXPECT_EQ(blocks[w].first_row % size, 0);
  }
}

}  // namespace
}  // namespace filigree::testing
