#include <gmock/gmock.h>

#include <random>
#include <set>

#include "blocks.hpp"
#include "filigree/core/error.hpp"
#include "filigree/svd_clustering_file.hpp"
#include "support/deep.hpp"
#include "support/files.hpp"
#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

using svd_clustering::Method;
using svd_clustering::Options;
using svd_clustering::Order;
using svd_clustering::Result;
using svd_clustering::Rule;
using ::testing::HasSubstr;

std::vector<Options> all_rules(Offset rank, double error) {
  std::vector<Options> rules;
  for (const Method method : {Method::incremental, Method::residual, Method::max_norm}) {
    for (const Order order : {Order::residual, Order::norm}) {
      Options options;
      options.rank = rank;
      options.error = error;
      options.rule = Rule::published;
      options.method = method;
      options.order = order;
      rules.push_back(options);
    }
  }
  rules.push_back({.rank = rank, .error = error});
  for (Options& options : rules) options.exact = true;
  return rules;
}

std::vector<std::vector<Global>> partition_of(const Result& result) {
  std::vector<std::vector<Global>> parts;
  for (const auto& cluster : result.clusters) parts.push_back(cluster.blocks);
  return parts;
}

/// Errors of the clusters by reconstruction of every block, which every rank holds.
void expect_valid(const Comm& comm, const std::vector<Dense>& all, const DenseBlocks& blocks, const Result& result) {
  std::set<Global> seen;
  for (const auto& cluster : result.clusters) {
    std::vector<Dense> members;
    for (const Global i : cluster.blocks) {
      EXPECT_TRUE(seen.insert(i).second);
      members.push_back(all[static_cast<std::size_t>(i)]);
    }
    const Dense m = side_by_side(members);
    const double norm = std::sqrt(squared_norm(m));
    EXPECT_NEAR(cluster.norm, norm, 1e-12 * norm);
    if (cluster.is_raw() || norm == 0) continue;
    const double error = residual_of(m, cluster.basis) / norm;
    EXPECT_LE(error, result.error);
    EXPECT_LE(error, cluster.certified_error + 1e-15);
    EXPECT_LE(cluster.lower_error, rest_of(singular_values(m), cluster.basis.cols) / norm + 1e-14);
    EXPECT_NEAR(cluster.exact_error.value(), error, 1e-12);
    EXPECT_LT(orthogonality_loss(cluster.basis), 1e-12);
  }
  EXPECT_EQ(seen.size(), all.size());
  const auto truth = svd_clustering::evaluate(blocks, result);
  EXPECT_EQ(truth.violations, 0);
  EXPECT_EQ(truth.false_certificates, 0);
  for (std::size_t c = 0; c < truth.error.size(); ++c) EXPECT_LE(truth.optimum[c], truth.error[c] + 1e-9);
  EXPECT_EQ(comm.max(result.ratio), comm.min(result.ratio));
}

TEST(SvdClustering, FindsGroups) {
  const Comm comm = Comm::world();
  const auto all = grouped_blocks(100, 30, 24, 3, 8, 5e-3, 1);
  const DenseBlocks blocks = distributed(comm, all);
  const Result result = svd_clustering::cluster(blocks, {.rank = 8, .error = 0.05, .exact = true});
  ASSERT_EQ(result.clusters.size(), 3u);
  for (Global i = 0; i < 24; ++i) EXPECT_EQ(result.cluster_of[i], result.cluster_of[i % 3]);
  EXPECT_NEAR(result.ratio, 100.0 * 720 / (3 * 8 * (100 + 240)), 1e-12);
  expect_valid(comm, all, blocks, result);
}

TEST(SvdClustering, EveryRuleKeepsTheError) {
  const Comm comm = Comm::world();
  for (int instance = 0; instance < deep(6, 60); ++instance) {
    const auto seed = static_cast<std::uint64_t>(100 * instance);
    std::vector<Dense> all = grouped_blocks(40, 1 + instance * 3 % 10, 20, 2 + instance % 3, 5, 0.03, seed);
    for (std::size_t i = 0; i < all.size(); i += 5) {
      for (double& x : all[i].values) x *= static_cast<double>(1 + i);
    }
    all[3] = all[1];                                // a block twice
    std::ranges::fill(all[7].values, 0.0);          // and one of zeros
    all.push_back(random_dense(40, 50, seed + 9));  // wider than high
    const DenseBlocks blocks = distributed(comm, all);
    for (const Options& options : all_rules(6, instance % 2 == 0 ? 0.1 : 0.4))
      expect_valid(comm, all, blocks, svd_clustering::cluster(blocks, options));
  }
}

TEST(SvdClustering, AnyNumberOfRanksGivesTheSameBits) {
  const auto all = grouped_blocks(60, 5, 30, 4, 4, 0.02, 2);
  const Comm world = Comm::world();
  const DenseBlocks blocks = distributed(world, all);
  for (const Options& options : all_rules(6, 0.08)) {
    const Result together = svd_clustering::cluster(blocks, options);
    const Result alone = svd_clustering::cluster(distributed(Comm::self(), all), options);
    EXPECT_EQ(partition_of(together), partition_of(alone));
    EXPECT_EQ(together.block_error, alone.block_error);
    EXPECT_EQ(together.stats, alone.stats);
    for (std::size_t c = 0; c < alone.clusters.size(); ++c) {
      EXPECT_EQ(together.clusters[c].basis, alone.clusters[c].basis);
      EXPECT_EQ(together.clusters[c].certified_error, alone.clusters[c].certified_error);
      EXPECT_EQ(together.clusters[c].exact_error, alone.clusters[c].exact_error);
    }
    const Global first = blocks.blocks.begin(world.rank());
    for (std::size_t k = 0; k < together.coefficients.size(); ++k)
      EXPECT_EQ(together.coefficients[k], alone.coefficients[static_cast<std::size_t>(first) + k]);
  }
}

TEST(SvdClustering, PublishedRuleStopsAtTheFirstFailure) {
  // Blocks 0 to 3 of one space and a stranger; norms descend 0, 1, 4, 2, 3.
  std::vector<Dense> all = grouped_blocks(50, 10, 4, 1, 4, 1e-3, 3);
  all.push_back(random_dense(50, 10, 77));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double norm = std::sqrt(squared_norm(all[i]));
    for (double& x : all[i].values) x *= std::vector{1.4, 1.3, 1.1, 1.0, 1.2}[i] / norm;
  }
  const DenseBlocks blocks = distributed(Comm::world(), all);
  Options options{.rank = 4, .error = 0.05, .rule = Rule::published};
  using Parts = std::vector<std::vector<Global>>;
  const Parts by_residual = partition_of(svd_clustering::cluster(blocks, options));
  ASSERT_EQ(by_residual.size(), 2u);
  EXPECT_THAT(by_residual[0], ::testing::UnorderedElementsAre(0, 1, 2, 3));
  EXPECT_EQ(by_residual[1], std::vector<Global>{4});
  // The smallest first: 3 and 2 join, the stranger ends it before 1.
  options.order = Order::norm;
  EXPECT_EQ(partition_of(svd_clustering::cluster(blocks, options)), (Parts{{0, 3, 2}, {1}, {4}}));
}

TEST(SvdClustering, DecomposesAllBlocks) {
  const Comm comm = Comm::world();
  const auto all = grouped_blocks(80, 12, 20, 2, 6, 1e-2, 4);
  const auto svd = svd_clustering::decompose(distributed(comm, all), 12);
  const Dense m = side_by_side(all);
  const double error = residual_of(m, svd.basis()) / svd.norm();
  EXPECT_LE(error, svd.certified_error());
  EXPECT_LE(svd.certified_error(), 1.03 * rest_of(singular_values(m), 12) / svd.norm());
  EXPECT_EQ(svd.num_columns(), 240);
}

TEST(SvdClustering, SmallLists) {
  const Comm comm = Comm::world();
  const std::vector<Dense> one{random_dense(9, 4, 1)};
  const Result alone = svd_clustering::cluster(distributed(comm, one), {.rank = 2});
  EXPECT_EQ(partition_of(alone), (std::vector<std::vector<Global>>{{0}}));
  EXPECT_EQ(alone.ratio, 1);
  EXPECT_EQ(alone.worst_block, -1);
  const std::vector<Dense> zeros(5, Dense(9, 4));
  const Result nothing = svd_clustering::cluster(distributed(comm, zeros), {.rank = 2});
  EXPECT_EQ(nothing.clusters.size(), 1u);
  EXPECT_EQ(nothing.clusters[0].certified_error, 0);
  const std::vector<Dense> twice(6, random_dense(30, 2, 2));
  const Result copies = svd_clustering::cluster(distributed(comm, twice), {.rank = 2, .error = 1e-9, .exact = true});
  EXPECT_EQ(copies.clusters.size(), 1u);
  EXPECT_LT(copies.clusters[0].exact_error.value(), 1e-13);
}

TEST(SvdClustering, FilesGiveBackEverything) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto all = grouped_blocks(60, 10, 17, 3, 4, 0.01, 5);
  const DenseBlocks blocks = distributed(comm, all);
  const Result result = svd_clustering::cluster(blocks, {.rank = 4, .error = 0.1, .exact = true});
  const std::string path = folder / "clusters.h5";
  {
    io::Hdf5Writer file(comm, path);
    svd_clustering::save(file, blocks, result);
    file.commit();
  }
  const auto loaded = svd_clustering::load(comm, path, &blocks.blocks);
  EXPECT_EQ(partition_of(loaded.result), partition_of(result));
  EXPECT_EQ(loaded.names, blocks.names);
  EXPECT_EQ(loaded.cols, blocks.cols);
  EXPECT_EQ(loaded.input_hash, content_hash(blocks));
  EXPECT_EQ(loaded.result.coefficients, result.coefficients);
  EXPECT_EQ(loaded.result.ratio, result.ratio);
  EXPECT_EQ(loaded.result.worst_block, result.worst_block);
  for (std::size_t c = 0; c < result.clusters.size(); ++c) {
    EXPECT_EQ(loaded.result.clusters[c].basis, result.clusters[c].basis);
    EXPECT_EQ(loaded.result.clusters[c].singular_values, result.clusters[c].singular_values);
    EXPECT_EQ(loaded.result.clusters[c].exact_error, result.clusters[c].exact_error);
  }
  const auto truth = svd_clustering::evaluate(blocks, loaded.result);
  EXPECT_EQ(truth.violations, 0);
  for (std::size_t k = 0; k < blocks.local.size(); ++k) {
    const Global i = blocks.blocks.begin(comm.rank()) + static_cast<Global>(k);
    const Dense back = svd_clustering::reconstruct(loaded.result, i, loaded.result.coefficients[k]);
    Dense rest = back;
    for (std::size_t e = 0; e < rest.values.size(); ++e) rest.values[e] -= blocks.local[k].values[e];
    EXPECT_NEAR(std::sqrt(squared_norm(rest) / squared_norm(blocks.local[k])),
                result.block_error[static_cast<std::size_t>(i)], 1e-12);
  }
  // One rank writes the same bytes.
  const std::string alone = folder / text("alone", comm.rank(), ".h5");
  {
    const DenseBlocks own = distributed(Comm::self(), all);
    io::Hdf5Writer file(Comm::self(), alone);
    svd_clustering::save(file, own, svd_clustering::cluster(own, {.rank = 4, .error = 0.1, .exact = true}));
    file.commit();
  }
  EXPECT_TRUE(bytes_of(alone) == bytes_of(path));

  // Every damaged byte of the coefficients is noticed.
  std::string bytes = bytes_of(path);
  bytes[bytes.size() - 9] ^= 1;
  const std::string damaged = folder.write("damaged.h5", bytes);
  EXPECT_THAT(message_of<IoError>([&] { svd_clustering::load(comm, damaged); }), HasSubstr("damaged.h5: "));
  const std::string cut = folder.write("cut.h5", bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(message_of<IoError>([&] { svd_clustering::load(comm, cut); }), HasSubstr("cut.h5: "));
}

TEST(SvdClustering, FilesOfImpossibleShapesAreRefused) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto message = [&](const DenseBlocks& blocks, const Result& result) {
    {
      io::Hdf5Writer file(comm, folder / "odd.h5");
      svd_clustering::save(file, blocks, result);
      file.commit();
    }
    return message_of<IoError>([&] { svd_clustering::load(comm, folder / "odd.h5"); });
  };
  // Raw blocks whose number of elements wraps to 0, which is how many coefficients there are.
  for (const auto& [rows, cols] : {std::pair(Offset{1} << 62, Offset{4}), {Offset{1} << 40, Offset{1} << 24}}) {
    DenseBlocks blocks{comm, Partition::uniform(1, comm.size()), rows, {cols}, {"b"}, {}};
    Result result;
    result.rows = rows;
    result.rank = 1;
    result.clusters.resize(1);
    result.clusters[0].blocks = {0};
    result.cluster_of = {0};
    result.block_error = {0};
    if (blocks.owns(0)) {
      blocks.local.emplace_back();
      result.coefficients.emplace_back();
    }
    EXPECT_THAT(message(blocks, result), HasSubstr(cols == 4 ? "rows and rank are out of range" : "2^61 elements"));
  }
  const DenseBlocks blocks = distributed(comm, grouped_blocks(12, 3, 6, 2, 2, 0.01, 8));
  Result result = svd_clustering::cluster(blocks, {.rank = 2, .error = 0.1});
  result.clusters.insert(result.clusters.begin() + 1, svd_clustering::Cluster());
  EXPECT_THAT(message(blocks, result), HasSubstr("indptr does not ascend strictly"));
}

TEST(SvdClustering, DamagedFilesAreRefused) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto all = grouped_blocks(12, 3, 6, 2, 2, 0.01, 8);
  const DenseBlocks blocks = distributed(comm, all);
  const Result result = svd_clustering::cluster(blocks, {.rank = 2, .error = 0.1});
  const std::string path = folder / "clusters.h5";
  {
    io::Hdf5Writer file(comm, path);
    svd_clustering::save(file, blocks, result);
    file.commit();
  }
  const std::string good = bytes_of(path);
  std::mt19937_64 random(1);
  int refused = 0;
  const int count = deep(60, 2000);
  for (int k = 0; k < count; ++k) {
    std::string bytes = good;
    bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    const std::string damaged = folder.write("damaged.h5", bytes);
    try {
      const auto loaded = svd_clustering::load(comm, damaged, &blocks.blocks);
      // Bytes that nothing uses, and names of other things.
      EXPECT_EQ(partition_of(loaded.result), partition_of(result));
      EXPECT_EQ(loaded.result.coefficients, result.coefficients);
    } catch (const IoError& error) {
      ++refused;
      EXPECT_THAT(error.what(), HasSubstr("damaged.h5: "));
    }
    comm.barrier();
  }
  EXPECT_GT(refused, count / 3);
}

TEST(SvdClustering, RestartEqualsAnUnbrokenRun) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto all = grouped_blocks(60, 5, 30, 4, 4, 0.02, 2);
  const DenseBlocks blocks = distributed(comm, all);
  for (const Options& whole : all_rules(6, 0.08)) {
    const Result unbroken = svd_clustering::cluster(blocks, whole);
    const std::string path = folder / "x.partial";
    for (int after = 1; after < 4; ++after) {
      Options broken = whole;
      int count = 0;
      broken.finished = [&](const svd_clustering::FinishedCluster&) {
        if (++count == after) throw Error("interrupted");
      };
      const bool ended = unbroken.clusters.size() <= static_cast<std::size_t>(after);
      if (!ended) {
        EXPECT_THROW(svd_clustering::cluster(blocks, broken, path), Error);
      }
      const Result restarted = svd_clustering::cluster(blocks, whole, path);
      EXPECT_EQ(partition_of(restarted), partition_of(unbroken));
      EXPECT_EQ(restarted.stats, unbroken.stats);
      EXPECT_EQ(restarted.coefficients, unbroken.coefficients);
      // The file stays until the result is stored, and a finished run starts from it as well.
      EXPECT_TRUE(std::filesystem::exists(path));
      int further = 0;
      Options again = whole;
      again.finished = [&](const svd_clustering::FinishedCluster&) { ++further; };
      EXPECT_EQ(svd_clustering::cluster(blocks, again, path).coefficients, unbroken.coefficients);
      EXPECT_EQ(further, 0);
      comm.barrier();
      svd_clustering::remove_checkpoint(comm, path);
      comm.barrier();
      EXPECT_FALSE(std::filesystem::exists(path));
    }
  }
  folder.write("other", "no checkpoint");
  EXPECT_THAT(message_of<IoError>([&] { svd_clustering::cluster(blocks, {.rank = 4}, folder / "other"); }),
              HasSubstr("other: is no checkpoint of these blocks"));
}

TEST(SvdClustering, RowsOverRanks) {
  const Comm comm = Comm::world();
  for (const double noise : {1e-2, 1e-9, 0.0}) {
    const Dense m = side_by_side(grouped_blocks(300, 20, 20, 2, 6, noise, 4));
    const auto spread = [&](const Comm& over) {
      DistDense<double> rows(over, Partition::uniform(m.rows, over.size()), m.cols);
      for (Offset i = 0; i < rows.num_local_rows(); ++i) {
        for (Offset j = 0; j < m.cols; ++j)
          rows.row(i)[static_cast<std::size_t>(j)] = m(rows.rows.begin(over.rank()) + i, j);
      }
      return rows;
    };
    const auto svd = svd_clustering::decompose_rows(spread(comm), 12);
    const auto alone = svd_clustering::decompose_rows(spread(Comm::self()), 12);
    EXPECT_EQ(svd.singular_values, alone.singular_values);
    EXPECT_EQ(svd.certified_error, alone.certified_error);
    EXPECT_EQ(svd.lower_error, alone.lower_error);
    for (Offset i = 0; i < svd.basis.num_local_rows(); ++i) {
      EXPECT_TRUE(std::ranges::equal(svd.basis.row(i), alone.basis.row(svd.basis.rows.begin(comm.rank()) + i)));
    }
    Dense basis(m.rows, alone.basis.cols);
    for (Offset i = 0; i < m.rows; ++i) {
      for (Offset k = 0; k < basis.cols; ++k) basis(i, k) = alone.basis.row(i)[static_cast<std::size_t>(k)];
    }
    EXPECT_LT(orthogonality_loss(basis), 1e-12);
    const double optimum = rest_of(singular_values(m), 12) / svd.norm;
    EXPECT_LE(residual_of(m, basis) / svd.norm, svd.certified_error.back());
    EXPECT_LE(svd.certified_error.back(), 1.03 * optimum + 1e-13);
    EXPECT_LE(svd.lower_error, optimum);
  }
}

TEST(SvdClustering, BadArgumentsAreNamedOnAllRanks) {
  const Comm comm = Comm::world();
  std::vector<Dense> all = grouped_blocks(20, 3, 8, 2, 3, 0.01, 6);
  const auto says = [&](const Options& options) {
    return message_of<InvalidArgument>([&] { svd_clustering::cluster(distributed(comm, all), options); });
  };
  EXPECT_THAT(says({.rank = 0}), HasSubstr("rank: 0, must lie in [1, 20]"));
  EXPECT_THAT(says({.rank = 21}), HasSubstr("rank: 21"));
  for (const double error : {0.0, 1.0, -1.0, double{NAN}})
    EXPECT_THAT(says({.rank = 2, .error = error}), HasSubstr("must lie in (0, 1)"));
  EXPECT_THAT(says({.rank = 2, .method = Method::residual}), HasSubstr("method"));
  all[5](4, 1) = std::nan("");
  EXPECT_THAT(says({.rank = 2}), HasSubstr("block 5 (b5): element (4, 1) is nan, must be finite"));
  all.clear();
  EXPECT_THAT(says({}), HasSubstr("the list is empty"));
}

}  // namespace
}  // namespace filigree::testing
