#include <algorithm>
#include <cmath>

#include "core/index.hpp"
#include "svd_clustering/cluster/bounds.hpp"
#include "svd_clustering/cluster/rules.hpp"

namespace filigree::svd_clustering {
namespace {

void check(const DenseBlocks& blocks, const Options& options) {
  require(blocks.num_blocks() > 0, "blocks: the list is empty");
  require(blocks.rows > 0, "blocks: they have no rows");
  require(options.rank >= 1 && options.rank <= blocks.rows, "rank: ", options.rank, ", must lie in [1, ", blocks.rows,
          "], the number of rows");
  require(options.error > 0 && options.error < 1, "error: ", options.error, ", must lie in (0, 1)");
  require(options.oversampling >= 0, "oversampling: ", options.oversampling, ", must not be negative");
  require(options.max_failures >= 1, "max_failures: ", options.max_failures, ", must be at least 1");
  require(options.rule == Rule::published || options.method == Method::incremental,
          "method: only incremental goes with our rule; max_norm and residual are published ones");
  blocks.comm.guard([&] {
    for (Global i = blocks.blocks.begin(blocks.comm.rank()); const Dense& block : blocks.local) {
      require(block.rows == blocks.rows && block.cols == blocks.cols[z(i)], "block ", i, " (", blocks.names[z(i)],
              "): ", block.rows, " x ", block.cols, ", must be ", blocks.rows, " x ", blocks.cols[z(i)]);
      for (Offset j = 0; j < block.cols; ++j) {
        for (Offset k = 0; k < block.rows; ++k) {
          require(std::isfinite(block(k, j)), "block ", i, " (", blocks.names[z(i)], "): element (", k, ", ", j,
                  ") is ", block(k, j), ", must be finite");
        }
      }
      ++i;
    }
  });
}

/// One number of every block, from the ranks that own them.
std::vector<double> of_all_blocks(const DenseBlocks& blocks, const std::vector<double>& mine) {
  return blocks.comm.all_gather(mine).values;
}

std::vector<double> norms_of(const DenseBlocks& blocks) {
  return of_all_blocks(blocks, blocks.comm.guard([&] {
    std::vector<double> norms;
    for (const Dense& block : blocks.local) norms.push_back(frobenius_norm(block));
    return norms;
  }));
}

double stored_numbers(Offset rows, Offset rank, Offset columns) {
  return std::min(static_cast<double>(rank) * static_cast<double>(rows + columns),
                  static_cast<double>(rows) * static_cast<double>(columns));
}

/// A basis for the cluster whose certificate keeps the error, and what is known of it. Collective.
Cluster finish(const DenseBlocks& blocks, const std::vector<double>& norms, const Options& options, Grown grown) {
  Cluster cluster;
  std::vector<double> member_norms;
  for (const Global i : grown.blocks) {
    cluster.num_columns += blocks.cols[z(i)];
    member_norms.push_back(norms[z(i)]);
  }
  cluster.norm = root_sum_of_squares(member_norms);
  cluster.blocks = std::move(grown.blocks);
  const double raw = static_cast<double>(blocks.rows) * static_cast<double>(cluster.num_columns);
  if (cluster.blocks.size() == 1 || stored_numbers(blocks.rows, options.rank, cluster.num_columns) >= raw)
    return cluster;
  if (!grown.svd) {
    const IncrementalSvd start(blocks.rows, options.rank, options.oversampling, kernel_for(options));
    grown.svd = decompose_members(blocks, cluster.blocks, start);
    // These methods bound the best basis; the incremental one may miss it by a little.
    if (grown.svd->certified_error() > options.error)
      grown.svd = decompose_members(blocks, cluster.blocks,
                                    IncrementalSvd(blocks.rows, options.rank, blocks.rows - options.rank));
  }
  cluster.basis = Dense(grown.svd->basis());
  cluster.singular_values = grown.svd->singular_values();
  cluster.certified_error = grown.svd->certified_error();
  cluster.lower_error = grown.svd->lower_error();
  return cluster;
}

/// Coefficients and errors of the owned blocks.
void compress(const DenseBlocks& blocks, const std::vector<double>& norms, const Options& options, Result& result) {
  std::vector<double> error;
  blocks.comm.guard([&] {
    for (Global i = blocks.blocks.begin(blocks.comm.rank()); const Dense& block : blocks.local) {
      const Cluster& cluster = result.clusters[z(result.cluster_of[z(i)])];
      const double norm = norms[z(i++)];
      if (cluster.is_raw() || norm == 0) {
        error.push_back(0);
        result.coefficients.push_back(cluster.is_raw() ? block : Dense(cluster.basis.cols, block.cols));
        continue;
      }
      result.coefficients.push_back(multiply(cluster.basis, block, Op::transpose));
      if (options.exact) {
        Dense rest = block;
        gemm(-1, cluster.basis, Op::none, result.coefficients.back(), Op::none, 1, rest);
        error.push_back(frobenius_norm(rest) / norm);
      } else {
        const double inside = frobenius_norm(result.coefficients.back()) / norm;
        error.push_back(std::sqrt(std::max(0.0, (1 - inside) * (1 + inside))));
      }
    }
  });
  result.block_error = of_all_blocks(blocks, error);
  const auto worst = std::ranges::max_element(result.block_error);
  if (*worst > 0) result.worst_block = worst - result.block_error.begin();
}

}  // namespace

Result cluster(const DenseBlocks& blocks, const Options& options) {
  check(blocks, options);
  Result result;
  result.rows = blocks.rows;
  result.rank = options.rank;
  result.error = options.error;
  const std::vector<double> norms = norms_of(blocks);
  std::vector<Grown> grown;
  {
    const Phase phase(result.timings, "grow");
    grown = options.rule == Rule::ours ? grow_ours(blocks, norms, options, result.stats)
                                       : grow_published(blocks, norms, options, result.stats);
  }
  const Phase phase(result.timings, "compress");
  result.cluster_of.resize(norms.size());
  double stored = 0;
  for (Grown& part : grown) {
    for (const Global i : part.blocks) result.cluster_of[z(i)] = std::ssize(result.clusters);
    result.clusters.push_back(finish(blocks, norms, options, std::move(part)));
    const Cluster& cluster = result.clusters.back();
    stored += cluster.is_raw() ? static_cast<double>(blocks.rows) * static_cast<double>(cluster.num_columns)
                               : stored_numbers(blocks.rows, cluster.basis.cols, cluster.num_columns);
    result.stats["raw_blocks"] += cluster.is_raw() ? std::ssize(cluster.blocks) : 0;
  }
  compress(blocks, norms, options, result);
  if (options.exact) {
    for (Cluster& cluster : result.clusters) {
      std::vector<double> errors;
      for (const Global i : cluster.blocks)
        errors.push_back(cluster.norm > 0 ? result.block_error[z(i)] * (norms[z(i)] / cluster.norm) : 0);
      cluster.exact_error = root_sum_of_squares(errors);
    }
  }
  const double numbers = static_cast<double>(blocks.rows) * static_cast<double>(blocks.num_columns());
  result.ratio = stored > 0 ? numbers / stored : 1;
  result.stats["clusters"] = std::ssize(result.clusters);
  result.stats["columns"] = blocks.num_columns();
  return result;
}

Dense reconstruct(const Result& result, Global block, const Dense& coefficients) {
  const Cluster& cluster = result.clusters[z(result.cluster_of[z(block)])];
  return cluster.is_raw() ? coefficients : multiply(cluster.basis, coefficients);
}

}  // namespace filigree::svd_clustering
