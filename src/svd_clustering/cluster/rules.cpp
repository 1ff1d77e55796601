#include "svd_clustering/cluster/rules.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/collective_progress.hpp"
#include "core/index.hpp"
#include "svd_clustering/cluster/bounds.hpp"
#include "svd_clustering/cluster/ranking.hpp"

namespace filigree::svd_clustering {
namespace {

/// All blocks, largest norm first, equal ones by index.
std::vector<Global> by_norm(const std::vector<double>& norms) {
  std::vector<Global> order(norms.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](Global a, Global b) { return norms[z(a)] > norms[z(b)]; });
  return order;
}

/// Adds a block on the rank that owns it and, if the error stays within `limit`, makes the bound the same on every
/// rank. Otherwise the bound stays as it is. Collective.
template <class Bound>
bool try_block(const DenseBlocks& blocks, Global block, bool in_seed, double limit, Bound& bound) {
  const Comm& comm = blocks.comm;
  std::optional<Bound> trial;
  const int accepted = comm.guard([&] {
    if (!blocks.owns(block)) return 0;
    trial = bound;
    trial->update(blocks.owned(block), in_seed);
    return static_cast<int>(trial->error() <= limit);
  });
  const int owner = blocks.blocks.owner(block);
  if (comm.broadcast(accepted, owner) == 0) return false;
  if (comm.size() == 1) {
    bound = std::move(*trial);
    return true;
  }
  std::vector<double> packed = trial ? trial->pack() : std::vector<double>();
  packed.resize(z(comm.broadcast(std::ssize(packed), owner)));
  comm.broadcast(packed, owner);
  bound = trial ? std::move(*trial) : Bound::unpack(packed);
  return true;
}

std::vector<char> taken_by(const std::vector<Grown>& clusters, std::size_t num_blocks) {
  std::vector<char> taken(num_blocks);
  for (const Grown& cluster : clusters) {
    for (const Global i : cluster.blocks) taken[z(i)] = 1;
  }
  return taken;
}

void remove_taken(const std::vector<char>& taken, std::vector<Global>& blocks) {
  std::erase_if(blocks, [&](Global i) { return taken[z(i)] != 0; });
}

constexpr double any_error = INFINITY;

void sort_by_score(std::vector<Global>& candidates, const std::vector<double>& scores) {
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](std::size_t k) { return scores[k]; });
  std::vector<Global> sorted;
  for (const std::size_t k : order) sorted.push_back(candidates[k]);
  candidates = std::move(sorted);
}

/// |A_i - Q Q^T A_i|_F of some blocks, on every rank. Collective.
std::vector<double> residual_norms(const DenseBlocks& blocks, DenseView basis, std::vector<Global>& ascending) {
  std::ranges::sort(ascending);
  const std::vector<double> mine = blocks.comm.guard([&] {
    std::vector<double> norms;
    for (const Global i : ascending) {
      if (!blocks.owns(i)) continue;
      Dense rest = blocks.owned(i);
      gemm(-1, basis, Op::none, multiply(basis, rest, Op::transpose), Op::none, 1, rest);
      norms.push_back(frobenius_norm(rest));
    }
    return norms;
  });
  return blocks.comm.all_gather(mine).values;
}

template <class Bound>
std::vector<Grown> published(const DenseBlocks& blocks, const std::vector<double>& norms, const Options& options,
                             Stats& stats) {
  constexpr int max_failed_seeds = 10;
  std::vector<Global> remaining = by_norm(norms);
  std::vector<Grown> clusters = resumed(options, stats);
  std::vector<char> taken = taken_by(clusters, norms.size());
  int failed_seeds = 0;
  for (const Grown& cluster : clusters) failed_seeds = cluster.grew ? 0 : failed_seeds + 1;
  remove_taken(taken, remaining);
  const CollectiveProgress progress(blocks.comm, options.progress);
  while (!remaining.empty()) {
    // The seed: the largest block, and the next while their columns fit the rank.
    Bound bound(blocks.rows, options, kernel_for(options));
    Grown cluster;
    Offset columns = 0;
    for (const Global i : remaining) {
      const Offset more = blocks.cols[z(i)];
      if (!cluster.blocks.empty() && columns + more > options.rank) break;
      try_block(blocks, i, true, any_error, bound);
      cluster.blocks.push_back(i);
      columns += more;
    }
    const auto seed_size = std::ssize(cluster.blocks);
    std::vector<Global> candidates(remaining.begin() + seed_size, remaining.end());
    if (options.order == Order::norm || options.method == Method::max_norm)
      std::ranges::reverse(candidates);
    else
      sort_by_score(candidates, residual_norms(blocks, bound.basis(), candidates));
    ++stats["rankings"];
    for (const Global i : candidates) {
      ++stats["trials"];
      if (!try_block(blocks, i, false, options.error, bound)) break;
      cluster.blocks.push_back(i);
    }
    cluster.grew = std::ssize(cluster.blocks) > seed_size;
    failed_seeds = cluster.grew ? 0 : failed_seeds + 1;
    if (failed_seeds == max_failed_seeds) {
      for (const Global i : remaining) clusters.push_back({{i}});
      break;
    }
    for (const Global i : cluster.blocks) taken[z(i)] = 1;
    remove_taken(taken, remaining);
    stats["accepted"] += std::ssize(cluster.blocks) - seed_size;
    if constexpr (std::is_same_v<Bound, IncrementalBound>) cluster.svd = bound.svd();
    tell_finished(options, cluster, stats);
    clusters.push_back(std::move(cluster));
    progress("cluster", std::ssize(norms) - std::ssize(remaining), std::ssize(norms));
  }
  return clusters;
}

}  // namespace

std::vector<Grown> resumed(const Options& options, Stats& stats) {
  std::vector<Grown> clusters;
  for (const FinishedCluster& step : options.resume) {
    clusters.push_back({step.blocks, std::nullopt, step.grew});
    if (!step.svd.empty()) clusters.back().svd = IncrementalSvd::unpack(step.svd);
    stats = step.stats;
  }
  return clusters;
}

void tell_finished(const Options& options, const Grown& cluster, const Stats& stats) {
  if (!options.finished) return;
  options.finished({cluster.blocks, cluster.grew, cluster.svd ? cluster.svd->pack() : std::vector<double>(), stats});
}

Kernel kernel_for(const Options& options) { return options.error < 1e-5 ? Kernel::qr : Kernel::gram; }

IncrementalSvd decompose_members(const DenseBlocks& blocks, const std::vector<Global>& members, IncrementalSvd svd) {
  IncrementalBound bound(std::move(svd));
  for (const Global i : members) try_block(blocks, i, false, any_error, bound);
  return bound.svd();
}

std::vector<Grown> grow_published(const DenseBlocks& blocks, const std::vector<double>& norms, const Options& options,
                                  Stats& stats) {
  switch (options.method) {
    case Method::max_norm: return published<WeylBound>(blocks, norms, options, stats);
    case Method::residual: return published<ResidualBound>(blocks, norms, options, stats);
    case Method::incremental: break;
  }
  return published<IncrementalBound>(blocks, norms, options, stats);
}

std::vector<Grown> grow_ours(const DenseBlocks& blocks, const std::vector<double>& norms, const Options& options,
                             Stats& stats) {
  const Sketches sketches(blocks);
  std::vector<Global> remaining = by_norm(norms);
  std::vector<Grown> clusters = resumed(options, stats);
  std::vector<char> taken = taken_by(clusters, norms.size());
  remove_taken(taken, remaining);
  const CollectiveProgress progress(blocks.comm, options.progress);
  while (!remaining.empty()) {
    IncrementalBound bound(blocks.rows, options, kernel_for(options));
    Grown cluster;
    const auto add = [&](Global i) {
      cluster.blocks.push_back(i);
      taken[z(i)] = 1;
    };
    try_block(blocks, remaining.front(), true, any_error, bound);
    add(remaining.front());

    std::vector<Global> candidates;
    std::size_t next = 0;
    Offset since_ranking = 1;  // blocks accepted since; 0: the ranking is of the present basis
    Offset failures = 0;
    for (;;) {
      // A ranking serves until the cluster has grown by an eighth, or a block that it favours fails.
      if (since_ranking > std::ssize(cluster.blocks) / 8) {
        candidates.clear();
        std::ranges::copy_if(remaining, std::back_inserter(candidates), [&](Global i) { return taken[z(i)] == 0; });
        std::ranges::sort(candidates);
        sort_by_score(candidates, sketches.relative_residuals(bound.basis(), candidates));
        ++stats["rankings"];
        next = 0;
        since_ranking = 0;
      }
      if (next == candidates.size() || failures == options.max_failures) break;
      const Global candidate = candidates[next++];
      ++stats["trials"];
      if (try_block(blocks, candidate, false, options.error, bound)) {
        add(candidate);
        ++since_ranking;
        failures = 0;
      } else if (since_ranking > 0) {
        since_ranking = std::ssize(cluster.blocks);  // rank again before anything counts as a failure
      } else {
        ++failures;
      }
    }
    remove_taken(taken, remaining);
    stats["accepted"] += std::ssize(cluster.blocks) - 1;
    cluster.grew = cluster.blocks.size() > 1;
    cluster.svd = bound.svd();
    tell_finished(options, cluster, stats);
    clusters.push_back(std::move(cluster));
    progress("cluster", std::ssize(norms) - std::ssize(remaining), std::ssize(norms));
  }
  return clusters;
}

}  // namespace filigree::svd_clustering
