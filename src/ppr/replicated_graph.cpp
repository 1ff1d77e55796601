#include "filigree/matrix/content_hash.hpp"
#include "filigree/matrix/symmetry.hpp"
#include "ppr/decomposition.hpp"
#include "ppr/parts.hpp"

namespace filigree::ppr {

std::vector<double> check_graph(const Graph& graph) {
  require(graph.is_square(), "graph: ", graph.num_rows(), " x ", graph.num_cols(), ", must be square");
  require(graph.num_rows() > 0, "graph: it has no vertices");
  return out_weights(graph);  // refuses weights that no walk can follow
}

ReplicatedGraph::ReplicatedGraph(const Graph& graph) {
  check_graph(graph);
  Parts parts{graph.comm, replicate(graph), {}, {}, content_hash(graph), is_symmetric(graph), {}, {}};

  const CsrView<double> arcs = parts.arcs();
  if (arcs.has_values()) {
    const Comm node = graph.comm.node();
    const Partition share = Partition::uniform(arcs.num_rows(), node.size());
    // What a node has no room for fails on all its ranks; that tells the other nodes.
    graph.comm.guard([&] {
      parts.alias = SharedArray<AliasEntry>(node, arcs.num_nonzeros());
      parts.out_weights = SharedArray<double>(node, arcs.num_rows());
    });
    graph.comm.guard([&] {
      AliasMaker maker;
      for (auto row = static_cast<Local>(share.begin(node.rank())); row < share.end(node.rank()); ++row) {
        const auto slots = parts.alias.span().subspan(z(arcs.row_ptr[z(row)]), z(arcs.degree(row)));
        parts.out_weights.span()[z(row)] = maker.make(arcs.cols(row), arcs.vals(row), slots);
      }
    });
    parts.alias.fence();
    parts.out_weights.fence();
  }
  parts_ = std::make_shared<const Parts>(std::move(parts));
}

void ReplicatedGraph::Parts::prepare_queries() const {
  if (tables) return;
  const CsrView<double> view = arcs();
  const Comm node = comm.node();
  const Offset length = (Offset{view.num_rows()} + block_size - 1) / block_size * block_size;
  const Partition share = Partition::uniform(length, node.size());
  auto made = std::make_shared<QueryTables>();
  // Collective within nodes only, and what fails fails on all ranks of a node; that tells the other nodes.
  comm.guard([&] {
    made->out_arcs = SharedArray<float>(node, length);
    for (Offset v = share.begin(node.rank()); v < share.end(node.rank()); ++v) {
      const Offset degree = v < view.num_rows() ? view.degree(static_cast<Local>(v)) : 0;
      made->out_arcs.span()[z(v)] = static_cast<float>(std::max<Offset>(1, degree));
    }
    made->out_arcs.fence();
    if (is_symmetric) made->system = make_symmetric_system(node, view);
  });
  tables = std::move(made);
}

const Comm& ReplicatedGraph::comm() const { return parts_->comm; }
Global ReplicatedGraph::num_vertices() const { return parts_->arcs().num_rows(); }
std::uint64_t ReplicatedGraph::hash() const { return parts_->hash; }

}  // namespace filigree::ppr
