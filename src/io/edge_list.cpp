// Edge lists: a line per edge, two vertices and perhaps a weight.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <optional>

#include "core/index.hpp"
#include "filigree/io/text_writer.hpp"
#include "io/fields.hpp"
#include "io/formats.hpp"
#include "io/interner.hpp"
#include "io/numbering.hpp"
#include "io/print.hpp"
#include "io/text_file.hpp"

namespace filigree::io {
namespace {

// -- One line --------------------------------------------------------------------------------------------------------

/// How the lines of a file are written.
struct Dialect {
  bool names;             ///< vertices are texts, not whole numbers
  std::string_view ends;  ///< characters that end a field
  bool quotes;            ///< a field may stand between double quotes, which are doubled in it (RFC 4180)
  Offset heading = -1;    ///< where a line begins that heads the columns and would read as an edge; -1 if none does
};
constexpr Dialect numbers{false, " \t\r,;", true};
/// Names may hold blanks where something else separates them: the first of these that occurs in the first edge.
constexpr Dialect name_dialects[] = {{true, "\t", false}, {true, ",", true}, {true, ";", true}, {true, " \t\r", false}};

template <class Key>
struct Edge {
  Key from{};
  Key to{};
  double weight = 1;
  bool more = false;  ///< something stands behind it
};

/// Why a line is no edge. A text out of shape may be a header; a number out of range never is.
struct Fault {
  std::string what;
  bool maybe_header = true;
};

bool is_comment_or_blank(std::string_view line) {
  line = without_blanks(line);
  return line.empty() || line.front() == '#' || line.front() == '%' || line.starts_with("//");
}

/// The first three fields of a line; those it lacks are empty.
struct Fields {
  std::string_view field[3];
  std::string rewritten[3];  ///< what a field views that had quotes in it
  bool more = false;         ///< something stands behind the third
  bool broken_quotes = false;
};

/// Takes what stands between quotes from the front of a line, which begins with one. Returns false unless it ends well.
bool take_quoted(std::string_view& line, Dialect dialect, std::string& content) {
  content.clear();
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] != '"') {
      content += line[i];
    } else if (i + 1 < line.size() && line[i + 1] == '"') {
      content += line[i++];
    } else {
      line = without_blanks(line.substr(i + 1));
      return line.empty() || dialect.ends.find(line.front()) != std::string_view::npos || is_blank(line.front());
    }
  }
  return false;
}

void split(std::string_view line, Dialect dialect, Fields& fields) {
  const bool at_blanks = dialect.ends.find(' ') != std::string_view::npos;
  const auto skip_blanks = [&] {
    while ((at_blanks || dialect.quotes) && !line.empty() && is_blank(line.front())) line.remove_prefix(1);
  };
  for (int i = 0; i < 3; ++i) {
    skip_blanks();
    if (dialect.quotes && line.starts_with('"')) {
      if (!take_quoted(line, dialect, fields.rewritten[i])) {
        fields.broken_quotes = true;
        return;
      }
      fields.field[i] = fields.rewritten[i];
    } else {
      const std::size_t end = std::min(line.size(), line.find_first_of(dialect.ends));
      fields.field[i] = without_blanks(line.substr(0, end));
      line.remove_prefix(end);
    }
    // Blanks and one comma are one separator; between two commas lies an empty field.
    skip_blanks();
    if (!line.empty() && dialect.ends.find(line.front()) != std::string_view::npos) line.remove_prefix(1);
  }
  fields.more = !without_blanks(line).empty();
}

/// The fast way through a well-formed line of numbers, which ends in a newline. Returns the begin of the next line, or
/// null when anything is unusual.
template <bool weighted>
const char* parse_numbers(const char* p, const char* end, Edge<Global>& edge) {
  const auto skip_separator = [&] {
    const char* const begin = p;
    while (is_blank(*p)) ++p;
    if (*p == ',' || *p == ';') ++p;
    while (is_blank(*p)) ++p;
    return p > begin;
  };
  while (is_blank(*p)) ++p;
  if ((p = parse_digits(p, edge.from)) == nullptr || !skip_separator()) return nullptr;
  if ((p = parse_digits(p, edge.to)) == nullptr) return nullptr;
  if (weighted) {
    if (!skip_separator()) return nullptr;
    const auto [stop, error] = std::from_chars(p, end, edge.weight);
    if (error != std::errc{} || !std::isfinite(edge.weight)) return nullptr;
    p = stop;
  }
  if (*p == '\n') return p + 1;
  if (!skip_separator()) return nullptr;
  edge.more = *p != '\n';
  return static_cast<const char*>(std::memchr(p, '\n', z(end - p))) + 1;
}

std::optional<Fault> parse_vertices(std::string_view from, std::string_view to, Edge<Global>& edge) {
  for (std::string_view field : {from, to}) {
    if (!is_number(field))
      return Fault{quoted(field) + " is not a vertex id, a whole number (ids read as names may be any text)"};
  }
  for (auto [field, id] : {std::pair{from, &edge.from}, std::pair{to, &edge.to}}) {
    if (!parse_whole(field, *id) || *id < 0 || field.size() > most_digits) {
      return Fault{text("vertex id ", field, " is not a whole number in [0, 10^", most_digits, ")"), false};
    }
  }
  return std::nullopt;
}

std::optional<Fault> parse_vertices(std::string_view from, std::string_view to, Edge<std::string_view>& edge) {
  for (std::string_view field : {from, to}) {
    if (has_control_character(field)) return Fault{text("a control character in the name ", quoted(field)), false};
  }
  edge.from = from;
  edge.to = to;
  return std::nullopt;
}

/// The thorough way through any line that is not a comment: an edge, which may view `fields`, or what is wrong with it.
template <bool weighted, class Key>
std::optional<Fault> parse_thoroughly(std::string_view line, Dialect dialect, bool finite, Fields& fields,
                                      Edge<Key>& edge) {
  fields = {};
  split(line, dialect, fields);
  if (fields.broken_quotes) return Fault{"a field that begins with a quotation mark must end with one"};
  const auto& [from, to, weight] = fields.field;
  if (from.empty() || to.empty()) return Fault{"expected two vertices"};
  if (auto fault = parse_vertices(from, to, edge)) return fault;
  edge.more = weighted ? fields.more : !weight.empty();
  if (!weighted) return std::nullopt;
  if (weight.empty()) return Fault{"expected two vertices and a weight"};
  if (parse_whole(weight, edge.weight) && (!finite || std::isfinite(edge.weight))) return std::nullopt;
  double any = 0;
  const bool number = is_number(weight) || parse_whole(weight, any);
  return number ? Fault{text("weight ", weight, " is not a ", finite ? "finite " : "", "number that a double can hold"),
                        false}
                : Fault{text("weight ", quoted(weight), " is not a number")};
}

// -- One rank's lines ------------------------------------------------------------------------------------------------

/// What a rank found in its part of the file.
struct Part {
  Entries<double> entries;
  bool more = false;   ///< columns that are not read
  Offset headers = 0;  ///< lines before the first edge that may be headers
  Offset first_header = 0;
  std::string first_header_text;
  std::string first_header_fault;
  Offset fault_at = -1;  ///< the line that ended the reading, -1 if none did
  std::string fault;
};

/// Reads edges; number(key) gives what an entry holds for a vertex.
template <bool weighted, class Key, class Number>
Part read_part(const TextFile& file, TextFile::Range range, const ReadOptions& options, Dialect dialect,
               Number number) {
  Part part;
  Fields fields;
  file.for_lines(range, options.progress, [&](const TextFile::Chunk& chunk) {
    const char* p = chunk.lines.data();
    const char* const end = p + chunk.lines.size();
    while (p < end) {
      const char* const begin = p;
      Edge<Key> edge;
      if constexpr (std::is_same_v<Key, Global>) p = parse_numbers<weighted>(begin, end, edge);
      if (std::is_same_v<Key, std::string_view> || p == nullptr) {
        p = static_cast<const char*>(std::memchr(begin, '\n', z(end - begin))) + 1;
        const std::string_view line(begin, z(p - 1 - begin));
        if (is_comment_or_blank(line)) continue;
        const Offset at = chunk.at + (begin - chunk.lines.data());
        std::optional<Fault> fault = parse_thoroughly<weighted>(line, dialect, options.finite, fields, edge);
        if (at == dialect.heading) fault = Fault{"the heading of columns"};
        if (fault) {
          if (!fault->maybe_header || part.entries.size() > 0) {
            part.fault_at = at;
            part.fault = std::move(fault->what);
            return false;
          }
          if (part.headers++ == 0) {
            part.first_header = at;
            part.first_header_text = quoted(line);
            part.first_header_fault = std::move(fault->what);
          }
          continue;
        }
      }
      part.more |= edge.more;
      part.entries.row.push_back(number(edge.from));
      part.entries.col.push_back(number(edge.to));
      if (weighted) part.entries.val.push_back(edge.weight);
    }
    if (chunk.first) reserve(part.entries, chunk);
    return true;
  });
  return part;
}

template <class Key, class Number>
Part read_part(const TextFile& file, TextFile::Range range, const ReadOptions& options, Dialect dialect,
               Number number) {
  return options.weights ? read_part<true, Key>(file, range, options, dialect, number)
                         : read_part<false, Key>(file, range, options, dialect, number);
}

// -- The whole file --------------------------------------------------------------------------------------------------

/// Whether two names head columns in files that people make, as "Source,Target".
bool is_heading(std::string_view from, std::string_view to) {
  constexpr std::pair<std::string_view, std::string_view> headings[] = {
      {"source", "target"}, {"from", "to"},       {"src", "dst"},   {"tail", "head"},           {"u", "v"},
      {"node1", "node2"},   {"node_1", "node_2"}, {"id_1", "id_2"}, {"fromnodeid", "tonodeid"}, {"start", "end"}};
  return std::any_of(std::begin(headings), std::end(headings), [&](const auto& heading) {
    return lower_case(from) == heading.first && lower_case(to) == heading.second;
  });
}

/// Names if asked for, or if the first megabyte has edges but none of numbers, or more edges of names before those of
/// numbers than a header may have. Throws if they were to be kept as vertex numbers. Collective.
Dialect dialect_of(const Comm& comm, const TextFile& file, Ids ids) {
  constexpr int most_header_edges = 3;  // lines of a header that look like an edge of names
  std::size_t found = 0;                // 0: numbers, else a dialect of names
  Offset found_at = 0;
  Offset heading = -1;
  comm.guard([&] {
    if (!comm.is_root()) return;
    file.for_lines(file.all(), {}, [&](const TextFile::Chunk& chunk) {
      std::string_view lines = chunk.lines;
      int edges_of_names = 0;
      while (!lines.empty() && edges_of_names <= most_header_edges) {
        const std::size_t end = lines.find('\n');
        const std::string_view line = lines.substr(0, end);
        const Offset at = chunk.at + (lines.data() - chunk.lines.data());
        lines.remove_prefix(end + 1);
        if (is_comment_or_blank(line)) continue;
        Fields fields;
        split(line, numbers, fields);
        if (ids != Ids::names && is_number(fields.field[0]) && is_number(fields.field[1])) {
          found = 0;
          heading = -1;
          break;
        }
        if (found > 0) {
          fields = {};
          split(line, name_dialects[found - 1], fields);
          const auto& [from, to, third] = fields.field;
          if (!from.empty() && !to.empty() && (third.empty() || is_number(third))) ++edges_of_names;
        }
        for (std::size_t d = 0; d < std::size(name_dialects) && found == 0; ++d) {
          fields = {};
          split(line, name_dialects[d], fields);
          if (fields.field[1].empty()) continue;
          found = d + 1;
          found_at = at;
          if (is_heading(fields.field[0], fields.field[1])) heading = at;
        }
      }
      return false;
    });
    if (found > 0 && ids == Ids::keep)
      file.fail(found_at, "vertices have names; only whole numbers can be kept as vertex numbers");
  });
  found = comm.broadcast(found);
  if (found == 0) return ids == Ids::names ? name_dialects[0] : numbers;
  Dialect dialect = name_dialects[found - 1];
  dialect.heading = comm.broadcast(heading);
  return dialect;
}

/// Throws for the first line of the file that is neither edge nor header. Only now it is known which lines come before
/// the first edge. Collective.
void check_lines(const Comm& comm, const TextFile& file, const Part& part) {
  const int nobody = comm.size();
  const int first_with_edge = comm.min(part.entries.size() > 0 ? comm.rank() : nobody);
  const int first_fault = comm.min(part.fault_at >= 0 ? comm.rank() : nobody);
  comm.guard([&] {
    // Without any edge there is nothing that a header could be before.
    const bool no_headers = comm.rank() > first_with_edge || (first_with_edge == nobody && first_fault == nobody);
    if (no_headers && part.headers > 0) file.fail(part.first_header, part.first_header_fault);
    if (part.fault_at >= 0) file.fail(part.fault_at, part.fault);
  });
}

/// What was in the file and is not in the graph. Collective.
void report_rest(const Comm& comm, const Part& part, bool weights, ReadReport& report) {
  report.header_lines = comm.sum(part.headers);
  if (report.header_lines > 0) {
    const int first = comm.min(part.headers > 0 ? comm.rank() : comm.size());
    report.remarks.push_back(text("passed over ", report.header_lines, " header line",
                                  report.header_lines > 1 ? "s" : "",
                                  " before the first edge: ", comm.broadcast(part.first_header_text, first),
                                  report.header_lines > 1 ? ", ..." : ""));
  }
  if (comm.max(static_cast<int>(part.more)) != 0) {
    report.remarks.push_back(weights ? "passed over what follows the third column"
                                     : "passed over what follows the second column; it is no weight unless you say so");
  }
}

/// Whether a name would not come back from between commas.
bool needs_quotes(std::string_view name) {
  return is_comment_or_blank(name) || name != without_blanks(name) ||
         name.find_first_of(",\"") != std::string_view::npos;
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

GraphFile read_edge_list(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const TextFile file(comm, path, options.trust);
  const Dialect dialect = dialect_of(comm, file, options.ids);
  Interner<Strings> names;
  Part part = comm.guard([&] {
    const TextFile::Range range = file.share(comm);
    if (dialect.names) return read_part<std::string_view>(file, range, options, dialect, std::ref(names));
    return read_part<Global>(file, range, options, dialect, [](Global id) { return id; });
  });
  check_lines(comm, file, part);
  ReadReport report;
  report_rest(comm, part, options.weights, report);
  GraphFile result = dialect.names ? number_names(comm, path, std::move(part.entries), names.keys(), options)
                                   : number_ids(comm, path, std::move(part.entries), options);
  result.report.header_lines = report.header_lines;
  result.report.remarks = std::move(report.remarks);
  return result;
}

std::string find_edge(const Comm& comm, const std::string& path, const ReadOptions& options, const std::string& from,
                      const std::string& to) {
  const TextFile file(comm, path, options.trust);
  const Dialect dialect = dialect_of(comm, file, options.ids);
  const Offset nowhere = std::numeric_limits<Offset>::max();
  Offset found = nowhere;
  comm.guard([&] {
    Fields fields;
    file.for_each_line(file.share(comm), [&](std::string_view line, Offset at) {
      if (is_comment_or_blank(line) || at == dialect.heading) return true;
      const auto is_it = [&](const auto& edge) { return text(edge.from) == from && text(edge.to) == to; };
      Edge<Global> ids;
      Edge<std::string_view> names;
      const bool here = dialect.names ? !parse_thoroughly<false>(line, dialect, false, fields, names) && is_it(names)
                                      : !parse_thoroughly<false>(line, dialect, false, fields, ids) && is_it(ids);
      if (here) found = at;
      return !here;
    });
  });
  found = comm.min(found);
  std::string place;
  comm.guard([&] {
    if (comm.is_root() && found != nowhere) place = text(path, ":", file.line_of(found));
  });
  return comm.broadcast(place);
}

void write_edge_list(const Graph& graph, const VertexNames& names, const std::string& path) {
  const Comm& comm = graph.comm;
  require(graph.num_rows() == graph.num_cols(), path, ": edge lists hold square matrices only; this one has ",
          graph.num_rows(), " rows and ", graph.num_cols(), " columns");
  const bool commas = lower_case(without_packing(path)).ends_with(".csv");
  const bool has_values = graph.has_values() || has_weights_by_extension(path);
  const std::vector<std::string> ghost_names = names.fetch(comm, graph.ghosts);
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
    require(name == without_blanks(name), path, ": the name ", quoted(name),
            " would lose its blanks between tabs; a .csv file keeps them");
    out += name;
  };
  const char separator = commas ? ',' : '\t';
  const bool any = graph.local.num_nonzeros() > 0;
  bool first_line = comm.min(any ? comm.rank() : comm.size()) == comm.rank();
  write_rows(graph, file, [&](std::string& out, Global row, std::span<const Local> cols, std::span<const double> vals) {
    for (std::size_t k = 0; k < cols.size(); ++k) {
      std::string from;
      std::string to;
      append_name(from, static_cast<Local>(row - graph.first_row()) + graph.owned_begin());
      append_name(to, cols[k]);
      // An edge that reads as a heading is none below one.
      if (std::exchange(first_line, false) && is_heading(from, to)) out += from + separator + to + '\n';
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
