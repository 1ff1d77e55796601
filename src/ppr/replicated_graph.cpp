#include "filigree/matrix/content_hash.hpp"
#include "ppr/decomposition.hpp"
#include "ppr/parts.hpp"

namespace filigree::ppr {

ReplicatedGraph::ReplicatedGraph(const Graph& graph) {
  require(graph.is_square(), "graph: ", graph.num_rows(), " x ", graph.num_cols(), ", must be square");
  require(graph.num_rows() > 0, "graph: it has no vertices");
  out_weights(graph);  // refuses weights that no walk can follow
  Parts parts{graph.comm, replicate(graph), {}, {}, content_hash(graph), {}};

  const CsrView<double> arcs = parts.arcs();
  if (arcs.has_values()) {
    const Comm node = graph.comm.node();
    parts.alias = SharedArray<AliasEntry>(node, arcs.num_nonzeros());
    parts.out_weights = SharedArray<double>(node, arcs.num_rows());
    const Partition share = Partition::uniform(arcs.num_rows(), node.size());
    node.guard([&] {
      AliasMaker maker;
      for (auto row = static_cast<Local>(share.begin(node.rank())); row < share.end(node.rank()); ++row) {
        const auto slots = parts.alias.span().subspan(z(arcs.row_ptr[z(row)]), z(arcs.degree(row)));
        parts.out_weights.span()[z(row)] = maker.make(arcs.cols(row), arcs.vals(row), slots);
      }
    });
    parts.alias.fence();
    parts.out_weights.fence();
  }
  parts.tables = make_query_tables(graph, arcs);
  parts_ = std::make_shared<const Parts>(std::move(parts));
}

const Comm& ReplicatedGraph::comm() const { return parts_->comm; }
Global ReplicatedGraph::num_vertices() const { return parts_->arcs().num_rows(); }
std::uint64_t ReplicatedGraph::hash() const { return parts_->hash; }

}  // namespace filigree::ppr
