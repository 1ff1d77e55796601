// Linkage as its definition says: at each step all pairs of clusters are compared, by leaves.
#pragma once

#include <algorithm>
#include <map>
#include <vector>

#include "communities/linkage/contraction.hpp"

namespace filigree::testing {

/// Edges between communities: (a, b), a < b -> number.
using PairCounts = std::map<std::pair<Global, Global>, std::int64_t>;

inline communities::Contraction contraction_of(const std::vector<Offset>& sizes, const PairCounts& counts,
                                               double unit = 1, bool is_weighted = false) {
  communities::Contraction edges;
  edges.sizes = sizes;
  edges.unit = unit;
  edges.is_weighted = is_weighted;
  for (Global a = 0; a < std::ssize(sizes); ++a) {
    for (const auto& [pair, count] : counts)
      if (pair.first == a) edges.entries.push_back({pair.second, static_cast<communities::Wide>(count)});
    edges.row_ptr.push_back(std::ssize(edges.entries));
  }
  return edges;
}

/// The merges of greedy linkage in O(K^3) comparisons, similarities as exact fractions of 64-bit numbers.
inline std::vector<std::pair<Global, Global>> naive_merges(const std::vector<Offset>& sizes, const PairCounts& counts,
                                                           communities::Linkage linkage, communities::Ties ties) {
  using communities::Linkage;
  struct Cluster {
    Global node;
    std::vector<Global> leaves;
  };
  struct Fraction {
    std::int64_t above, below;
  };
  const auto is_less = [](Fraction x, Fraction y) { return x.above * y.below < y.above * x.below; };
  const auto count = [&](Global a, Global b) {
    const auto at = counts.find(std::minmax(a, b));
    return at == counts.end() ? 0 : at->second;
  };
  std::vector<std::int64_t> volume(sizes.size(), 0);
  for (const auto& [pair, edges] : counts) {
    volume[static_cast<std::size_t>(pair.first)] += edges;
    volume[static_cast<std::size_t>(pair.second)] += edges;
  }
  const auto mass = [&](Global leaf) {
    const auto at = static_cast<std::size_t>(leaf);
    return linkage == Linkage::degree_corrected ? std::max<std::int64_t>(volume[at], 1) : sizes[at];
  };
  const auto similarity = [&](const Cluster& x, const Cluster& y) {
    Fraction mean{0, 0};
    Fraction largest{0, 1};
    Fraction smallest{1, 0};
    std::int64_t mass_x = 0;
    std::int64_t mass_y = 0;
    for (Global a : x.leaves) mass_x += mass(a);
    for (Global b : y.leaves) mass_y += mass(b);
    for (Global a : x.leaves) {
      for (Global b : y.leaves) {
        const Fraction density{count(a, b), mass(a) * mass(b)};
        mean.above += density.above;
        if (is_less(largest, density)) largest = density;
        if (is_less(density, smallest)) smallest = density;
      }
    }
    mean.below = mass_x * mass_y;
    return linkage == Linkage::single ? largest : linkage == Linkage::complete ? smallest : mean;
  };
  std::vector<Cluster> clusters;
  for (Global a = 0; a < std::ssize(sizes); ++a) clusters.push_back({a, {a}});
  std::vector<std::pair<Global, Global>> merges;
  while (clusters.size() > 1) {
    // Sorted by id, so the first of equals is the one with the smallest ids.
    std::size_t best_i = 0;
    std::size_t best_j = 1;
    for (std::size_t i = 0; i < clusters.size(); ++i) {
      for (std::size_t j = i + 1; j < clusters.size(); ++j) {
        if (is_less(similarity(clusters[best_i], clusters[best_j]), similarity(clusters[i], clusters[j]))) {
          best_i = i;
          best_j = j;
        }
      }
    }
    Cluster merged{std::ssize(sizes) + std::ssize(merges), clusters[best_i].leaves};
    merges.push_back(std::minmax(clusters[best_i].node, clusters[best_j].node));
    merged.leaves.insert(merged.leaves.end(), clusters[best_j].leaves.begin(), clusters[best_j].leaves.end());
    clusters.erase(clusters.begin() + static_cast<std::ptrdiff_t>(best_j));
    if (ties == communities::Ties::smallest) {
      clusters[best_i] = std::move(merged);
    } else {
      clusters.erase(clusters.begin() + static_cast<std::ptrdiff_t>(best_i));
      clusters.push_back(std::move(merged));
    }
  }
  return merges;
}

}  // namespace filigree::testing
