#include "communities/linkage/build.hpp"
#include "communities/linkage/link_checked.hpp"
#include "core/index.hpp"
#include "filigree/communities.hpp"

namespace filigree::communities {
namespace {

/// A vector of rank 0 on every rank. Collective.
template <class T>
void share(const Comm& comm, std::vector<T>& values) {
  values.resize(z(comm.broadcast(static_cast<Offset>(values.size()))));
  comm.broadcast(values);
}

CommunityGraph in_doubles(const Contraction& edges) {
  CommunityGraph graph{edges.sizes, edges.row_ptr, {}, {}, edges.is_weighted};
  for (const auto& [b, weight] : edges.entries) {
    graph.col.push_back(b);
    graph.weight.push_back(static_cast<double>(weight) * edges.unit);
  }
  return graph;
}

}  // namespace

Tree link(const Graph& graph, const Labels& labels, const LinkOptions& options) {
  require(labels.vertices == graph.rows(), "labels: they are distributed otherwise than the graph's rows");
  check_undirected(graph);
  return link_checked(graph, labels, options);
}

Tree link_checked(const Graph& graph, const Labels& labels, const LinkOptions& options) {
  const Comm& comm = graph.comm();
  Tree result;
  Contraction edges;
  {
    const Phase phase(result.timings, "contract");
    result.leaves = compact_labels(comm, labels.vertices, labels.of);
    edges = contract(graph, result.leaves);
  }
  const Phase phase(result.timings, "link");
  Offset scans = 0;
  comm.guard([&] {
    if (!comm.is_root()) return;
    Built built = build_dendrogram(edges, options);
    result.dendrogram = std::move(built.tree);
    scans = built.scans;
    result.between = in_doubles(edges);
  });
  result.dendrogram.num_leaves = result.leaves.num_labels;
  share(comm, result.dendrogram.leaf_sizes);
  share(comm, result.dendrogram.merges);
  share(comm, result.between.sizes);
  share(comm, result.between.row_ptr);
  share(comm, result.between.col);
  share(comm, result.between.weight);
  result.between.is_weighted = comm.broadcast(static_cast<int>(edges.is_weighted)) != 0;
  result.stats["arcs"] = graph.num_nonzeros();
  result.stats["community_edges"] = std::ssize(result.between.col);
  result.stats["scanned"] = comm.broadcast(scans);
  return result;
}

}  // namespace filigree::communities
