#include "communities/linkage/link_checked.hpp"
#include "filigree/communities.hpp"

namespace filigree::communities {

Detected detect(const Graph& graph, const DetectOptions& options) {
  LeafOptions leaf_options = options.leaves;
  LinkOptions link_options = options.link;
  if (!leaf_options.progress) leaf_options.progress = options.progress;
  if (!link_options.progress) link_options.progress = options.progress;
  Detected result;
  result.leaves = cluster_leaves(graph, leaf_options);
  result.tree = link_checked(graph, result.leaves.labels, link_options);
  for (const Timings& timings : {result.leaves.timings, result.tree.timings})
    for (const auto& [phase, seconds] : timings) result.timings[phase] += seconds;
  for (const Stats& stats : {result.leaves.stats, result.tree.stats})
    for (const auto& [name, count] : stats) result.stats[name] += count;
  return result;
}

}  // namespace filigree::communities
