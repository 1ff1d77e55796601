// filigree-pagerank: the living template of a program. Options, load, measure, verify, write.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "app.hpp"
#include "filigree/matrix/top_k.hpp"
#include "filigree/pagerank.hpp"
#include "filigree/ppr.hpp"
#include "graph_input.hpp"
#include "seeds.hpp"
#include "walk_options.hpp"

namespace {

using namespace filigree;

const app::About about{
    "filigree-pagerank", "PageRank: rows `vertex score` in the order of the graph, or the best with --top.",
    "  filigree-pagerank --graph g.txt --top 10\n"
    "  mpirun -n 4 filigree-pagerank --graph g.txt --dangling uniform --tolerance 1e-12 --output scores.h5\n"
    "  filigree-pagerank --graph g.txt --seeds 12:0.7 40:0.3 --top 20        # jumps to vertices 12 and 40\n"};

/// The weights of the owned vertices; empty when there are no seeds, which means all vertices alike.
std::vector<double> teleport_weights(const Graph& graph, const ppr::Query& seeds) {
  if (seeds.empty()) return {};
  std::vector<double> weight(static_cast<std::size_t>(graph.num_local_rows()), 0.0);
  for (const ppr::Seed& seed : seeds) {
    if (!graph.rows().owns(graph.comm().rank(), seed.vertex)) continue;
    weight[static_cast<std::size_t>(seed.vertex - graph.first_row())] += seed.weight;
  }
  return weight;
}

/// L1 distance of the scores from the answer that pushes give to one personalized query with all the seeds.
double distance_by_pushes(const Graph& graph, ppr::Query seeds, const pagerank::Options& options,
                          const std::vector<double>& scores) {
  if (seeds.empty()) {
    for (Global v = 0; v < graph.num_rows(); ++v) seeds.push_back({v, 1});
  }
  const std::vector<ppr::Query> queries(graph.comm().is_root() ? 1 : 0, seeds);
  const auto answer = ppr::exact(graph, queries, 1e-13, {.teleport = options.teleport, .dangling = options.dangling});
  std::vector<double> difference = graph.comm().all_gather(scores).values;
  for (std::size_t k = 0; k < answer.vertex.size(); ++k) {
    difference[static_cast<std::size_t>(answer.vertex[k])] -= answer.score[k];
  }
  double distance = 0;
  for (double d : difference) distance += std::abs(d);
  return graph.comm().broadcast(distance);
}

void write_scores(app::App& program, const io::GraphFile& input, const std::vector<double>& scores, Offset top) {
  const Comm& comm = program.comm();
  const app::Form form = program.table_form();
  if (form == app::Form::hdf5) {
    io::Hdf5Writer file(comm, program.output());
    file.write("/pagerank/scores", std::span<const double>(scores));
    program.sign(file, "pagerank", input.names);
    return file.commit();
  }
  if (form == app::Form::npy) {
    const std::array shape{input.graph.num_rows()};
    return program.print((comm.is_root() ? app::npy_header(shape) : "") + app::npy_bytes(scores));
  }
  app::Table table(form, {"vertex", "score"});
  if (comm.is_root()) table.head();
  if (top == 0) {
    for (Local v = 0; const double score : scores) table.row({input.names.owned(comm, v++), score});
  } else {
    const auto rows = top_k(comm, input.graph.rows(), scores, static_cast<std::size_t>(top));
    std::vector<Global> vertices;
    if (comm.is_root()) {
      for (const auto& row : rows) vertices.push_back(row.id);
    }
    const auto names = input.names.fetch(comm, vertices);
    for (std::size_t i = 0; i < names.size(); ++i) table.row({names[i], rows[i].score});
  }
  program.print(table.take());
}

}  // namespace

int main(int argc, char** argv) {
  return app::run(argc, argv, about, [](app::App& program) {
    app::GraphInput input;
    pagerank::Options options;
    std::vector<std::string> seeds;
    Offset top = 0;
    input.add_to(program.cli);
    app::add_walk_options(program.cli, options.teleport, options.dangling);
    program.cli.option("--tolerance", options.tolerance, "on the L1 error of all scores").within("(0, inf)");
    program.cli
        .option("--seeds", seeds,
                "teleport to these vertices, VERTEX or VERTEX:WEIGHT (a vertex if one has the whole name), instead of "
                "uniformly")
        .default_text("");
    program.cli.option("--top", top, "print the best only, best first; 0 = all vertices").within("[0, inf)");
    program.add_table(program.cli, {app::Form::npy, app::Form::hdf5});
    program.cli.check([&] {
      const app::Form form = program.table_form();
      if (top > 0 && (form == app::Form::npy || form == app::Form::hdf5))
        app::usage_error(
            "--top: arrays hold the scores of all vertices, in their order; the best go to a table of text");
    });
    program.parse();
    app::note_teleport(program, options.teleport);
    options.progress = program.progress();

    const io::GraphFile file = input.load(program);
    ppr::Query query;
    for (const auto& part : app::find_seeds(program.comm(), file.names, seeds))
      query.insert(query.end(), part.begin(), part.end());
    const std::vector<double> teleport = teleport_weights(file.graph, query);
    const auto result = program.measure("pagerank", [&] { return pagerank::solve(file.graph, teleport, options); });
    program.result("error_bound", result.error_bound);
    const Offset iterations = result.stats.at("iterations");
    program.worked_on({{result.stats.at("arcs") * iterations, "arc followed", "arcs followed"}});
    program.note(text("L1 error at most ", result.error_bound, " after ", iterations,
                      iterations == 1 ? " iteration" : " iterations"));
    if (program.verify()) {
      const double distance = distance_by_pushes(file.graph, query, options, result.scores);
      program.verified(distance <= std::max(options.tolerance, 1e-14) + 1e-12,
                       text("L1 distance ", distance, " from the answer by pushes"));
    }
    program.time("write", [&] { write_scores(program, file, result.scores, top); });
  });
}
