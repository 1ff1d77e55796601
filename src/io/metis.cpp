// METIS graph files: a header "vertices edges [fmt [weights per vertex]]", then a line per vertex with its neighbours,
// numbered from 1; every edge stands at both of its ends, none is a loop. Lines that begin with % are comments.
// Format: Karypis, METIS 5 manual, section 4.1.
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "core/index.hpp"
#include "filigree/core/invalid_arc.hpp"
#include "filigree/io/text_writer.hpp"
#include "filigree/matrix/symmetry.hpp"
#include "io/fields.hpp"
#include "io/formats.hpp"
#include "io/print.hpp"
#include "io/text_file.hpp"

namespace filigree::io {
namespace {

bool is_comment(std::string_view line) {
  line = without_blanks(line);
  return !line.empty() && line.front() == '%';
}
bool is_row(std::string_view line) { return !is_comment(line); }

struct Header {
  Global num_vertices = 0;
  Offset num_edges = 0;
  Offset numbers_before_edges = 0;  ///< size and weights of the vertex, which are read over
  bool edge_weights = false;
  Offset data_begin = 0;
};

/// Returns what is wrong with the first line, or an empty text.
std::string parse_header(std::string_view line, Header& header) {
  for (Global* count : {&header.num_vertices, &header.num_edges}) {
    const std::string_view field = next_field(line);
    if (!parse_whole(field, *count) || *count < 0 || field.size() > most_digits) {
      return text("expected the numbers of vertices and edges; found ", quoted(field));
    }
  }
  // fmt: three digits, 0 or 1, for vertex sizes, vertex weights, edge weights; zeros in front may be left out.
  const std::string_view format = next_field(line);
  const std::string digits = std::string(3 - std::min<std::size_t>(3, format.size()), '0') + std::string(format);
  if (digits.size() != 3 || digits.find_first_not_of("01") != std::string::npos) {
    return text("fmt ", quoted(format), " must be up to three digits, each 0 or 1");
  }
  Offset weights = digits[1] == '1' ? 1 : 0;
  const std::string_view num_weights = next_field(line);
  if (!num_weights.empty()) {
    Offset given = 0;
    if (!parse_whole(num_weights, given) || given < 0 || given > 1000000) {
      return text("weights per vertex ", quoted(num_weights), " must be a whole number in [0, 1000000]");
    }
    if (digits[1] == '1') weights = given;
  }
  if (!without_blanks(line).empty()) return text("unexpected ", quoted(without_blanks(line)), " behind the header");
  header.numbers_before_edges = (digits[0] == '1' ? 1 : 0) + weights;
  header.edge_weights = digits[2] == '1';
  return {};
}

/// Collective: rank 0 reads it for all.
Header read_header(const Comm& comm, const TextFile& file) {
  Header header;
  comm.guard([&] {
    if (!comm.is_root()) return;
    file.for_each_line(file.all(), [&](std::string_view line, Offset at) {
      if (is_comment(line)) return true;
      const std::string fault = parse_header(line, header);
      if (!fault.empty()) file.fail(at, fault);
      header.data_begin = at + std::ssize(line) + 1;
      return false;
    });
    if (header.data_begin == 0) file.fail(0, "expected a header with the numbers of vertices and edges; there is none");
  });
  return comm.broadcast(header);
}

/// What a rank found in its lines; rows count from its first.
struct Part {
  Entries<double> entries;
  Global num_rows = 0;
  Global last_filled = -1;                                  ///< the last row that is no blank line
  Global first_blank = std::numeric_limits<Global>::max();  ///< the first that is
};

/// The numbers of a line, which ends in a newline. Failures throw a text for TextFile::fail.
class Numbers {
 public:
  Numbers(const char* begin, const char* end) : p_(begin), end_(end) {}

  bool more() {
    while (is_blank(*p_)) ++p_;
    return *p_ != '\n';
  }
  const char* position() const { return p_; }

  Global neighbour(Global num_vertices) {
    Global value = 0;
    const char* const stop = parse_digits(p_, value);
    if (!is_end(stop) || value < 1 || value > num_vertices) {
      throw Error(text("neighbour ", shown(), " must be a whole number in [1, ", num_vertices, "]"));
    }
    p_ = stop;
    return value;
  }
  double weight() {
    double value = 0;
    const auto [stop, error] = std::from_chars(p_, end_, value);
    const bool fits = error == std::errc{} || parse_whole(std::string_view(p_, z(stop - p_)), value);
    if (!fits || !is_end(stop) || !std::isfinite(value)) {
      throw Error(text("weight ", shown(), " is not a finite number that a double can hold"));
    }
    if (is_rounded(std::string_view(p_, z(stop - p_)), value)) throw Error(text("weight ", shown(), only_rounded));
    p_ = stop;
    return value;
  }

 private:
  static bool is_end(const char* p) { return p != nullptr && (is_blank(*p) || *p == '\n'); }
  std::string shown() const {
    const char* stop = p_;
    while (!is_end(stop)) ++stop;
    return quoted(std::string_view(p_, z(stop - p_)));
  }

  const char* p_;
  const char* end_;
};

/// Reads one vertex.
void read_row(Numbers& line, const Header& header, Part& part) {
  if (line.more())
    part.last_filled = part.num_rows;
  else
    part.first_blank = std::min(part.first_blank, part.num_rows);
  for (Offset k = 0; k < header.numbers_before_edges && part.last_filled == part.num_rows; ++k) {
    if (!line.more()) {
      throw Error(text("expected ", header.numbers_before_edges,
                       " numbers before the neighbours, the size or weights of the vertex; found ", k));
    }
    line.weight();
  }
  while (line.more()) {
    const Global neighbour = line.neighbour(header.num_vertices);
    part.entries.row.push_back(part.num_rows);
    part.entries.col.push_back(neighbour - 1);
    if (!header.edge_weights) continue;
    if (!line.more()) throw Error(text("no weight behind neighbour ", neighbour));
    part.entries.val.push_back(line.weight());
  }
  ++part.num_rows;
}

Part read_part(const TextFile& file, TextFile::Range range, const Progress& progress, const Header& header) {
  Part part;
  file.for_lines(range, progress, [&](const TextFile::Chunk& chunk) {
    const char* p = chunk.lines.data();
    const char* const end = p + chunk.lines.size();
    while (p < end) {
      Numbers line(p, end);
      if (line.more() && *line.position() == '%') {
        p = static_cast<const char*>(std::memchr(p, '\n', z(end - p))) + 1;
        continue;
      }
      try {
        read_row(line, header, part);
      } catch (const Error& fault) {
        file.fail(chunk.at + (p - chunk.lines.data()), fault.what());
      }
      p = line.position() + 1;
    }
    if (chunk.first) reserve(part.entries, chunk);
    return true;
  });
  return part;
}

}  // namespace

GraphFile read_metis(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const TextFile file(comm, path, options.trust);
  const Header header = read_header(comm, file);
  TextFile::Range range{};
  Part part = comm.guard([&] {
    range = file.share(comm, header.data_begin);
    return read_part(file, range, options.progress, header);
  });

  // Lines get the numbers of their vertices, and the promises of the header are checked.
  const Global first = comm.exclusive_sum(part.num_rows);
  const Global num_rows = comm.sum(part.num_rows);
  const Offset num_arcs = comm.sum(static_cast<Offset>(part.entries.size()));
  const Global n = header.num_vertices;
  const bool too_many = comm.max(part.last_filled < 0 ? -1 : first + part.last_filled) >= n;
  const auto fail_at = [&](Global vertex, const std::string& what) {
    file.fail(file.find_line(range, vertex - first, is_row), what);
  };
  comm.guard([&] {
    if (header.numbers_before_edges > 0 && part.first_blank < n - first) {
      fail_at(first + part.first_blank, text("vertex ", first + part.first_blank + 1, " has no size or weights"));
    }
  });
  comm.guard([&] {
    // Only blank lines behind the last vertex do no harm.
    if (too_many && first <= n && n < first + part.num_rows)
      fail_at(n, text("one vertex more than the ", n, " promised above"));
  });
  comm.guard([&] {
    for (std::size_t k = 0; k < part.entries.size(); ++k) {
      part.entries.row[k] += first;
      if (part.entries.row[k] == part.entries.col[k]) {
        fail_at(part.entries.row[k], text("vertex ", part.entries.row[k] + 1, " is its own neighbour"));
      }
    }
  });
  comm.guard([&] {
    if (num_rows < n) file.fail_at_end(text("ends after ", num_rows, " of ", n, " vertices"));
    if (num_arcs != 2 * header.num_edges) {
      file.fail(header.data_begin - 1,
                text("promises ", header.num_edges, " edges, each at both ends; the lines below hold ", num_arcs,
                     " ends instead of ", 2 * header.num_edges));
    }
  });
  ReadOptions rest = options;
  rest.undirected = false;  // it is already
  GraphFile result = assemble(comm, path, n, n, std::move(part.entries), rest);
  const std::optional<Arc> alone = asymmetric_arc(result.graph);
  comm.guard([&] {
    if (alone && first <= alone->from && alone->from < first + part.num_rows) {
      fail_at(alone->from, text("vertex ", alone->to + 1, " is a neighbour of vertex ", alone->from + 1,
                                ", but not the other way round with the same weight"));
    }
  });
  if (header.numbers_before_edges > 0) result.report.remarks = {"passed over the sizes and weights of vertices"};
  return result;
}

void write_metis(const Graph& graph, const std::string& path) {
  const Comm& comm = graph.comm();
  require(graph.num_rows() == graph.num_cols(), path, ": METIS files hold square matrices only; this one has ",
          graph.num_rows(), " rows and ", graph.num_cols(), " columns");
  const bool has_values = graph.has_values();
  comm.guard([&] {
    const CsrView<double> local = graph.local().view();
    for (Local row = 0; row < local.num_rows(); ++row) {
      const Global from = graph.first_row() + row;
      for (std::size_t k = 0; k < local.cols(row).size(); ++k) {
        const Global to = graph.global_col(local.cols(row)[k]);
        if (from == to) throw InvalidArc(path + ": METIS files hold no loops; vertex ", from, " has one");
        const double weight = local.has_values() ? local.vals(row)[k] : 1;
        if (!(weight > 0 && weight <= 0x1p53 && std::trunc(weight) == weight))
          throw InvalidArc(path + ": METIS weights are whole numbers above 0; arc ", from, to, text(" has ", weight));
      }
    }
  });
  if (const std::optional<Arc> alone = asymmetric_arc(graph)) {
    throw InvalidArc(path + ": METIS files hold undirected graphs; arc ", alone->from, alone->to,
                     " has no reverse of the same weight");
  }
  TextWriter file(comm, path);
  const Offset num_edges = graph.num_nonzeros() / 2;
  file.write(!comm.is_root() ? std::string() : text(graph.num_rows(), ' ', num_edges, has_values ? " 001\n" : "\n"));
  write_rows(graph, file, [&](std::string& out, Global, std::span<const Local> cols, std::span<const double> vals) {
    for (std::size_t k = 0; k < cols.size(); ++k) {
      if (k > 0) out += ' ';
      append(out, graph.global_col(cols[k]) + 1);
      if (has_values) {
        out += ' ';
        append(out, static_cast<Offset>(vals[k]));
      }
    }
    out += '\n';
  });
  file.commit();
}

}  // namespace filigree::io
