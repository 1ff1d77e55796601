// Csr on one rank: its invariant, transpose, product.
#include "filigree/matrix/csr.hpp"

#include <gtest/gtest.h>

#include "support/matrices.hpp"
#include "support/runtime.hpp"

namespace filigree::testing {
namespace {

template <class V>
Csr<V> csr_of(const GlobalMatrix<V>& matrix, Local num_rows, Local num_cols, bool with_values) {
  Csr<V> result;
  result.num_cols = num_cols;
  result.row_ptr.assign(static_cast<std::size_t>(num_rows) + 1, 0);
  for (const auto& [at, value] : matrix) {
    ++result.row_ptr[static_cast<std::size_t>(at.first) + 1];
    result.col.push_back(static_cast<Local>(at.second));
    if (with_values) result.val.push_back(value);
  }
  for (std::size_t r = 1; r < result.row_ptr.size(); ++r) result.row_ptr[r] += result.row_ptr[r - 1];
  return result;
}

template <class V>
concept HasCsr = requires {
  typename Csr<V>;
  typename CsrView<V>;
};
static_assert(HasCsr<double> && HasCsr<float> && HasCsr<std::int64_t>);
static_assert(!HasCsr<int> && !HasCsr<bool> && !HasCsr<const double>);

template <class V>
struct Sample {
  Local num_rows, num_cols;
  GlobalMatrix<V> entries;
  Csr<V> csr;
};
/// Random matrices of many shapes, with rows and columns without entries, with and without values.
template <class V>
std::vector<Sample<V>> samples(Values kind) {
  std::vector<Sample<V>> all;
  std::uint64_t seed = 1;
  for (const auto& [rows, cols] : {std::pair{0, 0}, {0, 5}, {5, 0}, {1, 1}, {7, 7}, {3, 50}, {50, 3}, {200, 180}}) {
    for (const Offset count : {0, 1, 20, 2000}) {
      const auto entries =
          merged(random_entries<V>(rows, cols, count, kind, seed++), {Duplicates::first, Loops::keep}).value();
      all.push_back({rows, cols, entries, csr_of(entries, rows, cols, kind != Values::none)});
    }
  }
  return all;
}

template <class V>
class CsrOf : public ::testing::Test {};
using ValueTypes = ::testing::Types<double, float, std::int64_t>;
TYPED_TEST_SUITE(CsrOf, ValueTypes);

TYPED_TEST(CsrOf, AccessorsTellTheRows) {
  for (const auto& [num_rows, num_cols, entries, csr] : samples<TypeParam>(Values::rounded)) {
    EXPECT_NO_THROW(csr.validate());
    const CsrView<TypeParam> view = csr;
    EXPECT_EQ(view.num_rows(), num_rows);
    EXPECT_EQ(csr.num_rows(), num_rows);
    EXPECT_EQ(view.num_nonzeros(), static_cast<Offset>(entries.size()));
    EXPECT_EQ(csr.num_nonzeros(), static_cast<Offset>(entries.size()));
    EXPECT_EQ(view.has_values(), !entries.empty());
    GlobalMatrix<TypeParam> read;
    for (Local row = 0; row < num_rows; ++row) {
      EXPECT_EQ(view.degree(row), static_cast<Offset>(view.cols(row).size()));
      EXPECT_EQ(view.vals(row).size(), view.cols(row).size());
      for (std::size_t k = 0; k < view.cols(row).size(); ++k)
        read.emplace(std::pair(row, view.cols(row)[k]), view.vals(row)[k]);
    }
    EXPECT_EQ(read, entries);
  }
}

TYPED_TEST(CsrOf, TransposeSwapsRowsAndColumnsAndTwiceIsNothing) {
  for (const Values kind : {Values::rounded, Values::none}) {
    for (const auto& [num_rows, num_cols, entries, csr] : samples<TypeParam>(kind)) {
      const Csr<TypeParam> other = transpose(csr.view());
      EXPECT_NO_THROW(other.validate());
      EXPECT_EQ(other, csr_of(transposed(entries), num_cols, num_rows, kind != Values::none));
      EXPECT_EQ(transpose(other.view()), csr);
    }
  }
}

template <class V>
class CsrProduct : public ::testing::Test {};
using ProductTypes = ::testing::Types<double, float>;
TYPED_TEST_SUITE(CsrProduct, ProductTypes);

TYPED_TEST(CsrProduct, MultiplyIsTheDenseProductOnAnyThreads) {
  for (const Values kind : {Values::exact, Values::none}) {
    for (const auto& [num_rows, num_cols, entries, csr] : samples<TypeParam>(kind)) {
      const auto x = random_vector(num_cols, Values::exact, 9);
      const auto expected = dense_multiply(entries, num_rows, x);  // without rounding, so exactly
      for (const int threads : {1, 2, 3}) {
        const ThreadsScope scope(threads);
        std::vector<double> y(static_cast<std::size_t>(num_rows), -77);
        multiply(csr.view(), std::span<const double>(x), std::span<double>(y));
        EXPECT_EQ(y, expected);
      }
    }
  }
}

TYPED_TEST(CsrProduct, RoundedSumsHaveTheSameBitsOnAnyThreads) {
  for (const auto& [num_rows, num_cols, entries, csr] : samples<TypeParam>(Values::rounded)) {
    const auto x = random_vector(num_cols, Values::rounded, 10);
    std::vector<double> one(static_cast<std::size_t>(num_rows));
    multiply(csr.view(), std::span<const double>(x), std::span<double>(one));
    const auto expected = dense_multiply(entries, num_rows, x);
    for (std::size_t row = 0; row < one.size(); ++row) EXPECT_NEAR(one[row], expected[row], 1e-12);
    for (const int threads : {2, 3}) {
      const ThreadsScope scope(threads);
      std::vector<double> y(one.size());
      multiply(csr.view(), std::span<const double>(x), std::span<double>(y));
      EXPECT_EQ(y, one);
    }
  }
}

TEST(Csr, MultiplyRefusesVectorsOfAnotherLength) {
  const Csr<double> csr{3, {0, 1, 2}, {0, 2}, {1, 2}};
  std::vector<double> x(3), y(2), longer(4), shorter(1);
  EXPECT_NO_THROW(multiply(csr.view(), std::span<const double>(x), std::span<double>(y)));
  EXPECT_THROW(multiply(csr.view(), std::span<const double>(longer), std::span<double>(y)), InvalidArgument);
  EXPECT_THROW(multiply(csr.view(), std::span<const double>(y), std::span<double>(y)), InvalidArgument);
  EXPECT_THROW(multiply(csr.view(), std::span<const double>(x), std::span<double>(x)), InvalidArgument);
  EXPECT_THROW(multiply(csr.view(), std::span<const double>(x), std::span<double>(shorter)), InvalidArgument);
}

TEST(Csr, DefaultIsTheEmptyMatrix) {
  const Csr<double> csr;
  EXPECT_NO_THROW(csr.validate());
  EXPECT_EQ(csr.num_rows(), 0);
  EXPECT_EQ(csr.num_nonzeros(), 0);
}

TEST(Csr, ValidateNamesEveryViolation) {
  const Csr<double> good{4, {0, 2, 2, 5}, {0, 3, 1, 2, 3}, {1, 2, 3, 4, 5}};
  ASSERT_NO_THROW(good.validate());
  const auto message_after = [&](auto spoil) {
    Csr<double> csr = good;
    spoil(csr);
    return message_of<InvalidArgument>([&] { csr.validate(); });
  };
  const auto expect = [&](const char* part, auto spoil) {
    EXPECT_NE(message_after(spoil).find(part), std::string::npos) << part << " not in: " << message_after(spoil);
  };
  expect("begin with 0", [](auto& m) { m.row_ptr.clear(); });
  expect("begin with 0", [](auto& m) { m.row_ptr[0] = 1; });
  expect("begin with 0", [](auto& m) { m.row_ptr[0] = -1; });
  expect("descends at row 1", [](auto& m) { m.row_ptr[2] = 1; });
  expect("descends at row 0", [](auto& m) { m.row_ptr[1] = -2; });
  expect("descends at row 2", [](auto& m) { m.row_ptr[2] = 900; });  // without reading there
  expect("ends with 4", [](auto& m) { m.row_ptr[3] = 4; });
  expect("ends with 6", [](auto& m) { m.row_ptr[3] = 6; });
  expect("there are 6 columns", [](auto& m) { m.col.push_back(3); });
  expect("4 values for 5 columns", [](auto& m) { m.val.pop_back(); });
  expect("6 values for 5 columns", [](auto& m) { m.val.push_back(1); });
  expect("column 4", [](auto& m) { m.col[4] = 4; });
  expect("row 0 holds column -1", [](auto& m) { m.col[0] = -1; });
  expect("row 2 holds column 1 after 1", [](auto& m) { m.col[3] = 1; });
  expect("row 2 holds column 0 after 1", [](auto& m) { m.col[3] = 0; });
  expect("-1 columns", [](auto& m) { m.num_cols = -1; });
  EXPECT_EQ(message_after([](auto& m) { m.val.clear(); }), "");  // no values: all ones
  EXPECT_EQ(message_after([](auto& m) { m.num_cols = 1000; }), "");
  EXPECT_EQ(message_after([](auto& m) { m.row_ptr.push_back(5); }), "");  // one more row, empty
}

}  // namespace
}  // namespace filigree::testing
