// communities: the smallest communities of a graph, merged by edge density into a tree.
#pragma once

#include <vector>

#include "filigree/communities/leaves.hpp"
#include "filigree/core/timing.hpp"
#include "filigree/matrix/dendrogram.hpp"
#include "filigree/matrix/dist_csr.hpp"
#include "filigree/matrix/labels.hpp"

#pragma GCC visibility push(default)
namespace filigree::communities {

/// Similarity of two clusters a and b of leaf communities. e_ab: edges, or their weight, between their vertices; |a|:
/// vertices that have edges.
enum class Linkage {
  density,           ///< e_ab / (|a| |b|)
  degree_corrected,  ///< e_ab / (vol_a vol_b); vol: the sum of degrees
  single,            ///< the largest density between leaves of a and of b
  complete           ///< the smallest
};
/// The first of equally similar pairs to merge.
enum class Ties {
  smallest,  ///< the one with the smallest ids, a cluster's id being its smallest leaf
  first      ///< the first in row-major order of an array of clusters to which merged ones are appended
};

struct LinkOptions {
  Linkage linkage = Linkage::density;
  Ties ties = Ties::smallest;
  Progress progress = {};  ///< phase "link", merges done
};

/// Edges between leaf communities, equal on all ranks: row a lists the communities b >= a with edges to a, ascending.
struct CommunityGraph {
  std::vector<Offset> sizes;       ///< vertices of each community
  std::vector<Offset> row_ptr{0};  ///< sizes.size() + 1
  std::vector<Global> col;
  std::vector<double> weight;  ///< edges, or their weight; for b = a those within, each once
  bool is_weighted = false;    ///< does the graph have weights of its own?
};

struct Tree {
  Labels leaves;           ///< the leaf community of each vertex, in the canonical form of compact_labels()
  Dendrogram dendrogram;   ///< of the leaf communities; equal on all ranks
  CommunityGraph between;  ///< what it was made from
  Timings timings;         ///< contract, link
  Stats stats;             ///< arcs, community_edges, scanned (neighbours met while linking)
};

/// Merges communities, the two most similar ones at a time, into a tree.
///
/// graph    undirected: square and symmetric; weights finite, >= 0; loops do not count
/// labels   of its vertices, distributed like the rows, any numbers >= 0
/// returns  heights 1 - s for similarity s; 1 / (1 + s) if weighted; 1 / (1 + 2m s), m being all edges, if
///          degree_corrected; 1 for communities without edges to others. Heights never fall towards the root
///
/// Similarities are exact ratios. Throws InvalidArgument on all ranks. Collective over graph.comm(). Work: a pass over
/// the edges; then one rank links K communities with M edges by about 3 K scans of neighbours, O(K^2) for Ties::first,
/// single and complete. Memory there: 32 M bytes, weighted 64 M, else 128 M. The same bits on any ranks and threads.
/// Sources: Dreveton et al., JASA 2026, algorithm 1; Murtagh, Computer Journal 26, 1983.
Tree link(const Graph& graph, const Labels& labels, const LinkOptions& options = {});

struct DetectOptions {
  LeafOptions leaves = {};
  LinkOptions link = {};
  Progress progress = {};  ///< of both, where they have none of their own
};

struct Detected {
  Tree tree;
  LeafResult leaves;  ///< how the leaves were found
  Timings timings;    ///< of both
  Stats stats;        ///< of both
};

/// Finds the communities of a graph and the tree that they form: link() of the labels of cluster_leaves(). Parameters,
/// errors, cost and determinism are theirs. Collective.
/// Source: Dreveton, Kuroda, Grossglauser, Thiran, "When Does Bottom-up Beat Top-down in Hierarchical Community
/// Detection?", JASA 2026.
Detected detect(const Graph& graph, const DetectOptions& options = {});

}  // namespace filigree::communities
#pragma GCC visibility pop
