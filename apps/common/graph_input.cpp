#include "graph_input.hpp"

#include "graph_output.hpp"

namespace filigree::app {
namespace {

std::string counted(Offset n, const std::string& one, const std::string& many) {
  return text(n, " ", n == 1 ? one : many);
}

}  // namespace

void GraphInput::add_to(Command cli, const std::string& name) {
  using io::Ids;
  const std::string group = "How to read the graph";
  cli.option(name, path_,
             "a file: edge list, MatrixMarket, GraphML, HDF5 and others; filigree-convert --help lists them")
      .required()
      .type_name("FILE");
  add_format_option(cli, "--format", options_.format, false,
                    "of the file; auto: by its first bytes, then by its extension")
      .group(group);
  cli.flag("--undirected", options_.undirected, "take every arc both ways").group(group);
  cli.flag("--weights", options_.weights, "edge list: the third column, or the one called weight, is the weight")
      .group(group);
  cli.option("--source", options_.columns.source,
             "edge list: the column edges come from, by number (1, 2, ...) or name")
      .type_name("COLUMN")
      .group(group);
  cli.option("--target", options_.columns.target, "edge list: the column edges lead to")
      .type_name("COLUMN")
      .group(group);
  cli.option("--weight", options_.columns.weight, "edge list: the column of weights; includes --weights")
      .type_name("COLUMN")
      .group(group);
  cli.choice("--comments", options_.comments, {{"skip", io::Comments::skip}, {"none", io::Comments::none}},
             "edge list: lines that begin with # % or // are skipped, or are data")
      .group(group);
  cli.option("--vertices", options_.vertices,
             "edge list: a file of all vertices, a name a line; they are numbered in its order")
      .type_name("FILE")
      .group(group);
  cli.flag("--isolated-lines", options_.isolated_lines, "edge list: a line of one vertex is a vertex without edges")
      .group(group);
  cli.flag("--bipartite", options_.bipartite,
           "edge list: bipartite; vertices of the second column are distinct from those of the first, named to:NAME")
      .group(group);
  cli.choice(
         "--ids", options_.ids, {{"compact", Ids::compact}, {"keep", Ids::keep}, {"names", Ids::names}},
         "edge list: compact: number the vertices that occur; keep: ids are the numbers, gaps are isolated vertices; "
         "names: ids are texts (007)")
      .group(group);
  cli.choice("--duplicates", options_.policy.duplicates,
             {{"first", Duplicates::first}, {"sum", Duplicates::sum}, {"error", Duplicates::error}},
             "duplicate arcs: keep the first weight, sum the weights (without weights: count them), or stop")
      .group(group);
  cli.option("--group", options_.group, "HDF5: the group of a matrix that another program wrote, where it has several")
      .type_name("PATH")
      .group(group);
  cli.flag("--trust", options_.trust,
           "trust the file: far more rows than entries, and compressed text that unpacks to any size")
      .group(group);
  cli.flag(
         "--drop-loops", [this] { options_.policy.loops = Loops::drop; }, "leave out arcs from a vertex to itself")
      .group(group);
}

io::GraphFile GraphInput::load(App& program) {
  io::GraphFile file = load(program, path_);
  program.describe_input(path_, file);
  explain_arcs(program, file);
  return file;
}

io::GraphFile GraphInput::load(App& program, const std::string& path) {
  options_.progress = program.progress();
  io::GraphFile file = program.time("read", [&] { return io::read(program.comm(), path, options_); });
  note_file(program, path, file);
  return file;
}

io::IntegerFile GraphInput::load_integers(App& program) {
  io::IntegerFile file = load_integers(program, path_);
  program.describe_input(path_, file);
  return file;
}

io::IntegerFile GraphInput::load_integers(App& program, const std::string& path) {
  options_.progress = program.progress();
  io::IntegerFile file = program.time("read", [&] { return io::read_integers(program.comm(), path, options_); });
  note_file(program, path, file);
  return file;
}

template <class V>
void GraphInput::note_file(App& program, const std::string& path, const io::MatrixFile<V>& file) const {
  const Offset num_arcs = file.graph.num_nonzeros();
  std::string line = text(path, ": ");
  line +=
      file.graph.is_square()
          ? text(counted(file.graph.num_rows(), "vertex", "vertices"), ", ", counted(num_arcs, "arc", "arcs"))
          : text(file.graph.num_rows(), " x ", file.graph.num_cols(), ", ", counted(num_arcs, "nonzero", "nonzeros"));
  const EntryCounts& entries = file.report.entries;
  if (entries.duplicates > 0) {
    line +=
        "; " + counted(entries.duplicates, "duplicate ", "duplicates ") + fate_of_duplicates(file.graph.has_values());
  }
  if (entries.loops > 0 && file.graph.is_square()) {
    line +=
        "; " + counted(entries.loops, "loop", "loops") + (options_.policy.loops == Loops::drop ? " left out" : " kept");
  }
  program.note(line);
  for (const std::string& remark : file.report.remarks) program.note(path + ": " + remark);
}

void GraphInput::explain_arcs(App& program, const io::GraphFile& file) const {
  program.explain_arcs([comm = file.graph.comm(), names = file.names, format = file.report.format, path = path_,
                        options = options_](const InvalidArc& fault) {
    std::vector<Global> vertices{fault.from};
    if (fault.to >= 0) vertices.push_back(fault.to);
    const std::vector<std::string> called = names.fetch(comm, vertices);
    std::string where = io::place_of(comm, path, options, format, names, fault.from, fault.to);
    if (!where.empty()) where = " (" + where + ")";
    return fault.before + called[0] + (fault.to >= 0 ? " -> " + called[1] : "") + where + fault.after;
  });
}

std::string GraphInput::fate_of_duplicates(bool weighted) const {
  return weighted && options_.policy.duplicates == Duplicates::sum ? "added up" : "left out";
}

}  // namespace filigree::app
