#include "communities/linkage/orders.hpp"

#include <queue>
#include <tuple>

namespace filigree::communities {

std::vector<Joined> in_greedy_order(const std::vector<Joined>& merges, Global num_leaves) {
  // The merge that made the cluster of a name last, and for each merge those that wait for it.
  std::vector<Offset> maker(z(num_leaves), -1);
  std::vector<int> waits_for(merges.size(), 0);
  std::vector<Offset> next(merges.size(), -1);
  const auto later = [&](Offset x, Offset y) {
    const Joined& a = merges[z(x)];
    const Joined& b = merges[z(y)];
    const auto order = a.similarity <=> b.similarity;
    if (order != 0) return order < 0;
    return std::minmax({a.a, a.b}) > std::minmax({b.a, b.b});
  };
  std::priority_queue<Offset, std::vector<Offset>, decltype(later)> ready(later);
  for (Offset k = 0; k < std::ssize(merges); ++k) {
    const Joined& merge = merges[z(k)];
    for (Global part : {merge.a, merge.b}) {
      if (maker[z(part)] < 0) continue;
      ++waits_for[z(k)];
      next[z(maker[z(part)])] = k;
    }
    maker[z(std::min(merge.a, merge.b))] = k;
    if (waits_for[z(k)] == 0) ready.push(k);
  }
  std::vector<Joined> ordered;
  ordered.reserve(merges.size());
  while (!ready.empty()) {
    const Offset k = ready.top();
    ready.pop();
    ordered.push_back(merges[z(k)]);
    if (next[z(k)] >= 0 && --waits_for[z(next[z(k)])] == 0) ready.push(next[z(k)]);
  }
  return ordered;
}

}  // namespace filigree::communities
