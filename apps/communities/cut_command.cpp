#include <algorithm>

#include "commands.hpp"
#include "filigree/communities_file.hpp"
#include "filigree/io/write.hpp"

namespace filigree::app {

TreeFile load_tree(App& program, const std::string& path) {
  communities::Tree tree = program.time("load", [&] { return communities::load(program.comm(), path); });
  const io::Hdf5Reader file(program.comm(), path);
  io::VertexNames names = io::read_names(program.comm(), file, tree.leaves.vertices);
  return {std::move(tree), std::move(names)};
}

CutCommand::CutCommand(App& program)
    : command_(program.cli.command("cut", "cuts a tree into clusters and writes a table `vertex cluster`")) {
  constexpr auto most = std::numeric_limits<Offset>::max();
  command_.option("--tree,TREE", tree_, "a file that detect wrote").required().type_name("FILE");
  command_.option("--level", level_, "nodes at this depth, and leaves above it; the root has depth 0")
      .within("[0, inf)");
  command_.option("--clusters", clusters_, "number of clusters, exactly").within("[1, inf)");
  command_.option("--height", height_, "apply all merges up to this height").within("[0, 1]");
  command_.option("--min-size", min_size_, "fewest clusters with at least this many vertices each").within("[1, inf)");
  command_.option("--max-size", max_size_, "and at most this many").within("[1, inf)");
  program.add_table(command_);
  command_.check([&] {
    if (program.verify()) usage_error("--verify checks trees, when detect makes them");
    const int given = int{level_.has_value()} + int{clusters_.has_value()} + int{height_.has_value()} +
                      int{min_size_.has_value() || max_size_.has_value()};
    if (given != 1) usage_error("give one of --level, --clusters, --height, or --min-size and --max-size");
    if (min_size_.value_or(1) > max_size_.value_or(most)) usage_error("--min-size is above --max-size");
  });
}

void CutCommand::run(App& program) {
  const TreeFile file = load_tree(program, tree_);
  const Dendrogram& tree = file.tree.dendrogram;
  const Offset smallest = min_size_.value_or(1);
  const Offset largest = max_size_.value_or(std::numeric_limits<Offset>::max());
  const Cut cut = program.measure("cut", [&] {
    return level_      ? cut_by_level(tree, *level_)
           : clusters_ ? cut_by_number(tree, *clusters_)
           : height_   ? cut_by_height(tree, *height_)
                       : cut_by_size(tree, smallest, largest);
  });
  const auto [least, most] = std::minmax_element(cut.sizes.begin(), cut.sizes.end());
  program.result("clusters", cut.num_clusters());
  program.result("smallest", *least);
  program.result("largest", *most);
  program.result("outside", cut.num_outside);
  program.note(text(cut.num_clusters(), cut.num_clusters() == 1 ? " cluster" : " clusters", " of ", *least, " to ",
                    *most, " vertices"));
  if (cut.num_outside > 0) {
    program.note(
        text("warning: ", cut.num_outside, " of them lie outside the bounds; no cut of this tree keeps all within"));
  }
  Table table(program.table_form(), {"vertex", "cluster"});
  if (program.comm().is_root()) table.head();
  add_label_rows(table, program.comm(), file.tree.leaves, file.names, {cut.cluster_of_leaf});
  program.time("write", [&] { program.print(table.take()); });
}

}  // namespace filigree::app
