// filigree-ppr: personalized PageRank. Build an index of random walks once, then answer queries with it.
#include "app.hpp"
#include "filigree/ppr.hpp"
#include "filigree/ppr_file.hpp"
#include "graph_input.hpp"
#include "ppr_answers.hpp"
#include "ppr_stream.hpp"
#include "seeds.hpp"

namespace {

using namespace filigree;

const app::About about{
    "filigree-ppr",
    "Personalized PageRank: which vertices matter to a vertex. Answers are lines `query rank vertex score`.",
    "  filigree-ppr index --graph g.txt --walks 100 --output g.ppr.h5\n"
    "  mpirun -n 2 filigree-ppr query --graph g.txt --index g.ppr.h5 --sources 12 40 --top 10\n"
    "  filigree-ppr query --graph g.txt --index g.ppr.h5 --sources queries.txt --top 20 --output top.tsv\n"
    "  filigree-ppr exact --graph g.txt --sources '12:0.7 40:0.3' --tolerance 1e-12 --output exact.h5\n"};

struct Arguments {
  app::GraphInput input;
  bool reverse = false;
  std::string index_path;
  std::vector<std::string> sources;
  std::string candidates_path;
  app::Rows rows = app::Rows::sparse;
  bool check_exact = false;
  ppr::IndexOptions index;
  ppr::QueryOptions query;
  ppr::ExactOptions exact;

  bool is_stream() const { return sources == std::vector<std::string>{"-"}; }
};

io::GraphFile read_graph(app::App& program, Arguments& a) {
  io::GraphFile file = a.input.load(program);
  if (a.reverse) file.graph = program.time("reverse", [&] { return transpose(file.graph); });
  return file;
}

/// The graph once per node, and what its vertices are called; the distributed graph is gone.
struct Loaded {
  ppr::ReplicatedGraph graph;
  io::VertexNames names;
};
Loaded load(app::App& program, Arguments& a) {
  const io::GraphFile file = read_graph(program, a);
  return program.time("replicate", [&] { return Loaded{file.graph, file.names}; });
}

void build_index(app::App& program, Arguments& a) {
  a.index.seed = program.seed();
  a.index.progress = program.progress();
  const io::GraphFile file = read_graph(program, a);
  const auto index =
      program.measure("index", [&] { return ppr::build_index_file(file.graph, a.index, program.output()); });
  const auto stat = [&](const char* name) { return index.stats.at(name); };
  if (stat("rows_restored") > 0) program.note(text(stat("rows_restored"), " rows taken over from an earlier run"));
  if (stat("partials_discarded") > 0) {
    program.note(text(program.output(), ".partial was of another build: begun anew"));
  }
  program.note(text(stat("walks"), " walks, ", stat("entries"), " entries, ", stat("bytes"), " bytes"));
  if (!program.verify()) return;
  const auto read = ppr::load(program.comm(), program.output(), index.sources);
  program.verified(
      program.comm().min(static_cast<int>(read.visits == index.visits && read.deviation == index.deviation)) != 0,
      "the file reads back the same");
}

std::optional<ppr::Index> load_index(app::App& program, const Arguments& a, const ppr::ReplicatedGraph& graph) {
  if (a.index_path.empty()) return std::nullopt;
  ppr::Index index = program.time("load_index", [&] { return ppr::load(program.comm(), a.index_path); });
  require(index.graph_hash == graph.hash(), a.index_path,
          ": was built for another graph, or read otherwise; --reverse, too, has to be the same (here it is ",
          a.reverse ? "on)" : "off)");
  return index;
}

void answer(app::App& program, Arguments& a) {
  const Comm& comm = program.comm();
  const Loaded loaded = load(program, a);
  a.query.filter.candidates = app::read_vertices(comm, a.candidates_path, loaded.names);
  const auto index = load_index(program, a, loaded.graph);
  const app::Answer answer = [&](std::span<const ppr::Query> queries) {
    return ppr::query(loaded.graph, index ? &*index : nullptr, queries, a.query);
  };
  if (a.is_stream()) return app::answer_stream(program, loaded.names, answer);

  a.query.progress = program.progress();
  const auto mine = app::deal_queries(program, a.sources, loaded.names);
  const auto answers = program.measure("query", [&] { return answer(mine.queries); });
  program.result("mean_error_estimate", app::mean(comm, answers.error_estimate));
  program.result("mean_error_bound", app::mean(comm, answers.error_bound));
  program.result("mean_index_share", app::mean(comm, answers.index_share));
  program.note(text("L1 error ", app::mean(comm, answers.error_estimate), " expected, ",
                    app::mean(comm, answers.error_bound), " at most (means over queries)"));
  if (a.check_exact || program.verify())
    app::check_against_exact(program, loaded.graph, mine.queries, answers, a.query);
  program.time("write", [&] { app::write_answers(program, loaded.names, mine.lines, answers, a.rows); });
}

void answer_exactly(app::App& program, Arguments& a) {
  const Loaded loaded = load(program, a);
  a.exact.filter.candidates = app::read_vertices(program.comm(), a.candidates_path, loaded.names);
  const app::Answer answer = [&](std::span<const ppr::Query> queries) {
    return ppr::exact(loaded.graph, queries, a.exact);
  };
  if (a.is_stream()) return app::answer_stream(program, loaded.names, answer);

  a.exact.progress = program.progress();
  const auto mine = app::deal_queries(program, a.sources, loaded.names);
  const auto answers = program.measure("exact", [&] { return answer(mine.queries); });
  program.result("mean_error_bound", app::mean(program.comm(), answers.error_bound));
  program.time("write", [&] { app::write_answers(program, loaded.names, mine.lines, answers, a.rows); });
}

void add_graph(CLI::App& cli, Arguments& a) {
  a.input.add_to(cli);
  cli.add_flag("--reverse", a.reverse, "walk against the arcs: who finds a vertex, not whom it finds");
}

/// What query and exact share.
void add_queries(app::App& program, CLI::App& cli, Arguments& a, int& top, ppr::Filter& filter) {
  add_graph(cli, a);
  app::add_sources(cli, a.sources);
  cli.add_option("--top", top, "answers per query; 0 = all")->check(CLI::Range(0, std::numeric_limits<int>::max()));
  cli.add_flag("--exclude-seeds", filter.exclude_seeds, "leave out the vertices of the query");
  cli.add_flag("--exclude-neighbours", filter.exclude_neighbours, "leave out those that their arcs lead to");
  cli.add_option("--candidates", a.candidates_path, "answer with these vertices only, one a line")->type_name("FILE");
  cli.add_flag_callback(
      "--dense", [&a] { a.rows = app::Rows::dense; }, "HDF5: a score for every vertex");
  cli.callback([&program, &cli, &a] {
    if (a.rows == app::Rows::dense && !program.output_is_hdf5())
      app::usage_error("--dense: needs --output with a name that ends in .h5");
    if (!a.is_stream()) return;
    if (program.output_is_hdf5()) app::usage_error("--sources -: writes lines; for HDF5 take a file of queries");
    for (const char* other : {"--check-exact", "--verify", "--repeat", "--warmup"}) {
      const CLI::Option* option = cli.get_option_no_throw(other);
      if (option != nullptr && option->count() > 0)
        app::usage_error(text("--sources -: answers each query once and forgets it; does not go with ", other));
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  return app::run(argc, argv, about, [](app::App& program) {
    Arguments a;
    auto& index = *program.cli.add_subcommand("index", "walk from every vertex and keep the visits");
    add_graph(index, a);
    index.add_option("--walks", a.index.walks, "from every vertex");
    index
        .add_option("--index-bytes", a.index.index_bytes,
                    "of the whole index; takes the place of --walks, each vertex getting its share")
        ->transform(CLI::AsSizeValue(false))
        ->default_str("by walks");
    index.add_option("--teleport", a.index.teleport, "probability that a walk stops, in [0.0001, 1)");
    app::add_choice<ppr::Estimator>(index, "--estimator", a.index.estimator,
                                    {{"visits", ppr::Estimator::visits},
                                     {"end-points", ppr::Estimator::end_points},
                                     {"ratio", ppr::Estimator::ratio}},
                                    "what is counted of a walk, and how");
    app::add_choice<ppr::Placement>(index, "--placement", a.index.placement,
                                    {{"auto", ppr::Placement::automatic},
                                     {"replicated", ppr::Placement::replicated},
                                     {"partitioned", ppr::Placement::partitioned}},
                                    "the whole graph on every node, or each rank its part");
    index.add_option("--memory", a.index.memory_bytes, "most that building may take on a rank, beyond the graph")
        ->transform(CLI::AsSizeValue(false))
        ->default_str("no limit");
    index.callback([&] {
      if (program.output().empty()) app::usage_error("--output is required");
    });

    auto& query = *program.cli.add_subcommand("query", "answer queries, with an index or without");
    add_queries(program, query, a, a.query.top, a.query.filter);
    query.add_option("--index", a.index_path, "made by filigree-ppr index for this graph and teleport")
        ->type_name("FILE");
    app::add_walk_options(query, a.query.teleport, a.query.dangling);
    app::add_choice<ppr::Method>(query, "--method", a.query.method,
                                 {{"push", ppr::Method::push}, {"verd", ppr::Method::verd}},
                                 "push where the residual is large, or everywhere, --levels times");
    query.add_option("--target-error", a.query.target_error, "push: L1 error to reach, in (0, 2)");
    query.add_option("--levels", a.query.levels, "verd: how often");
    query.add_flag("--check-exact", a.check_exact, "compare with exact answers and say how good the top is");

    auto& exact = *program.cli.add_subcommand("exact", "answer queries to a tolerance, slowly");
    add_queries(program, exact, a, a.exact.top, a.exact.filter);
    app::add_walk_options(exact, a.exact.teleport, a.exact.dangling);
    exact.add_option("--tolerance", a.exact.tolerance, "on the L1 error");

    program.parse();
    if (index.parsed()) return build_index(program, a);
    if (query.parsed()) return answer(program, a);
    answer_exactly(program, a);
  });
}
