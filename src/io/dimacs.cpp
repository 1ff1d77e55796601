// DIMACS files: comments "c ...", a problem line, and vertices numbered from 1.
//
//   .gr   "p sp vertices arcs", then "a from to length" per arc of a shortest path problem. Many real files have no
//         problem line; then vertices are those that occur, as in an edge list.
//   .col  "p edge vertices edges" or "p col ...", then "e one other" per edge of a graph to be coloured; "n ..." tells
//         of a vertex and is left out. Real files have every edge once or both ways, and promise either number.
//
// Formats: 9th DIMACS Implementation Challenge, 2006; 2nd, 1993: Clique and coloring problems, graph format.
#include <cmath>
#include <cstring>

#include "core/index.hpp"
#include "filigree/core/invalid_arc.hpp"
#include "filigree/io/text_writer.hpp"
#include "io/fields.hpp"
#include "io/formats.hpp"
#include "io/numbering.hpp"
#include "io/print.hpp"
#include "io/text_file.hpp"

namespace filigree::io {
namespace {

enum class Kind { shortest_paths, colouring };

/// The problem line, if the file has one.
struct Header {
  Kind kind = Kind::shortest_paths;
  bool given = false;
  Global num_vertices = 0;
  Offset num_arcs = 0;
  Offset data_begin = 0;
};

bool is_comment_or_blank(std::string_view line, Kind kind) {
  const std::string_view first = next_field(line);
  return first.empty() || first == "c" || (kind == Kind::colouring && first == "n");
}

/// The first line that is no comment. Returns what is wrong with it, or an empty text.
std::string parse_problem(std::string_view line, Header& header) {
  const bool paths = header.kind == Kind::shortest_paths;
  if (next_field(line) != "p")
    return paths ? "" : "expected a problem line, p edge and the numbers of vertices and edges";
  header.given = true;
  const std::string_view problem = next_field(line);
  if (paths && problem != "sp") return text("problem ", quoted(problem), ", expected sp, shortest paths");
  if (!paths && problem != "edge" && problem != "col")
    return text("problem ", quoted(problem), ", expected edge or col");
  for (Global* count : {&header.num_vertices, &header.num_arcs}) {
    const std::string_view field = next_field(line);
    if (!parse_whole(field, *count) || *count < 0 || field.size() > most_digits)
      return text("expected the numbers of vertices and arcs behind p ", problem, "; found ", quoted(field));
  }
  if (!without_blanks(line).empty())
    return text("expected only the numbers of vertices and arcs; found ", quoted(without_blanks(line)));
  return {};
}

/// Collective: rank 0 reads it for all.
Header read_header(const Comm& comm, const TextFile& file, Kind kind) {
  Header header{.kind = kind};
  comm.guard([&] {
    if (!comm.is_root()) return;
    file.for_each_line(file.all(), [&](std::string_view line, Offset at) {
      if (is_comment_or_blank(line, kind)) return true;
      const std::string fault = parse_problem(line, header);
      if (!fault.empty()) file.fail(at, fault);
      header.data_begin = at + std::ssize(line) + 1;
      return false;
    });
    if (kind == Kind::colouring && !header.given) file.fail(0, "expected a problem line, p edge; there is none");
  });
  return comm.broadcast(header);
}

struct Arc {
  Global from = 0;
  Global to = 0;
  double length = 1;  ///< of an edge as well
};

/// The fast way through a well-formed arc. Returns the begin of the next line, or null when anything is unusual.
const char* parse_arc(const char* p, const char* end, Kind kind, Arc& arc) {
  const auto skip_blanks = [&] {
    const char* const begin = p;
    while (is_blank(*p)) ++p;
    return p > begin;
  };
  if (*p++ != (kind == Kind::colouring ? 'e' : 'a') || !skip_blanks()) return nullptr;
  if ((p = parse_digits(p, arc.from)) == nullptr || !skip_blanks()) return nullptr;
  if ((p = parse_digits(p, arc.to)) == nullptr) return nullptr;
  if (kind == Kind::shortest_paths) {
    if (!skip_blanks()) return nullptr;
    const auto [stop, error] = std::from_chars(p, end, arc.length);
    if (error != std::errc{} || std::abs(arc.length) >= 0x1p53) return nullptr;
    p = stop;
  }
  skip_blanks();
  return *p == '\n' ? p + 1 : nullptr;
}

/// The thorough way; returns what is wrong with a line that is no comment, or an empty text.
std::string parse_thoroughly(std::string_view line, const Header& header, Arc& arc) {
  const std::string_view kind = next_field(line);
  if (kind == "p") return header.given ? "a second problem line" : "the problem line stands behind an arc";
  const bool paths = header.kind == Kind::shortest_paths;
  if (kind != (paths ? "a" : "e"))
    return text("a line of kind ", quoted(kind), ", expected ", paths ? "a, c or p" : "e, n, c or p");
  const char* const expected = paths ? "expected two vertices and a length" : "expected two vertices";
  for (Global* vertex : {&arc.from, &arc.to}) {
    const std::string_view field = next_field(line);
    if (field.empty()) return expected;
    if (!parse_whole(field, *vertex)) return quoted(field) + " is not a vertex number, a whole number below 2^63";
  }
  const std::string_view field = paths ? next_field(line) : "";
  if (paths && field.empty()) return expected;
  if (paths && !parse_whole(field, arc.length))
    return text("length ", quoted(field), " is not a number that a double can hold");
  if (paths && is_rounded(field, arc.length)) return text("length ", quoted(field), only_rounded);
  if (!without_blanks(line).empty())
    return text("unexpected ", quoted(without_blanks(line)), " behind the ", paths ? "arc" : "edge");
  return {};
}

/// What is wrong with an arc that could be read.
std::string check(const Header& header, const Arc& arc) {
  for (Global vertex : {arc.from, arc.to}) {
    if (header.given && (vertex < 1 || vertex > header.num_vertices))
      return text("vertex ", vertex, " must be in [1, ", header.num_vertices, "]");
    if (vertex < 1) return text("vertex ", vertex, " must be at least 1");
  }
  if (!std::isfinite(arc.length)) return text("length ", arc.length, " must be finite");
  return {};
}

Entries<double> read_part(const TextFile& file, TextFile::Range range, const Progress& progress, const Header& header) {
  Entries<double> entries;
  file.for_lines(range, progress, [&](const TextFile::Chunk& chunk) {
    const char* p = chunk.lines.data();
    const char* const end = p + chunk.lines.size();
    while (p < end) {
      const char* const begin = p;
      Arc arc;
      std::string fault;
      p = parse_arc(begin, end, header.kind, arc);
      if (p == nullptr) {
        p = static_cast<const char*>(std::memchr(begin, '\n', z(end - begin))) + 1;
        const std::string_view line(begin, z(p - 1 - begin));
        if (is_comment_or_blank(line, header.kind)) continue;
        fault = parse_thoroughly(line, header, arc);
      }
      if (fault.empty()) fault = check(header, arc);
      if (!fault.empty()) file.fail(chunk.at + (begin - chunk.lines.data()), fault);
      entries.row.push_back(arc.from - 1);
      entries.col.push_back(arc.to - 1);
      if (header.kind == Kind::shortest_paths) entries.val.push_back(arc.length);
    }
    if (chunk.first) reserve(entries, chunk);
    return true;
  });
  return entries;
}

}  // namespace

GraphFile read_dimacs(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const TextFile file(comm, path, options.trust);
  const Header header = read_header(comm, file, Kind::shortest_paths);
  TextFile::Range range{};
  Entries<double> entries = comm.guard([&] {
    range = header.given ? file.share(comm, header.data_begin) : file.share(comm);
    return read_part(file, range, options.progress, header);
  });
  if (!header.given) return number_ids(comm, path, {std::move(entries)}, options);
  check_count(comm, file, range, static_cast<Offset>(entries.size()), header.num_arcs, {"arc", "arcs"},
              [](std::string_view line) { return !is_comment_or_blank(line, Kind::shortest_paths); });
  return assemble(comm, path, header.num_vertices, header.num_vertices, std::move(entries), options);
}

GraphFile read_dimacs_col(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const TextFile file(comm, path, options.trust);
  const Header header = read_header(comm, file, Kind::colouring);
  TextFile::Range range{};
  Entries<double> entries = comm.guard([&] {
    range = file.share(comm, header.data_begin);
    return read_part(file, range, options.progress, header);
  });
  const auto mine = static_cast<Offset>(entries.size());
  const bool counts_ends = 2 * comm.sum(mine) == header.num_arcs;
  check_count(comm, file, range, mine, counts_ends ? header.num_arcs / 2 : header.num_arcs, {"edge", "edges"},
              [](std::string_view line) { return !is_comment_or_blank(line, Kind::colouring); });
  // An edge that stands both ways is one edge; --duplicates error refuses one that stands twice the same way.
  if (options.policy.duplicates == Duplicates::error) {
    ReadOptions one_way = options;
    one_way.undirected = false;
    assemble(comm, path, header.num_vertices, header.num_vertices, entries, one_way);
  }
  ReadOptions both_ways = options;
  both_ways.undirected = true;
  both_ways.policy.duplicates = Duplicates::first;
  return assemble(comm, path, header.num_vertices, header.num_vertices, std::move(entries), both_ways);
}

void write_dimacs(const Graph& graph, const std::string& path) {
  require(graph.num_rows() == graph.num_cols(), path, ": DIMACS files hold square matrices only; this one has ",
          graph.num_rows(), " rows and ", graph.num_cols(), " columns");
  TextWriter file(graph.comm(), path);
  const Offset num_arcs = graph.num_nonzeros();
  file.write(graph.comm().is_root() ? text("p sp ", graph.num_rows(), ' ', num_arcs, '\n') : std::string());
  write_rows(graph, file, [&](std::string& out, Global row, std::span<const Local> cols, std::span<const double> vals) {
    for (std::size_t k = 0; k < cols.size(); ++k) {
      const Global col = graph.global_col(cols[k]);
      const double length = vals.empty() ? 1 : vals[k];
      if (!std::isfinite(length))
        throw InvalidArc(path + ": lengths in DIMACS files are finite; arc ", row, col, text(" has ", length));
      out += "a ";
      append(out, row + 1);
      out += ' ';
      append(out, col + 1);
      out += ' ';
      append(out, length);
      out += '\n';
    }
  });
  file.commit();
}

}  // namespace filigree::io
