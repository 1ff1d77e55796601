// The versions of the SMASH thesis: the product that its definition says, and its counted work.
#include <gtest/gtest.h>

#include "filigree/spgemm.hpp"
#include "support/runtime.hpp"
#include "support/spgemm.hpp"

namespace filigree::testing {
namespace {

using spgemm::Options;
using spgemm::Variant;

constexpr std::array all_variants{Variant::v1, Variant::v2, Variant::v3};

/// A whole matrix in this rank's memory.
template <class V>
Csr<V> from_whole(const GlobalMatrix<V>& entries, Local num_rows, Local num_cols) {
  Csr<V> matrix;
  matrix.num_cols = num_cols;
  matrix.row_ptr.assign(static_cast<std::size_t>(num_rows) + 1, 0);
  for (const auto& [at, value] : entries) {
    ++matrix.row_ptr[static_cast<std::size_t>(at.first) + 1];
    matrix.col.push_back(static_cast<Local>(at.second));
    matrix.val.push_back(value);
  }
  for (std::size_t row = 1; row < matrix.row_ptr.size(); ++row) matrix.row_ptr[row] += matrix.row_ptr[row - 1];
  return matrix;
}

/// The same matrix, distributed in random blocks.
template <class V>
DistCsr<V> over(const Comm& comm, const Csr<V>& matrix, std::uint64_t seed) {
  Entries<V> entries;
  for (Local row = 0; row < matrix.num_rows(); ++row) {
    for (const Local column : matrix.view().cols(row)) {
      entries.row.push_back(row);
      entries.col.push_back(column);
    }
  }
  entries.val.assign(matrix.val.begin(), matrix.val.end());
  return DistCsr<V>::from_entries(comm, random_partition(matrix.num_rows(), comm.size(), seed),
                                  random_partition(matrix.num_cols, comm.size(), seed + 1),
                                  deal(comm, entries, seed + 2), {Duplicates::error, Loops::keep});
}

template <class V>
Offset num_products(CsrView<V> a, CsrView<V> b) {
  Offset products = 0;
  for (const Local k : a.col) products += b.degree(k);
  return products;
}

/// Counts that hold whatever threads do.
void expect_plausible(const Stats& stats, Offset products, Offset nonzeros, Offset threads) {
  EXPECT_EQ(stats.at("products"), products);
  EXPECT_EQ(stats.at("nonzeros"), nonzeros);
  EXPECT_GE(stats.at("probes"), products);
  EXPECT_LE(stats.at("critical_products"), products);
  EXPECT_GE(stats.at("critical_products") * threads, products);
  if (threads == 1) {
    EXPECT_EQ(stats.at("critical_products"), products);
  }
}

/// A product by every version, over every semiring, with and without mask. Returns how many were made.
template <class V>
int expect_products(Random& random, CsrView<V> a, CsrView<V> b, Csr<V>& c, int threads, const std::string& what) {
  const ThreadsScope scope(threads);
  int made = 0;
  Csr<V> mask;
  for (const Semiring semiring : all_semirings) {
    const Rows<V> whole_product = product_by_definition(a, b, semiring);
    if (made == 0) mask = mask_for(random, whole_product, b.num_cols);
    const CsrView<V> mask_view = mask;
    for (const Masking masking : all_maskings) {
      const bool complement = masking == Masking::complement;
      const Rows<V> expected = masking == Masking::none ? whole_product : masked(whole_product, mask_view, complement);
      for (const Variant variant : all_variants) {
        const Stats stats = spgemm::multiply_as_in_thesis(
                                variant, a, b, c, {.semiring = semiring},
                                masking == Masking::none ? spgemm::Mask<V>() : spgemm::Mask<V>(mask, complement))
                                .stats;
        ++made;
        EXPECT_NO_THROW(c.validate());
        EXPECT_EQ(difference(c, expected, b.num_cols), "")
            << what << ": " << a.num_rows() << " x " << a.num_cols << " x " << b.num_cols << ", " << name_of(semiring)
            << ", " << name_of(masking) << ", " << name_of(variant) << ", threads " << threads;
        expect_plausible(stats, num_products(a, b), num_entries(expected), threads);
        if (::testing::Test::HasFailure()) return made;
      }
    }
  }
  return made;
}

template <class V>
class SpgemmThesis : public ::testing::Test {};
using ValueTypes = ::testing::Types<double, float, std::int64_t>;
TYPED_TEST_SUITE(SpgemmThesis, ValueTypes);

TYPED_TEST(SpgemmThesis, SmallRandomProducts) {
  if (Comm::world().size() > 1) GTEST_SKIP() << "one rank does";
  using V = TypeParam;
  Random random(1);
  Csr<V> c;
  int made = 0;
  for (int trial = 0; made < 4'000 && !this->HasFailure(); ++trial) {
    const auto extent = [&] { return static_cast<Local>(below(random, 8) == 0 ? 0 : below(random, trial % 60 + 1)); };
    const Local num_rows = extent();
    const Local num_inner = extent();
    const Local num_cols = extent();
    const auto contents = [&] { return static_cast<Contents>(below(random, 3)); };
    const Csr<V> a = skewed<V>(random, num_rows, num_inner, contents());
    const Csr<V> b = skewed<V>(random, num_inner, num_cols, contents());
    made += expect_products<V>(random, a, b, c, 1 << trial % 3, text("trial ", trial));
  }
}

TYPED_TEST(SpgemmThesis, ManyWindowsAndRowsLargerThanTheTable) {
  if (Comm::world().size() > 1) GTEST_SKIP() << "one rank does";
  using V = TypeParam;
  Random random(2);
  constexpr auto contents = Contents::ordinary;
  constexpr Local far = std::numeric_limits<Local>::max();
  Csr<V> c;
  for (const int threads : {1, 2, 4}) {
    const auto expect = [&](const std::string& name, const Csr<V>& a, const Csr<V>& b) {
      expect_products<V>(random, a, b, c, threads, name);
    };
    expect("short rows, far apart", regular<V>(random, 1'500, 1'000, 3, contents),
           regular<V>(random, 1'000, far, 5, contents));
    expect("rows of nothing among others", regular<V>(random, 17'000, 1'000, 1, contents),
           skewed<V>(random, 1'000, 3, contents));
    // Row 1 has 20,000 products, at most as many entries; the others are short.
    std::vector<std::set<Local>> rows{{1}, some_columns(random, 4'000, 0, 4'000), {}, {2, 3}};
    const Csr<V> heavy = matrix_of<V>(4'000, rows, contents, random);
    expect("a heavy row, low columns", heavy, regular<V>(random, 4'000, 50'000, 5, contents));
    std::vector<std::set<Local>> ends(4'000);  // v1: the last slots, and around the end of the table
    for (auto& row : ends) row = some_columns(random, 5, far - 100, far);
    expect("the last columns of many", heavy, matrix_of<V>(far, ends, contents, random));
    if (this->HasFailure()) return;
  }
}

TYPED_TEST(SpgemmThesis, OverRanks) {
  using V = TypeParam;
  const Comm comm = Comm::world();
  Random random(3);
  for (int trial = 0; trial < deep(15, 75); ++trial) {  // 45 products each
    const ThreadsScope scope(trial % 12 == 7 ? 2 : 1);
    const auto extent = [&] { return static_cast<Local>(below(random, 50)); };
    const Local num_rows = extent();
    const Local num_inner = extent();
    const Local num_cols = extent();
    const Csr<V> a = skewed<V>(random, num_rows, num_inner, Contents::special);
    const Csr<V> b = skewed<V>(random, num_inner, num_cols, Contents::ordinary);
    const DistCsr<V> dist_a = over(comm, a, random());
    const DistCsr<V> dist_b = over(comm, b, random());
    for (const Semiring semiring : all_semirings) {
      const Rows<V> whole_product = product_by_definition<V>(a, b, semiring);
      const Csr<V> mask = mask_for(random, whole_product, num_cols);
      const DistCsr<V> dist_mask = over(comm, mask, random());
      for (const Masking masking : all_maskings) {
        const Rows<V> expected =
            masking == Masking::none ? whole_product : masked<V>(whole_product, mask, masking == Masking::complement);
        for (const Variant variant : all_variants) {
          // Windows of rows that travel, down to single ones.
          const Options options{.semiring = semiring, .fetch_bytes = 1 + trial % 25 * 100};
          const auto product = spgemm::multiply_as_in_thesis(
              variant, dist_a, dist_b, options,
              {masking == Masking::none ? nullptr : &dist_mask, masking == Masking::complement});
          expect_well_formed(product.c);
          EXPECT_EQ(difference(from_whole(whole(product.c), num_rows, num_cols), expected, num_cols), "")
              << "trial " << trial << ", " << name_of(semiring) << ", " << name_of(masking) << ", " << name_of(variant);
          expect_plausible(product.stats, num_products<V>(a, b), num_entries(expected),
                           Offset{runtime().threads()} * comm.size());
        }
      }
    }
  }
}

class SpgemmThesisVariant : public ::testing::TestWithParam<Variant> {};
INSTANTIATE_TEST_SUITE_P(Every, SpgemmThesisVariant, ::testing::ValuesIn(all_variants),
                         [](const auto& tested) { return name_of(tested.param); });

TEST_P(SpgemmThesisVariant, TheBusiestRankIsNotASum) {
  const ThreadsScope scope(1);
  const Comm comm = Comm::world();
  Random random(4);
  const Csr<double> a = skewed<double>(random, 60, 60, Contents::ordinary);
  const DistCsr<double> dist = over(comm, a, 5);
  Offset mine = 0;
  for (Global row = dist.first_row(); row < dist.first_row() + dist.num_local_rows(); ++row) {
    for (const Local k : a.view().cols(static_cast<Local>(row))) mine += a.view().degree(k);
  }
  const Offset busiest = comm.max(mine);
  const Stats stats = spgemm::multiply_as_in_thesis(GetParam(), dist, dist).stats;
  EXPECT_EQ(stats.at("critical_products"), busiest);
  EXPECT_EQ(stats.at("products"), num_products<double>(a, a));
}

/// Of one thread.
Stats work(const Csr<double>& a, const Csr<double>& b, Variant variant) {
  const ThreadsScope scope(1);
  Csr<double> c;
  return spgemm::multiply_as_in_thesis(variant, a, b, c).stats;
}

TEST(SpgemmThesisWork, OneProbeAProductWhereEveryKeyHasItsSlot) {
  Random random(6);
  const Csr<double> a = skewed<double>(random, 30, 40, Contents::ordinary);
  const Csr<double> b = skewed<double>(random, 40, 50, Contents::ordinary);
  const Csr<double> wide = skewed<double>(random, 40, 10'000, Contents::ordinary);
  std::vector<std::set<Local>> row{some_columns(random, 20, 0, 40)};
  const Csr<double> one = matrix_of<double>(40, row, Contents::ordinary, random);
  // v1: (row, column) has 5 + 6 bits, fewer than a slot.
  const Stats stats = work(a, b, Variant::v1);
  EXPECT_EQ(stats.at("probes"), stats.at("products"));
  EXPECT_EQ(stats.at("hash_windows"), 1);
  for (const Variant variant : all_variants) {
    for (const Csr<double>* const factor : {&b, &wide}) {
      const Stats of_one = work(one, *factor, variant);
      EXPECT_EQ(of_one.at("probes"), of_one.at("products"));
      EXPECT_EQ(of_one.at("hash_windows"), 1);
    }
  }
}

TEST(SpgemmThesisWork, KeysThatMeetAreProbedOneAfterTheOther) {
  // One row of five equal ones times five equal rows: each column is met five times.
  const auto product = [](const std::set<Local>& columns) {
    Random random(7);
    const Csr<double> a = matrix_of<double>(5, {{0, 1, 2, 3, 4}}, Contents::none, random);
    const Csr<double> b = matrix_of<double>(1 << 30, std::vector(5, columns), Contents::none, random);
    return std::pair(a, b);
  };
  // 1 + 2 + 3 + 4 probes for the four columns, five times.
  const auto [a, high] = product({0, 1, 2, 3});  // their high-order bits are equal
  EXPECT_EQ(work(a, high, Variant::v1).at("probes"), 50);
  EXPECT_EQ(work(a, high, Variant::v2).at("probes"), 20);
  EXPECT_EQ(work(a, high, Variant::v3).at("probes"), 20);
  const auto [same, low] = product({5, 5 + (1 << 28), 5 + (1 << 29), 5 + 3 * (1 << 28)});  // their low-order bits
  EXPECT_EQ(work(same, low, Variant::v1).at("probes"), 20);
  EXPECT_EQ(work(same, low, Variant::v2).at("probes"), 50);
  EXPECT_EQ(work(same, low, Variant::v3).at("probes"), 50);
}

TEST(SpgemmThesisWork, BytesByHand) {
  // (1 1) (1 1; 1 1): 4 products, 2 entries, without collisions and without values.
  Random random(8);
  const Csr<double> a = matrix_of<double>(2, {{0, 1}}, Contents::none, random);
  const Csr<double> b = matrix_of<double>(2, {{0, 1}, {0, 1}}, Contents::none, random);
  const Offset of_a = 8 + 2 * 4;
  const Offset of_b = 2 * 16 + 4 * 4;
  const Offset of_table = 4 * 8 + 4 * 16 + 2 * 16;
  const Offset of_c = 8 + 2 * 12;
  EXPECT_EQ(work(a, b, Variant::v2).at("bytes_moved"), of_a + of_b + of_table + of_c);
  EXPECT_EQ(work(a, b, Variant::v3).at("bytes_moved"), of_a + of_b + of_table + 4 * 4 + of_c);
  // v1 looks at the two slots that the row could have.
  EXPECT_EQ(work(a, b, Variant::v1).at("bytes_moved"), of_a + of_b + of_table + 2 * 8 + of_c);
}

TEST_P(SpgemmThesisVariant, TellsProgressAndStopsWhenToldTo) {
  Random random(9);
  const Csr<double> a = regular<double>(random, 600, 600, 20, Contents::ordinary);
  std::vector<Offset> told;
  Csr<double> c;
  spgemm::multiply_as_in_thesis(GetParam(), a, a, c, {.progress = [&](std::string_view, Offset done, Offset of) {
                                  EXPECT_EQ(of, 240'000);
                                  told.push_back(done);
                                }});
  EXPECT_GT(told.size(), 2);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_EQ(told.back(), 240'000);
  const auto stop = [](std::string_view, Offset, Offset) { throw Error("enough"); };
  EXPECT_THROW(spgemm::multiply_as_in_thesis(GetParam(), a, a, c, {.progress = stop}), Error);
  EXPECT_TRUE(c == Csr<double>());
}

}  // namespace
}  // namespace filigree::testing
