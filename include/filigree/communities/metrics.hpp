// How well two labellings of the same vertices agree, and how well a tree agrees with a hierarchy of labels.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "filigree/core/comm.hpp"
#include "filigree/matrix/dendrogram.hpp"
#include "filigree/matrix/labels.hpp"

#pragma GCC visibility push(default)
namespace filigree::communities {

/// Counts of vertices with label a in one labelling and b in the other; ascending, without zeros. Equal on all ranks.
struct Contingency {
  struct Entry {
    Global a, b;
    Offset count;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  Global num_a = 0;  ///< labels lie in [0, num_a)
  Global num_b = 0;
  std::vector<Entry> entries;
};

/// Counts pairs of labels. `a` and `b` hold those of this rank's vertices; a vertex with a label below 0 in either does
/// not count. Collective.
Contingency contingency(const Comm& comm, std::span<const Global> a, std::span<const Global> b);

/// Agreement of two labellings; 1 if they are the same up to the names of the labels. With entropies H, mutual
/// information I and its mean E over all labellings with the same label sizes (natural logarithms):
struct Agreement {
  Offset vertices = 0;  ///< with a label in both
  Global labels_a = 0;  ///< that occur
  Global labels_b = 0;
  double ami = 1;                       ///< (I - E) / ((H_a + H_b) / 2 - E): adjusted mutual information
  double ari = 1;                       ///< adjusted Rand index: the same for pairs of vertices
  double nmi = 1;                       ///< 2 I / (H_a + H_b)
  std::optional<double> accuracy = {};  ///< share of vertices in the best one-to-one matching of labels
  std::vector<std::pair<Global, Global>> matching = {};  ///< that matching: (a, b), by a
};

/// Computes the agreement of two labellings. Work: O(entries + sum over pairs of distinct label sizes of the spread of
/// their overlap); the matching (Hungarian method) is cubic, so beyond 4,000 labels there is none. Sources: Vinh, Epps,
/// Bailey, JMLR 11, 2010; Hubert, Arabie, J. Classification 2, 1985; Kuhn, Naval Research Logistics 2, 1955. Not
/// collective.
Agreement agreement(const Contingency& counts);

/// One labelling of the truth against a tree.
struct LevelAgreement {
  Global num_labels = 0;         ///< of the truth
  Agreement at_leaves;           ///< with the leaf communities
  std::optional<Agreement> cut;  ///< with the cut into num_labels clusters, if the tree has one
};

struct Comparison {
  std::vector<LevelAgreement> levels;
  Offset inversions = 0;  ///< of the tree
  /// If one labelling refines all others and has as many labels as the tree leaves: the sets of its labels that the
  /// other labellings make and a tree has to have, and those of them that are nodes of this tree once its leaves are
  /// matched with labels.
  std::optional<Offset> true_groups = {};
  Offset found_groups = 0;
};

/// Compares a tree with labellings of its vertices: each entry of `truth` holds labels >= 0 of this rank's vertices, -1
/// where there is none. Throws InvalidArgument on all ranks for labels of another number of vertices. Collective.
Comparison compare(const Comm& comm, const Labels& leaves, const Dendrogram& tree,
                   std::span<const std::vector<Global>> truth);

}  // namespace filigree::communities
#pragma GCC visibility pop
