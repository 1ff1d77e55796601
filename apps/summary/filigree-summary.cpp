// filigree-summary: a graph within a size, and queries on what is left of it.
#include <cmath>

#include "app.hpp"
#include "filigree/io/text_writer.hpp"
#include "filigree/io/write.hpp"
#include "filigree/matrix/symmetry.hpp"
#include "filigree/summary.hpp"
#include "filigree/summary_file.hpp"
#include "summary_arguments.hpp"
#include "summary_output.hpp"

namespace {

using namespace filigree;

const app::About about{"filigree-summary",
                       "Graph summaries: vertices merged into supernodes and a sparse set of superedges that fit a "
                       "size with little error.",
                       "  filigree-summary build --graph g.txt --size-ratio 0.3 --output g.sum.h5\n"
                       "  filigree-summary evaluate --graph g.txt --summary g.sum.h5\n"
                       "  filigree-summary query --summary g.sum.h5 --kind pagerank --top 10\n"
                       "  filigree-summary query --summary g.sum.h5 --kind neighbors --vertices 12\n"
                       "  filigree-summary export --summary g.sum.h5 --format text --output g.sum.txt\n"};

/// The graph without directions: an arc that has no reverse gets one, with a note.
io::GraphFile load_graph(app::App& program, app::SummaryArguments& a) {
  io::GraphFile file = a.input.load(program);
  Graph& graph = file.graph;
  if (!graph.is_square()) return file;
  const Comm& comm = program.comm();
  Entries<double> entries;
  graph.set_values({});  // a summary has no use for weights
  if (is_symmetric(graph)) return file;
  comm.guard([&] {
    for (Local row = 0; row < graph.num_local_rows(); ++row) {
      for (const Local column : graph.local().view().cols(row)) {
        entries.row.push_back(graph.first_row() + row);
        entries.col.push_back(graph.global_col(column));
      }
    }
    symmetrize(entries);
  });
  graph = Graph::from_entries(comm, graph.rows(), graph.cols(), std::move(entries), {Duplicates::first, Loops::drop});
  program.note(text(a.input.path(), ": directed; every arc is taken both ways: ", graph.num_nonzeros() / 2, " edges"));
  return file;
}

void build(app::App& program, app::SummaryArguments& a) {
  const Comm& comm = program.comm();
  a.build.seed = program.seed();
  a.build.progress = program.progress();
  const io::GraphFile file = load_graph(program, a);
  const auto result = program.measure("summarize", [&] { return summary::summarize(file.graph, a.build); });
  program.worked_on({{result.summary.num_edges, "edge", "edges"}});
  app::record_measures(program, result.measures);
  program.result("budget_bits", result.budget_bits);
  const auto n = static_cast<double>(file.graph.num_rows());
  const double empty = 2 * static_cast<double>(result.summary.num_edges) / (n * (n - 1));
  program.note(text(result.rounds.size() - 1, " rounds, ", result.stats.at("merges"), " merges; ",
                    app::number(std::round(1000 * result.measures.bits / std::max(1.0, result.budget_bits)) / 10),
                    " % of the budget; RE_1 is ", app::number(std::round(1000 * result.measures.l1 / empty) / 10),
                    " % of that of a summary without superedges"));
  program.time("write", [&] {
    io::Hdf5Writer out(comm, program.output());
    summary::save(out, result.summary, result.merges);
    program.sign(out, "summary", file.names);
    out.commit();
  });
  if (!a.svg_path.empty()) {
    io::TextWriter svg(comm, a.svg_path);
    svg.write(comm.is_root() ? app::rounds_svg(result, a.build) : "");
    svg.commit();
  }
  program.print_on_screen(comm.is_root() ? app::measures_table(result.measures, app::Form::tsv) : "");
  if (!program.verify()) return;
  const io::Hdf5Reader in(comm, program.output());
  const auto measures = summary::evaluate(file.graph, summary::load(comm, in, file.graph.rows()));
  program.verified(measures.l1 == result.measures.l1 && measures.l2 == result.measures.l2 &&
                       measures.bits == result.measures.bits && measures.bits <= result.budget_bits,
                   "the file reads back with the same size and errors, within the budget");
}

void evaluate(app::App& program, app::SummaryArguments& a) {
  const io::GraphFile file = load_graph(program, a);
  const io::Hdf5Reader in(program.comm(), a.summary_path);
  const auto read = program.time("load", [&] { return summary::load(program.comm(), in, file.graph.rows()); });
  const auto measures = program.measure("evaluate", [&] { return summary::evaluate(file.graph, read); });
  app::record_measures(program, measures);
  program.print(program.comm().is_root() ? app::measures_table(measures, program.table_form()) : "");
}

struct Loaded {
  summary::Summary summary;
  io::VertexNames names;
};
Loaded load(app::App& program, const app::SummaryArguments& a) {
  return program.time("load", [&] {
    const io::Hdf5Reader in(program.comm(), a.summary_path);
    auto read = summary::load(program.comm(), in);
    auto names = io::read_names(program.comm(), in, read.supernode.vertices);
    return Loaded{std::move(read), std::move(names)};
  });
}

void write_export(app::App& program, const app::SummaryArguments& a) {
  const Comm& comm = program.comm();
  const Loaded file = load(program, a);
  io::TextWriter out(comm, program.output().empty() ? "-" : program.output());
  if (a.format == app::SummaryFormat::text) {
    out.write(app::summary_text(file.summary, file.names));
    out.write(comm.is_root() ? "<Superedge info>\n" : "");
  }
  out.write(app::superedge_lines(file.summary));
  out.commit();
}

}  // namespace

int main(int argc, char** argv) {
  return app::run(argc, argv, about, [](app::App& program) {
    app::SummaryArguments a;
    switch (app::parse_summary(program, a)) {
      case app::SummaryCommand::build: return build(program, a);
      case app::SummaryCommand::evaluate: return evaluate(program, a);
      case app::SummaryCommand::query: {
        const Loaded file = load(program, a);
        return app::answer_query(program, a, file.summary, file.names);
      }
      case app::SummaryCommand::export_to: return write_export(program, a);
    }
  });
}
