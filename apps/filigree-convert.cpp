// filigree-convert: graphs from one format to another, and what is in them.
#include <algorithm>
#include <array>

#include "app.hpp"
#include "filigree/io/write.hpp"
#include "filigree/matrix/content_hash.hpp"
#include "graph_input.hpp"

namespace {

using namespace filigree;

const app::About about{"filigree-convert",
                       "Reads a graph and writes it in the format of OUT's extension (.h5, .mtx, .graph, otherwise an "
                       "edge list), or says\n"
                       "what is in it.",
                       "  filigree-convert g.txt g.h5\n"
                       "  mpirun -n 4 filigree-convert --undirected --drop-loops g.txt g.graph\n"
                       "  filigree-convert --info g.txt\n"};

/// Quantiles of a number per row, over all ranks: from how often each value occurs.
std::string quantiles(const Comm& comm, const std::vector<Offset>& values) {
  const Offset most = comm.max(values.empty() ? Offset{0} : *std::max_element(values.begin(), values.end()));
  std::vector<Offset> occurs(static_cast<std::size_t>(most) + 1, 0);
  for (Offset value : values) ++occurs[static_cast<std::size_t>(value)];
  comm.sum(std::span<Offset>(occurs));
  const Offset count = comm.sum(static_cast<Offset>(values.size()));
  std::string line;
  for (const auto& [name, share] :
       {std::pair{"min", 0.0}, {"25%", 0.25}, {"median", 0.5}, {"75%", 0.75}, {"99%", 0.99}, {"max", 1.0}}) {
    // The smallest value that at least this share of the rows does not exceed.
    std::size_t value = 0;
    for (Offset below = occurs[0]; static_cast<double>(below) < share * static_cast<double>(count) || below == 0;) {
      if (++value >= occurs.size()) break;
      below += occurs[value];
    }
    line += text(line.empty() ? "" : ", ", name, ' ', std::min(value, occurs.size() - 1));
  }
  return line;
}

std::vector<Offset> degrees(const Graph& graph) {
  std::vector<Offset> all;
  for (Local v = 0; v < graph.num_local_rows(); ++v) all.push_back(graph.local.view().degree(v));
  return all;
}

void print_info(app::App& program, const io::GraphFile& file) {
  const Graph& graph = file.graph;
  const Comm& comm = program.comm();
  const Offset num_arcs = graph.num_nonzeros();
  const std::string out = quantiles(comm, degrees(graph));
  const std::string in = quantiles(comm, degrees(transpose(graph)));
  const bool weighted = comm.max(static_cast<int>(graph.local.view().has_values())) != 0;
  program.print(!comm.is_root()
                    ? std::string()
                    : text("rows        ", graph.num_rows(), "\ncolumns     ", graph.num_cols(), "\narcs        ",
                           num_arcs, "\nloops       ", file.report.entries.loops, "\nduplicates  ",
                           file.report.entries.duplicates, "\nweights     ", weighted ? "yes" : "no", "\nout-degree  ",
                           out, "\nin-degree   ", in, "\nhash        ", file.report.hash, '\n'));
}

}  // namespace

int main(int argc, char** argv) {
  return app::run(argc, argv, about, [](app::App& program) {
    app::GraphInput input;
    bool info = false;
    input.add_to(program.cli, "IN");
    program.add_output_argument("OUT");
    program.cli.add_flag("--info", info, "say what is in IN instead: size, loops, duplicates, degrees");
    program.cli.callback([&] {
      if (!info && program.output().empty()) app::usage_error("give OUT, or --info");
    });
    program.parse();

    const io::GraphFile file = input.load(program);
    if (info) return print_info(program, file);
    program.measure("write", [&] { io::write(file.graph, file.names, program.output()); });
    if (program.verify()) {
      const bool weighted = program.comm().max(static_cast<int>(file.graph.local.view().has_values())) != 0;
      const auto back = io::read(program.comm(), program.output(), {.weights = weighted});
      // An edge list has no place for vertices without edges, and they change the hash.
      const bool same = back.report.format == io::Format::edge_list
                            ? back.graph.num_nonzeros() == file.graph.num_nonzeros()
                            : back.report.hash == file.report.hash;
      program.verified(same, "OUT reads back as the same graph");
    }
  });
}
