// What a clustering is worth, from the blocks themselves.
#include <algorithm>
#include <cmath>

#include "core/index.hpp"
#include "svd_clustering/cluster/bounds.hpp"

namespace filigree::svd_clustering {
namespace {

/// Copies of the members' columns, scaled by 2^exponent, on every rank. Collective.
Dense gathered(const DenseBlocks& blocks, const Cluster& cluster, int exponent) {
  Dense all(blocks.rows, cluster.num_columns);
  Offset column = 0;
  for (const Global i : cluster.blocks) {
    const DenseSpan<double> to = all.span().columns(column, blocks.cols[z(i)]);
    if (blocks.owns(i)) {
      const Dense& block = blocks.owned(i);
      for (std::size_t k = 0; k < block.values.size(); ++k) to.data[k] = std::ldexp(block.values[k], exponent);
    }
    blocks.comm.broadcast(std::span<double>(to.data, z(to.rows * to.cols)), blocks.blocks.owner(i));
    column += to.cols;
  }
  return all;
}

/// The least relative error of rank `rank`: eigenvalues of the smaller Gram matrix where they resolve it, singular
/// values else. Not collective.
double optimal_error(const Dense& m, Offset rank) {
  const double squared = squared_norm(m);
  if (squared == 0) return 0;
  const bool wide = m.cols > m.rows;
  if (wide) {
    const SymmetricEigen eigen = symmetric_eigen(multiply(m, m, Op::none, Op::transpose));
    double rest = 0;
    for (Offset k = 0; k + rank < std::ssize(eigen.values); ++k) rest += std::max(0.0, eigen.values[z(k)]);
    if (rest > 1e-10 * squared) return std::sqrt(rest / squared);
  }
  const std::vector<double> s = singular_values(m);
  double rest = 0;
  for (Offset k = std::ssize(s); k-- > rank;) rest += s[z(k)] * s[z(k)];
  return std::sqrt(rest / squared);
}

}  // namespace

Evaluation evaluate(const DenseBlocks& blocks, const Result& result) {
  const Comm& comm = blocks.comm;
  require(std::ssize(result.cluster_of) == blocks.num_blocks(), "blocks: ", blocks.num_blocks(),
          " of them, but the clusters hold ", result.cluster_of.size());
  require(result.rows == blocks.rows, "blocks: of ", blocks.rows, " rows, but the clusters hold blocks of ",
          result.rows);
  struct Measured {
    double norm;
    double rest;
  };
  const std::vector<Measured> mine = comm.guard([&] {
    std::vector<Measured> measured;
    const Global first = blocks.blocks.begin(comm.rank());
    for (std::size_t k = 0; k < blocks.local.size(); ++k) {
      const Global i = first + static_cast<Global>(k);
      Dense rest = reconstruct(result, i, result.coefficients[k]);
      require(rest.rows == blocks.local[k].rows && rest.cols == blocks.local[k].cols, "block ", i, " (",
              blocks.names[z(i)], "): ", blocks.local[k].rows, " x ", blocks.local[k].cols, ", but stored as ",
              rest.rows, " x ", rest.cols);
      for (std::size_t e = 0; e < rest.values.size(); ++e) rest.values[e] -= blocks.local[k].values[e];
      measured.push_back({frobenius_norm(blocks.local[k]), frobenius_norm(rest)});
    }
    return measured;
  });
  const std::vector<Measured> all = comm.all_gather(std::span<const Measured>(mine)).values;

  Evaluation evaluation;
  evaluation.ratio = result.ratio;
  for (const Measured& m : all) evaluation.block_error.push_back(m.norm > 0 ? m.rest / m.norm : 0);
  for (Offset c = 0; const Cluster& cluster : result.clusters) {
    std::vector<double> norms;
    std::vector<double> rests;
    for (const Global i : cluster.blocks) {
      norms.push_back(all[z(i)].norm);
      rests.push_back(all[z(i)].rest);
    }
    const double norm = root_sum_of_squares(norms);
    const double error = norm > 0 ? root_sum_of_squares(rests) / norm : 0;
    evaluation.error.push_back(error);
    evaluation.violations += cluster.blocks.size() > 1 && error > result.error ? 1 : 0;
    evaluation.false_certificates += error > cluster.certified_error ? 1 : 0;
    double optimum = 0;
    if (!cluster.is_raw() && norm > 0) {
      const Dense joined = gathered(blocks, cluster, -std::ilogb(norm));
      const int solver = static_cast<int>(c % comm.size());
      optimum = comm.guard([&] { return comm.rank() == solver ? optimal_error(joined, cluster.basis.cols) : 0; });
      optimum = comm.broadcast(optimum, solver);
    }
    evaluation.optimum.push_back(optimum);
    ++c;
  }
  return evaluation;
}

}  // namespace filigree::svd_clustering
