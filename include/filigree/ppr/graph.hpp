// Where the graph of personalized PageRank stands: whole on every node, or distributed by rows.
#pragma once

#include <cstdint>
#include <memory>

#include "filigree/matrix/dist_csr.hpp"

#pragma GCC visibility push(default)
namespace filigree::ppr {

struct GraphData;

/// A graph that walks and pushes read whole, one copy on every node. Cheap to copy; a const object may be used from
/// several threads where its communicator has one rank. One that was moved from throws InvalidArgument where it is
/// used.
class ReplicatedGraph {
 public:
  /// Copies the graph to every node. Throws InvalidArgument on all ranks if it is not square, has no vertices, 2^31 or
  /// more of them, or a weight that is negative or not finite. Collective; every arc crosses the network once per other
  /// node. Memory per node: 4 arcs + 8 n bytes, of a weighted graph 20 arcs + 16 n.
  explicit ReplicatedGraph(const Graph& graph);

  const Comm& comm() const;
  Global num_vertices() const;
  std::uint64_t hash() const;  ///< content_hash() of the graph

 private:
  std::shared_ptr<const GraphData> data_;
  friend const GraphData& data_of(const ReplicatedGraph& graph);
};

/// Where the graph stands while walks go through it.
enum class Placement {
  automatic,    ///< replicated if a node's memory is large enough for it
  replicated,   ///< whole on every node: no walk crosses a rank. Needs fewer than 2^31 vertices
  partitioned,  ///< each rank has its rows; walks and residuals travel
};

/// Returns what `automatic` means for a graph, and any other wish as it is: replicated if 12 bytes per vertex and 4 per
/// arc (28 with weights) fit into memory_bytes a rank on every node, or into half of its memory where memory_bytes is
/// 0. Collective.
Placement choose_placement(const Graph& graph, Placement wanted, Offset memory_bytes = 0);

}  // namespace filigree::ppr
#pragma GCC visibility pop
