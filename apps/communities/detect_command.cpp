#include <cmath>

#include "commands.hpp"
#include "filigree/communities_file.hpp"
#include "filigree/core/invalid_arc.hpp"
#include "filigree/matrix/symmetry.hpp"
#include "label_file.hpp"
#include "verify.hpp"

namespace filigree::app {
namespace {

/// Throws InvalidArgument on all ranks if an arc and its reverse have different weights, of which `both` has only one.
/// Collective.
void refuse_two_weights(const Graph& graph, const Graph& both) {
  if (!graph.has_values()) return;
  graph.comm().guard([&] {
    const CsrView<double> given = graph.local().view();
    const CsrView<double> kept = both.local().view();
    for (Local row = 0; row < given.num_rows(); ++row) {
      std::size_t at = 0;  // in the row of `both`, which has all columns of this one
      for (std::size_t k = 0; k < given.cols(row).size(); ++k) {
        const Global to = graph.global_col(given.cols(row)[k]);
        while (both.global_col(kept.cols(row)[at]) != to) ++at;
        if (given.vals(row)[k] == kept.vals(row)[at]) continue;
        throw InvalidArc("arc ", graph.first_row() + row, to,
                         text(" has weight ", given.vals(row)[k], ", its reverse ", kept.vals(row)[at],
                              "; an edge has one weight both ways"));
      }
    }
  });
}

/// The graph with every arc both ways, which edge lists leave out. Collective.
Graph made_undirected(App& program, Graph graph) {
  require(graph.is_square(), "the graph has ", graph.num_rows(), " rows and ", graph.num_cols(),
          " columns, must be square");
  if (is_symmetric(graph)) return graph;
  program.note("arcs without a reverse: every arc counts both ways");
  Entries<double> entries;
  program.comm().guard([&] {
    const CsrView<double> local = graph.local().view();
    for (Local row = 0; row < local.num_rows(); ++row) {
      for (Local column : local.cols(row)) {
        entries.row.push_back(graph.first_row() + row);
        entries.col.push_back(graph.global_col(column));
      }
    }
    entries.val.assign(local.val.begin(), local.val.end());
    symmetrize(entries);
  });
  Graph both = Graph::from_entries(graph.comm(), graph.rows(), graph.cols(), std::move(entries),
                                   {Duplicates::first, Loops::keep});
  refuse_two_weights(graph, both);
  return both;
}

/// ln w for every weight w, which must be at least 1. Collective.
void take_logarithms(Graph& graph) {
  require(graph.has_values(), "--log-weights: the graph has no weights (edge lists have them with --weights)");
  graph.comm().guard([&] {
    for (Local row = 0; row < graph.num_local_rows(); ++row) {
      for (Offset k = graph.local().row_ptr[static_cast<std::size_t>(row)];
           k < graph.local().row_ptr[static_cast<std::size_t>(row) + 1]; ++k) {
        double& weight = graph.values()[static_cast<std::size_t>(k)];
        require(weight >= 1, "--log-weights: edge (", graph.first_row() + row, ", ",
                graph.global_col(graph.local().col[static_cast<std::size_t>(k)]), ") has weight ", weight,
                ", must be at least 1");
        weight = std::log(weight);
      }
    }
  });
}

}  // namespace

DetectCommand::DetectCommand(App& program)
    : command_(program.cli.command("detect", "finds the communities of a graph and the tree that they form")) {
  using communities::EdgeModel;
  using communities::Linkage;
  using communities::Ties;
  input_.add_to(command_);
  auto& leaves = options_.leaves;
  command_
      .option("-k,--communities", leaves.num_communities, "number of leaf communities; 0 = as many as can be detected")
      .within("[0, inf)");
  command_.choice(
      "--model", leaves.model,
      {{"auto", EdgeModel::automatic},
       {"bernoulli", EdgeModel::bernoulli},
       {"degree-corrected", EdgeModel::degree_corrected}},
      "likelihood of edges by which vertices are relabelled: equal for all vertices of two communities, or in "
      "proportion to their degrees; auto: by the degrees");
  command_.option("--refinements", leaves.max_refinements, "passes of likelihood refinement, at most; 0 = none")
      .within("[0, inf)");
  command_
      .option("--labels", labels_,
              "take the leaves from here instead of finding them: lines `vertex label`, or a label a line")
      .type_name("FILE");
  command_.choice("--linkage", options_.link.linkage,
                  {{"density", Linkage::density},
                   {"degree-corrected", Linkage::degree_corrected},
                   {"single", Linkage::single},
                   {"complete", Linkage::complete}},
                  "what makes two communities similar: edges for pairs of vertices; for the product of degrees; the "
                  "largest or smallest density between leaves");
  command_.choice("--ties", options_.link.ties, {{"smallest", Ties::smallest}, {"first", Ties::first}},
                  "which of equally similar pairs merges first: smallest ids, or first in a list to which merged ones "
                  "are appended");
  command_.flag("--log-weights", log_weights_,
                "ln w for every weight w >= 1, as for counts of contacts; edges of weight 1 no longer count");
  outputs_.add_to(command_);
  command_.check([&] {
    outputs_.check();
    if (!program.output().empty() && !program.output_is_hdf5())
      usage_error("--output is the tree's file: its name must end in .h5 or .hdf5 (labels go to --csv)");
    if (!labels_.empty() && command_.count("--communities") > 0)
      usage_error("--communities is the number of leaves to find, and --labels gives them");
    if (options_.leaves.num_communities == 1) usage_error("--communities 1 makes no tree; give 2 or more, or 0");
  });
}

communities::Detected DetectCommand::make_tree(const io::GraphFile& file) {
  if (labels_.empty()) return communities::detect(file.graph, options_);
  const Labels labels = read_labels(file.graph.comm(), labels_, file.names);
  require(labels.num_labels >= 2, labels_, ": all vertices have one label; a tree needs at least 2");
  communities::Detected found;
  found.tree = communities::link(file.graph, labels, options_.link);
  found.timings = found.tree.timings;
  found.stats = found.tree.stats;
  return found;
}

void DetectCommand::report(App& program, const communities::Detected& found, Global num_vertices) {
  const Dendrogram& tree = found.tree.dendrogram;
  program.result("communities", tree.num_leaves);
  program.result("inversions", tree.num_inversions());
  program.result("root_height", tree.height(tree.num_nodes() - 1));
  std::string line = text(tree.num_leaves, tree.num_leaves == 1 ? " community" : " communities", " of ", num_vertices,
                          num_vertices == 1 ? " vertex" : " vertices");
  if (labels_.empty()) {
    program.result("detectable", found.leaves.num_detectable);
    program.result("spectral_radius", found.leaves.spectral_radius);
    program.result("separation", found.leaves.separation);
    program.result("isolated", found.leaves.num_isolated);
    line += text("; spectral radius ", number(found.leaves.spectral_radius), ", separation ",
                 number(found.leaves.separation));
    for (const std::string& warning : found.leaves.warnings) program.note("warning: " + warning);
  }
  program.note(line);
}

void DetectCommand::run(App& program) {
  options_.progress = program.progress();
  options_.leaves.seed = program.seed();
  io::GraphFile file = input_.load(program);
  if (log_weights_) take_logarithms(file.graph);
  file.graph = program.time("undirected", [&] { return made_undirected(program, std::move(file.graph)); });
  const auto found = program.measure("detect", [&] { return make_tree(file); });
  program.worked_on({{file.graph.num_nonzeros(), "arc", "arcs"}});
  report(program, found, file.graph.num_rows());
  if (program.verify()) {
    const std::string fault = check_tree(file.graph, found.tree, options_.link.linkage);
    program.verified(fault.empty(),
                     fault.empty() ? "every merge joins the most similar pair of all, at its height" : fault);
  }
  program.time("write", [&] {
    const std::vector<std::string> labels = leaf_labels(file.graph, file.names, found.tree);
    program.print_on_screen(program.comm().is_root() ? tree_lines(found.tree, labels) : "");
    if (!program.output().empty()) {
      communities::save(program.comm(), found.tree, program.output(),
                        [&](io::Hdf5Writer& to) { program.sign(to, "communities", file.names); });
    }
    write_outputs(program, found.tree, file.names, labels, outputs_);
  });
}

}  // namespace filigree::app
