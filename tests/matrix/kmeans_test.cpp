#include "filigree/matrix/kmeans.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "support/matrices.hpp"
#include "support/runtime.hpp"

namespace filigree::testing {
namespace {

std::size_t at(Offset i) { return static_cast<std::size_t>(i); }

/// `count` points around each of the k corners of a simplex, `spread` apart at most, the same for any distribution.
DistDense<double> clouds(const Comm& comm, const Partition& rows, Offset k, double spread, std::uint64_t seed) {
  DistDense<double> x(comm, rows, k);
  const std::vector<double> noise = random_vector(rows.num_items() * k, Values::rounded, seed);
  for (Offset i = 0; i < x.num_local_rows(); ++i) {
    const Global row = rows.begin(comm.rank()) + i;
    for (Offset j = 0; j < k; ++j) x.row(i)[at(j)] = (row % k == j ? 1 : 0) + spread * (noise[at(row * k + j)] - 0.25);
  }
  return x;
}

TEST(Kmeans, FindsSeparatedClouds) {
  const Comm comm = Comm::world();
  for (const Offset k : {2, 3, 8, 20}) {
    const Partition rows = random_partition(40 * k, comm.size(), 1);
    const auto x = clouds(comm, rows, k, 0.2, 2);
    const KmeansResult result = kmeans(x, {.num_clusters = k});
    const auto labels = whole(comm, result.labels);
    for (std::size_t v = 0; v < labels.size(); ++v) EXPECT_EQ(labels[v], labels[v % at(k)]);
    EXPECT_EQ(std::set<Local>(labels.begin(), labels.end()).size(), at(k));
    // The inertia is what the definition says, with centres that are means.
    double inertia = 0;
    for (Offset i = 0; i < x.num_local_rows(); ++i) {
      for (Offset j = 0; j < k; ++j) {
        const double d = x.row(i)[at(j)] - result.centres(result.labels[at(i)], j);
        inertia += d * d;
      }
    }
    EXPECT_NEAR(comm.sum(inertia), result.inertia, 1e-12 * result.inertia);
  }
}

TEST(Kmeans, NearlyTheBestOfAllPartitions) {
  // 9 points on a line in 3 clusters: the best is known by trying all.
  const Comm comm = Comm::world();
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    const std::vector<double> points = random_vector(9, Values::rounded, seed);
    double best = 1e300;
    for (int code = 0; code < 19683; ++code) {
      double sum[3] = {}, squares = 0, count[3] = {};
      for (int i = 0, rest = code; i < 9; ++i, rest /= 3) {
        sum[rest % 3] += points[at(i)];
        count[rest % 3] += 1;
        squares += points[at(i)] * points[at(i)];
      }
      for (int c = 0; c < 3; ++c) squares -= count[c] > 0 ? sum[c] * sum[c] / count[c] : 0;
      best = std::min(best, squares);
    }
    DistDense<double> x(comm, Partition::uniform(9, comm.size()), 1);
    for (Offset i = 0; i < x.num_local_rows(); ++i) x.local[at(i)] = points[at(x.rows.begin(comm.rank()) + i)];
    EXPECT_NEAR(kmeans(x, {.num_clusters = 3, .num_starts = 20}).inertia, best, 1e-9);
  }
}

TEST(Kmeans, EqualBitsOnAnyRanksAndThreads) {
  // Clouds that overlap, more rows than the sample.
  const auto run = [](const Comm& comm, const Partition& rows) {
    return kmeans(clouds(comm, rows, 5, 3, 4), {.num_clusters = 7, .num_starts = 3, .sample_rows = 500});
  };
  const KmeansResult alone = run(Comm::self(), Partition::uniform(3000, 1));
  const Comm comm = Comm::world();
  for (const int threads : {1, 2}) {
    const ThreadsScope scope(threads);
    const KmeansResult together = run(comm, random_partition(3000, comm.size(), 3));
    EXPECT_EQ(whole(comm, together.labels), alone.labels);
    EXPECT_EQ(together.centres, alone.centres);
    EXPECT_EQ(together.inertia, alone.inertia);
  }
}

TEST(Kmeans, WeightsAndRowsLeftOut) {
  const Comm comm = Comm::world();
  const Partition rows = Partition::uniform(8, comm.size());
  DistDense<double> x(comm, rows, 1);
  std::vector<double> weights;
  for (Offset i = 0; i < x.num_local_rows(); ++i) {
    const Global row = rows.begin(comm.rank()) + i;
    x.local[at(i)] = row < 4 ? static_cast<double>(row) : 100 + static_cast<double>(row);
    weights.push_back(row == 7 ? 0 : row == 3 ? 5 : 1);
  }
  const KmeansResult result = kmeans(x, {.num_clusters = 2}, weights);
  const auto labels = whole(comm, result.labels);
  EXPECT_EQ(labels[7], -1);
  EXPECT_EQ(labels[0], labels[3]);
  EXPECT_EQ(labels[4], labels[6]);
  EXPECT_NE(labels[0], labels[4]);
  EXPECT_NEAR(result.centres(labels[0], 0), (0 + 1 + 2 + 5 * 3) / 8.0, 1e-14);
  EXPECT_NEAR(result.centres(labels[4], 0), 105, 1e-12);
}

TEST(Kmeans, SampleIsOfRowsThatCount) {
  // One row of 200 counts: a sample of 100 rows must be of those 400.
  const Comm comm = Comm::world();
  const Partition rows = random_partition(80000, comm.size(), 6);
  const auto x = clouds(comm, rows, 4, 0.2, 7);
  std::vector<double> weights;
  for (Offset i = 0; i < x.num_local_rows(); ++i) weights.push_back((rows.begin(comm.rank()) + i) / 4 % 200 == 0);
  const KmeansResult result = kmeans(x, {.num_clusters = 4, .sample_rows = 100}, weights);
  std::set<Local> found;
  const auto labels = whole(comm, result.labels);
  for (std::size_t v = 0; v < labels.size(); ++v) {
    if (v / 4 % 200 != 0) {
      EXPECT_EQ(labels[v], -1);
    } else {
      EXPECT_EQ(labels[v], labels[v % 4]);
      found.insert(labels[v]);
    }
  }
  EXPECT_EQ(found.size(), 4u);
}

TEST(Kmeans, RefusesRowsThatAreNotFinite) {
  const Comm comm = Comm::world();
  const Partition rows = Partition::uniform(9, comm.size());
  const auto message = [&](double value, double weight) {
    auto x = clouds(comm, rows, 2, 0.1, 8);
    std::vector<double> weights(at(x.num_local_rows()), 1);
    if (rows.owner(7) == comm.rank()) {
      x.row(7 - rows.begin(comm.rank()))[1] = value;
      weights[at(7 - rows.begin(comm.rank()))] = weight;
    }
    return message_of<InvalidArgument>([&] { kmeans(x, {.num_clusters = 3}, weights); });
  };
  EXPECT_THAT(message(std::nan(""), 1), ::testing::HasSubstr("row 7, column 1 is nan, must be finite"));
  EXPECT_THAT(message(INFINITY, 1), ::testing::HasSubstr("row 7, column 1 is inf, must be finite"));
  EXPECT_THAT(message(1e200, 1), ::testing::HasSubstr("squared distances"));
  EXPECT_EQ(message(std::nan(""), 0), "");
}

TEST(Kmeans, OneClusterMoreThanRowsAndBadOptions) {
  const Comm comm = Comm::world();
  const auto x = clouds(comm, Partition::uniform(5, comm.size()), 3, 0.1, 5);
  const KmeansResult one = kmeans(x, {.num_clusters = 1});
  for (const Local label : one.labels) EXPECT_EQ(label, 0);
  EXPECT_GT(one.inertia, 0);
  EXPECT_NEAR(kmeans(x, {.num_clusters = 7}).inertia, 0, 1e-20);
  EXPECT_THAT(message_of([&] { kmeans(x, {.num_clusters = 0}); }), ::testing::HasSubstr("0 clusters"));
  EXPECT_THAT(message_of([&] { kmeans(x, {.num_starts = 0}); }), ::testing::HasSubstr("0 starts"));
}

}  // namespace
}  // namespace filigree::testing
