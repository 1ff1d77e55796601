// filigree-convert: graphs from one format to another, and what is in them.
#include <algorithm>
#include <filesystem>
#include <string>
#include <type_traits>

#include "app.hpp"
#include "filigree/io/integers.hpp"
#include "filigree/io/named_hash.hpp"
#include "graph_info.hpp"
#include "graph_input.hpp"
#include "graph_output.hpp"
#include "isolated.hpp"

namespace {

using namespace filigree;

/// ".mtx .mm" between blanks, those of edge lists without ""; what to say where there are none.
std::string extensions_of(const io::FormatInfo& format) {
  std::string list = format.extensions.empty() ? text("--format ", format.option) : "";
  for (const std::string_view extension : format.extensions)
    list += text(list.empty() || extension.empty() ? "" : " ", extension);
  return list;
}

/// A line for each format.
std::string format_table() {
  std::string table;
  for (const io::FormatInfo& format : io::formats()) {
    const std::string title = text(format.title, format.writes ? "" : " (only read)");
    table += text("  ", title, std::string(28 - title.size(), ' '), extensions_of(format), '\n');
  }
  return table;
}

app::About about() {
  return {
      "filigree-convert",
      "Reads a graph or a sparse matrix and writes it in the format of OUT's extension, or says what is in it.\n" +
          format_table() +
          "Text is read and written as .gz or .zst, too. The first bytes of a file come before its extension. Vertices "
          "of\n"
          "MatrixMarket, METIS and DIMACS, which count from 1 in the file, are called 0, 1, 2, ...: its number 1 is 0.",
      "  filigree-convert g.txt.gz g.h5\n"
      "  mpirun -n 4 filigree-convert --undirected --drop-loops g.txt g.graph\n"
      "  filigree-convert --info g.txt\n"};
}

app::Form info_form(const app::App& program) { return app::form_of(program.output(), "auto", app::text_forms); }

void print_info(app::App& program, const app::GraphInput& input, const io::GraphFile& file) {
  const app::GraphInfo info = program.measure("info", [&] { return app::graph_info(file, input); });
  for (const auto& [name, value] : info.figures.members()) program.result(name, value);
  if (!program.output_is_for_people()) {
    app::Table table(info_form(program), {"figure", "value"});
    table.head();
    for (const auto& [name, value] : info.figures.members()) table.row({name, app::Field(value)});
    return program.print(program.comm().is_root() ? table.take() : "");
  }
  std::size_t width = 0;
  for (const auto& [label, value] : info.lines) width = std::max(width, label.size());
  std::string table;
  for (const auto& [label, value] : info.lines) {
    table += label + std::string(width + 2 - label.size(), ' ') + value + '\n';
  }
  program.print(program.comm().is_root() ? table : "");
}

bool exists(const std::string& path) {
  std::error_code failed;
  return std::filesystem::exists(path, failed);
}

/// Notes what the format of OUT cannot hold.
void tell_losses(app::App& program, io::Format format, const Graph& graph) {
  if (format == io::Format::npy) {
    const auto& values = graph.local().val;
    const Offset zeros = graph.comm().sum(static_cast<Offset>(std::count(values.begin(), values.end(), 0.0)));
    if (zeros > 0) program.note(text(zeros, " stored zeros are lost: an array cannot distinguish them from others"));
  }
  if (format != io::Format::edge_list || !graph.is_square()) return;
  const Offset lost = app::num_isolated(graph);
  if (lost == 1) program.note("1 vertex without arcs is lost: an edge list cannot hold it");
  if (lost > 1) program.note(text(lost, " vertices without arcs are lost: an edge list cannot hold them"));
}

/// Reads OUT back: it must hold all that its format can.
template <class V>
void check_output(app::App& program, io::Format format, const io::MatrixFile<V>& file) {
  const bool texts = file.names.kind() == io::VertexNames::Kind::texts;
  const io::ReadOptions options{.format = format,
                                .weights = file.graph.has_values(),
                                .ids = texts ? io::Ids::names : io::Ids::compact,
                                .finite = false,
                                .trust = true};
  const auto back = [&] {
    if constexpr (std::is_integral_v<V>)
      return io::read_integers(program.comm(), program.output(), options);
    else
      return io::read(program.comm(), program.output(), options);
  }();
  if (back.report.format == io::Format::edge_list) {
    if constexpr (!std::is_integral_v<V>) {
      const bool same = io::named_arcs_hash(back.graph, back.names) == io::named_arcs_hash(file.graph, file.names);
      return program.verified(same, "OUT reads back with the same arcs between vertices of the same names");
    }
  }
  const bool same_names = io::names_hash(program.comm(), back.names) == io::names_hash(program.comm(), file.names);
  program.verified(back.report.hash == file.report.hash && same_names, "OUT reads back as the same graph, names too");
}

/// Writes what was read.
template <class V>
void write(app::App& program, io::Format format, const io::MatrixFile<V>& file) {
  program.worked_on({{file.graph.num_nonzeros(), "arc", "arcs"}});
  if constexpr (!std::is_integral_v<V>) tell_losses(program, format, file.graph);
  const std::string beside = program.output() + ".names";
  const bool had_names = exists(beside);
  program.measure("write", [&] { io::write(file.graph, file.names, program.output(), format); });
  const bool has_names = exists(beside);
  if (has_names && !io::info_of(format).holds_names) program.note("what vertices are called is in " + beside);
  if (had_names && !has_names) program.note("removed " + beside + ", which belonged to what was there before");
  if (program.verify()) check_output(program, format, file);
}

}  // namespace

int main(int argc, char** argv) {
  return app::run(argc, argv, about(), [](app::App& program) {
    app::GraphInput input{{.finite = false}};
    app::GraphOutput output;
    bool info = false;
    input.add_to(program.cli, "IN");
    program.writes_graph();
    program.add_output_argument("OUT");
    output.add_to(program.cli);
    program.cli.flag("--info", info, "describe IN instead: size, weights, loops, duplicates, degrees, components");
    program.cli.check([&] {
      if (!info && program.output().empty()) app::usage_error("give OUT, or --info");
      if (info) info_form(program);
      if (info && program.verify()) app::usage_error("--verify checks OUT, and --info writes none");
      if (info && program.cli.count("OUT") > 0) app::usage_error("--info says what is in IN and writes no OUT");
      if (program.verify() && program.output() == "-") app::usage_error("--verify cannot read standard output back");
      if (!info) output.check(program.output());
    });
    program.parse();

    const io::Format format = info ? io::Format::automatic : output.format(program.output());
    const bool keeps_integers = info || format == io::Format::matrix_market;
    if (keeps_integers && io::values_of(program.comm(), input.path(), input.options()) == io::Values::integers) {
      const io::IntegerFile file = input.load_integers(program);
      if (!info) return write(program, format, file);
      return print_info(program, input, {io::as_reals(file.graph), file.names, file.report});
    }
    const io::GraphFile file = input.load(program);
    if (!info) return write(program, format, file);
    program.worked_on({{file.graph.num_nonzeros(), "arc", "arcs"}});
    print_info(program, input, file);
  });
}
