// MatrixMarket coordinate files: a banner, comments, "rows columns entries", a line per entry, numbered from 1.
// Format: Boisvert, Pozo, Remington, The Matrix Market exchange formats, NISTIR 5935, 1996.
#include <cmath>
#include <cstring>

#include "filigree/io/text_writer.hpp"
#include "io/fields.hpp"
#include "io/formats.hpp"
#include "io/print.hpp"
#include "io/text_file.hpp"

namespace filigree::io {
namespace {

std::size_t z(Offset i) { return static_cast<std::size_t>(i); }

enum class Field { real, integer, pattern };
enum class Symmetry { general, symmetric, skew_symmetric };

struct Header {
  Field field = Field::real;
  Symmetry symmetry = Symmetry::general;
  Global num_rows = 0;
  Global num_cols = 0;
  Offset num_entries = 0;
  Offset data_begin = 0;
};

bool is_comment_or_blank(std::string_view line) {
  line = without_blanks(line);
  return line.empty() || line.front() == '%';
}

std::string lower_case(std::string_view s) {
  std::string lower(s);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

/// The first line. Returns what is wrong with it, or an empty text.
std::string parse_banner(std::string_view line, Header& header) {
  if (lower_case(next_field(line)) != "%%matrixmarket") return "expected the banner %%MatrixMarket";
  const std::string object = lower_case(next_field(line));
  const std::string layout = lower_case(next_field(line));
  const std::string field = lower_case(next_field(line));
  const std::string symmetry = lower_case(next_field(line));
  if (object != "matrix") return text("object ", quoted(object), ", expected matrix");
  if (layout != "coordinate") return text("layout ", quoted(layout), ", expected coordinate");
  if (field == "real" || field == "double")
    header.field = Field::real;
  else if (field == "integer")
    header.field = Field::integer;
  else if (field == "pattern")
    header.field = Field::pattern;
  else
    return text("values ", quoted(field), ", expected real, integer or pattern");
  if (symmetry == "general")
    header.symmetry = Symmetry::general;
  else if (symmetry == "symmetric")
    header.symmetry = Symmetry::symmetric;
  else if (symmetry == "skew-symmetric")
    header.symmetry = Symmetry::skew_symmetric;
  else
    return text("symmetry ", quoted(symmetry), ", expected general, symmetric or skew-symmetric");
  if (header.field == Field::pattern && header.symmetry == Symmetry::skew_symmetric)
    return "a pattern cannot be skew-symmetric";
  return {};
}

/// The first line that is no comment. Returns what is wrong with it, or an empty text.
std::string parse_sizes(std::string_view line, Header& header) {
  for (Global* size : {&header.num_rows, &header.num_cols, &header.num_entries}) {
    const std::string_view field = next_field(line);
    if (!parse_whole(field, *size) || *size < 0 || field.size() > most_digits) {
      return text("expected three whole numbers: rows, columns and entries; found ", quoted(field));
    }
  }
  if (!without_blanks(line).empty())
    return text("expected only rows, columns and entries; found ", quoted(without_blanks(line)));
  if (header.symmetry != Symmetry::general && header.num_rows != header.num_cols) {
    return text("a symmetric matrix of ", header.num_rows, " rows and ", header.num_cols, " columns");
  }
  return {};
}

/// Collective: rank 0 reads it for all.
Header read_header(const Comm& comm, const TextFile& file) {
  Header header;
  comm.guard([&] {
    if (!comm.is_root()) return;
    bool has_banner = false;
    file.for_lines(file.all(), {}, [&](std::string_view lines, Offset offset) {
      for (std::size_t begin = 0, end = 0; begin < lines.size(); begin = end + 1) {
        end = lines.find('\n', begin);
        const std::string_view line = lines.substr(begin, end - begin);
        if (has_banner && is_comment_or_blank(line)) continue;
        const std::string fault = has_banner ? parse_sizes(line, header) : parse_banner(line, header);
        if (!fault.empty()) file.fail(offset + static_cast<Offset>(begin), fault);
        if (has_banner) {
          header.data_begin = std::min(file.size(), offset + static_cast<Offset>(end) + 1);
          return false;
        }
        has_banner = true;
      }
      return true;
    });
    if (!has_banner) file.fail(0, "expected the banner %%MatrixMarket; the file is empty");
    if (header.data_begin == 0) file.fail(file.size() - 1, "ends without the line of rows, columns and entries");
  });
  return comm.broadcast(header);
}

struct Entry {
  Global row = 0;  // from 1
  Global col = 0;
  double value = 1;
};

/// The fast way through a well-formed line. Returns the begin of the next line, or null when anything is unusual.
const char* parse_entry(const char* p, const char* end, bool has_value, Entry& entry) {
  const auto skip_blanks = [&] {
    const char* const begin = p;
    while (is_blank(*p)) ++p;
    return p > begin;
  };
  skip_blanks();
  if ((p = parse_digits(p, entry.row)) == nullptr || !skip_blanks()) return nullptr;
  if ((p = parse_digits(p, entry.col)) == nullptr) return nullptr;
  if (has_value) {
    if (!skip_blanks()) return nullptr;
    const auto [stop, error] = std::from_chars(p, end, entry.value);
    if (error != std::errc{}) return nullptr;
    p = stop;
  }
  skip_blanks();
  return *p == '\n' ? p + 1 : nullptr;
}

/// The thorough way; returns what is wrong with a line that is no comment, or an empty text.
std::string parse_thoroughly(std::string_view line, bool has_value, Entry& entry) {
  for (Global* index : {&entry.row, &entry.col}) {
    const std::string_view field = next_field(line);
    if (field.empty()) return text("expected a row, a column", has_value ? " and a value" : "");
    if (!parse_whole(field, *index)) return text(quoted(field), " is not a row or column number");
  }
  if (has_value) {
    const std::string_view field = next_field(line);
    if (field.empty()) return "expected a row, a column and a value";
    if (!parse_whole(field, entry.value))
      return text("value ", quoted(field), " is not a number that a double can hold");
  }
  if (!without_blanks(line).empty()) return text("unexpected ", quoted(without_blanks(line)), " behind the entry");
  return {};
}

/// What is wrong with an entry that could be read.
std::string check(const Header& header, const Entry& entry) {
  if (entry.row < 1 || entry.row > header.num_rows)
    return text("row ", entry.row, " must be in [1, ", header.num_rows, "]");
  if (entry.col < 1 || entry.col > header.num_cols)
    return text("column ", entry.col, " must be in [1, ", header.num_cols, "]");
  if (!std::isfinite(entry.value)) return text("value ", entry.value, " must be finite");
  if (header.field == Field::integer && (std::trunc(entry.value) != entry.value || std::abs(entry.value) > 0x1p53)) {
    return text("value ", entry.value, " must be a whole number of at most 2^53");
  }
  if (header.symmetry == Symmetry::skew_symmetric && entry.row == entry.col)
    return "a skew-symmetric matrix has no diagonal";
  return {};
}

struct Part {
  Entries<double> entries;
  Offset num_lines = 0;  ///< entries in the file; those of the other triangle are not counted
};

Part read_part(const TextFile& file, TextFile::Range range, const Progress& progress, const Header& header) {
  const bool has_value = header.field != Field::pattern;
  Part part;
  Entries<double>& entries = part.entries;
  const auto add = [&](Global row, Global col, double value) {
    entries.row.push_back(row - 1);
    entries.col.push_back(col - 1);
    if (has_value) entries.val.push_back(value);
  };
  file.for_lines(range, progress, [&](std::string_view lines, Offset offset) {
    const char* p = lines.data();
    const char* const end = p + lines.size();
    while (p < end) {
      const char* const begin = p;
      Entry entry;
      std::string fault;
      p = parse_entry(begin, end, has_value, entry);
      if (p == nullptr) {
        p = static_cast<const char*>(std::memchr(begin, '\n', z(end - begin))) + 1;
        const std::string_view line(begin, z(p - 1 - begin));
        if (is_comment_or_blank(line)) continue;
        fault = parse_thoroughly(line, has_value, entry);
      }
      if (fault.empty()) fault = check(header, entry);
      if (!fault.empty()) file.fail(offset + (begin - lines.data()), fault);
      ++part.num_lines;
      add(entry.row, entry.col, entry.value);
      if (header.symmetry != Symmetry::general && entry.row != entry.col) {
        add(entry.col, entry.row, header.symmetry == Symmetry::skew_symmetric ? -entry.value : entry.value);
      }
    }
    if (offset == range.begin) reserve(entries, range, lines);
    return true;
  });
  return part;
}

}  // namespace

GraphFile read_matrix_market(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const TextFile file(comm, path);
  const Header header = read_header(comm, file);
  TextFile::Range range{};
  Part part = comm.guard([&] {
    range = file.share(comm, header.data_begin);
    return read_part(file, range, options.progress, header);
  });
  const Offset before = comm.exclusive_sum(part.num_lines);
  const Offset total = comm.sum(part.num_lines);
  comm.guard([&] {
    if (before <= header.num_entries && header.num_entries < before + part.num_lines) {
      file.fail(
          file.find_line(range, header.num_entries - before, [](auto line) { return !is_comment_or_blank(line); }),
          text("one entry more than the ", header.num_entries, " promised above"));
    }
    if (total < header.num_entries) {
      file.fail(file.size() - 1, text("ends after ", total, " of ", header.num_entries, " entries"));
    }
  });
  // What is symmetric already must not be doubled.
  ReadOptions rest = options;
  rest.undirected = options.undirected && header.symmetry == Symmetry::general;
  return assemble(comm, path, header.num_rows, header.num_cols, std::move(part.entries), rest);
}

void write_matrix_market(const Graph& graph, const std::string& path) {
  TextWriter file(graph.comm, path);
  const bool has_values = graph.comm.max(static_cast<int>(graph.local.view().has_values())) != 0;
  const Offset num_nonzeros = graph.num_nonzeros();
  file.write(!graph.comm.is_root()
                 ? std::string()
                 : text("%%MatrixMarket matrix coordinate ", has_values ? "real" : "pattern", " general\n",
                        graph.num_rows(), ' ', graph.num_cols(), ' ', num_nonzeros, '\n'));
  write_rows(graph, file, [&](std::string& out, Global row, std::span<const Local> cols, std::span<const double> vals) {
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

}  // namespace filigree::io
