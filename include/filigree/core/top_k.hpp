// The best of many: by falling score, then by rising id.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "filigree/core/comm.hpp"

#pragma GCC visibility push(default)
namespace filigree {

template <class Id>
struct Scored {
  Id id;
  double score;

  friend bool operator==(const Scored&, const Scored&) = default;
};

/// Returns whether a comes before b: its score is higher or, at equal scores, its id is lower. Scores must not be NaN.
template <class Id>
bool is_better(const Scored<Id>& a, const Scored<Id>& b) {
  return a.score != b.score ? a.score > b.score : a.id < b.id;
}

/// Leaves the best k of the items in any order (all if there are fewer). O(items).
template <class Id>
void keep_top(std::vector<Scored<Id>>& items, std::size_t k) {
  if (k >= items.size()) return;
  std::nth_element(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(k), items.end(), is_better<Id>);
  items.resize(k);
}

/// Leaves the best k of the items, the best first. O(items + k log k). Deterministic for distinct ids.
template <class Id>
void sort_top(std::vector<Scored<Id>>& items, std::size_t k) {
  keep_top(items, k);
  std::sort(items.begin(), items.end(), is_better<Id>);
}

/// Returns the k-th highest of the scores, 1 <= k <= scores, and how many of the best k equal it. O(scores).
inline std::pair<double, std::ptrdiff_t> kth_score(std::vector<double> scores, std::size_t k) {
  const auto last = scores.begin() + static_cast<std::ptrdiff_t>(k) - 1;
  std::nth_element(scores.begin(), last, scores.end(), std::greater<>());
  return {*last, std::count(scores.begin(), last + 1, *last)};
}

/// Returns the best k of the items of all ranks, the best first, on every rank; all if there are fewer. Ids are
/// distinct over all ranks. Collective. Bytes that every rank receives: at most 16 k for each rank.
template <class Id>
std::vector<Scored<Id>> top_k(const Comm& comm, std::vector<Scored<Id>> items, std::size_t k) {
  comm.guard([&] { keep_top(items, k); });
  std::vector<Scored<Id>> all = comm.all_gather(items).values;
  sort_top(all, k);
  return all;
}

}  // namespace filigree
#pragma GCC visibility pop
