#include "graph_info.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>

#include "filigree/components.hpp"
#include "filigree/matrix/symmetry.hpp"
#include "isolated.hpp"

namespace filigree::app {
namespace {

std::vector<Offset> out_degrees(const Graph& graph) {
  std::vector<Offset> degrees(static_cast<std::size_t>(graph.num_local_rows()));
  for (Local row = 0; row < graph.num_local_rows(); ++row)
    degrees[static_cast<std::size_t>(row)] = graph.local().view().degree(row);
  return degrees;
}

/// Nonzeros of the owned columns.
std::vector<Offset> in_degrees(const Graph& graph) {
  std::vector<Offset> owned(static_cast<std::size_t>(graph.num_owned_cols()), 0);
  std::vector<Offset> ghosts(graph.ghosts().size(), 0);
  const Local begin = graph.owned_begin();
  const Local end = begin + graph.num_owned_cols();
  for (const Local column : graph.local().view().col) {
    if (begin <= column && column < end)
      ++owned[static_cast<std::size_t>(column - begin)];
    else
      ++ghosts[static_cast<std::size_t>(column < begin ? column : column - (end - begin))];
  }
  graph.build_halo().scatter(ghosts, owned, std::plus<>());
  return owned;
}

struct Share {
  const char* label;
  const char* key;
  double of_all;
};
constexpr std::array<Share, 6> shares{{{"min", "min", 0},
                                       {"25%", "q25", 0.25},
                                       {"median", "median", 0.5},
                                       {"75%", "q75", 0.75},
                                       {"99%", "q99", 0.99},
                                       {"max", "max", 1}}};

/// For each share, the smallest value that at least this share of all values, over all ranks, does not exceed: from how
/// often each value occurs. `zeros`: so many more values are 0.
std::array<Offset, shares.size()> quantiles(const Comm& comm, const std::vector<Offset>& values, Offset zeros) {
  const Offset most = comm.max(values.empty() ? Offset{0} : *std::max_element(values.begin(), values.end()));
  std::vector<Offset> occurs(static_cast<std::size_t>(most) + 1, 0);
  for (Offset value : values) ++occurs[static_cast<std::size_t>(value)];
  comm.sum(occurs);
  occurs[0] += zeros;
  const Offset count = comm.sum(static_cast<Offset>(values.size())) + zeros;
  std::array<Offset, shares.size()> found{};
  std::size_t value = 0;
  Offset below = occurs[0];
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const double wanted = std::max(1.0, shares[i].of_all * static_cast<double>(count));
    while (static_cast<double>(below) < wanted && value + 1 < occurs.size()) below += occurs[++value];
    found[i] = static_cast<Offset>(value);
  }
  return found;
}

struct Weights {
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  double sum = 0;
};
/// Of a graph that has some; NaN has no part in min and max, and is both where there is no number.
Weights weights_of(const Graph& graph) {
  Weights weights;
  long double sum = 0;  // so that ten digits do not depend on the number of ranks
  for (double value : graph.local().view().val) {
    weights.min = std::min(weights.min, value);
    weights.max = std::max(weights.max, value);
    sum += value;
  }
  long double total = 0;
  for (long double part : graph.comm().all_gather(sum)) total += part;
  weights = {graph.comm().min(weights.min), graph.comm().max(weights.max), static_cast<double>(total)};
  if (weights.min > weights.max) weights.min = weights.max = std::numeric_limits<double>::quiet_NaN();
  return weights;
}

Offset num_loops(const Graph& graph) {
  Offset loops = 0;
  for (Local row = 0; row < graph.num_local_rows(); ++row) {
    for (Local column : graph.local().view().cols(row)) {
      if (graph.global_col(column) == graph.first_row() + row) ++loops;
    }
  }
  return graph.comm().sum(loops);
}

std::string name_of(io::VertexNames::Kind kind) {
  using Kind = io::VertexNames::Kind;
  return kind == Kind::numbers ? "numbers" : kind == Kind::ids ? "ids" : "texts";
}

/// "28.6 %"
std::string percent(double share) { return text(std::round(1000 * share) / 10, " %"); }
double ratio(Offset part, Offset whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// A GraphInfo as it grows.
struct Builder {
  GraphInfo info;

  template <class T>
  void add(const std::string& label, const std::string& key, const T& value, const std::string& remark = "") {
    info.figures[key] = value;
    line(label, text(value, remark));
  }
  void line(const std::string& label, const std::string& value) { info.lines.emplace_back(label, value); }
  void add_degrees(const Comm& comm, const std::string& label, const std::string& key,
                   const std::vector<Offset>& degrees, Offset zeros = 0) {
    const auto found = quantiles(comm, degrees, zeros);
    std::string values;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      info.figures[key + "_" + shares[i].key] = found[i];
      values += text(i == 0 ? "" : ", ", shares[i].label, ' ', found[i]);
    }
    line(label, values);
  }
};

Offset num_zeros(const Comm& comm, const std::vector<Offset>& degrees) {
  return comm.sum(static_cast<Offset>(std::count(degrees.begin(), degrees.end(), 0)));
}

}  // namespace

GraphInfo graph_info(const io::GraphFile& file, const GraphInput& input) {
  const Comm& comm = file.graph.comm();
  const bool square = file.graph.is_square();
  // Many vertices without arcs are counted and left out: what follows takes more memory for a vertex than reading did.
  const Global isolated = square ? num_isolated(file.graph) : 0;
  const Global left_out = isolated > file.graph.num_rows() / 2 ? isolated : 0;
  const std::optional<Graph> others = left_out > 0 ? std::optional(without_isolated(file.graph)) : std::nullopt;
  const Graph& graph = others ? *others : file.graph;
  const bool weighted = graph.has_values();
  const Offset num_arcs = graph.num_nonzeros();
  const Offset loops = num_loops(graph);
  Builder to;
  Timings& timings = to.info.timings;

  to.add("format", "format", std::string(io::info_of(file.report.format).title));
  if (square) {
    to.add("vertices", "vertices", file.graph.num_rows());
    to.add("arcs", "arcs", num_arcs);
    const Phase phase(timings, "symmetry");
    const bool symmetric = is_symmetric(graph);
    to.info.figures["symmetric"] = symmetric;
    if (symmetric) {
      to.line("direction", "symmetric");
      to.add("edges", "edges", (num_arcs - loops) / 2, ", each as two arcs");
    } else {
      const Offset matched = num_reciprocated_arcs(graph, transpose(graph));
      const double share = ratio(matched, num_arcs - loops);
      to.info.figures["reciprocated"] = share;
      to.line("direction", matched == num_arcs - loops ? "directed by its weights alone: every arc has a reverse"
                                                       : "directed, " + percent(share) + " of arcs have a reverse");
    }
  } else {
    to.add("rows", "rows", graph.num_rows());
    to.add("columns", "columns", graph.num_cols());
    to.add("nonzeros", "nonzeros", num_arcs);
  }

  to.info.figures["weighted"] = weighted;
  if (weighted) {
    const Weights weights = weights_of(graph);
    to.info.figures["weight_min"] = weights.min;
    to.info.figures["weight_max"] = weights.max;
    to.info.figures["weight_sum"] = weights.sum;
    to.line(square ? "weights" : "values",
            std::isnan(weights.min)
                ? "none is a number"
                : text("min ", number(weights.min), ", max ", number(weights.max), ", sum ", number(weights.sum)));
  } else {
    to.line(square ? "weights" : "values", "none");
  }
  const EntryCounts& met = file.report.entries;
  to.info.figures["loops_in_file"] = met.loops;
  to.add(square ? "loops" : "on diagonal", "loops", loops,
         met.loops != loops ? text(" of ", met.loops, " in the file") : "");
  to.add("duplicates", "duplicates", met.duplicates,
         met.duplicates > 0 ? text(", ", input.fate_of_duplicates(weighted)) : "");
  to.add("header lines", "header_lines", file.report.header_lines);
  to.add("comments", "comment_lines", file.report.comment_lines);

  {
    const Phase phase(timings, "degrees");
    const std::vector<Offset> out = out_degrees(graph);
    const std::vector<Offset> in = in_degrees(graph);
    if (square) {
      to.add("isolated", "isolated_vertices", isolated);
      to.add_degrees(comm, "out-degree", "out_degree", out, left_out);
      to.add_degrees(comm, "in-degree", "in_degree", in, left_out);
    } else {
      to.add("empty rows", "empty_rows", num_zeros(comm, out));
      to.add("empty columns", "empty_columns", num_zeros(comm, in));
      to.add_degrees(comm, "in a row", "row_nonzeros", out);
      to.add_degrees(comm, "in a column", "column_nonzeros", in);
    }
  }
  if (square) {
    const Phase phase(timings, "components");
    const components::Result found = components::weak(graph);
    to.info.stats = found.stats;
    const Global largest = std::max(found.largest, std::min<Global>(left_out, 1));
    to.info.figures["largest_component"] = largest;
    to.add("components", "components", found.labels.num_labels + left_out,
           text(", largest ", largest, " (", percent(ratio(largest, file.graph.num_rows())), ")"));
  }
  const std::string& beside = file.report.names_path;
  to.add("names", "names", name_of(file.names.kind()), beside.empty() ? "" : ", from " + beside);
  to.add("hash", "hash", file.report.hash);
  for (const std::string& remark : file.report.remarks) to.line("note", remark);
  return std::move(to.info);
}

}  // namespace filigree::app
