#include <unistd.h>

#include <limits>

#include "filigree/ppr.hpp"

namespace filigree::ppr {

Placement choose_placement(const Graph& graph, Placement wanted, Offset memory_bytes) {
  if (wanted != Placement::automatic) return wanted;
  if (graph.num_rows() > std::numeric_limits<Local>::max()) return Placement::partitioned;
  const Offset per_arc = graph.has_values() ? 28 : 4;
  const Offset needed = 12 * graph.num_rows() + per_arc * graph.num_nonzeros();
  const Comm node = graph.comm.node();
  const Offset physical = Offset{sysconf(_SC_PHYS_PAGES)} * Offset{sysconf(_SC_PAGE_SIZE)};
  const Offset allowed = memory_bytes > 0 ? memory_bytes * node.size() : physical / 2;
  const bool fits = graph.comm.min(static_cast<int>(needed <= allowed)) != 0;
  return fits ? Placement::replicated : Placement::partitioned;
}

}  // namespace filigree::ppr
