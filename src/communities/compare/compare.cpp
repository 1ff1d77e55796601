#include <algorithm>
#include <map>
#include <set>

#include "core/index.hpp"
#include "filigree/communities/metrics.hpp"

namespace filigree::communities {
namespace {

/// For each label of the finer labelling that of the coarser one which holds it; nothing unless every label does.
std::optional<std::map<Global, Global>> refinement(const Contingency& fine_and_coarse) {
  std::map<Global, Global> coarse;
  for (const auto& [fine, other, count] : fine_and_coarse.entries)
    if (!coarse.emplace(fine, other).second) return std::nullopt;
  return coarse;
}

/// The groups of the tree's nodes: for each, the labels that its leaves are matched with, sorted.
std::set<std::vector<Global>> groups_of(const Dendrogram& tree, std::span<const Global> label_of_leaf) {
  std::vector<std::vector<Global>> below(z(tree.num_nodes()));
  for (Global node = 0; node < tree.num_nodes(); ++node) {
    if (tree.is_leaf(node)) {
      below[z(node)] = {label_of_leaf[z(node)]};
      continue;
    }
    const auto& left = below[z(tree.merge_of(node).left)];
    const auto& right = below[z(tree.merge_of(node).right)];
    std::merge(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(below[z(node)]));
  }
  return {below.begin(), below.end()};
}

/// Fills in which groups of true labels the tree has.
void find_groups(const Comm& comm, const Dendrogram& tree, std::span<const std::vector<Global>> truth,
                 Comparison& result) {
  constexpr Global most_leaves = 4000;
  const auto finest = std::max_element(result.levels.begin(), result.levels.end(),
                                       [](const auto& x, const auto& y) { return x.num_labels < y.num_labels; });
  const auto& matching = finest->at_leaves.matching;  // (leaf, label)
  if (finest->num_labels != tree.num_leaves || tree.num_leaves > most_leaves) return;
  if (std::ssize(matching) != tree.num_leaves) return;
  const auto& fine = truth[static_cast<std::size_t>(finest - result.levels.begin())];
  std::set<std::vector<Global>> groups;
  for (const auto& labels : truth) {
    if (&labels == &fine) continue;
    const auto coarse = refinement(contingency(comm, fine, labels));
    if (!coarse) return;
    std::map<Global, std::vector<Global>> members;
    for (const auto& [label, of] : *coarse) members[of].push_back(label);
    for (auto& [of, group] : members)
      if (group.size() > 1) groups.insert(std::move(group));
  }
  std::vector<Global> label_of_leaf(z(tree.num_leaves));
  for (const auto& [leaf, label] : matching) label_of_leaf[z(leaf)] = label;
  const auto found = groups_of(tree, label_of_leaf);
  result.true_groups = std::ssize(groups);
  result.found_groups = std::count_if(groups.begin(), groups.end(), [&](const auto& g) { return found.contains(g); });
}

}  // namespace

Comparison compare(const Comm& comm, const Labels& leaves, const Dendrogram& tree,
                   std::span<const std::vector<Global>> truth) {
  Comparison result;
  result.inversions = tree.num_inversions();
  for (const std::vector<Global>& labels : truth) {
    LevelAgreement level;
    level.at_leaves = agreement(contingency(comm, leaves.of, labels));
    level.num_labels = level.at_leaves.labels_b;
    const Global fewest = tree.num_leaves - std::ssize(tree.merges);
    if (level.num_labels >= fewest && level.num_labels <= tree.num_leaves) {
      const Cut cut = cut_by_number(tree, level.num_labels);
      std::vector<Global> cluster(leaves.of.size());
      for (std::size_t v = 0; v < cluster.size(); ++v) cluster[v] = cut.cluster_of_leaf[z(leaves.of[v])];
      level.cut = agreement(contingency(comm, cluster, labels));
    }
    result.levels.push_back(std::move(level));
  }
  if (!truth.empty()) find_groups(comm, tree, truth, result);
  return result;
}

}  // namespace filigree::communities
