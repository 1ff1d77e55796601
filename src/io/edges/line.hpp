// One line of an edge list: an edge, or what is wrong with it.
#pragma once

#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "core/index.hpp"
#include "io/edges/dialect.hpp"
#include "io/edges/layout.hpp"

namespace filigree::io::edges {

/// Ids kept as vertex numbers lie below, far from the limits of Global.
constexpr Global end_of_kept_ids = 1'000'000'000'000'000'000;

/// Key: Global for vertex ids, std::string_view for names.
template <class Key>
struct Edge {
  Key from{};
  Key to{};
  double weight = 1;
  bool more = false;  ///< something stands behind the columns that are read
  bool lone = false;  ///< there is no second vertex: `from` is a vertex without edges
};

/// Why a line is no edge.
struct Fault {
  std::string what;
  bool maybe_heading =
      false;  ///< it holds no number where edges have some, so before the first edge it may be a heading
};

/// What the fields of a line view.
struct Workspace {
  std::string unquoted[4];  ///< source, target, weight, any other column
  std::string number;
};

/// The fast way through a line of numbers, source, target and perhaps weight first, which ends in a newline. Returns
/// the begin of the next line, or null when anything is unusual.
template <bool weighted>
const char* parse_numbers(const char* p, const char* end, char separator, Edge<Global>& edge) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  const auto skip_separator = [&] {
    const char* const begin = p;
    while (is_space(*p)) ++p;
    if (separator == ' ') return p > begin;
    if (*p != separator) return false;
    do ++p;
    while (is_space(*p));
    return true;
  };
  while (is_space(*p)) ++p;
  if ((p = parse_digits(p, edge.from)) == nullptr || !skip_separator()) return nullptr;
  if ((p = parse_digits(p, edge.to)) == nullptr) return nullptr;
  if (weighted) {
    if (!skip_separator()) return nullptr;
    const auto [stop, error] = std::from_chars(p, end, edge.weight);
    if (error != std::errc{} || !(std::abs(edge.weight) < 0x1p53)) return nullptr;
    p = stop;
  }
  if (*p == '\n') return p + 1;
  if (*p == '\r' && p[1] == '\n') return p + 2;
  if (!skip_separator()) return nullptr;
  const char* const newline = static_cast<const char*>(std::memchr(p, '\n', z(end - p)));
  if (p == newline) return p + 1;
  if (*p == '{' || std::memchr(p, '\r', z(newline - p)) != nullptr) return nullptr;
  edge.more = true;
  return newline + 1;
}

std::optional<Fault> parse_vertex(std::string_view field, const ReadOptions& options, Global& id);
std::optional<Fault> parse_vertex(std::string_view field, const ReadOptions& options, std::string_view& name);
std::optional<Fault> parse_weight(std::string_view field, const Layout& layout, bool finite, std::string& workspace,
                                  double& weight);
/// Whether a field is a weight, in this layout.
bool is_weight(std::string_view field, const Layout& layout);

/// The thorough way through any line that is neither comment nor empty: an edge, which may view the line and
/// `workspace`, or what is wrong with it.
template <class Key>
std::optional<Fault> parse_thoroughly(std::string_view line, const Layout& layout, const ReadOptions& options,
                                      Workspace& workspace, Edge<Key>& edge) {
  if (has_stray_return(line))
    return Fault{"a carriage return inside the line; lines must end alike, in LF, CR LF or CR"};
  FieldReader fields(line, layout.dialect);
  std::string_view from, to, weight;
  for (int column = 0; column < layout.num_columns(); ++column) {
    const int at = column == layout.source ? 0 : column == layout.target ? 1 : column == layout.weight ? 2 : 3;
    const std::string_view field = fields.next(workspace.unquoted[at]);
    if (column == layout.source) from = field;
    if (column == layout.target) to = field;
    if (column == layout.weight) weight = field;
  }
  if (fields.broken_quotes()) return Fault{"a field that begins with a quotation mark must end with one", true};

  const bool has_number = is_number(from) || is_number(to) || (layout.weighted && is_number(weight));
  const bool is_data = !to.empty() && (!layout.weighted || weight.empty());  // in a file of names
  const auto fault = [&](std::string what) {
    const std::string_view invisible = invisible_in(line);
    if (!invisible.empty()) what += text("; the line holds ", invisible);
    return Fault{std::move(what), !has_number && !(layout.dialect.names && is_data)};
  };
  edge.lone = options.isolated_lines && to.empty() && !fields.more() && weight.empty();
  if (from.empty() || (to.empty() && !edge.lone)) {
    const bool one_vertex = !from.empty() && !fields.more();
    return fault(text("expected two vertices", layout.weighted ? " and a weight" : "",
                      one_vertex ? "; a line of one is a vertex without edges by --isolated-lines" : ""));
  }
  if (auto wrong = parse_vertex(from, options, edge.from)) return fault(std::move(wrong->what));
  if (edge.lone) return std::nullopt;
  if (auto wrong = parse_vertex(to, options, edge.to)) return fault(std::move(wrong->what));
  if (!layout.weighted) {
    edge.more = fields.more() && fields.rest() != "{}";
    return std::nullopt;
  }
  edge.more = fields.more();
  if (weight.empty()) return fault("expected two vertices and a weight");
  if (auto wrong = parse_weight(weight, layout, options.finite, workspace.number, edge.weight))
    return fault(std::move(wrong->what));
  return std::nullopt;
}

/// A line of adjacency lists: calls from(vertex) for the first vertex and to(vertex) for each that follows.
template <class Key, class From, class To>
std::optional<Fault> parse_list(std::string_view line, const Layout& layout, const ReadOptions& options,
                                Workspace& workspace, From from, To to) {
  FieldReader fields(line, layout.dialect);
  for (bool first = true; first || fields.more(); first = false) {
    const std::string_view field = fields.next(workspace.unquoted[0]);
    if (fields.broken_quotes()) return Fault{"a field that begins with a quotation mark must end with one"};
    if (field.empty()) return Fault{"expected vertices"};
    Key key{};
    if (auto wrong = parse_vertex(field, options, key)) return wrong;
    first ? from(key) : to(key);
  }
  return std::nullopt;
}

}  // namespace filigree::io::edges
