#include "isolated.hpp"

#include <algorithm>
#include <cstdint>

#include "filigree/core/error.hpp"

namespace filigree::app {
namespace {

std::size_t z(Offset i) { return static_cast<std::size_t>(i); }

/// 1 for each owned vertex with arcs.
std::vector<std::uint8_t> have_arcs(const Graph& graph) {
  require(graph.is_square(), "a matrix of ", graph.num_rows(), " x ", graph.num_cols(), " has no vertices");
  std::vector<std::uint8_t> have(z(graph.num_local_rows()), 0);
  const Local begin = graph.owned_begin();
  for (Local row = 0; row < graph.num_local_rows(); ++row) {
    const auto columns = graph.local().view().cols(row);
    if (!columns.empty()) have[z(row)] = 1;
    for (const Local column : columns) {
      if (begin <= column && column < begin + graph.num_owned_cols()) have[z(column - begin)] = 1;
    }
  }
  // A ghost is there because an arc leads to it.
  const std::vector<std::uint8_t> ghosts(graph.ghosts().size(), 1);
  graph.build_halo().scatter(ghosts, have, [](std::uint8_t a, std::uint8_t b) { return std::max(a, b); });
  return have;
}

}  // namespace

Global num_isolated(const Graph& graph) {
  const std::vector<std::uint8_t> have = have_arcs(graph);
  return graph.comm().sum(static_cast<Global>(std::count(have.begin(), have.end(), 0)));
}

Graph without_isolated(const Graph& graph) {
  const Comm& comm = graph.comm();
  const Local begin = graph.owned_begin();
  const Local num_owned = graph.num_owned_cols();
  std::vector<Global> number(z(num_owned));  // of each vertex that stays
  Local num_kept = 0;
  {
    const std::vector<std::uint8_t> have = have_arcs(graph);
    for (Local v = 0; v < num_owned; ++v) number[z(v)] = have[z(v)] != 0 ? num_kept++ : -1;
  }
  const Global first = comm.exclusive_sum(num_kept);

  Csr<double> local;
  local.num_cols = graph.local().num_cols - num_owned + num_kept;
  local.row_ptr.assign(1, 0);
  for (Local row = 0; row < num_owned; ++row) {
    if (number[z(row)] >= 0) local.row_ptr.push_back(graph.local().row_ptr[z(row) + 1]);
  }
  local.col.reserve(graph.local().col.size());
  for (const Local column : graph.local().col) {
    local.col.push_back(column < begin               ? column
                        : column < begin + num_owned ? begin + static_cast<Local>(number[z(column - begin)])
                                                     : column - num_owned + num_kept);
  }
  local.val = graph.local().val;

  for (Global& of : number) of += first;
  std::vector<Global> ghosts(graph.ghosts().size());
  graph.build_halo().gather(number, ghosts);
  std::vector<Global> begins = comm.all_gather(first);
  begins.push_back(comm.sum(Global{num_kept}));
  const Partition vertices = Partition::from_begins(std::move(begins));
  return Graph(comm, vertices, vertices, std::move(local), std::move(ghosts));
}

}  // namespace filigree::app
