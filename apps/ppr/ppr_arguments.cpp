#include "ppr_arguments.hpp"

#include <limits>

#include "seeds.hpp"
#include "walk_options.hpp"

namespace filigree::app {
namespace {

void add_graph(Command cli, PprArguments& a) {
  a.input.add_to(cli);
  cli.flag("--reverse", a.reverse, "walk against the arcs: who finds a vertex, not whom it finds");
}

void add_placement(Command cli, ppr::Placement& placement) {
  cli.choice("--placement", placement,
             {{"auto", ppr::Placement::automatic},
              {"replicated", ppr::Placement::replicated},
              {"partitioned", ppr::Placement::partitioned}},
             "the whole graph on every node, or each rank its part");
}

/// What query and exact share.
void add_queries(App& program, Command cli, PprArguments& a, int& top, ppr::Filter& filter, ppr::Placement& placement) {
  add_graph(cli, a);
  add_placement(cli, placement);
  add_sources(cli, a.sources, a.skip_unknown);
  program.add_table(cli, {Form::hdf5});
  cli.option("--top", top, "answers per query; 0 = all").within("[0, inf)");
  cli.flag("--exclude-seeds", filter.exclude_seeds, "leave out the vertices of the query");
  cli.flag("--exclude-neighbours", filter.exclude_neighbours, "leave out those that their arcs lead to");
  cli.option("--candidates", a.candidates_path, "answer with these vertices only, one a line, as in files of --sources")
      .type_name("FILE");
  cli.flag(
      "--dense", [&a] { a.rows = Rows::dense; }, "HDF5: a score for every vertex");
  cli.check([&program, cli, &a] {
    const bool is_hdf5 = program.table_form() == Form::hdf5;
    if (a.rows == Rows::dense && !is_hdf5) usage_error("--dense: needs --output with a name that ends in .h5");
    const bool is_verd = a.query.method == ppr::Method::verd;
    if (is_verd && cli.count("--target-error") > 0)
      usage_error("--target-error: --method verd pushes --levels times, whatever the error; push reaches an error");
    if (!is_verd && cli.count("--levels") > 0)
      usage_error("--levels: --method push goes on to --target-error; verd pushes so many times");
    if (a.until_settled && a.query.top == 0) usage_error("--until-settled: needs --top");
    if (a.until_settled && (is_verd || !a.index_path.empty()))
      usage_error("--until-settled: goes with --method push and without --index");
    if (!a.is_stream()) return;
    if (a.input.path() == "-") usage_error("--sources -: standard input cannot be both the graph and the queries");
    if (is_hdf5) usage_error("--sources -: writes lines; for HDF5 take a file of queries");
    for (const char* other : {"--check-exact", "--verify", "--repeat", "--warmup"}) {
      if (cli.count(other) > 0)
        usage_error(text("--sources -: answers each query once and forgets it; does not go with ", other));
    }
  });
}

}  // namespace

PprCommand parse_ppr(App& program, PprArguments& a) {
  Command index = program.cli.command("index", "walk from every vertex and keep the visits");
  add_graph(index, a);
  index.option("--walks", a.index.walks, "from every vertex").within("[1, inf)");
  index
      .option("--index-bytes", a.index.index_bytes,
              "of the whole index; takes the place of --walks, each vertex getting its share")
      .size_in_bytes()
      .default_text("by walks");
  add_teleport(index, a.index.teleport);
  index.choice("--estimator", a.index.estimator,
               {{"visits", ppr::Estimator::visits},
                {"end-points", ppr::Estimator::end_points},
                {"ratio", ppr::Estimator::ratio}},
               "what is counted: visits, all vertices of a walk (MCFP); end-points, where it stops (MCEP), which needs "
               "1 / teleport times the walks; ratio, visits as a share of all of them, slightly biased");
  add_placement(index, a.index.placement);
  index.option("--memory", a.index.memory_bytes, "most that building may take on a rank, beyond the graph")
      .size_in_bytes()
      .default_text("no limit");
  index.check([&] {
    if (program.output().empty()) usage_error("--output is required");
  });

  Command query = program.cli.command("query", "answer queries, with an index or without");
  add_queries(program, query, a, a.query.top, a.query.filter, a.query.placement);
  query.option("--index", a.index_path, "made by filigree-ppr index for this graph and teleport").type_name("FILE");
  add_walk_options(query, a.query.teleport, a.query.dangling);
  query.choice("--method", a.query.method, {{"push", ppr::Method::push}, {"verd", ppr::Method::verd}},
               "push: from vertices of large residual, until --target-error; verd (vertex-centric decomposition): from "
               "all, --levels times");
  query
      .option("--target-error", a.query.target_error,
              "push: L1 error to reach: the sum of absolute differences from the exact scores")
      .within("[1e-15, 2)");
  query.option("--levels", a.query.levels, "verd: how often every vertex pushes").within("[0, inf)");
  query.flag("--until-settled", a.until_settled,
             "stop when the order of the --top answers can no longer change; without --index");
  query.flag("--check-exact", a.check_exact,
             "compare with exact answers: L1 error, and relative aggregated goodness RAG(k), the exact mass of the k "
             "best answers divided by that of the k truly best (k = --top, or 200)");

  Command exact = program.cli.command("exact", "answer queries to a tolerance, slowly");
  add_queries(program, exact, a, a.exact.top, a.exact.filter, a.exact.placement);
  add_walk_options(exact, a.exact.teleport, a.exact.dangling);
  exact.option("--tolerance", a.tolerance, "on the L1 error").within("[1e-15, 2)");

  program.parse();
  note_teleport(program, index.given() ? a.index.teleport : query.given() ? a.query.teleport : a.exact.teleport);
  if (index.given()) return PprCommand::index;
  return query.given() ? PprCommand::query : PprCommand::exact;
}

}  // namespace filigree::app
