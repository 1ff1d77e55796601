#include "ppr/graph/replicated_graph.hpp"

#include <unistd.h>

#include <limits>

#include "filigree/matrix/content_hash.hpp"
#include "filigree/matrix/symmetry.hpp"
#include "filigree/matrix/transition.hpp"

namespace filigree::ppr {

Placement choose_placement(const Graph& graph, Placement wanted, Offset memory_bytes) {
  const int own = static_cast<int>(wanted);
  require(graph.comm().min(own) == graph.comm().max(own), "placement: it must be the same on all ranks");
  if (wanted != Placement::automatic) return wanted;
  if (graph.num_rows() > std::numeric_limits<Local>::max()) return Placement::partitioned;
  const Offset per_arc = graph.has_values() ? 28 : 4;
  const Offset needed = 12 * graph.num_rows() + per_arc * graph.num_nonzeros();
  const Comm node = graph.comm().node();
  const Offset physical = Offset{sysconf(_SC_PHYS_PAGES)} * Offset{sysconf(_SC_PAGE_SIZE)};
  const Offset allowed = memory_bytes > 0 ? memory_bytes * node.size() : physical / 2;
  const bool fits = graph.comm().min(static_cast<int>(needed <= allowed)) != 0;
  return fits ? Placement::replicated : Placement::partitioned;
}

std::vector<double> check_graph(const Graph& graph) {
  require(graph.is_square(), "graph: ", graph.num_rows(), " x ", graph.num_cols(), ", must be square");
  require(graph.num_rows() > 0, "graph: it has no vertices");
  return out_weights(graph);  // refuses weights that no walk can follow
}

ReplicatedGraph::ReplicatedGraph(const Graph& graph) {
  check_graph(graph);
  GraphData data{graph.comm(), graph.comm().node(), replicate(graph), {}, {}, content_hash(graph), is_symmetric(graph)};

  const CsrView<double> arcs = data.arcs();
  if (arcs.has_values()) {
    const Comm& node = data.node;
    const Partition share = Partition::uniform(arcs.num_rows(), node.size());
    // What a node has no room for fails on all its ranks; that tells the other nodes.
    graph.comm().guard([&] {
      data.alias = SharedArray<AliasEntry>(node, arcs.num_nonzeros());
      data.out_weights = SharedArray<double>(node, arcs.num_rows());
    });
    graph.comm().guard([&] {
      AliasMaker maker;
      for (auto row = static_cast<Local>(share.begin(node.rank())); row < share.end(node.rank()); ++row) {
        const auto slots = data.alias.span().subspan(z(arcs.row_ptr[z(row)]), z(arcs.degree(row)));
        data.out_weights.span()[z(row)] = maker.make(arcs.cols(row), arcs.vals(row), slots);
      }
    });
    data.alias.fence();
    data.out_weights.fence();
  }
  data_ = std::make_shared<const GraphData>(std::move(data));
}

const GraphData& data_of(const ReplicatedGraph& graph) {
  require(graph.data_ != nullptr, "graph: it was moved from; only assignment and destruction are left to it");
  return *graph.data_;
}
const Comm& ReplicatedGraph::comm() const { return data_of(*this).comm; }
Global ReplicatedGraph::num_vertices() const { return data_of(*this).arcs().num_rows(); }
std::uint64_t ReplicatedGraph::hash() const { return data_of(*this).hash; }

}  // namespace filigree::ppr
