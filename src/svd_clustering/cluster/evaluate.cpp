// What a clustering is worth, from the blocks themselves.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/index.hpp"
#include "core/mailbox.hpp"
#include "svd_clustering/cluster/bounds.hpp"

namespace filigree::svd_clustering {
namespace {

/// A cluster whose least error one rank computes.
struct Task {
  Offset cluster;
  int exponent;  ///< of the scale at which its columns are taken
};

/// Task k's members side by side on rank k, times 2^-exponent; nothing on ranks beyond the tasks. Collective.
Dense gathered(const DenseBlocks& blocks, const Result& result, std::span<const Task> tasks) {
  const Comm& comm = blocks.comm;
  Mailbox<double> mailbox(comm);
  comm.guard([&] {
    for (int solver = 0; const Task& task : tasks) {
      for (const Global i : result.clusters[z(task.cluster)].blocks) {
        if (!blocks.owns(i)) continue;
        std::vector<double> scaled = blocks.owned(i).values;
        for (double& x : scaled) x = std::ldexp(x, -task.exponent);
        mailbox.put(solver, std::span<const double>(scaled));
      }
      ++solver;
    }
  });
  const Received<double> received = mailbox.exchange();
  return comm.guard([&] {
    if (comm.rank() >= std::ssize(tasks)) return Dense();
    const Cluster& cluster = result.clusters[z(tasks[z(comm.rank())].cluster)];
    std::vector<Offset> next(z(comm.size()));  // of each source
    std::exclusive_scan(received.counts.begin(), received.counts.end(), next.begin(), Offset{0});
    Dense all(blocks.rows, cluster.num_columns);
    Offset column = 0;
    for (const Global i : cluster.blocks) {
      const Offset size = blocks.rows * blocks.cols[z(i)];
      Offset& from = next[z(blocks.blocks.owner(i))];
      std::copy_n(received.values.begin() + from, size, all.values.begin() + column * blocks.rows);
      from += size;
      column += blocks.cols[z(i)];
    }
    return all;
  });
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

/// The least error of each cluster, 0 of those without a task; as many tasks at once as there are ranks. Collective.
std::vector<double> optima(const DenseBlocks& blocks, const Result& result, std::span<const Task> tasks) {
  const Comm& comm = blocks.comm;
  std::vector<double> optimum(result.clusters.size());
  while (!tasks.empty()) {
    const auto now = tasks.first(std::min(tasks.size(), z(comm.size())));
    tasks = tasks.subspan(now.size());
    const Dense m = gathered(blocks, result, now);
    const double mine = comm.guard([&] {
      if (comm.rank() >= std::ssize(now)) return 0.0;
      return optimal_error(m, result.clusters[z(now[z(comm.rank())].cluster)].basis.cols);
    });
    const std::vector<double> all = comm.all_gather(std::span<const double>(&mine, 1)).values;
    for (std::size_t k = 0; k < now.size(); ++k) optimum[z(now[k].cluster)] = all[k];
  }
  return optimum;
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
  const std::vector<Measured> all = comm.all_gather(mine).values;

  Evaluation evaluation;
  evaluation.ratio = result.ratio;
  for (const Measured& m : all) evaluation.block_error.push_back(m.norm > 0 ? m.rest / m.norm : 0);
  std::vector<Task> tasks;
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
    if (!cluster.is_raw() && norm > 0) tasks.push_back({c, std::ilogb(norm)});
    ++c;
  }
  evaluation.optimum = optima(blocks, result, tasks);
  return evaluation;
}

}  // namespace filigree::svd_clustering
