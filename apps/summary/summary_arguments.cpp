#include "summary_arguments.hpp"

namespace filigree::app {
namespace {

void add_summary(CLI::App& cli, SummaryArguments& a) {
  cli.add_option("--summary", a.summary_path, "made by filigree-summary build")->required()->type_name("FILE");
}

void add_build(App& program, CLI::App& build, SummaryArguments& a) {
  a.input.add_to(build);
  auto* const ratio = build.add_option("--size-ratio", a.build.size_ratio,
                                       "budget as a part of the graph's 2 m log2 n bits, in (0, 1]");
  auto* const bits = build.add_option_function<double>(
      "--bits", [&a](double given) { a.build.bits = given; }, "budget in bits, n log2 |S| + |P| (2 log2 |S| + log2 w)");
  bits->excludes(ratio);
  build
      .add_option_function<double>(
          "--bytes", [&a](double given) { a.build.bits = 8 * given; },
          "the same in bytes: 8 nominal bits each, not the size of the file")
      ->excludes(ratio)
      ->excludes(bits);
  add_choice<summary::Norm>(build, "--error", a.build.error, {{"l1", summary::Norm::l1}, {"l2", summary::Norm::l2}},
                            "that is made small: RE_1 or RE_2");
  add_choice<summary::Mode>(build, "--mode", a.build.mode,
                            {{"weighted", summary::Mode::weighted},
                             {"unweighted", summary::Mode::unweighted},
                             {"hybrid", summary::Mode::hybrid}},
                            "what is stored; only weighted is available yet");
  build.add_option("--rounds", a.build.max_rounds, "of merging, at most");
  build.add_option("--svg", a.svg_path, "draw the error of each round against its size")->type_name("FILE");
  build.callback([&program] {
    if (program.output().empty()) usage_error("--output is required");
  });
}

}  // namespace

SummaryCommand parse_summary(App& program, SummaryArguments& a) {
  auto& build = *program.cli.add_subcommand("build", "summarize a graph within a size");
  add_build(program, build, a);

  auto& evaluate = *program.cli.add_subcommand("evaluate", "size and errors of a summary, from its graph");
  a.input.add_to(evaluate);
  add_summary(evaluate, a);

  auto& query = *program.cli.add_subcommand("query", "ask a summary instead of its graph");
  add_summary(query, a);
  add_choice<SummaryQuery>(query, "--kind", a.kind,
                           {{"pagerank", SummaryQuery::pagerank},
                            {"bfs", SummaryQuery::bfs},
                            {"degree", SummaryQuery::degree},
                            {"neighbors", SummaryQuery::neighbors}},
                           "what to ask");
  query
      .add_option(
          "--vertices", a.vertices,
          "sources of bfs, vertices of neighbors, or those that pagerank and degree print; or a file, one a line")
      ->default_str("");
  query.add_option("--top", a.top, "pagerank, degree: print the best only; 0 = all")
      ->check(CLI::Range(Offset{0}, std::numeric_limits<Offset>::max()));
  query.add_option("--teleport", a.pagerank.teleport, "pagerank: probability of a jump, in [0.0001, 1)");
  query.add_option("--tolerance", a.pagerank.tolerance, "pagerank: on the L1 error of all scores");
  query.callback([&a] {
    const bool needs = a.kind == SummaryQuery::bfs || a.kind == SummaryQuery::neighbors;
    if (needs && a.vertices.empty()) usage_error("--vertices: bfs and neighbors need some");
  });

  auto& to = *program.cli.add_subcommand("export", "write a summary for other programs");
  add_summary(to, a);
  add_choice<SummaryFormat>(
      to, "--format", a.format, {{"text", SummaryFormat::text}, {"graph", SummaryFormat::graph}},
      "supernodes and superedges; or superedges as a weighted edge list `supernode supernode edges`");

  program.parse();
  if (build.parsed()) return SummaryCommand::build;
  if (evaluate.parsed()) return SummaryCommand::evaluate;
  return query.parsed() ? SummaryCommand::query : SummaryCommand::export_to;
}

}  // namespace filigree::app
