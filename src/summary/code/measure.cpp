#include "summary/code/measure.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/index.hpp"
#include "core/mailbox.hpp"
#include "core/ordered_sum.hpp"
#include "core/scratch.hpp"
#include "summary/code/checks.hpp"
#include "summary/code/cost.hpp"
#include "summary/code/supergraph.hpp"

namespace filigree::summary {
namespace {

/// Arcs of the graph between two supernodes, at the rank that owns `from`.
struct ArcCount {
  Local from;
  Local to;
  std::uint32_t arcs;
};

/// visit(from, to, arcs) for every two supernodes with arcs from this rank's vertices in `from`, ascending.
template <class Visit>
void for_each_arc_count(const Graph& graph, const Summary& summary, const std::vector<Global>& of, Visit visit) {
  const std::vector<Global>& own = summary.supernode.of;
  std::vector<Local> order(own.size());
  std::iota(order.begin(), order.end(), Local{0});
  std::stable_sort(order.begin(), order.end(), [&](Local u, Local v) { return own[z(u)] < own[z(v)]; });
  Scratch<Offset> arcs(summary.num_supernodes());
  for (std::size_t i = 0; i < order.size();) {
    const Global from = own[z(order[i])];
    arcs.clear();
    for (; i < order.size() && own[z(order[i])] == from; ++i) {
      for (const Local column : graph.local().view().cols(order[i]))
        if (graph.global_col(column) != graph.first_row() + order[i]) ++arcs[of[z(column)]];
    }
    for (const Local to : arcs.sort_touched()) visit(static_cast<Local>(from), to, arcs.get(to));
  }
}

/// Arcs of the graph that superedges cover, by their entries on this rank, and those that none covers.
struct Covered {
  std::vector<Offset> arcs;
  Offset uncovered = 0;
};
Covered cover_arcs(const Graph& graph, const Summary& summary) {
  const Comm& comm = graph.comm();
  const DistCsr<double>& superedges = summary.superedges;
  const std::vector<Global> of = graph.with_ghosts(summary.supernode.of);
  Covered result;
  std::size_t k = 0;  // entry of the superedges, in the order in which they are looked up
  Local row = -1;
  const auto add = [&](Local from, Local to, Offset arcs) {
    const auto a = static_cast<Local>(from - superedges.first_row());
    if (a != row) k = z(superedges.local().row_ptr[z(row = a)]);
    const auto end = z(superedges.local().row_ptr[z(a) + 1]);
    while (k < end && superedges.global_col(superedges.local().col[k]) < to) ++k;
    (k < end && superedges.global_col(superedges.local().col[k]) == to ? result.arcs[k] : result.uncovered) += arcs;
  };
  if (comm.size() == 1) {
    comm.guard([&] {
      result.arcs.assign(superedges.local().col.size(), 0);
      for_each_arc_count(graph, summary, of, add);
    });
    return result;
  }
  Mailbox<ArcCount> mailbox(comm);
  comm.guard([&] {
    for_each_arc_count(graph, summary, of, [&](Local from, Local to, Offset arcs) {
      mailbox.put(superedges.rows().owner(from), {from, to, static_cast<std::uint32_t>(arcs)});
    });
  });
  std::vector<ArcCount> counts = mailbox.exchange().values;
  comm.guard([&] {
    result.arcs.assign(superedges.local().col.size(), 0);
    std::sort(counts.begin(), counts.end(),
              [](const ArcCount& x, const ArcCount& y) { return std::pair(x.from, x.to) < std::pair(y.from, y.to); });
    for (const ArcCount& count : counts) add(count.from, count.to, count.arcs);
  });
  return result;
}

}  // namespace

std::vector<double> supernode_sizes(const Summary& summary) {
  const Comm& comm = summary.superedges.comm();
  std::vector<Offset> size;
  comm.guard([&] {
    size.assign(z(summary.num_supernodes()), 0);
    for (const Global a : summary.supernode.of) ++size[z(a)];
  });
  comm.sum(size);
  const Partition& rows = summary.superedges.rows();
  return {size.begin() + rows.begin(comm.rank()), size.begin() + rows.end(comm.rank())};
}

DistCsr<double> densities(const Summary& summary) {
  DistCsr<double> result = summary.superedges;
  const std::vector<double> own = supernode_sizes(summary);
  const std::vector<double> size = result.with_ghosts(own);
  for (Local a = 0; a < result.num_local_rows(); ++a) {
    const auto cols = result.local().view().cols(a);
    const Offset begin = result.local().row_ptr[z(a)];
    for (std::size_t k = 0; k < cols.size(); ++k) {
      const bool inside = result.global_col(cols[k]) == result.first_row() + a;
      const double pairs = inside ? own[z(a)] * (own[z(a)] - 1) / 2 : own[z(a)] * size[z(cols[k])];
      result.values()[z(begin) + k] /= pairs;
    }
  }
  return result;
}

Measures measure(const Graph& graph, const Summary& summary, Offset num_edges) {
  const Comm& comm = graph.comm();
  const DistCsr<double>& superedges = summary.superedges;
  const Covered of_graph = cover_arcs(graph, summary);
  const std::vector<double> own = supernode_sizes(summary);
  const std::vector<double> size = superedges.with_ghosts(own);
  Offset covered = 0;  // superedges, those inside a supernode twice
  double max_count = 0;
  for (Local a = 0; a < superedges.num_local_rows(); ++a) {
    for (Offset k = superedges.local().row_ptr[z(a)]; k < superedges.local().row_ptr[z(a) + 1]; ++k) {
      covered += superedges.global_col(superedges.local().col[z(k)]) == superedges.first_row() + a ? 2 : 1;
      max_count = std::max(max_count, superedges.local().val[z(k)]);
    }
  }
  enum { of_l1, of_l2 };
  const auto sums = ordered_sums(comm, superedges.rows(), 2, [&](Offset begin, Offset end, std::span<double> sum) {
    for (Offset a = begin; a < end; ++a) {
      double l1 = 0;
      double l2 = 0;
      for (Offset k = superedges.local().row_ptr[z(a)]; k < superedges.local().row_ptr[z(a) + 1]; ++k) {
        const Local column = superedges.local().col[z(k)];
        const bool inside = superedges.global_col(column) == superedges.first_row() + a;
        const double ordered = inside ? own[z(a)] * (own[z(a)] - 1) : own[z(a)] * size[z(column)];
        const double s = (inside ? 2 : 1) * superedges.local().val[z(k)] / ordered;
        const auto ones = static_cast<double>(of_graph.arcs[z(k)]);
        l1 += ones * (1 - s) + (ordered - ones) * s;
        l2 += ones * (1 - s) * (1 - s) + (ordered - ones) * s * s;
      }
      sum[of_l1] += l1;
      sum[of_l2] += l2;
    }
  });
  const auto uncovered = static_cast<double>(comm.sum(of_graph.uncovered));
  Measures result;
  result.supernodes = summary.num_supernodes();
  result.superedges = comm.sum(covered) / 2;
  result.max_count = static_cast<Offset>(comm.max(max_count));
  const auto n = static_cast<double>(graph.num_rows());
  result.bits = size_in_bits(graph.num_rows(), result.supernodes, result.superedges, result.max_count);
  result.graph_bits = 2 * static_cast<double>(num_edges) * std::log2(n);
  result.l1 = (uncovered + sums[of_l1]) / (n * (n - 1));
  result.l2 = std::sqrt(uncovered + sums[of_l2]) / (n * (n - 1));
  return result;
}

Measures evaluate(const Graph& graph, const Summary& summary) {
  const Offset num_edges = check_graph(graph);
  require(summary.num_vertices() == graph.num_rows(), "summary: of ", summary.num_vertices(),
          " vertices, the graph has ", graph.num_rows());
  require(summary.graph_hash == pattern_hash(graph), "summary: of another graph");
  require(summary.supernode.vertices == graph.rows(),
          "summary: its vertices are distributed otherwise than the rows of the graph");
  return measure(graph, summary, num_edges);
}

}  // namespace filigree::summary
