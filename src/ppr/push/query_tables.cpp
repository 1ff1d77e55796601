#include "ppr/push/query_tables.hpp"

namespace filigree::ppr {

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

}  // namespace filigree::ppr
