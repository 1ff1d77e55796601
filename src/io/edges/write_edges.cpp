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

void append_quoted(std::string& out, std::string_view name) {
  out += '"';
  for (char c : name) {
    if (c == '"') out += c;
    out += c;
  }
  out += '"';
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
  const auto append_name = [&](std::string& out, Local column) {
    const bool owned = graph.owned_begin() <= column && column < owned_end;
    const Local ghost = column < graph.owned_begin() ? column : column - graph.num_owned_cols();
    const std::string name = owned ? names.owned(comm, column - graph.owned_begin()) : ghost_names[z(ghost)];
    if (commas && needs_quotes(name)) {
      append_quoted(out, name);
      return;
    }
    require(!is_comment_or_blank(name), path, ": the name ", quoted(name), " would read as a comment in an edge list");
    require(name.size() < 2 || !name.starts_with('"') || !name.ends_with('"'), path, ": the name ", quoted(name),
            " would lose its quotation marks between tabs; a .csv file keeps them");
    require(name == without_blanks(name), path, ": the name ", quoted(name),
            " would lose its blanks between tabs; a .csv file keeps them");
    out += name;
  };
  const char separator = commas ? ',' : '\t';
  const bool any = graph.local().num_nonzeros() > 0;
  bool first_line = comm.min(any ? comm.rank() : comm.size()) == comm.rank();
  write_rows(graph, file, [&](std::string& out, Global row, std::span<const Local> cols, std::span<const double> vals) {
    for (std::size_t k = 0; k < cols.size(); ++k) {
      std::string from;
      std::string to;
      append_name(from, static_cast<Local>(row - graph.first_row()) + graph.owned_begin());
      append_name(to, cols[k]);
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
