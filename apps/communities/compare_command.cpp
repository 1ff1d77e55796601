
#include "commands.hpp"
#include "filigree/communities/metrics.hpp"
#include "label_file.hpp"

namespace filigree::app {
namespace {

std::string fixed(double value) {
  std::ostringstream out;
  out.setf(std::ios::fixed);
  out.precision(3);
  out << value;
  return out.str();
}

std::string padded(const std::string& what, std::size_t width) {
  return what + std::string(what.size() < width ? width - what.size() : 1, ' ');
}

/// As the screen shows it.
std::string aligned(const std::string& title, Global labels, Global clusters, const communities::Agreement& agreement) {
  return padded(title, 24) + padded(text(labels), 8) + padded(text(clusters), 10) + padded(fixed(agreement.ami), 8) +
         padded(fixed(agreement.ari), 8) + padded(fixed(agreement.nmi), 8) +
         (agreement.accuracy ? fixed(*agreement.accuracy) : "-") + '\n';
}

Json record_of(const communities::Agreement& agreement) {
  Json object = Json::object({{"ami", agreement.ami}, {"ari", agreement.ari}, {"nmi", agreement.nmi}});
  object["accuracy"] = agreement.accuracy ? Json(*agreement.accuracy) : Json();
  return object;
}

}  // namespace

CompareCommand::CompareCommand(App& program)
    : command_(program.cli.command("compare", "measures how well a tree agrees with known labels")) {
  command_.option("--tree,TREE", tree_, "a file that detect wrote").required().type_name("FILE");
  command_
      .option("--truth", truth_,
              "lines `vertex label ...`; labels may be paths, 0/1/0, and are compared at each depth; - is no label")
      .required()
      .type_name("FILE");
  command_.option("--columns", columns_, "the columns of labels to compare with; the vertex is column 1")
      .delimiter(',')
      .default_text("2")
      .within("[2, 1000]");
  program.add_table(command_);
  command_.check([&] {
    if (program.verify()) usage_error("--verify checks trees, when detect makes them");
  });
}

void CompareCommand::run(App& program) {
  const TreeFile file = load_tree(program, tree_);
  const LabelFile truth = read_label_file(program.comm(), truth_, file.names, columns_);
  std::vector<std::vector<Global>> labels;
  for (const LabelColumn& column : truth.columns) {
    require(column.num_labels > 0, truth_, ": ", column.title, " holds no label of a vertex of the tree");
    labels.push_back(column.of);
  }
  const Dendrogram& tree = file.tree.dendrogram;
  const auto result =
      program.measure("compare", [&] { return communities::compare(program.comm(), file.tree.leaves, tree, labels); });
  std::string screen = padded("", 24) + "labels  clusters  AMI     ARI     NMI     accuracy\n";
  Table table(program.table_form(), {"level", "of", "labels", "clusters", "ami", "ari", "nmi", "accuracy"});
  table.head();
  const auto add = [&](const std::string& title, const char* of, Global num_labels, Global num_clusters,
                       const communities::Agreement& agreement) {
    screen += aligned(title + ", " + of, num_labels, num_clusters, agreement);
    table.row({title, of, num_labels, num_clusters, agreement.ami, agreement.ari, agreement.nmi, agreement.accuracy});
  };
  Json levels;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto& level = result.levels[i];
    const std::string& title = truth.columns[i].title;
    if (level.cut) add(title, "cut", level.num_labels, level.num_labels, *level.cut);
    add(title, "leaves", level.num_labels, tree.num_leaves, level.at_leaves);
    Json entry = Json::object({{"title", title}, {"labels", level.num_labels}, {"vertices", level.at_leaves.vertices}});
    entry["leaves"] = record_of(level.at_leaves);
    entry["cut"] = level.cut ? record_of(*level.cut) : Json();
    levels.push_back(std::move(entry));
  }
  if (result.true_groups.value_or(0) > 0) {
    screen += text(result.found_groups, " of ", *result.true_groups, " groups of the true tree found, ");
    program.result("true_groups", *result.true_groups);
    program.result("found_groups", result.found_groups);
  }
  screen += text(result.inversions, " inversions\n");
  program.result("levels", levels);
  program.result("communities", tree.num_leaves);
  program.result("inversions", result.inversions);
  const Offset scored = result.levels.front().at_leaves.vertices;
  const Global n = file.tree.leaves.vertices.num_items();
  if (scored < n) program.note(text(n - scored, " of ", n, " vertices have no label and do not count"));
  if (truth.strangers > 0) program.note(text(truth.strangers, " labels are of vertices that the tree does not have"));
  if (!program.comm().is_root()) return program.print("");
  program.print(program.output_is_for_people() ? screen : table.take());
}

}  // namespace filigree::app
