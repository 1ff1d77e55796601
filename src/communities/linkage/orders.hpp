// The orders in which clusters merge: greedy, and by chains of nearest neighbours.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "communities/linkage/clusters.hpp"

namespace filigree::communities {

/// Told the number of merges that are known.
using Merged = std::function<void(Offset)>;

/// Merges of similarity above 0 by chains of nearest neighbours: a cluster, its most similar one, that one's, and so on
/// until two are each other's. For linkages that are reducible - what merges is never more similar to others than both
/// its parts were - these are the merges of the greedy order, found in another one. Ties go to the smallest names.
template <class Value>
std::vector<Joined> chain_merges(Clusters<Value>& clusters, const Merged& merged) {
  std::vector<Joined> merges;
  std::vector<Joined> chain;  // a, its nearest b
  for (Global start = 0; start < clusters.num_leaves(); ++start) {
    // Until the cluster of this leaf has no neighbours left.
    for (;;) {
      const Global a = chain.empty() ? clusters.find(start) : chain.back().b;
      const Nearest nearest = clusters.nearest(a);
      if (nearest.other < 0) break;
      if (chain.empty() || chain.back().a != nearest.other) {
        chain.push_back({a, nearest.other, nearest.similarity});
        continue;
      }
      merges.push_back({a, nearest.other, nearest.similarity});
      clusters.merge(a, nearest.other);
      // On from the cluster before the two, whose nearest one is gone.
      chain.pop_back();
      if (!chain.empty()) chain.pop_back();
      if (merged) merged(std::ssize(merges));
    }
  }
  return merges;
}

/// The same merges in greedy order: the most similar pair first, ties by smallest names. A merge waits for those that
/// make its clusters.
std::vector<Joined> in_greedy_order(const std::vector<Joined>& merges, Global num_leaves);

/// Merges of similarity above 0 as plain greedy search finds them, for any linkage: at each step the most similar pair,
/// ties by `rank` of the two clusters, the smaller rank first: their names, or with Ties::first the step at which they
/// were made. Each cluster remembers its nearest one.
template <class Value>
std::vector<Joined> greedy_merges(Clusters<Value>& clusters, Ties ties, const Merged& merged) {
  const Global n = clusters.num_leaves();
  std::vector<Global> live(z(n));
  std::vector<Global> rank(z(n));
  for (Global a = 0; a < n; ++a) live[z(a)] = rank[z(a)] = a;
  std::vector<Nearest> nearest(z(n));
  const auto is_nearer = [&](Global other, const Ratio& similarity, const Nearest& than) {
    if (than.other < 0) return true;
    const auto order = similarity <=> than.similarity;
    return order > 0 || (order == 0 && rank[z(other)] < rank[z(than.other)]);
  };
  const auto renew = [&](Global a) {
    nearest[z(a)] = {};
    clusters.scan(a, [&](Global other, const Ratio& similarity) {
      if (is_nearer(other, similarity, nearest[z(a)])) nearest[z(a)] = {other, similarity};
    });
  };
  // Of a cluster and its nearest one, the smaller rank first.
  const auto ranks = [&](Global a) {
    const Global x = rank[z(a)];
    const Global y = rank[z(nearest[z(a)].other)];
    return std::pair(std::min(x, y), std::max(x, y));
  };
  for (Global a = 0; a < n; ++a) renew(a);
  std::vector<Joined> merges;
  for (;;) {
    Global best = -1;
    for (Global a : live) {
      if (nearest[z(a)].other < 0) continue;
      const auto order =
          best < 0 ? std::strong_ordering::greater : nearest[z(a)].similarity <=> nearest[z(best)].similarity;
      if (order > 0 || (order == 0 && ranks(a) < ranks(best))) best = a;
    }
    if (best < 0) return merges;
    const Global other = nearest[z(best)].other;
    merges.push_back({best, other, nearest[z(best)].similarity});
    const Global whole = clusters.merge(best, other);
    const Global gone = whole == best ? other : best;
    live.erase(std::lower_bound(live.begin(), live.end(), gone));
    if (ties == Ties::first) rank[z(whole)] = n + std::ssize(merges) - 1;
    renew(whole);
    for (Global a : live) {
      if (a == whole) continue;
      if (nearest[z(a)].other == best || nearest[z(a)].other == other) renew(a);
    }
    clusters.scan(whole, [&](Global a, const Ratio& similarity) {
      if (is_nearer(whole, similarity, nearest[z(a)])) nearest[z(a)] = {whole, similarity};
    });
    if (merged) merged(std::ssize(merges));
  }
}

}  // namespace filigree::communities
