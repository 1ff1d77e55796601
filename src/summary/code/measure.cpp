#include "summary/code/measure.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/index.hpp"
#include "core/mailbox.hpp"
#include "core/scratch.hpp"
#include "filigree/matrix/content_hash.hpp"
#include "summary/code/checks.hpp"
#include "summary/code/cost.hpp"
#include "summary/merge/supergraph.hpp"

namespace filigree::summary {
namespace {

/// Arcs of the graph between two supernodes, at the rank that owns `from`.
struct ArcCount {
  Global from;
  Global to;
  Offset arcs;
};

/// Arcs from each supernode of this rank's vertices, counted by where they lead, sent to the supernode's owner.
std::vector<ArcCount> count_arcs(const Graph& graph, const Summary& summary) {
  const Comm& comm = graph.comm;
  const Partition& owners = summary.superedges.rows;
  const std::vector<Global>& own = summary.supernode.of;
  const std::vector<Global> of = graph.with_ghosts(std::span<const Global>(own));
  Mailbox<ArcCount> mailbox(comm);
  comm.guard([&] {
    std::vector<Local> order(own.size());
    std::iota(order.begin(), order.end(), Local{0});
    std::stable_sort(order.begin(), order.end(), [&](Local u, Local v) { return own[z(u)] < own[z(v)]; });
    Scratch<Offset> arcs(summary.num_supernodes());
    for (std::size_t i = 0; i < order.size();) {
      const Global from = own[z(order[i])];
      arcs.clear();
      for (; i < order.size() && own[z(order[i])] == from; ++i) {
        for (const Local column : graph.local.view().cols(order[i]))
          if (graph.global_col(column) != graph.first_row() + order[i]) ++arcs[of[z(column)]];
      }
      for (const Local to : arcs.sort_touched()) mailbox.put(owners.owner(from), {from, to, arcs.get(to)});
    }
  });
  return mailbox.exchange().values;
}

}  // namespace

std::vector<double> supernode_sizes(const Summary& summary) {
  const Comm& comm = summary.superedges.comm;
  std::vector<Offset> size(z(summary.num_supernodes()), 0);
  for (const Global a : summary.supernode.of) ++size[z(a)];
  comm.sum(std::span<Offset>(size));
  const Partition& rows = summary.superedges.rows;
  return {size.begin() + rows.begin(comm.rank()), size.begin() + rows.end(comm.rank())};
}

DistCsr<double> densities(const Summary& summary) {
  DistCsr<double> result = summary.superedges;
  const std::vector<double> own = supernode_sizes(summary);
  const std::vector<double> size = result.with_ghosts(std::span<const double>(own));
  for (Local a = 0; a < result.num_local_rows(); ++a) {
    const auto cols = result.local.view().cols(a);
    const Offset begin = result.local.row_ptr[z(a)];
    for (std::size_t k = 0; k < cols.size(); ++k) {
      const bool inside = result.global_col(cols[k]) == result.first_row() + a;
      const double pairs = inside ? own[z(a)] * (own[z(a)] - 1) / 2 : own[z(a)] * size[z(cols[k])];
      result.local.val[z(begin) + k] /= pairs;
    }
  }
  return result;
}

Measures measure(const Graph& graph, const Summary& summary, Offset num_edges) {
  const Comm& comm = graph.comm;
  const DistCsr<double>& superedges = summary.superedges;
  const std::vector<ArcCount> counts = count_arcs(graph, summary);
  // Arcs of the graph beneath each entry of the superedges, and those that none covers.
  std::vector<Offset> arcs(z(superedges.local.num_nonzeros()), 0);
  Offset uncovered = 0;
  {
    std::vector<std::size_t> order(counts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
      return std::pair(counts[i].from, counts[i].to) < std::pair(counts[j].from, counts[j].to);
    });
    std::size_t k = 0;  // entry of the superedges, in the same order
    Local row = 0;
    for (const std::size_t i : order) {
      const auto a = static_cast<Local>(counts[i].from - superedges.first_row());
      if (a != row) {
        row = a;
        k = z(superedges.local.row_ptr[z(a)]);
      }
      const auto end = z(superedges.local.row_ptr[z(a) + 1]);
      while (k < end && superedges.global_col(superedges.local.col[k]) < counts[i].to) ++k;
      if (k < end && superedges.global_col(superedges.local.col[k]) == counts[i].to)
        arcs[k] += counts[i].arcs;
      else
        uncovered += counts[i].arcs;
    }
  }
  const std::vector<double> own = supernode_sizes(summary);
  const std::vector<double> size = superedges.with_ghosts(std::span<const double>(own));
  struct RowSums {
    double l1 = 0;
    double l2 = 0;
  };
  std::vector<RowSums> sums(z(superedges.num_local_rows()));
  Offset covered = 0;  // superedges, those inside a supernode twice
  double max_count = 0;
  for (Local a = 0; a < superedges.num_local_rows(); ++a) {
    for (Offset k = superedges.local.row_ptr[z(a)]; k < superedges.local.row_ptr[z(a) + 1]; ++k) {
      const Local column = superedges.local.col[z(k)];
      const bool inside = superedges.global_col(column) == superedges.first_row() + a;
      const double ordered = inside ? own[z(a)] * (own[z(a)] - 1) : own[z(a)] * size[z(column)];
      const double count = superedges.local.val[z(k)];
      const double s = (inside ? 2 : 1) * count / ordered;
      const auto ones = static_cast<double>(arcs[z(k)]);
      sums[z(a)].l1 += ones * (1 - s) + (ordered - ones) * s;
      sums[z(a)].l2 += ones * (1 - s) * (1 - s) + (ordered - ones) * s * s;
      covered += inside ? 2 : 1;
      max_count = std::max(max_count, count);
    }
  }
  Measures result;
  result.supernodes = summary.num_supernodes();
  result.superedges = comm.sum(covered) / 2;
  result.max_count = static_cast<Offset>(comm.max(max_count));
  const auto n = static_cast<double>(graph.num_rows());
  result.bits = size_in_bits(graph.num_rows(), result.supernodes, result.superedges, result.max_count);
  result.graph_bits = 2 * static_cast<double>(num_edges) * std::log2(n);
  RowSums total{static_cast<double>(comm.sum(uncovered)), 0};
  total.l2 = total.l1;
  // In order of supernodes, for equal bits on any number of ranks.
  for (const RowSums& of_row : comm.all_gather(std::span<const RowSums>(sums)).values) {
    total.l1 += of_row.l1;
    total.l2 += of_row.l2;
  }
  result.l1 = total.l1 / (n * (n - 1));
  result.l2 = std::sqrt(total.l2) / (n * (n - 1));
  return result;
}

Measures evaluate(const Graph& graph, const Summary& summary) {
  const Offset num_edges = check_graph(graph);
  require(summary.num_vertices() == graph.num_rows(), "summary: of ", summary.num_vertices(),
          " vertices, the graph has ", graph.num_rows());
  require(summary.graph_hash == content_hash(graph),
          "summary: of another graph, or of this one read otherwise (--undirected, --drop-loops)");
  require(summary.supernode.vertices == graph.rows,
          "summary: its vertices are distributed otherwise than the rows of the graph");
  return measure(graph, summary, num_edges);
}

}  // namespace filigree::summary
