#include "filigree/matrix/dist_dense.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "support/matrices.hpp"
#include "support/runtime.hpp"

namespace filigree::testing {
namespace {

/// Any values, the same for any distribution.
DistDense<double> random_block(const Comm& comm, const Partition& rows, Offset cols, std::uint64_t seed) {
  DistDense<double> x(comm, rows, cols);
  const std::vector<double> all = random_vector(rows.num_items() * cols, Values::rounded, seed);
  std::copy_n(all.begin() + rows.begin(comm.rank()) * cols, x.local.size(), x.local.begin());
  return x;
}

Dense whole(const DistDense<double>& x) {
  const auto values = x.comm.all_gather(x.values()).values;
  Dense all(x.rows.num_items(), x.cols);
  for (Offset i = 0; i < all.rows; ++i) {
    for (Offset j = 0; j < all.cols; ++j) all(i, j) = values[static_cast<std::size_t>(i * x.cols + j)];
  }
  return all;
}

double largest_difference(const Dense& a, const Dense& b) {
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.cols, b.cols);
  double largest = 0;
  for (std::size_t k = 0; k < a.values.size(); ++k) largest = std::max(largest, std::abs(a.values[k] - b.values[k]));
  return largest;
}

Dense identity(Offset n) {
  Dense one(n, n);
  for (Offset i = 0; i < n; ++i) one(i, i) = 1;
  return one;
}

/// Partitions in which blocks of rows cross ranks, and ranks own nothing.
std::vector<Partition> partitions(Global n, int parts) {
  return {Partition::uniform(n, parts), random_partition(n, parts, 1), random_partition(n, parts, 2)};
}

TEST(DistDense, GramEqualsTheObviousOneWithTheSameBitsForAnyDistribution) {
  const Comm comm = Comm::world();
  for (const Global n : {0, 1, 5, 256, 1000, 3001}) {
    for (const Offset cols : {1, 3, 17}) {
      const Partition alone = Partition::uniform(n, 1);
      const auto x = random_block(Comm::self(), alone, cols, 1);
      const auto y = random_block(Comm::self(), alone, cols + 2, 2);
      const std::vector<double> weights = random_vector(n, Values::rounded, 3);
      Dense expected(cols, cols + 2);
      Dense weighted(cols, cols + 2);
      for (Offset v = 0; v < n; ++v) {
        for (Offset i = 0; i < cols; ++i) {
          for (Offset j = 0; j < cols + 2; ++j) {
            expected(i, j) += x.row(v)[static_cast<std::size_t>(i)] * y.row(v)[static_cast<std::size_t>(j)];
            weighted(i, j) += weights[static_cast<std::size_t>(v)] * x.row(v)[static_cast<std::size_t>(i)] *
                              y.row(v)[static_cast<std::size_t>(j)];
          }
        }
      }
      const Dense one = gram(x, y);
      const Dense one_weighted = gram(x, y, weights);
      EXPECT_LE(largest_difference(one, expected), 1e-12);
      EXPECT_LE(largest_difference(one_weighted, weighted), 1e-12);
      for (const Partition& rows : partitions(n, comm.size())) {
        const ThreadsScope threads(2);
        const auto mine = random_block(comm, rows, cols, 1);
        const auto other = random_block(comm, rows, cols + 2, 2);
        EXPECT_EQ(gram(mine, other), one) << n << " rows, " << cols << " columns";
        EXPECT_EQ(gram(mine, other, owned(rows, comm.rank(), weights)), one_weighted);
      }
    }
  }
}

TEST(DistDense, GramOfHugeAndTinyValues) {
  const Comm comm = Comm::world();
  const Global n = 600;
  const Partition rows = Partition::uniform(n, comm.size());
  DistDense<double> x(comm, rows, 3);
  for (Offset i = 0; i < x.num_local_rows(); ++i) {
    x.row(i)[0] = 1e150;
    x.row(i)[1] = 1e-150;
    x.row(i)[2] = 0;
  }
  const Dense products = gram(x, x);
  EXPECT_NEAR(products(0, 0) / 600e300, 1, 1e-14);
  EXPECT_NEAR(products(1, 1) / 600e-300, 1, 1e-14);
  EXPECT_NEAR(products(0, 1), 600, 1e-11);
  EXPECT_EQ(products(2, 0), 0);
  if (comm.is_root()) x.row(0)[2] = INFINITY;
  EXPECT_TRUE(std::isinf(gram(x, x)(2, 2)));
  EXPECT_NEAR(gram(x, x)(0, 1), 600, 1e-11);
}

TEST(DistDense, MultiplyBySmall) {
  const Comm comm = Comm::world();
  const auto x = random_block(comm, random_partition(1500, comm.size(), 5), 7, 4);
  const auto b = random_block(Comm::self(), Partition::uniform(7, 1), 5, 6);
  const Dense small = whole(b);
  EXPECT_LE(largest_difference(whole(multiply(x, small)), filigree::multiply(whole(x), small)), 1e-13);
}

TEST(DistDense, OrthonormalizeIndependentColumns) {
  const Comm comm = Comm::world();
  for (const Partition& rows : partitions(2000, comm.size())) {
    auto x = random_block(comm, rows, 12, 7);
    const Dense before = whole(x);
    const Orthonormalized found = orthonormalize(x);
    EXPECT_TRUE(found.by_cholesky);
    EXPECT_EQ(found.rank, 12);
    EXPECT_LE(largest_difference(gram(x, x), identity(12)), 1e-14);
    EXPECT_LE(largest_difference(filigree::multiply(whole(x), found.r), before), 1e-13);
    auto alone = random_block(Comm::self(), Partition::uniform(2000, 1), 12, 7);
    orthonormalize(alone);
    EXPECT_EQ(whole(x), whole(alone)) << "bits depend on the distribution";
  }
}

TEST(DistDense, OrthonormalizeDependentColumns) {
  const Comm comm = Comm::world();
  const Partition rows = random_partition(1200, comm.size(), 8);
  auto x = random_block(comm, rows, 6, 9);
  for (Offset i = 0; i < x.num_local_rows(); ++i) {
    const auto row = x.row(i);
    row[3] = row[0] - 2 * row[1];     // dependent
    row[4] = row[2] + 1e-9 * row[4];  // nearly: Cholesky would break down
    row[5] = 0;
  }
  const Dense before = whole(x);
  const Orthonormalized found = orthonormalize(x);
  EXPECT_FALSE(found.by_cholesky);
  EXPECT_EQ(found.rank, 4);
  EXPECT_EQ(x.cols, 4);
  EXPECT_LE(largest_difference(gram(x, x), identity(4)), 1e-14);
  EXPECT_LE(largest_difference(filigree::multiply(whole(x), found.r), before), 1e-12);
}

TEST(DistDense, OrthonormalizeNothing) {
  const Comm comm = Comm::world();
  DistDense<double> none(comm, Partition::uniform(10, comm.size()), 0);
  EXPECT_EQ(orthonormalize(none).rank, 0);
  DistDense<double> zeros(comm, Partition::uniform(10, comm.size()), 3);
  EXPECT_EQ(orthonormalize(zeros).rank, 0);
  DistDense<double> wide = random_block(comm, Partition::uniform(2, comm.size()), 3, 1);
  EXPECT_EQ(orthonormalize(wide).rank, 2);
  EXPECT_LE(largest_difference(gram(wide, wide), identity(2)), 1e-14);
}

TEST(BlockProduct, EqualsProductsOfEachColumnBitForBit) {
  const Comm comm = Comm::world();
  for (const Values kind : {Values::none, Values::rounded}) {
    const auto a = Graph::from_entries(comm, 300, 200, deal(comm, random_entries<double>(300, 200, 4000, kind, 1), 2));
    for (const Offset cols : {1, 2, 3, 7, 8, 16, 25, 61}) {
      const auto x = random_block(comm, a.cols(), cols, 3);
      DistDense<double> y(comm, a.rows(), cols);
      const ThreadsScope threads(2);
      multiply(a, x, y);
      for (Offset j = 0; j < cols; ++j) {
        std::vector<double> column;
        for (Offset i = 0; i < x.num_local_rows(); ++i) column.push_back(x.row(i)[static_cast<std::size_t>(j)]);
        const std::vector<double> with_ghosts = a.with_ghosts(column);
        for (Local i = 0; i < a.num_local_rows(); ++i) {
          double sum = 0;
          const auto neighbours = a.local().view().cols(i);
          for (std::size_t k = 0; k < neighbours.size(); ++k) {
            const double value = kind == Values::none ? 1 : a.local().view().vals(i)[k];
            sum += value * with_ghosts[static_cast<std::size_t>(neighbours[k])];
          }
          EXPECT_EQ(y.row(i)[static_cast<std::size_t>(j)], sum) << cols << " columns";
        }
      }
    }
  }
}

TEST(BlockProduct, FinishMeetsEveryRowOnce) {
  const Comm comm = Comm::world();
  const Graph graph =
      Graph::from_entries(comm, 500, 500, deal(comm, random_entries<double>(500, 500, 900, Values::none, 4), 1));
  const auto x = random_block(comm, graph.cols(), 5, 5);
  DistDense<double> plain(comm, graph.rows(), 5);
  DistDense<double> finished(comm, graph.rows(), 5);
  multiply(graph, x, plain);
  multiply(graph, x, finished, [&](Local first, std::span<double> rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = 2 * rows[i] + x.row(first)[i];
  });
  for (std::size_t i = 0; i < plain.local.size(); ++i) {
    EXPECT_EQ(finished.local[i], 2 * plain.local[i] + x.local[i]);
  }
}

TEST(BlockProduct, ShapesAreChecked) {
  const Comm comm = Comm::world();
  const Graph graph = Graph::from_entries(comm, 4, 5, {});
  DistDense<double> y(comm, graph.rows(), 2);
  EXPECT_THAT(message_of([&] { multiply(graph, DistDense<double>(comm, Partition::uniform(6, comm.size()), 2), y); }),
              ::testing::HasSubstr("distributed as the columns of the 4 x 5 matrix"));
  EXPECT_THAT(message_of([&] { multiply(graph, DistDense<double>(comm, graph.cols(), 3), y); }),
              ::testing::HasSubstr("rows of 3 columns"));
}

}  // namespace
}  // namespace filigree::testing
