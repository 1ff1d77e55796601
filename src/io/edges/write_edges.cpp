// Writing edge lists: a line per edge, between tabs, or between commas as CSV.
#include <utility>

#include "core/index.hpp"
#include "filigree/io/text_writer.hpp"
#include "io/edges/dialect.hpp"
#include "io/edges/heading.hpp"
#include "io/formats.hpp"
#include "io/packed.hpp"
#include "io/print.hpp"

namespace filigree::io {
namespace {

bool is_comment_or_blank(std::string_view line) { return edges::is_empty_line(line) || edges::is_comment(line); }

/// Whether a name would not come back from between commas.
bool needs_quotes(std::string_view name) {
  return is_comment_or_blank(name) || name != without_blanks(name) ||
         name.find_first_of(",;|\"") != std::string_view::npos;
}

std::string between_quotes(std::string_view name) {
  std::string out = "\"";
  for (char c : name) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

}  // namespace

void write_edge_list(const Graph& graph, const VertexNames& names, const std::string& path) {
  const Comm& comm = graph.comm();
  require(graph.num_rows() == graph.num_cols(), path, ": edge lists hold square matrices only; this one has ",
          graph.num_rows(), " rows and ", graph.num_cols(), " columns");
  const bool commas = lower_case(without_packing(path)).ends_with(".csv");
  const bool has_values = graph.has_values() || has_weights_by_extension(path);
  const std::vector<std::string> ghost_names = names.fetch(comm, graph.ghosts());
  const Local owned_end = graph.owned_begin() + graph.num_owned_cols();
  TextWriter file(comm, path);
  const auto name_of = [&](Local column) {
    const bool owned = graph.owned_begin() <= column && column < owned_end;
    const Local ghost = column < graph.owned_begin() ? column : column - graph.num_owned_cols();
    std::string name = owned ? names.owned(comm, column - graph.owned_begin()) : ghost_names[z(ghost)];
    if (commas) return needs_quotes(name) ? between_quotes(name) : name;
    const auto refuse = [&](const char* why) { throw InvalidArgument(text(path, ": the name ", quoted(name), why)); };
    if (is_comment_or_blank(name)) refuse(" would read as a comment in an edge list");
    if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"'))
      refuse(" would lose its quotation marks between tabs; a .csv file keeps them");
    if (name != without_blanks(name)) refuse(" would lose its blanks between tabs; a .csv file keeps them");
    return name;
  };
  const char separator = commas ? ',' : '\t';
  const bool any = graph.local().num_nonzeros() > 0;
  bool first_line = comm.min(any ? comm.rank() : comm.size()) == comm.rank();
  write_rows(graph, file, [&](std::string& out, Global row, std::span<const Local> cols, std::span<const double> vals) {
    if (cols.empty()) return;
    const std::string from = name_of(static_cast<Local>(row - graph.first_row()) + graph.owned_begin());
    for (std::size_t k = 0; k < cols.size(); ++k) {
      const std::string to = name_of(cols[k]);
      // An edge that reads as a heading is none below one.
      if (std::exchange(first_line, false) && edges::columns_of({from, to}, {}))
        out += text("source", separator, "target", has_values ? text(separator, "weight") : "", '\n');
      out += from;
      out += separator;
      out += to;
      if (has_values) {
        out += separator;
        append(out, vals.empty() ? 1 : vals[k]);
      }
      out += '\n';
    }
  });
  file.commit();
}

}  // namespace filigree::io
