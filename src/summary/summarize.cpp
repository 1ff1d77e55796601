#include <algorithm>
#include <cmath>

#include "core/index.hpp"
#include "filigree/summary.hpp"
#include "summary/code/checks.hpp"
#include "summary/code/measure.hpp"
#include "summary/merge/rounds.hpp"

namespace filigree::summary {
namespace {

void check_options(const Options& options) {
  require(options.mode == Mode::weighted,
          "mode: not available yet: ", options.mode == Mode::unweighted ? "unweighted" : "hybrid", "; weighted is");
  require(options.max_rounds >= 1, "max_rounds: ", options.max_rounds, ", must be at least 1");
  if (options.bits)
    require(*options.bits >= 0 && std::isfinite(*options.bits), "bits: ", *options.bits,
            ", must be finite and at least 0");
  else
    require(options.size_ratio > 0 && options.size_ratio <= 1, "size_ratio: ", options.size_ratio,
            ", must lie in (0, 1]");
}

/// The summary that these supernodes and superedges are, supernodes without superedges made one.
Summary assemble(const Graph& graph, const Merged& merged) {
  const Comm& comm = graph.comm();
  const Filling& filling = merged.filling;
  Labels supernode{graph.rows(), {}, 0};
  Entries<double> entries;
  comm.guard([&] {
    std::vector<char> used(merged.size.size(), 0);
    for (const Superedge& edge : filling.superedges) used[z(edge.a)] = used[z(edge.b)] = 1;
    // Numbers in the order of smallest vertices, as those of `merged` are.
    std::vector<Global> renumbered(used.size());
    Global pool = -1;
    for (std::size_t a = 0; a < used.size(); ++a) {
      if (!used[a] && pool < 0) pool = supernode.num_labels++;
      renumbered[a] = used[a] ? supernode.num_labels++ : pool;
    }
    const Partition slices = Partition::uniform(std::ssize(filling.superedges), comm.size());
    for (Global k = slices.begin(comm.rank()); k < slices.end(comm.rank()); ++k) {
      const Superedge& edge = filling.superedges[z(k)];
      entries.row.push_back(renumbered[z(edge.a)]);
      entries.col.push_back(renumbered[z(edge.b)]);
      entries.val.push_back(edge.edges);
    }
    symmetrize(entries);
    for (Global v = graph.first_row(); v < graph.rows().end(comm.rank()); ++v)
      supernode.of.push_back(renumbered[z(merged.of[z(v)])]);
  });
  const Global num_supernodes = supernode.num_labels;
  return {.supernode = std::move(supernode),
          .superedges = DistCsr<double>::from_entries(comm, num_supernodes, num_supernodes, std::move(entries),
                                                      {Duplicates::error, Loops::keep})};
}

}  // namespace

Result summarize(const Graph& graph, const Options& options) {
  check_options(options);
  const Offset num_edges = check_graph(graph);
  Timings timings;
  const double graph_bits = 2 * static_cast<double>(num_edges) * std::log2(static_cast<double>(graph.num_rows()));
  const double budget_bits = options.bits.value_or(options.size_ratio * graph_bits);
  Merged merged = merge_rounds(graph, num_edges, budget_bits, options, timings);
  Result result{.summary = assemble(graph, merged)};
  result.summary.mode = options.mode;
  result.summary.num_edges = num_edges;
  result.summary.graph_hash = pattern_hash(graph);
  result.budget_bits = budget_bits;
  result.rounds = std::move(merged.rounds);
  result.merges = std::move(merged.merges);
  result.stats = std::move(merged.stats);
  merged = {};  // before the arcs are counted
  result.stats["loops"] = graph.num_nonzeros() - 2 * num_edges;
  {
    const Phase phase(timings, "evaluate");
    result.measures = measure(graph, result.summary, num_edges);
  }
  result.timings = std::move(timings);
  return result;
}

}  // namespace filigree::summary
