#include "summary_arguments.hpp"

#include "walk_options.hpp"

namespace filigree::app {
namespace {

void add_summary(Command cli, SummaryArguments& a) {
  cli.option("--summary,SUMMARY", a.summary_path, "made by filigree-summary build").required().type_name("FILE");
}

void add_build(App& program, Command build, SummaryArguments& a) {
  a.input.add_to(build);
  const Option ratio =
      build.option("--size-ratio", a.build.size_ratio, "budget as a part of the graph's 2 m log2 n bits")
          .within("(0, 1]");
  Option bits = build.option("--bits", a.build.bits, "budget in bits, n log2 |S| + |P| (2 log2 |S| + log2 w)");
  bits.excludes(ratio).within("[0, inf)");
  build.option("--bytes", a.bytes, "budget of 8 such bits each: nominal, not the size of the file")
      .excludes(ratio)
      .excludes(bits)
      .within("[0, inf)");
  build.choice("--error", a.build.error, {{"l1", summary::Norm::l1}, {"l2", summary::Norm::l2}},
               "reconstruction error to minimize: RE_1 or RE_2");
  build.choice("--mode", a.build.mode,
               {{"weighted", summary::Mode::weighted},
                {"unweighted", summary::Mode::unweighted},
                {"hybrid", summary::Mode::hybrid}},
               "values of superedges; only weighted is available yet");
  build.option("--rounds", a.build.max_rounds, "rounds of merges, at most").within("[1, inf)");
  build.option("--svg", a.svg_path, "draw the error after each round against the size").file(FileRole::output);
  build.check([&] {
    if (program.output().empty()) usage_error("--output is required");
    if (a.bytes) a.build.bits = 8 * *a.bytes;
  });
}

}  // namespace

SummaryCommand parse_summary(App& program, SummaryArguments& a) {
  Command build = program.cli.command("build", "summarize a graph within a size");
  add_build(program, build, a);

  Command evaluate = program.cli.command("evaluate", "size and errors of a summary, from its graph");
  a.input.add_to(evaluate);
  add_summary(evaluate, a);
  program.add_table(evaluate);

  Command query = program.cli.command("query", "query a summary instead of its graph");
  add_summary(query, a);
  program.add_table(query);
  query.choice("--kind", a.kind,
               {{"pagerank", SummaryQuery::pagerank},
                {"bfs", SummaryQuery::bfs},
                {"degree", SummaryQuery::degree},
                {"neighbors", SummaryQuery::neighbors}},
               "kind of query");
  query
      .option("--vertices", a.vertices,
              "where bfs begins, whose neighbors, or what pagerank and degree print; or a file of them, one a line, "
              "where # begins a comment")
      .default_text("");
  query.option("--top", a.top, "pagerank, degree: print the best only; 0 = all").within("[0, inf)");
  add_teleport(query, a.pagerank.teleport, "pagerank: ");
  query.option("--tolerance", a.pagerank.tolerance, "pagerank: on the L1 error of all scores").within("(0, inf)");
  query.check([&a] {
    const bool needs = a.kind == SummaryQuery::bfs || a.kind == SummaryQuery::neighbors;
    if (needs && a.vertices.empty()) usage_error("--vertices: bfs and neighbors need some");
  });

  Command to = program.cli.command("export", "write a summary for other programs");
  add_summary(to, a);
  to.choice("--format", a.format, {{"text", SummaryFormat::text}, {"graph", SummaryFormat::graph}},
            "text: the line <Subnode of each supernode>, then a line for each: its number and its vertices; the line "
            "<Superedge info>, then a line for each: supernode, supernode, number of edges; tabs between. graph: the "
            "superedges alone, a weighted edge list");

  program.parse();
  note_teleport(program, a.pagerank.teleport);
  if (build.given()) return SummaryCommand::build;
  if (evaluate.given()) return SummaryCommand::evaluate;
  return query.given() ? SummaryCommand::query : SummaryCommand::export_to;
}

}  // namespace filigree::app
