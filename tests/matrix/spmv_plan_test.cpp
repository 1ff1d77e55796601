// SpmvPlan: the same products as by rows, whatever part of the layout the entries fall into.
#include "filigree/matrix/spmv_plan.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "filigree/core/random.hpp"

namespace filigree::testing {
namespace {

struct Sample {
  const char* name;
  Csr<double> pattern;
};

/// Rows from sets of columns.
Csr<double> csr_of(Local num_cols, const std::vector<std::set<Local>>& rows) {
  Csr<double> matrix;
  matrix.num_cols = num_cols;
  for (const auto& row : rows) {
    matrix.col.insert(matrix.col.end(), row.begin(), row.end());
    matrix.row_ptr.push_back(static_cast<Offset>(matrix.col.size()));
  }
  return matrix;
}

/// Each row draws its length below `max_length` and its columns as column(word).
template <class Column>
std::vector<std::set<Local>> random_rows(Local num_rows, std::uint64_t max_length, Column column) {
  const Stream stream(7, max_length);
  std::vector<std::set<Local>> rows(static_cast<std::size_t>(num_rows));
  for (Local row = 0; row < num_rows; ++row) {
    const auto length = Stream::below(stream.block(row, 0, 0)[0], max_length);
    auto& columns = rows[static_cast<std::size_t>(row)];
    for (std::uint32_t k = 0; k < length; ++k) columns.insert(column(stream.block(row, 1, k)[0]));
  }
  return rows;
}

std::vector<Sample> samples() {
  const auto anywhere = [](std::uint64_t num_cols) {
    return [num_cols](std::uint32_t word) { return static_cast<Local>(Stream::below(word, num_cols)); };
  };
  std::vector<Sample> all;
  all.push_back({"no rows, no columns", csr_of(0, {})});
  all.push_back({"no rows", csr_of(5, {})});
  all.push_back({"no entries", csr_of(0, std::vector<std::set<Local>>(5))});
  all.push_back({"short rows", csr_of(300, random_rows(10000, 12, anywhere(300)))});
  all.push_back({"long rows", csr_of(5000, random_rows(50, 3000, anywhere(5000)))});
  auto band = std::vector<std::set<Local>>(9000);
  for (Local row = 0; row < 9000; ++row) {
    for (Local column = row - row % 37; column <= row; ++column) band[static_cast<std::size_t>(row)].insert(column);
  }
  all.push_back({"runs of up to 37 columns", csr_of(9000, band)});
  auto repeated = random_rows(9000, 30, anywhere(9000));
  for (std::size_t row = 0; row < repeated.size(); ++row) repeated[row] = repeated[row % 11];
  all.push_back({"equal rows", csr_of(9000, repeated)});
  // Most entries among few columns of many, not the first ones.
  const auto skewed = [](std::uint32_t word) {
    const double unit = Stream::unit(word);
    return 599999 - static_cast<Local>(600000 * std::pow(unit, 8));
  };
  all.push_back({"skewed use of many columns", csr_of(600000, random_rows(20000, 40, skewed))});
  all.push_back({"even use of many columns", csr_of(600000, random_rows(20000, 40, anywhere(600000)))});
  return all;
}

std::vector<double> random_vector(Local size) {
  const Stream stream(8, 0);
  std::vector<double> values(static_cast<std::size_t>(size));
  for (Local i = 0; i < size; ++i) values[static_cast<std::size_t>(i)] = Stream::unit(stream.block(i, 0, 0)[0]) - 0.5;
  return values;
}

template <class V>
Csr<V> with_values(const Csr<double>& pattern) {
  Csr<V> matrix{pattern.num_cols, pattern.row_ptr, pattern.col, {}};
  const std::vector<double> values = random_vector(static_cast<Local>(pattern.col.size()));
  matrix.val.assign(values.begin(), values.end());
  return matrix;
}

template <class V>
void expect_same_product(CsrView<V> matrix, const char* name) {
  const std::vector<double> x = random_vector(matrix.num_cols);
  std::vector<double> expected(static_cast<std::size_t>(matrix.num_rows()));
  multiply(matrix, std::span<const double>(x), std::span<double>(expected));
  std::vector<double> y(expected.size(), 777);
  const SpmvPlan<V> plan(matrix);
  EXPECT_EQ(plan.num_rows(), matrix.num_rows());
  EXPECT_EQ(plan.num_cols(), matrix.num_cols);
  plan.multiply(x, y);
  for (Local row = 0; row < matrix.num_rows(); ++row) {
    const auto r = static_cast<std::size_t>(row);
    // Each of the row's additions may round once in either order; terms are below 1/2.
    const double tolerance = static_cast<double>(matrix.degree(row) * matrix.degree(row)) * 0x1p-53;
    ASSERT_NEAR(y[r], expected[r], tolerance) << name << ", row " << row;
  }
  for (const int threads : {1, 2, 3}) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    std::vector<double> again(y.size());
    SpmvPlan<V>(matrix).multiply(x, again);
    omp_set_num_threads(before);
    EXPECT_EQ(again, y) << name << ", " << threads << " threads";
  }
}

TEST(SpmvPlan, MultipliesAsByRows) {
  for (const auto& [name, pattern] : samples()) expect_same_product<double>(pattern, name);
}

TEST(SpmvPlan, MultipliesWeightedMatricesAsByRows) {
  for (const auto& [name, pattern] : samples()) {
    expect_same_product<double>(with_values<double>(pattern), name);
    expect_same_product<float>(with_values<float>(pattern), name);
  }
}

TEST(SpmvPlan, GivesEveryWindowToFinishOnce) {
  for (const auto& [name, pattern] : samples()) {
    const SpmvPlan<double> plan(pattern);
    const std::vector<double> x = random_vector(pattern.num_cols);
    std::vector<double> plain(static_cast<std::size_t>(pattern.num_rows()));
    plan.multiply(x, plain);
    std::vector<double> y(plain.size());
    std::vector<int> calls(static_cast<std::size_t>(plan.num_windows()));
    std::vector<int> visits(plain.size());
    plan.multiply(x, y, [&](Local window, Local first_row, std::span<double> sums) {
      ++calls[static_cast<std::size_t>(window)];
      for (std::size_t i = 0; i < sums.size(); ++i) {
        const std::size_t row = static_cast<std::size_t>(first_row) + i;
        ++visits[row];
        sums[i] = 2 * sums[i] + static_cast<double>(row);
      }
    });
    EXPECT_TRUE(std::ranges::all_of(calls, [](int n) { return n == 1; })) << name;
    EXPECT_TRUE(std::ranges::all_of(visits, [](int n) { return n == 1; })) << name;
    for (std::size_t row = 0; row < y.size(); ++row) {
      EXPECT_EQ(y[row], 2 * plain[row] + static_cast<double>(row)) << name;
    }
  }
}

TEST(SpmvPlan, RefusesVectorsOfWrongLength) {
  const SpmvPlan<double> plan(csr_of(3, {{0}, {1, 2}}));
  std::vector<double> x(3), y(2);
  EXPECT_NO_THROW(plan.multiply(x, y));
  EXPECT_THROW(plan.multiply(std::vector<double>(2), y), InvalidArgument);
  EXPECT_THROW(plan.multiply(x, std::span<double>(x)), InvalidArgument);
}

}  // namespace
}  // namespace filigree::testing
