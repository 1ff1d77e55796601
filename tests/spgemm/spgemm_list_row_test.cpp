// Rows as lists: slots of earlier rows are never taken for those of a row, also where their numbers begin anew.
#include <gtest/gtest.h>

#include "spgemm/rows/list_row.hpp"
#include "spgemm/rows/semirings.hpp"
#include "support/spgemm.hpp"

namespace filigree::testing {
namespace {

constexpr std::uint32_t last_slot = std::numeric_limits<std::uint32_t>::max();

/// SlotTable of which the next row gets `first`.
void go_on(SlotTable& slots, std::uint32_t first) {
  ASSERT_GE(first, slots.first());
  slots.end_list(Offset{first} - slots.first());
  ASSERT_EQ(slots.first(), first);
}

TEST(SlotTable, BeginAnewWhereARowHasNoNumbersLeft) {
  for (const std::uint32_t most : {0u, 1u, 5u, 100u}) {
    for (const std::uint32_t left : {0u, 1u, 4u, 5u, 6u, 99u, 100u, 101u}) {
      SlotTable slots(8);
      slots.begin_list(8)[3] = slots.first();
      slots.end_list(1);
      go_on(slots, last_slot - left);
      const std::uint32_t* const table = slots.begin_list(most);
      const bool begins_anew = left < most;
      EXPECT_EQ(slots.first(), begins_anew ? 1 : last_slot - left);
      EXPECT_EQ(table[3], begins_anew ? 0 : 1);
      // Numbers of the row: above those of rows before, and none of them 0.
      EXPECT_LE(Offset{slots.first()} + most, Offset{last_slot});
      for (int column = 0; column < 8; ++column) EXPECT_LT(table[column], slots.first());
    }
  }
}

template <bool hashed>
void expect_rows_around_the_last_slot() {
  using Semiring = spgemm::PlusTimes<std::int64_t>;
  Random random(1);
  const Csr<std::int64_t> a = skewed<std::int64_t>(random, 40, 30, Contents::ordinary);
  const Csr<std::int64_t> b = skewed<std::int64_t>(random, 30, 50, Contents::ordinary);
  const spgemm::Factors<std::int64_t> factors{a, b};
  const Rows<std::int64_t> expected = product_by_definition<std::int64_t>(a, b, testing::Semiring::plus_times);
  std::vector<Offset> products;
  Offset longest = 0;
  for (Local row = 0; row < a.num_rows(); ++row) {
    Offset count = 0;
    for (const Local k : a.view().cols(row)) count += b.view().degree(k);
    products.push_back(count);
    longest = std::max(longest, count);
  }
  std::vector<Local> col(z(longest));
  std::vector<std::int64_t> val(z(longest));
  const auto num_listed = static_cast<std::uint32_t>(num_entries(expected));
  for (std::uint32_t left = 0; left < num_listed; ++left) {
    SlotTable slots(hashed ? 4 * longest : b.num_cols);
    const auto expect_rows = [&] {
      for (Local row = 0; row < a.num_rows(); ++row) {
        if (products[z(row)] == 0) continue;
        const Offset length =
            spgemm::list_row<Semiring, hashed>(factors, row, products[z(row)], slots, col.data(), val.data());
        std::map<Local, std::int64_t> listed;
        for (Offset i = 0; i < length; ++i) listed.emplace(col[z(i)], val[z(i)]);
        EXPECT_EQ(std::ssize(listed), length);
        EXPECT_EQ(Rows<std::int64_t>::value_type(listed.begin(), listed.end()), expected[z(row)])
            << "row " << row << ", " << left << " slots left";
      }
    };
    expect_rows();  // slots that stay behind
    go_on(slots, last_slot - left);
    expect_rows();
    EXPECT_LE(slots.first(), num_listed + 1);  // they began anew
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(ListRow, AroundTheLastSlot) { expect_rows_around_the_last_slot<false>(); }
TEST(ListRow, HashedAroundTheLastSlot) { expect_rows_around_the_last_slot<true>(); }

}  // namespace
}  // namespace filigree::testing
