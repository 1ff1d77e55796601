#include "filigree/matrix/dendrogram.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/index.hpp"
#include "filigree/core/error.hpp"

namespace filigree {

Global Dendrogram::join(Global a, Global b, double height) {
  require(a != b && std::min(a, b) >= 0 && std::max(a, b) < num_nodes(), "dendrogram: cannot merge nodes ", a, " and ",
          b, " of ", num_nodes());
  merges.push_back({std::min(a, b), std::max(a, b), height, size(a) + size(b)});
  return num_nodes() - 1;
}

void Dendrogram::validate() const {
  require(num_leaves >= 0 && std::ssize(merges) <= std::max<Global>(num_leaves - 1, 0),
          "dendrogram (1): ", merges.size(), " merges of ", num_leaves, " leaves, must be at most ",
          std::max<Global>(num_leaves - 1, 0));
  require(leaf_sizes.empty() || std::ssize(leaf_sizes) == num_leaves, "dendrogram (1): ", leaf_sizes.size(),
          " leaf sizes for ", num_leaves, " leaves");
  for (std::size_t i = 0; i < leaf_sizes.size(); ++i)
    require(leaf_sizes[i] >= 1, "dendrogram (1): leaf ", i, " has size ", leaf_sizes[i], ", must be at least 1");
  std::vector<bool> is_merged(z(num_nodes()), false);
  for (std::size_t k = 0; k < merges.size(); ++k) {
    const Merge& merge = merges[k];
    const Global node = num_leaves + static_cast<Global>(k);
    require(merge.left >= 0 && merge.left < merge.right && merge.right < node, "dendrogram (2): merge ", k,
            " joins nodes ", merge.left, " and ", merge.right, "; must be 0 <= left < right < ", node);
    for (Global child : {merge.left, merge.right}) {
      require(!is_merged[z(child)], "dendrogram (3): merge ", k, " joins node ", child, ", which was merged before");
      is_merged[z(child)] = true;
    }
    // Without overflow: sizes may come from a damaged file.
    require(merge.size >= 1 && size(merge.left) <= merge.size && merge.size - size(merge.left) == size(merge.right),
            "dendrogram (4): merge ", k, " has size ", merge.size, ", its children ", size(merge.left), " and ",
            size(merge.right));
    require(std::isfinite(merge.height), "dendrogram (5): merge ", k, " has height ", merge.height);
  }
}

Offset Dendrogram::num_inversions() const {
  return std::count_if(merges.begin(), merges.end(), [&](const Merge& merge) {
    const auto above = [&](Global child) { return !is_leaf(child) && height(child) > merge.height; };
    return above(merge.left) || above(merge.right);
  });
}

std::vector<Global> Dendrogram::parents() const {
  std::vector<Global> parent(z(num_nodes()), -1);
  for (Global node = num_leaves; node < num_nodes(); ++node)
    parent[z(merge_of(node).left)] = parent[z(merge_of(node).right)] = node;
  return parent;
}

std::vector<Global> Dendrogram::first_leaves() const {
  std::vector<Global> first(z(num_nodes()));
  for (Global node = 0; node < num_nodes(); ++node) {
    first[z(node)] = is_leaf(node) ? node : std::min(first[z(merge_of(node).left)], first[z(merge_of(node).right)]);
  }
  return first;
}

std::vector<Global> Dendrogram::leaf_order() const {
  const std::vector<Global> parent = parents();
  const std::vector<Global> first = first_leaves();
  // Roots in the order of their smallest leaves, the last on top; without recursion, as trees may be as deep as wide.
  std::vector<Global> stack;
  for (Global node = 0; node < num_nodes(); ++node)
    if (parent[z(node)] < 0) stack.push_back(node);
  const auto later_first = [&](Global a, Global b) { return first[z(a)] > first[z(b)]; };
  std::sort(stack.begin(), stack.end(), later_first);
  std::vector<Global> order;
  order.reserve(z(num_leaves));
  while (!stack.empty()) {
    const Global node = stack.back();
    stack.pop_back();
    if (is_leaf(node)) {
      order.push_back(node);
      continue;
    }
    auto [a, b] = std::pair(merge_of(node).left, merge_of(node).right);
    if (later_first(a, b)) std::swap(a, b);
    stack.push_back(b);
    stack.push_back(a);
  }
  return order;
}

std::vector<double> scipy_linkage(const Dendrogram& tree) {
  std::vector<double> rows;
  rows.reserve(4 * tree.merges.size());
  for (const Merge& merge : tree.merges) {
    rows.insert(rows.end(), {static_cast<double>(merge.left), static_cast<double>(merge.right), merge.height,
                             static_cast<double>(merge.size)});
  }
  return rows;
}

namespace {

/// A label that Newick can hold: quoted, with quotes doubled, if it is empty or holds anything that is syntax.
std::string newick_label(const std::string& label) {
  const bool is_plain = !label.empty() && label.find_first_of("()[]{}':;,_ \t\r\n\"") == std::string::npos;
  if (is_plain) return label;
  std::string quoted = "'";
  for (char c : label) {
    if (c == '\'') quoted += c;
    quoted += c == '\n' || c == '\r' ? ' ' : c;
  }
  return quoted + "'";
}

std::string branch(double length) {
  std::ostringstream out;
  out.precision(10);
  out << ':' << length;
  return out.str();
}

}  // namespace

std::string newick(const Dendrogram& tree, const std::function<std::string(Global leaf)>& label) {
  const std::vector<Global> parent = tree.parents();
  const std::vector<Global> first = tree.first_leaves();
  struct Step {
    Global node;
    int children_done;
  };
  std::vector<Global> roots;
  for (Global node = 0; node < tree.num_nodes(); ++node)
    if (parent[z(node)] < 0) roots.push_back(node);
  std::sort(roots.begin(), roots.end(), [&](Global a, Global b) { return first[z(a)] < first[z(b)]; });
  std::string out;
  std::vector<Step> stack;
  for (Global root : roots) {
    stack.push_back({root, 0});
    while (!stack.empty()) {
      Step& step = stack.back();
      const Global node = step.node;
      if (!tree.is_leaf(node) && step.children_done < 2) {
        auto [a, b] = std::pair(tree.merge_of(node).left, tree.merge_of(node).right);
        if (first[z(a)] > first[z(b)]) std::swap(a, b);
        out += step.children_done == 0 ? '(' : ',';
        const Global next = step.children_done++ == 0 ? a : b;
        stack.push_back({next, 0});
        continue;
      }
      out += tree.is_leaf(node) ? newick_label(label(node)) : ")";
      if (parent[z(node)] >= 0) out += branch(tree.height(parent[z(node)]) - tree.height(node));
      stack.pop_back();
    }
    out += ";\n";
  }
  return out;
}

}  // namespace filigree
