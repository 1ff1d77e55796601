#include "communities/linkage/build.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

#include "communities/linkage/orders.hpp"

namespace filigree::communities {
namespace {

/// What similarities divide by - sizes without isolated vertices, which say nothing of the density of edges, or volumes
/// as integers below 2^63 - and how a similarity becomes a height.
struct Scale {
  std::vector<Wide> mass;
  double factor = 1;  // of similarities as ratios of integers
  bool is_density = true;

  Scale(const Contraction& edges, Linkage linkage) {
    if (linkage != Linkage::degree_corrected) {
      const std::vector<Offset>& sizes = edges.connected.empty() ? edges.sizes : edges.connected;
      for (const Offset size : sizes) mass.push_back(static_cast<Wide>(std::max<Offset>(size, 1)));
      factor = edges.unit;
      is_density = !edges.is_weighted;
      return;
    }
    is_density = false;
    mass.assign(edges.sizes.size(), 0);
    for (std::size_t a = 0; a < mass.size(); ++a) {
      for (Offset k = edges.row_ptr[a]; k < edges.row_ptr[a + 1]; ++k) {
        mass[a] += edges.entries[z(k)].edges;
        mass[z(edges.entries[z(k)].b)] += edges.entries[z(k)].edges;
      }
    }
    Wide total = 0;
    for (Wide volume : mass) total += volume;
    int shift = 0;
    while (total >> shift >> 62 != 0) ++shift;
    for (Wide& volume : mass) volume = std::max<Wide>(volume >> shift, 1);
    factor = static_cast<double>(total >> shift) / std::ldexp(1.0, shift);
  }

  double height(const Ratio& similarity) const {
    const double s = similarity.value() * factor;
    return is_density ? 1 - s : 1 / (1 + s);
  }
};

/// Joins what has no edges to others: the first two in the order of ties, again and again.
void join_rest(Dendrogram& tree, std::vector<Global> rest, Ties ties) {
  if (ties == Ties::smallest) {  // what merges keeps the smallest id
    const std::vector<Global> first = tree.first_leaves();
    std::sort(rest.begin(), rest.end(), [&](Global a, Global b) { return first[z(a)] < first[z(b)]; });
    for (std::size_t i = 1; i < rest.size(); ++i) rest[0] = tree.join(rest[0], rest[i], 1);
    return;
  }
  std::sort(rest.begin(), rest.end());
  std::deque<Global> queue(rest.begin(), rest.end());
  while (queue.size() > 1) {
    queue.push_back(tree.join(queue[0], queue[1], 1));
    queue.erase(queue.begin(), queue.begin() + 2);
  }
}

template <class Value>
Built build(const Contraction& edges, const LinkOptions& options) {
  const Scale scale(edges, options.linkage);
  const Global n = std::ssize(edges.sizes);
  Clusters<Value> clusters(edges, scale.mass);
  const Merged merged = [&](Offset done) {
    if (options.progress && (done % 256 == 0 || done == n - 1)) options.progress("link", done, n - 1);
  };
  // A mean lies between what it is of, so mean linkages are reducible, ties included. Single linkage is not: the merged
  // cluster may have a smaller name than the part that ties.
  const bool is_mean = options.linkage == Linkage::density || options.linkage == Linkage::degree_corrected;
  const std::vector<Joined> merges = is_mean && options.ties == Ties::smallest
                                         ? in_greedy_order(chain_merges(clusters, merged), n)
                                         : greedy_merges(clusters, options.ties, merged);
  Built built{{n, edges.sizes, {}}, clusters.scanned()};
  Dendrogram& tree = built.tree;
  tree.merges.reserve(z(std::max<Global>(n - 1, 0)));
  std::vector<Global> node(z(n));
  for (Global a = 0; a < n; ++a) node[z(a)] = a;
  for (const Joined& merge : merges) {
    const Global a = node[z(merge.a)];
    const Global b = node[z(merge.b)];
    // Rounding may not put a height below one below it.
    const double height = std::max({scale.height(merge.similarity), tree.height(a), tree.height(b)});
    node[z(std::min(merge.a, merge.b))] = tree.join(a, b, height);
  }
  std::vector<Global> rest;
  for (Global a = 0; a < n; ++a)
    if (clusters.is_live(a)) rest.push_back(node[z(a)]);
  join_rest(tree, std::move(rest), options.ties);
  return built;
}

}  // namespace

Built build_dendrogram(const Contraction& edges, const LinkOptions& options) {
  require(std::ssize(edges.sizes) <= std::numeric_limits<Local>::max(), "link: ", edges.sizes.size(),
          " communities, must be below 2^31");
  switch (options.linkage) {
    case Linkage::single: return build<Extreme<true>>(edges, options);
    case Linkage::complete: return build<Extreme<false>>(edges, options);
    case Linkage::density:
    case Linkage::degree_corrected: break;
  }
  return edges.is_weighted ? build<Mean<Wide>>(edges, options) : build<Mean<std::uint64_t>>(edges, options);
}

}  // namespace filigree::communities
