// Pajek networks: "*Vertices n", lines "number "label" ...", then sections of lines:
//
//   *Arcs, *Edges           from to [weight ...]           *Matrix    a row of the adjacency matrix
//   *Arcslist, *Edgeslist   from to to ...
//
// "*Vertices n k": vertices 1 to k have arcs to those behind them only, and a matrix has k rows and n - k columns.
// Format: Mrvar, Batagelj, Pajek manual, section 5.3.
#include <utility>

#include "core/index.hpp"
#include "io/fields.hpp"
#include "io/formats.hpp"
#include "io/serial/parsed_graph.hpp"
#include "io/text_file.hpp"

namespace filigree::io {
namespace {

/// Parses line by line; a text that is thrown belongs to the line.
class Pajek {
 public:
  explicit Pajek(const ReadOptions& options) : options_(options) {}

  void line(std::string_view line) {
    line = without_blanks(line);
    if (line.empty() || line.front() == '%') return;
    if (line.front() == '*') return begin_section(line);
    switch (section_) {
      case Section::none: throw Error("expected *Vertices and the number of vertices");
      case Section::vertices: return vertex(line);
      case Section::pairs: return pair(line);
      case Section::lists: return list(line);
      case Section::matrix: return row(line);
      case Section::skipped: return;
    }
  }

  ParsedGraph finish() {
    if (!has_vertices_) throw Error("expected *Vertices and the number of vertices; there is none");
    if (section_ == Section::matrix) check_rows();
    if (skipped_ > 0) graph_.remarks.push_back(text("left out ", skipped_, " sections, the first is ", first_skipped_));
    if (num_labels_ == 0) return std::move(graph_);
    if (!in_order_) throw Error("the lines of *Vertices do not number them 1, 2, ...");
    take_labels(graph_, labels_, {});
    return std::move(graph_);
  }

 private:
  enum class Section { none, vertices, pairs, lists, matrix, skipped };

  void begin_section(std::string_view line) {
    if (section_ == Section::matrix) check_rows();
    const std::string_view shown = line;
    const std::string name = lower_case(next_field(line));
    directed_ = name == "*arcs" || name == "*arcslist" || name == "*matrix";
    if (name == "*network") {
      if (has_vertices_) throw Error("a second network; only files of one are read");
    } else if (name == "*vertices") {
      if (std::exchange(has_vertices_, true)) throw Error("a second network; only files of one are read");
      section_ = Section::vertices;
      graph_.num_vertices = count(next_field(line));
      const std::string_view rows = next_field(line);
      rows_ = rows.empty() ? graph_.num_vertices : count(rows);
      if (rows_ > graph_.num_vertices)
        throw Error(text(rows_, " of ", graph_.num_vertices, " vertices in the first set"));
      first_column_ = rows.empty() ? 0 : rows_;
    } else if (name == "*arcs" || name == "*edges") {
      section_ = Section::pairs;
    } else if (name == "*arcslist" || name == "*edgeslist") {
      section_ = Section::lists;
    } else if (name == "*matrix") {
      section_ = Section::matrix;
      row_ = 0;
    } else {
      section_ = Section::skipped;
      if (skipped_++ == 0) first_skipped_ = quoted(shown);
    }
    if (!has_vertices_ && section_ != Section::none)
      throw Error("expected *Vertices and the number of vertices before");
  }

  static Global count(std::string_view field) {
    Global value = 0;
    if (!parse_whole(field, value) || value < 0 || field.size() > most_digits)
      throw Error(text("expected a number of vertices; found ", quoted(field)));
    return value;
  }

  Global number(std::string_view field) const {
    Global value = 0;
    if (!parse_whole(field, value) || value < 1 || value > graph_.num_vertices)
      throw Error(text("vertex ", quoted(field), " must be a whole number in [1, ", graph_.num_vertices, "]"));
    return value - 1;
  }

  void vertex(std::string_view line) {
    const Global at = number(next_field(line));
    in_order_ = in_order_ && at == std::ssize(labels_);
    line = without_blanks(line);
    std::string_view label = next_field(line);
    if (label.starts_with('"')) {
      line = {label.data() + 1, z(line.data() + line.size() - label.data() - 1)};
      const std::size_t end = line.find('"');
      if (end == std::string_view::npos) throw Error("a label that begins with a quotation mark must end with one");
      label = line.substr(0, end);
    }
    if (!label.empty()) ++num_labels_;
    labels_.push_back(label);
  }

  void pair(std::string_view line) {
    const Global from = number(next_field(line));
    const Global to = number(next_field(line));
    const std::string_view weight = next_field(line);
    graph_.has_weights = graph_.has_weights || !weight.empty();
    graph_.add(from, to, weight.empty() ? 1 : parse_weight(weight, options_), directed_ || options_.undirected);
  }

  void list(std::string_view line) {
    const Global from = number(next_field(line));
    for (std::string_view to = next_field(line); !to.empty(); to = next_field(line))
      graph_.add(from, number(to), 1, directed_ || options_.undirected);
  }

  void row(std::string_view line) {
    if (row_ == rows_) throw Error(text("one row more than the ", rows_, " of the matrix"));
    Global column = first_column_;
    for (std::string_view field = next_field(line); !field.empty(); field = next_field(line), ++column) {
      if (column == graph_.num_vertices) throw Error(text("a row of more than ", column - first_column_, " numbers"));
      const double weight = parse_weight(field, options_);
      graph_.has_weights = graph_.has_weights || (weight != 0 && weight != 1);
      if (weight != 0) graph_.add(row_, column, weight, true);
    }
    if (column < graph_.num_vertices)
      throw Error(
          text("a row of ", column - first_column_, " numbers instead of ", graph_.num_vertices - first_column_));
    ++row_;
  }

  void check_rows() const {
    if (row_ < rows_) throw Error(text("ends after ", row_, " of ", rows_, " rows of the matrix"));
  }

  const ReadOptions& options_;
  ParsedGraph graph_;
  Section section_ = Section::none;
  bool has_vertices_ = false;
  bool directed_ = true;
  Strings labels_;
  bool in_order_ = true;
  Offset num_labels_ = 0;
  Global rows_ = 0;  ///< of a matrix
  Global first_column_ = 0;
  Global row_ = 0;
  int skipped_ = 0;
  std::string first_skipped_;
};

ParsedGraph parse(const TextFile& file, const ReadOptions& options) {
  Pajek pajek(options);
  Offset last = 0;
  const auto or_fail = [&](Offset at, auto step) {
    try {
      return step();
    } catch (const Error& fault) {
      file.fail(at, fault.what());
    }
  };
  file.for_each_line(file.all(), [&](std::string_view line, Offset at) {
    last = at;
    or_fail(at, [&] { pajek.line(line); });
    return true;
  });
  return or_fail(last, [&] { return pajek.finish(); });
}

}  // namespace

GraphFile read_pajek(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const TextFile file(comm, path, options.trust);
  ParsedGraph graph = comm.guard([&] { return comm.is_root() ? parse(file, options) : ParsedGraph(); });
  return distribute(comm, path, std::move(graph), options);
}

}  // namespace filigree::io
