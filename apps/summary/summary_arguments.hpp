// The command line of filigree-summary.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app.hpp"
#include "filigree/pagerank.hpp"
#include "filigree/summary.hpp"
#include "graph_input.hpp"

namespace filigree::app {

enum class SummaryCommand { build, evaluate, query, export_to };
enum class SummaryQuery { pagerank, bfs, degree, neighbors };
enum class SummaryFormat { text, graph };

struct SummaryArguments {
  GraphInput input{{.policy = {Duplicates::first, Loops::drop}}};
  std::string summary_path;
  std::string svg_path;
  summary::Options build;
  std::optional<double> bytes;
  SummaryQuery kind = SummaryQuery::pagerank;
  std::vector<std::string> vertices;
  Offset top = 0;
  pagerank::Options pagerank{.dangling = Dangling::uniform};
  SummaryFormat format = SummaryFormat::text;
};

/// Parses the command line into `arguments`, which must live as long as the program, and says which command it is.
SummaryCommand parse_summary(App& program, SummaryArguments& arguments);

}  // namespace filigree::app
