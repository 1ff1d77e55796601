#include "filigree/matrix/content_hash.hpp"
#include "ppr/parts.hpp"

namespace filigree::ppr {

ReplicatedGraph::ReplicatedGraph(const Graph& graph) {
  require(graph.is_square(), "graph: ", graph.num_rows(), " x ", graph.num_cols(), ", must be square");
  require(graph.num_rows() > 0, "graph: it has no vertices");
  out_weights(graph);  // refuses weights that no walk can follow
  Parts parts{graph.comm, replicate(graph), {}, content_hash(graph)};

  const CsrView<double> arcs = parts.arcs();
  if (arcs.has_values()) {
    const Comm node = graph.comm.node();
    parts.cumulative = SharedArray<double>(node, arcs.num_nonzeros());
    const std::span<double> cumulative = parts.cumulative.span();
    const Partition share = Partition::uniform(arcs.num_rows(), node.size());
    for (Global row = share.begin(node.rank()); row < share.end(node.rank()); ++row) {
      double sum = 0;
      const auto begin = static_cast<std::size_t>(arcs.row_ptr[static_cast<std::size_t>(row)]);
      const auto end = static_cast<std::size_t>(arcs.row_ptr[static_cast<std::size_t>(row) + 1]);
      for (std::size_t k = begin; k < end; ++k) cumulative[k] = sum += arcs.val[k];
    }
    parts.cumulative.fence();
  }
  parts_ = std::make_shared<const Parts>(std::move(parts));
}

const Comm& ReplicatedGraph::comm() const { return parts_->comm; }
Global ReplicatedGraph::num_vertices() const { return parts_->arcs().num_rows(); }
std::uint64_t ReplicatedGraph::hash() const { return parts_->hash; }

}  // namespace filigree::ppr
