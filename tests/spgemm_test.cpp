// The product of two sparse matrices within a rank: bit for bit what its definition says.
#include "filigree/spgemm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Sparse>
#include <cstring>
#include <set>

#include "filigree/generate.hpp"
#include "support/products.hpp"
#include "support/runtime.hpp"

namespace filigree::testing {
namespace {

using spgemm::Options;
using ::testing::HasSubstr;

// ------------------------------------------------------------------------------------------------ comparison

/// Every semiring, mask and order of a product against the definition, with c's memory used again and again. Returns
/// how many products were made.
template <class V>
int expect_products(Random& random, CsrView<V> a, CsrView<V> b, Csr<V>& c, const std::string& what) {
  int made = 0;
  Csr<V> mask;
  for (const Semiring semiring : all_semirings) {
    const Rows<V> whole_product = product_by_definition(a, b, semiring);
    if (made == 0) mask = mask_for(random, whole_product, b.num_cols);
    const CsrView<V> mask_view = mask;
    for (const int masking : {0, 1, 2}) {
      const bool complement = masking == 2;
      const Rows<V> expected = masking == 0 ? whole_product : masked(whole_product, mask_view, complement);
      for (const bool sorted : {true, false}) {
        const Options options{.semiring = semiring, .complement = complement, .sorted = sorted};
        const Stats stats = spgemm::multiply(a, b, c, options, masking == 0 ? nullptr : &mask_view);
        ++made;
        if (sorted) {
          EXPECT_NO_THROW(c.validate());
        } else {
          sort_rows(c);
        }
        const std::string found = difference(c, expected, b.num_cols);
        EXPECT_EQ(found, "") << what << ": " << a.num_rows() << " x " << a.num_cols << " x " << b.num_cols
                             << ", semiring " << static_cast<int>(semiring) << ", masking " << masking << ", sorted "
                             << sorted;
        EXPECT_EQ(stats.at("nonzeros"), num_entries(expected)) << what;
        if (!found.empty()) return made;
      }
    }
  }
  return made;
}

template <class V>
class Spgemm : public ::testing::Test {};
using ValueTypes = ::testing::Types<double, float, std::int64_t>;
TYPED_TEST_SUITE(Spgemm, ValueTypes);

TYPED_TEST(Spgemm, SmallRandomProducts) {
  using V = TypeParam;
  Random random(1);
  Csr<V> c;
  int made = 0;
  for (int trial = 0; made < 12'000 && !this->HasFailure(); ++trial) {
    const auto extent = [&] { return static_cast<Local>(below(random, 8) == 0 ? 0 : below(random, trial % 60 + 1)); };
    const Local num_rows = extent();
    const Local num_inner = extent();
    const Local num_cols = extent();
    const auto contents = [&] { return static_cast<Contents>(below(random, 3)); };
    const Csr<V> a = skewed<V>(random, num_rows, num_inner, contents());
    const Csr<V> b = skewed<V>(random, num_inner, num_cols, contents());
    made += expect_products<V>(random, a, b, c, text("trial ", trial));
  }
  EXPECT_GE(made, 12'000);
}

/// Matrices of every kind that asks for another way to add up a row. f(name, a, b).
template <class V, class F>
void for_larger_cases(F&& f) {
  Random random(2);
  const auto contents = Contents::ordinary;
  constexpr Local far = 10'000'000;

  // Row i has lengths[i] products, around every power of two; columns far apart, and close together.
  const std::vector<Offset> lengths{0,   1,   2,    3,    4,    5,    7,    8,    9,    15,   16,   17,  31,
                                    32,  33,  63,   64,   65,   127,  128,  129,  255,  256,  257,  511, 512,
                                    513, 800, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097, 9000};
  for (const Local num_cols : {far, Local{20'000}, Local{1'000}}) {
    std::vector<std::set<Local>> rows;
    for (const Offset length : lengths) rows.push_back(some_columns(random, length, 0, 9'000));
    const Csr<V> a = matrix_of<V>(9'000, rows, contents, random);
    f(text("rows around powers of two, ", num_cols, " columns"), a, regular<V>(random, 9'000, num_cols, 1, contents));
    f(text("few rows of ", num_cols, " columns"), regular<V>(random, 10, 400, 30, contents),
      regular<V>(random, 400, num_cols, 100, contents));
  }
  {
    // Clusters of columns: many products an entry within each, gaps between them.
    std::vector<std::set<Local>> rows(300);
    for (auto& row : rows) {
      for (int cluster = 0; cluster < 3; ++cluster) {
        const auto first = static_cast<Local>(below(random, 20) * (far / 20));
        row.merge(some_columns(random, 20, first, first + 100));
      }
    }
    f("clusters", regular<V>(random, 40, 300, 40, contents), matrix_of<V>(far, rows, contents, random));
  }
  {
    // One dense row among rows of one.
    std::vector<std::set<Local>> rows;
    for (Local i = 0; i < 4'000; ++i) rows.push_back(some_columns(random, i == 17 ? 4'000 : 1, 0, 4'000));
    const Csr<V> a = matrix_of<V>(4'000, rows, contents, random);
    f("one dense row", a, regular<V>(random, 4'000, 4'000, 8, contents));
    f("one dense row, columns far apart", a, regular<V>(random, 4'000, far, 8, contents));
  }
  {
    // Dense blocks on the diagonal.
    std::vector<std::set<Local>> rows;
    for (Local i = 0; i < 160; ++i) rows.push_back(some_columns(random, 32, i / 32 * 32, i / 32 * 32 + 32));
    const Csr<V> a = matrix_of<V>(160, rows, contents, random);
    f("dense blocks", a, a);
  }
  f("all dense", regular<V>(random, 30, 40, 40, contents), regular<V>(random, 40, 50, 50, contents));
  f("many products an entry", regular<V>(random, 30, 3'000, 1'000, contents),
    regular<V>(random, 3'000, 40, 5, contents));
  f("tiny rows", regular<V>(random, 9'000, 9'000, 2, contents), regular<V>(random, 9'000, 9'000, 2, contents));
  f("skewed", skewed<V>(random, 300, 400, contents), skewed<V>(random, 400, 300, contents));
  f("one column", regular<V>(random, 2'000, 2'000, 20, contents), regular<V>(random, 2'000, 1, 1, contents));
  f("one row", regular<V>(random, 1, 5'000, 4'000, contents), regular<V>(random, 5'000, far, 10, contents));
  f("patterns", skewed<V>(random, 200, 200, Contents::none), skewed<V>(random, 200, 500, Contents::none));
}

TYPED_TEST(Spgemm, LargerProducts) {
  using V = TypeParam;
  Random random(3);
  Csr<V> c;
  for_larger_cases<V>(
      [&](const std::string& name, const Csr<V>& a, const Csr<V>& b) { expect_products<V>(random, a, b, c, name); });
}

/// Equal bits, NaN too: between products of the same code there is no excuse.
template <class V>
bool identical(const Csr<V>& a, const Csr<V>& b) {
  return a.num_cols == b.num_cols && a.row_ptr == b.row_ptr && a.col == b.col && a.val.size() == b.val.size() &&
         (a.val.empty() || std::memcmp(a.val.data(), b.val.data(), a.val.size() * sizeof(V)) == 0);
}

TYPED_TEST(Spgemm, ThreadsDoNotChangeBits) {
  using V = TypeParam;
  for_larger_cases<V>([&](const std::string& name, const Csr<V>& a, const Csr<V>& b) {
    for (const Semiring semiring : {Semiring::plus_times, Semiring::min_plus}) {
      Csr<V> by_one;
      Stats counted;
      for (const int threads : {1, 2, 3}) {
        const ThreadsScope scope(threads);
        Csr<V> c;
        const Stats stats = spgemm::multiply<V>(a, b, c, {.semiring = semiring});
        if (threads == 1) {
          by_one = c;
          counted = stats;
        }
        EXPECT_TRUE(identical(c, by_one)) << name << ", " << threads << " threads";
        EXPECT_EQ(stats, counted) << name << ", " << threads << " threads";
      }
    }
  });
}

TYPED_TEST(Spgemm, MemoryOfAnEarlierProductDoesNotShow) {
  using V = TypeParam;
  Random random(4);
  const Csr<V> large = regular<V>(random, 600, 600, 40, Contents::special);
  const Csr<V> small = skewed<V>(random, 20, 30, Contents::special);
  const Csr<V> thin = skewed<V>(random, 30, 4, Contents::ordinary);
  Csr<V> once;
  Csr<V> again;
  spgemm::multiply<V>(large, large, once);
  Csr<V> c;
  for (int round = 0; round < 3; ++round) {
    spgemm::multiply<V>(large, large, c);
    EXPECT_TRUE(identical(c, once));
    spgemm::multiply<V>(small, thin, again);
    spgemm::multiply<V>(small, thin, c);
    EXPECT_TRUE(identical(c, again));
    const Csr<V> nothing{.num_cols = 7, .row_ptr = {0}, .col = {}, .val = {}};
    spgemm::multiply<V>(Csr<V>{}, Csr<V>{nothing}, c);
    EXPECT_TRUE(identical(c, nothing));
  }
}

TYPED_TEST(Spgemm, RefusesShapesThatDoNotFit) {
  using V = TypeParam;
  const auto zeros = [](Local rows, Local cols) {
    Csr<V> matrix;
    matrix.num_cols = cols;
    matrix.row_ptr.assign(static_cast<std::size_t>(rows) + 1, 0);
    return matrix;
  };
  Csr<V> c;
  const std::string inner = message_of<InvalidArgument>([&] { spgemm::multiply<V>(zeros(11, 12), zeros(13, 14), c); });
  EXPECT_THAT(inner, HasSubstr("11 x 12"));
  EXPECT_THAT(inner, HasSubstr("13 x 14"));
  for (const auto& [rows, cols] : {std::pair{10, 14}, {11, 15}, {14, 11}}) {
    const Csr<V> mask = zeros(rows, cols);
    const CsrView<V> view = mask;
    for (const bool complement : {false, true}) {
      const std::string message = message_of<InvalidArgument>(
          [&] { spgemm::multiply<V>(zeros(11, 12), zeros(12, 14), c, {.complement = complement}, &view); });
      EXPECT_THAT(message, HasSubstr(text(rows, " x ", cols)));
      EXPECT_THAT(message, HasSubstr("11 x 14"));
    }
  }
  EXPECT_THAT(
      message_of<InvalidArgument>([&] { spgemm::multiply<V>(zeros(11, 12), zeros(12, 14), c, {.complement = true}); }),
      HasSubstr("complement needs a mask"));
  EXPECT_EQ(message_of([&] { spgemm::multiply<V>(zeros(11, 12), zeros(12, 14), c); }), "");
  EXPECT_EQ(difference(c, Rows<V>(11), 14), "");
}

TEST(SpgemmWork, CountsItsProducts) {
  Random random(5);
  const Csr<double> a = skewed<double>(random, 200, 300, Contents::ordinary);
  const Csr<double> b = skewed<double>(random, 300, 250, Contents::ordinary);
  Offset products = 0;
  for (Local k : a.col) products += b.view().degree(k);
  Csr<double> c;
  EXPECT_EQ(spgemm::multiply<double>(a, b, c).at("products"), products);
  EXPECT_EQ(spgemm::multiply<double>(Csr<double>{}, Csr<double>{}, c).at("products"), 0);

  Offset last = 0;
  Offset of = -1;
  const auto told = [&](std::string_view phase, Offset done, Offset total) {
    EXPECT_EQ(phase, "multiply");
    EXPECT_LE(last, done);
    last = done;
    of = total;
  };
  spgemm::multiply<double>(a, b, c, {.progress = told});
  EXPECT_EQ(last, products);
  EXPECT_EQ(of, products);
}

TEST(SpgemmPeers, EigenAgrees) {
  using Sparse = Eigen::SparseMatrix<double, Eigen::RowMajor, std::int64_t>;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    Csr<double> a = generate::rmat(Comm::self(), 10, 8, seed, {.scramble = false}).local;
    Random random(seed);
    a.val.clear();
    for (Offset k = 0; k < a.num_nonzeros(); ++k) a.val.push_back(random_value<double>(random, Values::rounded));
    const std::vector<std::int64_t> inner(a.col.begin(), a.col.end());
    const Eigen::Map<const Sparse> eigen_a(a.num_rows(), a.num_cols, a.num_nonzeros(), a.row_ptr.data(), inner.data(),
                                           a.val.data());
    Sparse expected = eigen_a * eigen_a;
    expected.makeCompressed();
    Csr<double> c;
    spgemm::multiply<double>(a, a, c);
    ASSERT_EQ(c.num_nonzeros(), expected.nonZeros());
    for (std::size_t k = 0; k < c.col.size(); ++k) {
      ASSERT_EQ(c.col[k], expected.innerIndexPtr()[k]);
      ASSERT_NEAR(c.val[k], expected.valuePtr()[k], 1e-12);
    }
  }
}

}  // namespace
}  // namespace filigree::testing
