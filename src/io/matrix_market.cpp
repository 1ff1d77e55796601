// MatrixMarket files: a banner, comments, then either (coordinate) "rows columns entries" and a line "row column value"
// per entry, numbered from 1; or (array) "rows columns" and a line "value" per element, column by column.
// Format: Boisvert, Pozo, Remington, The Matrix Market exchange formats, NISTIR 5935, 1996.
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "core/index.hpp"
#include "filigree/io/text_writer.hpp"
#include "io/fields.hpp"
#include "io/formats.hpp"
#include "io/print.hpp"
#include "io/text_file.hpp"

namespace filigree::io {
namespace {

enum class Layout { coordinate, array };
enum class Field { real, integer, unsigned_integer, pattern };
enum class Symmetry { general, symmetric, skew_symmetric };

struct Header {
  Layout layout = Layout::coordinate;
  Field field = Field::real;
  Symmetry symmetry = Symmetry::general;
  Global num_rows = 0;
  Global num_cols = 0;
  Offset num_entries = 0;  ///< that the file holds: of symmetric matrices one triangle
  Offset data_begin = 0;
};

bool is_comment_or_blank(std::string_view line) {
  line = without_blanks(line);
  return line.empty() || line.front() == '%';
}

/// The first line. Returns what is wrong with it, or an empty text.
std::string parse_banner(std::string_view line, Header& header) {
  if (lower_case(next_field(line)) != "%%matrixmarket") return "expected the banner %%MatrixMarket";
  const std::string object = lower_case(next_field(line));
  const std::string layout = lower_case(next_field(line));
  const std::string field = lower_case(next_field(line));
  const std::string symmetry = lower_case(next_field(line));
  if (object != "matrix") return text("object ", quoted(object), ", expected matrix");
  if (layout == "coordinate")
    header.layout = Layout::coordinate;
  else if (layout == "array")
    header.layout = Layout::array;
  else
    return text("layout ", quoted(layout), ", expected coordinate or array");
  if (field == "real" || field == "double")
    header.field = Field::real;
  else if (field == "integer")
    header.field = Field::integer;
  else if (field == "unsigned-integer")
    header.field = Field::unsigned_integer;
  else if (field == "pattern")
    header.field = Field::pattern;
  else
    return text("values ", quoted(field), ", expected real, integer or pattern",
                field == "complex" ? ": complex matrices cannot be held" : "");
  if (symmetry == "general")
    header.symmetry = Symmetry::general;
  else if (symmetry == "symmetric")
    header.symmetry = Symmetry::symmetric;
  else if (symmetry == "skew-symmetric")
    header.symmetry = Symmetry::skew_symmetric;
  else
    return text("symmetry ", quoted(symmetry), ", expected general, symmetric or skew-symmetric",
                symmetry == "hermitian" ? ": complex matrices cannot be held" : "");
  if (header.field == Field::pattern && header.symmetry == Symmetry::skew_symmetric)
    return "a pattern cannot be skew-symmetric";
  if (header.field == Field::pattern && header.layout == Layout::array) return "an array cannot be a pattern";
  return {};
}

/// The first row of a column that an array holds: of symmetric matrices it holds the lower triangle, of skew-symmetric
/// ones without the diagonal, which is zero.
Global first_row(const Header& header, Global col) {
  return header.symmetry == Symmetry::general ? 0 : header.symmetry == Symmetry::symmetric ? col : col + 1;
}

/// The first line that is no comment. Returns what is wrong with it, or an empty text.
std::string parse_sizes(std::string_view line, Header& header) {
  const bool array = header.layout == Layout::array;
  const char* const expected =
      array ? "two whole numbers: rows and columns" : "three whole numbers: rows, columns and entries";
  for (Global* size : {&header.num_rows, &header.num_cols, &header.num_entries}) {
    if (array && size == &header.num_entries) break;
    const std::string_view field = next_field(line);
    if (!parse_whole(field, *size) || *size < 0 || field.size() > most_digits)
      return text("expected ", expected, "; found ", quoted(field));
  }
  const auto [num_rows, num_cols] = std::pair(header.num_rows, header.num_cols);
  if (!without_blanks(line).empty())
    return text("expected only ", array ? "rows and columns" : "rows, columns and entries", "; found ",
                quoted(without_blanks(line)));
  if (header.symmetry != Symmetry::general && num_rows != num_cols)
    return text("a symmetric matrix of ", num_rows, " rows and ", num_cols, " columns");
  if (array) {
    if (num_rows > 0 && num_cols > std::numeric_limits<Offset>::max() / num_rows)
      return text("an array of ", num_rows, " x ", num_cols, " elements is larger than any file");
    const Offset square = num_rows * num_cols;
    header.num_entries = header.symmetry == Symmetry::general     ? square
                         : header.symmetry == Symmetry::symmetric ? (square + num_rows) / 2
                                                                  : (square - num_rows) / 2;
  }
  return {};
}

/// Collective: rank 0 reads it for all.
Header read_header(const Comm& comm, const TextFile& file) {
  Header header;
  comm.guard([&] {
    if (!comm.is_root()) return;
    bool has_banner = false;
    file.for_each_line(file.all(), [&](std::string_view line, Offset at) {
      if (has_banner && is_comment_or_blank(line)) return true;
      const std::string fault = has_banner ? parse_sizes(line, header) : parse_banner(line, header);
      if (!fault.empty()) file.fail(at, fault);
      if (has_banner) header.data_begin = at + std::ssize(line) + 1;
      return !std::exchange(has_banner, true);
    });
    if (!has_banner) file.fail(0, "expected the banner %%MatrixMarket; the file is empty");
    if (header.data_begin == 0) file.fail_at_end("ends without the line of rows, columns and entries");
  });
  return comm.broadcast(header);
}

/// A line of the file. An array has no rows and columns in its lines.
template <class V>
struct Entry {
  Global row = 0;  // from 1
  Global col = 0;
  V value = 1;
};

/// What a line consists of.
struct Fields {
  bool position;
  bool value;
  const char* names;
};
Fields fields_of(const Header& header) {
  if (header.layout == Layout::array) return {false, true, "a value"};
  if (header.field == Field::pattern) return {true, false, "a row, a column"};
  return {true, true, "a row, a column and a value"};
}

/// The fast way through a well-formed line. Returns the begin of the next line, or null when anything is unusual.
template <class V>
const char* parse_entry(const char* p, const char* end, Fields fields, Entry<V>& entry) {
  const auto skip_blanks = [&] {
    const char* const begin = p;
    while (is_blank(*p)) ++p;
    return p > begin;
  };
  skip_blanks();
  if (fields.position) {
    if ((p = parse_digits(p, entry.row)) == nullptr || !skip_blanks()) return nullptr;
    if ((p = parse_digits(p, entry.col)) == nullptr) return nullptr;
    if (!skip_blanks() && fields.value) return nullptr;
  }
  if (fields.value) {
    const auto [stop, error] = std::from_chars(p, end, entry.value);
    if (error != std::errc{}) return nullptr;
    p = stop;
    skip_blanks();
  }
  return *p == '\n' ? p + 1 : nullptr;
}

/// The thorough way; returns what is wrong with a line that is no comment, or an empty text.
template <class V>
std::string parse_thoroughly(std::string_view line, Fields fields, Entry<V>& entry) {
  for (Global* index : {&entry.row, &entry.col}) {
    if (!fields.position) break;
    const std::string_view field = next_field(line);
    if (field.empty()) return text("expected ", fields.names);
    if (!parse_whole(field, *index)) return text(quoted(field), " is not a row or column number");
  }
  if (fields.value) {
    const std::string_view field = next_field(line);
    if (field.empty()) return text("expected ", fields.names);
    if (!parse_whole(field, entry.value))
      return text("value ", quoted(field), " is not a ",
                  std::is_integral_v<V> ? "whole number of 64 bits" : "number that a double can hold");
  }
  if (!without_blanks(line).empty())
    return text("unexpected ", quoted(without_blanks(line)), " behind the ", fields.position ? "entry" : "value",
                fields.value ? "" : "; a pattern has no values: let the banner say real");
  return {};
}

/// What is wrong with an entry that could be read.
template <class V>
std::string check(const Header& header, const Entry<V>& entry, bool finite) {
  if (header.layout == Layout::coordinate) {
    if (entry.row < 1 || entry.row > header.num_rows)
      return text("row ", entry.row, " must be in [1, ", header.num_rows, "]");
    if (entry.col < 1 || entry.col > header.num_cols)
      return text("column ", entry.col, " must be in [1, ", header.num_cols, "]");
    if (header.symmetry == Symmetry::skew_symmetric && entry.row == entry.col && entry.value != 0)
      return "the diagonal of a skew-symmetric matrix is zero";
  }
  if constexpr (std::is_integral_v<V>) {
    if (header.symmetry == Symmetry::skew_symmetric && entry.value == std::numeric_limits<V>::min())
      return text("value ", entry.value, " has no opposite of 64 bits");
  } else {
    if (finite && !std::isfinite(entry.value)) return text("value ", entry.value, " must be finite");
    // The double 2^53 may have been read from 2^53 + 1.
    const bool whole = header.field == Field::integer || header.field == Field::unsigned_integer;
    if (whole && (std::trunc(entry.value) != entry.value || std::abs(entry.value) >= 0x1p53)) {
      std::string fault = "value ";
      append(fault, entry.value);
      return fault + " must be a whole number below 2^53, where doubles begin to round";
    }
  }
  if (header.field == Field::unsigned_integer && entry.value < 0)
    return text("value ", entry.value, " must not be negative: the banner says unsigned-integer");
  return {};
}

/// What a rank found in its lines.
template <class V>
struct Part {
  Entries<V> entries;    ///< of an array the nonzeros: `row` counts the lines before, `col` is unused
  Offset num_lines = 0;  ///< entries in the file; those of the other triangle are not counted
};

/// The value on the other side of the diagonal.
template <class V>
V mirrored(const Header& header, V value) {
  return header.symmetry == Symmetry::skew_symmetric ? -value : value;
}

template <class V>
Part<V> read_part(const TextFile& file, TextFile::Range range, const ReadOptions& options, const Header& header) {
  const Fields fields = fields_of(header);
  Part<V> part;
  Entries<V>& entries = part.entries;
  const auto add = [&](Global row, Global col, V value) {
    entries.row.push_back(row);
    entries.col.push_back(col);
    if (fields.value) entries.val.push_back(value);
  };
  file.for_lines(range, options.progress, [&](const TextFile::Chunk& chunk) {
    const char* p = chunk.lines.data();
    const char* const end = p + chunk.lines.size();
    while (p < end) {
      const char* const begin = p;
      Entry<V> entry;
      std::string fault;
      p = parse_entry(begin, end, fields, entry);
      if (p == nullptr) {
        p = static_cast<const char*>(std::memchr(begin, '\n', z(end - begin))) + 1;
        const std::string_view line(begin, z(p - 1 - begin));
        if (is_comment_or_blank(line)) continue;
        fault = parse_thoroughly(line, fields, entry);
      }
      if (fault.empty()) fault = check(header, entry, options.finite);
      if (!fault.empty()) file.fail(chunk.at + (begin - chunk.lines.data()), fault);
      const Offset position = part.num_lines++;
      if (header.layout == Layout::array) {
        if (entry.value != 0) add(position, 0, entry.value);
        continue;
      }
      add(entry.row - 1, entry.col - 1, entry.value);
      if (header.symmetry != Symmetry::general && entry.row != entry.col)
        add(entry.col - 1, entry.row - 1, mirrored(header, entry.value));
    }
    if (chunk.first) reserve(entries, chunk);
    return true;
  });
  return part;
}

/// Gives the nonzeros of an array, which know how many lines of this rank come before them, their rows and columns.
/// `before`: lines of the ranks below. Of a symmetric matrix adds the other triangle.
template <class V>
void place_elements(const Header& header, Offset before, Entries<V>& entries) {
  const std::size_t num_lower = entries.size();
  Global col = 0;
  Offset col_begin = 0;  // lines before the first of the column
  for (std::size_t k = 0; k < num_lower; ++k) {
    const Offset position = before + entries.row[k];
    while (position >= col_begin + header.num_rows - first_row(header, col))
      col_begin += header.num_rows - first_row(header, col++);
    const Global row = first_row(header, col) + (position - col_begin);
    entries.row[k] = row;
    entries.col[k] = col;
    if (header.symmetry == Symmetry::general || row == col) continue;
    entries.row.push_back(col);
    entries.col.push_back(row);
    entries.val.push_back(mirrored(header, entries.val[k]));
  }
}

template <class V>
MatrixFile<V> read_as(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const TextFile file(comm, path, options.trust);
  const Header header = read_header(comm, file);
  TextFile::Range range{};
  Part<V> part = comm.guard([&] {
    range = file.share(comm, header.data_begin);
    return read_part<V>(file, range, options, header);
  });
  check_count(comm, file, range, part.num_lines, header.num_entries, {"entry", "entries"},
              [](std::string_view line) { return !is_comment_or_blank(line); });
  if (header.layout == Layout::array) {
    const Offset before = comm.exclusive_sum(part.num_lines);
    comm.guard([&] { place_elements(header, before, part.entries); });
  }
  // What is symmetric already must not be doubled.
  ReadOptions rest = options;
  rest.undirected = options.undirected && header.symmetry == Symmetry::general;
  return assemble(comm, path, header.num_rows, header.num_cols, std::move(part.entries), rest);
}

template <class V>
void write_as(const DistCsr<V>& graph, const std::string& path) {
  TextWriter file(graph.comm(), path);
  const Offset num_nonzeros = graph.num_nonzeros();
  const bool has_values = graph.has_values() || num_nonzeros == 0;
  const char* const field = !has_values ? "pattern" : std::is_integral_v<V> ? "integer" : "real";
  file.write(!graph.comm().is_root() ? std::string()
                                     : text("%%MatrixMarket matrix coordinate ", field, " general\n", graph.num_rows(),
                                            ' ', graph.num_cols(), ' ', num_nonzeros, '\n'));
  write_rows(graph, file, [&](std::string& out, Global row, std::span<const Local> cols, std::span<const V> vals) {
    for (std::size_t k = 0; k < cols.size(); ++k) {
      append(out, row + 1);
      out += ' ';
      append(out, graph.global_col(cols[k]) + 1);
      if (has_values) {
        out += ' ';
        append(out, vals[k]);
      }
      out += '\n';
    }
  });
  file.commit();
}

}  // namespace

std::pair<Global, Global> matrix_market_shape(const Comm& comm, const std::string& path) {
  const Header header = read_header(comm, TextFile(comm, path));
  return {header.num_rows, header.num_cols};
}

Values matrix_market_values(const Comm& comm, const std::string& path) {
  switch (read_header(comm, TextFile(comm, path)).field) {
    case Field::pattern: return Values::none;
    case Field::integer:
    case Field::unsigned_integer: return Values::integers;
    case Field::real: break;
  }
  return Values::reals;
}

GraphFile read_matrix_market(const Comm& comm, const std::string& path, const ReadOptions& options) {
  return read_as<double>(comm, path, options);
}
IntegerFile read_matrix_market_integers(const Comm& comm, const std::string& path, const ReadOptions& options) {
  return read_as<std::int64_t>(comm, path, options);
}

void write_matrix_market(const Graph& graph, const std::string& path) { write_as(graph, path); }
void write_matrix_market(const Integers& matrix, const std::string& path) { write_as(matrix, path); }

}  // namespace filigree::io
