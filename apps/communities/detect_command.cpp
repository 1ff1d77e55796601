#include "commands.hpp"
#include "filigree/communities_file.hpp"
#include "filigree/matrix/symmetry.hpp"
#include "label_file.hpp"

namespace filigree::app {
namespace {

/// The graph with every arc both ways, which edge lists leave out. Collective.
Graph made_undirected(App& program, Graph graph) {
  require(graph.is_square(), "the graph has ", graph.num_rows(), " rows and ", graph.num_cols(),
          " columns, must be square");
  if (is_symmetric(graph)) return graph;
  program.note("arcs without a reverse: every arc counts both ways");
  Entries<double> entries;
  program.comm().guard([&] {
    const CsrView<double> local = graph.local.view();
    for (Local row = 0; row < local.num_rows(); ++row) {
      for (Local column : local.cols(row)) {
        entries.row.push_back(graph.first_row() + row);
        entries.col.push_back(graph.global_col(column));
      }
    }
    entries.val.assign(local.val.begin(), local.val.end());
    symmetrize(entries);
  });
  return Graph::from_entries(graph.comm, graph.rows, graph.cols, std::move(entries), {Duplicates::first, Loops::keep});
}

}  // namespace

DetectCommand::DetectCommand(App& program)
    : command_(program.cli.command("detect", "finds the communities of a graph and the tree that they form")) {
  using communities::Linkage;
  using communities::Ties;
  input_.add_to(command_);
  command_
      .option("--labels", labels_,
              "take the leaves from here instead of finding them: lines `vertex label`, or a label a line")
      .type_name("FILE");
  command_.choice("--linkage", link_.linkage,
                  {{"density", Linkage::density},
                   {"degree-corrected", Linkage::degree_corrected},
                   {"single", Linkage::single},
                   {"complete", Linkage::complete}},
                  "what makes two communities similar: edges for pairs of vertices; for the product of degrees; the "
                  "largest or smallest density between leaves");
  command_.choice("--ties", link_.ties, {{"smallest", Ties::smallest}, {"first", Ties::first}},
                  "which of equally similar pairs merges first: smallest ids, or first in a list to which merged ones "
                  "are appended");
  outputs_.add_to(command_);
  command_.check([&] {
    if (!program.output().empty() && !program.output_is_hdf5())
      usage_error("--output is the tree's file: its name must end in .h5 or .hdf5 (labels go to --csv)");
    if (labels_.empty()) usage_error("--labels is required");
  });
}

communities::Tree DetectCommand::make_tree(const io::GraphFile& file) {
  const Labels labels = read_labels(file.graph.comm, labels_, file.names);
  require(labels.num_labels >= 2, labels_, ": all vertices have one label; a tree needs at least 2");
  return communities::link(file.graph, labels, link_);
}

void DetectCommand::run(App& program) {
  link_.progress = program.progress();
  io::GraphFile file = input_.load(program);
  file.graph = program.time("undirected", [&] { return made_undirected(program, std::move(file.graph)); });
  const communities::Tree tree = program.measure("detect", [&] { return make_tree(file); });
  const Dendrogram& dendrogram = tree.dendrogram;
  program.result("communities", dendrogram.num_leaves);
  program.result("inversions", dendrogram.num_inversions());
  program.result("root_height", dendrogram.height(dendrogram.num_nodes() - 1));
  program.note(text(dendrogram.num_leaves, " communities of ", file.graph.num_rows(), " vertices"));
  program.time("write", [&] {
    const std::vector<std::string> labels = leaf_labels(file.graph, file.names, tree);
    program.print_on_screen(program.comm().is_root() ? tree_lines(tree, labels) : "");
    write_outputs(program, tree, file.names, labels, outputs_);
    if (program.output().empty()) return;
    communities::save(program.comm(), tree, program.output(),
                      [&](io::Hdf5Writer& to) { program.sign(to, "communities", file.names); });
  });
}

}  // namespace filigree::app
