// Trees of communities as people and other programs read them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app.hpp"
#include "filigree/communities.hpp"

namespace filigree::app {

/// Where a tree goes besides its file; "" = not wanted.
struct TreeOutputs {
  std::string newick, linkage_matrix, json, csv, svg;
  bool linear = false;  ///< heights in the picture
  void add_to(Command cli);
  /// Throws Leave for a name without a known extension.
  void check() const;
};

/// What a leaf is called: "C3 (24): Valjean, Javert, ...".
using LeafLabel = std::function<std::string(Global leaf)>;

/// A label of every leaf with the names of its vertices of the largest degrees. The same on all ranks. Collective.
std::vector<std::string> leaf_labels(const Graph& graph, const io::VertexNames& names, const communities::Tree& tree);

/// Writes what is wanted. Collective.
void write_outputs(App& program, const communities::Tree& tree, const io::VertexNames& names,
                   const std::vector<std::string>& labels, const TreeOutputs& outputs);

/// The tree as indented lines; beyond 40 leaves its cut into 40 clusters.
std::string tree_lines(const communities::Tree& tree, const std::vector<std::string>& labels);

/// Adds rows of this rank's vertices: the name, then the label from each of `clusters`, lists of clusters by leaf.
void add_label_rows(Table& table, const Comm& comm, const Labels& leaves, const io::VertexNames& names,
                    const std::vector<std::vector<Global>>& clusters);

}  // namespace filigree::app
