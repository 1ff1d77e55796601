// filigree-ppr: personalized PageRank. Build an index of random walks once, then answer queries with it.
#include "app.hpp"
#include "filigree/ppr.hpp"
#include "filigree/ppr_file.hpp"
#include "graph_input.hpp"
#include "ppr_answers.hpp"
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
  std::string index_path;
  std::vector<std::string> sources;
  bool check_exact = false;
  ppr::IndexOptions index;
  ppr::QueryOptions query;
  ppr::ExactOptions exact;
};

/// The graph once per node, and what its vertices are called; the distributed graph is gone.
struct Loaded {
  ppr::ReplicatedGraph graph;
  io::VertexNames names;
};
Loaded load(app::App& program, Arguments& a) {
  const io::GraphFile file = a.input.load(program);
  return program.time("replicate", [&] { return Loaded{file.graph, file.names}; });
}

void build_index(app::App& program, Arguments& a) {
  a.index.seed = program.seed();
  a.index.progress = program.progress();
  const Loaded loaded = load(program, a);
  const auto index = program.measure("index", [&] { return ppr::build_index(loaded.graph, a.index); });
  program.note(text(index.stats.at("walks"), " walks, ", index.stats.at("entries"), " entries"));
  program.time("write", [&] { ppr::save(program.comm(), index, program.output()); });
  if (!program.verify()) return;
  const auto read = ppr::load(program.comm(), program.output());
  program.verified(
      program.comm().min(static_cast<int>(read.visits == index.visits && read.deviation == index.deviation)) != 0,
      "the file reads back the same");
}

void answer(app::App& program, Arguments& a) {
  const Comm& comm = program.comm();
  a.query.progress = program.progress();
  const Loaded loaded = load(program, a);
  const auto mine = app::deal_queries(program, a.sources, loaded.names);
  std::optional<ppr::Index> index;
  if (!a.index_path.empty()) index = program.time("load_index", [&] { return ppr::load(comm, a.index_path); });
  const auto answers = program.measure(
      "query", [&] { return ppr::query(loaded.graph, index ? &*index : nullptr, mine.queries, a.query); });
  program.result("mean_error_estimate", app::mean(comm, answers.error_estimate));
  program.result("mean_error_bound", app::mean(comm, answers.error_bound));
  program.result("mean_index_share", app::mean(comm, answers.index_share));
  program.note(text("L1 error ", app::mean(comm, answers.error_estimate), " expected, ",
                    app::mean(comm, answers.error_bound), " at most (means over queries)"));
  if (a.check_exact || program.verify())
    app::check_against_exact(program, loaded.graph, mine.queries, answers, a.query);
  program.time("write", [&] { app::write_answers(program, loaded.names, mine.lines, answers); });
}

void answer_exactly(app::App& program, Arguments& a) {
  a.exact.progress = program.progress();
  const Loaded loaded = load(program, a);
  const auto mine = app::deal_queries(program, a.sources, loaded.names);
  const auto answers = program.measure("exact", [&] { return ppr::exact(loaded.graph, mine.queries, a.exact); });
  program.result("mean_error_bound", app::mean(program.comm(), answers.error_bound));
  program.time("write", [&] { app::write_answers(program, loaded.names, mine.lines, answers); });
}

void add_queries(CLI::App& cli, Arguments& a, int& top) {
  a.input.add_to(cli);
  app::add_sources(cli, a.sources);
  cli.add_option("--top", top, "answers per query; 0 = all")->check(CLI::Range(0, std::numeric_limits<int>::max()));
}

}  // namespace

int main(int argc, char** argv) {
  return app::run(argc, argv, about, [](app::App& program) {
    Arguments a;
    auto& index = *program.cli.add_subcommand("index", "walk from every vertex and keep the visits");
    a.input.add_to(index);
    index.add_option("--walks", a.index.walks, "from every vertex");
    index.add_option("--teleport", a.index.teleport, "probability that a walk stops, in [0.0001, 1)");
    index.callback([&] {
      if (program.output().empty()) app::usage_error("--output is required");
    });

    auto& query = *program.cli.add_subcommand("query", "answer queries, with an index or without");
    add_queries(query, a, a.query.top);
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
    add_queries(exact, a, a.exact.top);
    app::add_walk_options(exact, a.exact.teleport, a.exact.dangling);
    exact.add_option("--tolerance", a.exact.tolerance, "on the L1 error");

    program.parse();
    if (index.parsed()) return build_index(program, a);
    if (query.parsed()) return answer(program, a);
    answer_exactly(program, a);
  });
}
