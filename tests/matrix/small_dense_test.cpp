#include "filigree/matrix/small_dense.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "filigree/core/error.hpp"
#include "support/dense.hpp"
#include "support/isa.hpp"

namespace filigree::testing {
namespace {

Dense transposed(DenseView a) {
  Dense t(a.cols, a.rows);
  for (Offset j = 0; j < a.cols; ++j) {
    for (Offset i = 0; i < a.rows; ++i) t(j, i) = a(i, j);
  }
  return t;
}

/// Sums in order of k, in blocks of 256, without fused operations: what gemm promises, bit for bit.
Dense product_by_definition(double alpha, DenseView a, DenseView b, double beta, const Dense& c) {
  Dense result = c;
  for (Offset j = 0; j < c.cols; ++j) {
    for (Offset i = 0; i < c.rows; ++i) {
      double& x = result(i, j);
      x = beta == 0 ? 0 : beta * x;
      for (Offset begin = 0; begin < a.cols; begin += 256) {
        double sum = 0;
        for (Offset k = begin; k < std::min(a.cols, begin + 256); ++k) {
          const double product = a(i, k) * b(k, j);
          sum += product;
        }
        x += alpha * sum;
      }
    }
  }
  return result;
}

TEST(SmallDense, EveryKernelGivesTheDefinedBits) {
  for (const auto& [m, n, k] : {std::array<Offset, 3>{1, 1, 1},
                                {5, 7, 3},
                                {24, 8, 256},
                                {25, 9, 257},
                                {0, 3, 2},
                                {3, 0, 2},
                                {4, 3, 0},
                                {200, 50, 300},
                                {193, 97, 512}}) {
    const Dense a = random_dense(m, k, 1);
    const Dense b = random_dense(k, n, 2);
    const Dense c = random_dense(m, n, 3);
    for (const auto& [alpha, beta] : {std::pair(1.0, 0.0), {-0.7, 1.0}, {2.0, 0.3}}) {
      const Dense expected = product_by_definition(alpha, a, b, beta, c);
      for_each_isa([&, m = m, n = n, k = k, alpha = alpha, beta = beta] {
        for (const Op op_a : {Op::none, Op::transpose}) {
          for (const Op op_b : {Op::none, Op::transpose}) {
            Dense result = c;
            gemm(alpha, op_a == Op::none ? a : transposed(a), op_a, op_b == Op::none ? b : transposed(b), op_b, beta,
                 result);
            EXPECT_EQ(result, expected) << m << " x " << n << " x " << k << ", " << static_cast<int>(isa());
          }
        }
      });
    }
  }
}

TEST(SmallDense, ViewsLeaveTheirSurroundingsAlone) {
  Dense a = random_dense(20, 20, 4);
  Dense c = random_dense(30, 30, 5);
  const Dense before = c;
  gemm(1, a.view().block(3, 2, 7, 5), Op::none, a.view().block(1, 1, 5, 6), Op::none, 0, c.span().block(4, 6, 7, 6));
  const Dense product = multiply(Dense(a.view().block(3, 2, 7, 5)), Dense(a.view().block(1, 1, 5, 6)));
  for (Offset j = 0; j < 30; ++j) {
    for (Offset i = 0; i < 30; ++i) {
      const bool inside = i >= 4 && i < 11 && j >= 6 && j < 12;
      EXPECT_EQ(c(i, j), inside ? product(i - 4, j - 6) : before(i, j));
    }
  }
}

TEST(SmallDense, GramIsTheProductWithItself) {
  for (const auto& [m, n] : {std::pair<Offset, Offset>{1, 1}, {10, 40}, {300, 77}, {1024, 128}}) {
    const Dense a = random_dense(m, n, 6);
    EXPECT_EQ(gram(a), multiply(a, a, Op::transpose));
    double sum = 0;
    for (const double x : a.values) sum += x * x;
    EXPECT_NEAR(squared_norm(a), sum, 1e-13 * sum);
  }
}

TEST(SmallDense, Factorizations) {
  for (const auto& [m, n] : {std::pair<Offset, Offset>{1, 1}, {3, 8}, {40, 12}, {12, 40}, {150, 90}, {90, 150}}) {
    for (const Offset rank : {Offset{0}, Offset{2}, std::min(m, n)}) {
      const Dense a = multiply(random_dense(m, rank, 7), random_dense(rank, n, 8));
      const double size = std::sqrt(squared_norm(a)) + 1;
      const ThinSvd s = svd(a);
      Dense scaled = s.u;
      for (Offset j = 0; j < scaled.cols; ++j) {
        for (double& x : scaled.col(j)) x *= s.s[static_cast<std::size_t>(j)];
      }
      EXPECT_LT(max_difference(multiply(scaled, s.v, Op::none, Op::transpose), a), 1e-14 * size);
      EXPECT_LT(orthogonality_loss(s.u), 1e-13);
      EXPECT_LT(orthogonality_loss(s.v), 1e-13);
      EXPECT_TRUE(std::is_sorted(s.s.rbegin(), s.s.rend()));
      const auto values = singular_values(a);
      ASSERT_EQ(values.size(), s.s.size());
      for (std::size_t k = 0; k < values.size(); ++k) EXPECT_NEAR(values[k], s.s[k], 1e-14 * size);

      const ThinQr f = qr(a);
      EXPECT_LT(max_difference(multiply(f.q, f.r), a), 1e-14 * size);
      EXPECT_LT(orthogonality_loss(f.q), 1e-13);
      for (Offset j = 0; j < f.r.cols; ++j) {
        for (Offset i = j + 1; i < f.r.rows; ++i) EXPECT_EQ(f.r(i, j), 0);
      }

      const SymmetricEigen e = symmetric_eigen(gram(a));
      for (std::size_t k = 0; k < values.size(); ++k) {
        EXPECT_NEAR(e.values[e.values.size() - 1 - k], values[k] * values[k], 1e-13 * size * size);
      }
      EXPECT_LT(orthogonality_loss(e.vectors), 1e-13);
    }
  }
}

TEST(SmallDense, CholeskyAndSolves) {
  const Dense a = random_dense(60, 20, 9);
  const Dense product = gram(a);
  const auto lower = cholesky(product);
  ASSERT_TRUE(lower);
  EXPECT_LT(max_difference(multiply(*lower, *lower, Op::none, Op::transpose), product), 1e-12);
  Dense q = a;
  solve_lower_transposed(*lower, q);
  EXPECT_LT(orthogonality_loss(q), 1e-13);
  std::vector<double> b(a.col(0).begin(), a.col(0).begin() + 20);
  const auto x = solve_symmetric(product, b);
  for (Offset i = 0; i < 20; ++i) {
    double sum = 0;
    for (Offset j = 0; j < 20; ++j) sum += product(i, j) * x[static_cast<std::size_t>(j)];
    EXPECT_NEAR(sum, b[static_cast<std::size_t>(i)], 1e-12);
  }
  Dense indefinite(2, 2);
  indefinite(0, 0) = 1;
  indefinite(1, 1) = -1;
  EXPECT_FALSE(cholesky(indefinite));
}

TEST(SmallDense, RefusesWhatHasNoDecomposition) {
  Dense a = random_dense(30, 30, 10);
  a(3, 4) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(svd(a), Error);
}

}  // namespace
}  // namespace filigree::testing
