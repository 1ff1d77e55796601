#include "io/serial/parsed_graph.hpp"

#include <cmath>
#include <numeric>
#include <unordered_set>

#include "core/index.hpp"
#include "io/fields.hpp"
#include "io/formats.hpp"
#include "io/names_file.hpp"
#include "io/numbering.hpp"

namespace filigree::io {
namespace {

/// Vertices called 1, 2, ...
VertexNames counted_from_one(const Comm& comm, const Partition& vertices) {
  std::vector<Global> ids(z(vertices.size(comm.rank())));
  std::iota(ids.begin(), ids.end(), vertices.begin(comm.rank()) + 1);
  return VertexNames(comm, vertices, std::move(ids));
}

bool can_be_names(const Strings& labels, Global num_vertices) {
  std::unordered_set<std::string_view> distinct;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].empty() || has_control_character(labels[i]) || !distinct.insert(labels[i]).second) return false;
  }
  return static_cast<Global>(labels.size()) == num_vertices;
}

}  // namespace

GraphFile distribute(const Comm& comm, const std::string& path, ParsedGraph graph, const ReadOptions& options) {
  if (!graph.has_weights) graph.entries.val.clear();
  const Global num_vertices = comm.broadcast(graph.num_vertices);
  const bool has_names = comm.broadcast(graph.names.size() > 0);
  const auto num_remarks = comm.broadcast(graph.remarks.size());
  graph.remarks.resize(num_remarks);
  const auto names_over = [&](const Partition& vertices) {
    return has_names ? names_in_order(comm, graph.names, vertices) : counted_from_one(comm, vertices);
  };
  GraphFile file = assemble_named(comm, path, num_vertices, std::move(graph.entries), options, names_over);
  for (const std::string& remark : graph.remarks) file.report.remarks.push_back(comm.broadcast(remark));
  return file;
}

void take_labels(ParsedGraph& graph, const Strings& labels, Strings otherwise) {
  if (can_be_names(labels, graph.num_vertices)) {
    graph.names = labels;
    return;
  }
  if (labels.size() > 0)
    graph.remarks.emplace_back("vertices are called by their ids: labels are missing, empty or not distinct");
  graph.names = std::move(otherwise);
}

double parse_weight(std::string_view field, const ReadOptions& options) {
  double weight = 0;
  field = without_blanks(field);
  if (!parse_whole(field, weight))
    throw Error(text("weight ", quoted(field), " is not a number that a double can hold"));
  if (options.finite && !std::isfinite(weight)) throw Error(text("weight ", field, " must be finite"));
  if (is_rounded(field, weight)) throw Error(text("weight ", field, only_rounded));
  return weight;
}

}  // namespace filigree::io
