// filigree-ppr: personalized PageRank. Build an index of random walks once, then answer queries with it.
#include <variant>

#include "app.hpp"
#include "filigree/matrix/content_hash.hpp"
#include "filigree/ppr.hpp"
#include "filigree/ppr_file.hpp"
#include "ppr_answers.hpp"
#include "ppr_arguments.hpp"
#include "ppr_stream.hpp"
#include "seeds.hpp"

namespace {

using namespace filigree;

const app::About about{
    "filigree-ppr",
    "Personalized PageRank: which vertices matter to a vertex. Answers are lines `query rank vertex score`, with rank "
    "0 "
    "and no vertex where filters leave none.",
    "  filigree-ppr index --graph g.txt --walks 100 --output g.ppr.h5\n"
    "  mpirun -n 2 filigree-ppr query --graph g.txt --index g.ppr.h5 --sources 12 40 --top 10\n"
    "  filigree-ppr query --graph g.txt --index g.ppr.h5 --sources queries.txt --top 20 --output top.tsv\n"
    "  filigree-ppr exact --graph g.txt --sources '12:0.7 40:0.3' --tolerance 1e-12 --output exact.h5\n"};

/// The L1 distance of any two distributions is at most this.
constexpr double nothing_known = 2;

io::GraphFile read_graph(app::App& program, app::PprArguments& a) {
  io::GraphFile file = a.input.load(program);
  if (!a.reverse) return file;
  file.graph = program.time("reverse", [&] { return transpose(file.graph); });
  program.reverse_explained_arcs();
  return file;
}

/// The graph where queries find it, once per node or each rank its rows, and what its vertices are called.
struct Loaded {
  std::variant<ppr::ReplicatedGraph, Graph> graph;
  io::VertexNames names;

  /// How the rows of an index are best distributed; none = any way.
  std::optional<Partition> rows() const {
    const auto* const partitioned = std::get_if<Graph>(&graph);
    return partitioned == nullptr ? std::nullopt : std::optional(partitioned->rows());
  }
  std::uint64_t hash() const {
    const auto* const replicated = std::get_if<ppr::ReplicatedGraph>(&graph);
    return replicated == nullptr ? content_hash(std::get<Graph>(graph)) : replicated->hash();
  }
};
Loaded load(app::App& program, app::PprArguments& a, ppr::Placement& placement) {
  io::GraphFile file = read_graph(program, a);
  placement = ppr::choose_placement(file.graph, placement);
  if (placement == ppr::Placement::partitioned) return {std::move(file.graph), std::move(file.names)};
  return program.time("replicate", [&] { return Loaded{ppr::ReplicatedGraph(file.graph), file.names}; });
}

void build_index(app::App& program, app::PprArguments& a) {
  a.index.seed = program.seed();
  a.index.progress = program.progress();
  const io::GraphFile file = read_graph(program, a);
  program.goes_on_from(program.output() + ".partial");
  const auto index =
      program.measure("index", [&] { return ppr::build_index_file(file.graph, a.index, program.output()); });
  const auto stat = [&](const char* name) { return index.stats.at(name); };
  if (stat("rows_restored") > 0) program.note(text(stat("rows_restored"), " rows taken over from an earlier run"));
  if (stat("partials_discarded") > 0) {
    program.note(text(program.output(), ".partial was of another build: begun anew"));
  }
  program.worked_on(
      {{stat("walks"), "walk", "walks"}, {stat("entries"), "entry", "entries"}, {stat("bytes"), "byte", "bytes"}});
  if (static_cast<double>(stat("bytes")) < 0.95 * static_cast<double>(a.index.index_bytes)) {
    program.note(text("--index-bytes ", a.index.index_bytes,
                      " is more than there is use for: further walks would meet ",
                      "hardly any vertices for the first time"));
  }
  if (!program.verify()) return;
  const auto read = ppr::load(program.comm(), program.output(), index.sources);
  program.verified(
      program.comm().min(static_cast<int>(read.visits == index.visits && read.deviation == index.deviation)) != 0,
      "the file reads back the same");
}

std::shared_ptr<const ppr::Index> load_index(app::App& program, const app::PprArguments& a, const Loaded& graph) {
  if (a.index_path.empty()) return nullptr;
  auto index = program.time("load_index", [&] {
    return std::make_shared<const ppr::Index>(ppr::load(program.comm(), a.index_path, graph.rows()));
  });
  require(index->graph_hash == graph.hash(), a.index_path,
          ": was built for another graph, or read otherwise; --reverse, too, has to be the same (here it is ",
          a.reverse ? "on)" : "off)");
  return index;
}

/// Of a replicated graph.
std::optional<ppr::Engine> make_engine(app::App& program, const Loaded& loaded,
                                       std::shared_ptr<const ppr::Index> index) {
  const auto* const graph = std::get_if<ppr::ReplicatedGraph>(&loaded.graph);
  if (graph == nullptr) return std::nullopt;
  return program.time("prepare", [&] { return std::optional(ppr::Engine(*graph, std::move(index))); });
}

void answer(app::App& program, app::PprArguments& a) {
  const Comm& comm = program.comm();
  const Loaded loaded = load(program, a, a.query.placement);
  a.query.filter.candidates = app::read_vertices(program, a.candidates_path, a.skip_unknown, loaded.names);
  const auto index = load_index(program, a, loaded);
  auto engine = make_engine(program, loaded, index);
  require(engine || !a.until_settled, "--until-settled: not on partitioned graphs");
  const app::Answer answer = [&](std::span<const ppr::Query> queries) {
    if (a.until_settled) return ppr::top_k(*engine, queries, a.query.top, a.query);
    if (engine) return ppr::query(*engine, queries, a.query);
    const Graph& graph = std::get<Graph>(loaded.graph);
    return index ? ppr::query(graph, *index, queries, a.query) : ppr::query(graph, queries, a.query);
  };
  if (a.is_stream()) return app::answer_stream(program, loaded.names, answer, a.skip_unknown);

  a.query.progress = program.progress();
  const auto mine = app::read_queries(program, a.sources, a.skip_unknown, loaded.names);
  const auto answers = program.measure("query", [&] { return answer(mine.queries); });
  program.worked_on({{comm.sum(std::ssize(mine.queries)), "query", "queries"}});
  program.result("mean_error_estimate", app::mean(comm, answers.error_estimate));
  program.result("mean_error_bound", app::mean(comm, answers.error_bound));
  program.result("mean_index_share", app::mean(comm, answers.index_share));
  const double expected = app::mean(comm, answers.error_estimate);
  const double bound = app::mean(comm, answers.error_bound);
  if (expected < nothing_known)
    program.note(text("L1 error ", expected, " expected", bound < nothing_known ? text(", ", bound, " at most") : "",
                      " (means over queries)"));
  if (a.check_exact || program.verify()) {
    const auto truth = program.time("exact", [&] {
      const ppr::QueryOptions options{.teleport = a.query.teleport,
                                      .dangling = a.query.dangling,
                                      .progress = program.progress(),
                                      .filter = a.query.filter,
                                      .placement = a.query.placement};
      return engine ? ppr::exact(*engine, mine.queries, 1e-12, options)
                    : ppr::exact(std::get<Graph>(loaded.graph), mine.queries, 1e-12, options);
    });
    app::compare_with_exact(program, answers, truth, a.query.top);
  }
  program.time("write", [&] { app::write_answers(program, loaded.names, mine, answers, a.rows, a.skip_unknown); });
}

void answer_exactly(app::App& program, app::PprArguments& a) {
  const Loaded loaded = load(program, a, a.exact.placement);
  a.exact.filter.candidates = app::read_vertices(program, a.candidates_path, a.skip_unknown, loaded.names);
  auto engine = make_engine(program, loaded, nullptr);
  const app::Answer answer = [&](std::span<const ppr::Query> queries) {
    return engine ? ppr::exact(*engine, queries, a.tolerance, a.exact)
                  : ppr::exact(std::get<Graph>(loaded.graph), queries, a.tolerance, a.exact);
  };
  if (a.is_stream()) return app::answer_stream(program, loaded.names, answer, a.skip_unknown);

  a.exact.progress = program.progress();
  const auto mine = app::read_queries(program, a.sources, a.skip_unknown, loaded.names);
  const auto answers = program.measure("exact", [&] { return answer(mine.queries); });
  program.worked_on({{program.comm().sum(std::ssize(mine.queries)), "query", "queries"}});
  program.result("mean_error_bound", app::mean(program.comm(), answers.error_bound));
  program.time("write", [&] { app::write_answers(program, loaded.names, mine, answers, a.rows, a.skip_unknown); });
}

}  // namespace

int main(int argc, char** argv) {
  return app::run(argc, argv, about, [](app::App& program) {
    app::PprArguments a;
    switch (app::parse_ppr(program, a)) {
      case app::PprCommand::index: return build_index(program, a);
      case app::PprCommand::query: return answer(program, a);
      case app::PprCommand::exact: return answer_exactly(program, a);
    }
  });
}
