#include "ppr/push/query_tables.hpp"

#include <algorithm>
#include <utility>

#include "ppr/tuning.hpp"

namespace filigree::ppr {

QueryTables::QueryTables(const GraphData& of) : graph(of) {
  const CsrView<double> arcs = graph.arcs();
  const Comm& node = graph.node;
  const Offset length = (Offset{arcs.num_rows()} + block_size - 1) / block_size * block_size;
  const Partition share = Partition::uniform(length, node.size());
  // Collective within nodes only, and what fails fails on all ranks of a node; that tells the other nodes.
  graph.comm.guard([&] {
    out_arcs = SharedArray<float>(node, length);
    for (Offset v = share.begin(node.rank()); v < share.end(node.rank()); ++v) {
      const Offset degree = v < arcs.num_rows() ? arcs.degree(static_cast<Local>(v)) : 0;
      out_arcs.span()[z(v)] = static_cast<float>(std::max<Offset>(1, degree));
    }
    out_arcs.fence();
  });
}

void QueryTables::make_system() {
  if (system) return;
  std::optional<LinearSystem> made;
  graph.comm.guard([&] { made = make_linear_system(graph.node, graph.arcs(), graph.is_symmetric); });
  system = std::move(made);
}

}  // namespace filigree::ppr
