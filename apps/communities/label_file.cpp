#include "label_file.hpp"

#include <algorithm>
#include <unordered_map>

#include "fields.hpp"
#include "filigree/core/error.hpp"
#include "lines.hpp"
#include "name_table.hpp"

namespace filigree::app {
namespace {

std::string without_blanks(const std::string& field) {
  const std::size_t first = field.find_first_not_of(' ');
  return first == std::string::npos ? "" : field.substr(first, field.find_last_not_of(' ') + 1 - first);
}

/// Between tabs, else commas, where fields may be quoted, else blanks.
std::vector<std::string> split(const std::string& line) {
  const bool has_tabs = line.find('\t') != std::string::npos;
  if (!has_tabs && line.find(',') != std::string::npos) {
    std::vector<std::string> fields = fields_of(line, Form::csv);
    for (std::size_t i = line.starts_with('"') ? 1 : 0; i < fields.size(); ++i) fields[i] = without_blanks(fields[i]);
    return fields;
  }
  std::vector<std::string> fields;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(has_tabs ? '\t' : ' ', at), line.size());
    std::string field = without_blanks(line.substr(at, end - at));
    if (has_tabs || !field.empty()) fields.push_back(std::move(field));
    at = end + 1;
  }
  return fields;
}

/// The lines of a file in fields; the vertex of each.
struct Rows {
  std::vector<Line> lines;
  std::vector<std::vector<std::string>> fields;  // the first is the vertex's name, or "" if lines are labels alone
  std::vector<Global> vertex;                    // -1 = none of this name
};

[[noreturn]] void fault(const std::string& path, const Line& line, const std::string& what) {
  throw IoError(text(path, ':', line.number, ": ", what));
}

Rows read_rows(const Comm& comm, const std::string& path, const io::VertexNames& names) {
  Rows rows;
  for (Line& line : read_lines(comm, path)) {
    if (!says_something(line.text)) continue;
    rows.fields.push_back(split(line.text));
    rows.lines.push_back(std::move(line));
  }
  if (rows.lines.empty()) throw IoError(text(path, ": it holds no labels"));
  const bool is_bare = rows.fields.front().size() == 1;
  for (std::size_t i = 0; i < rows.lines.size(); ++i) {
    if (is_bare != (rows.fields[i].size() == 1))
      fault(path, rows.lines[i],
            text(rows.fields[i].size(), " fields; lines are `vertex label`, or all a label alone"));
  }
  if (is_bare) {
    const Global n = names.vertices().num_items();
    if (std::ssize(rows.lines) != n) {
      throw IoError(text(path, ": ", rows.lines.size(), " labels for ", n,
                         " vertices; give one a line in the order of the vertices, or lines `vertex label`"));
    }
    for (std::size_t i = 0; i < rows.lines.size(); ++i) {
      rows.vertex.push_back(static_cast<Global>(i));
      rows.fields[i].insert(rows.fields[i].begin(), "");
    }
    return rows;
  }
  std::vector<std::string> wanted;  // as it stands there, and as tables escape it
  for (const auto& fields : rows.fields)
    wanted.insert(wanted.end(), {fields.front(), fields_of(fields.front(), Form::tsv).front()});
  const std::vector<Global> found = NameTable(comm, names).find(wanted);
  for (std::size_t i = 0; i < found.size(); i += 2) rows.vertex.push_back(found[i] >= 0 ? found[i] : found[i + 1]);
  const bool is_of_cut = rows.fields.front() == std::vector<std::string>{"vertex", "cluster"};
  std::string head = wanted.front();
  std::transform(head.begin(), head.end(), head.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool is_usual = head == "vertex" || head == "node" || head == "id" || head == "name";
  if (is_of_cut || (rows.vertex.front() < 0 && is_usual)) {
    rows.lines.erase(rows.lines.begin());
    rows.fields.erase(rows.fields.begin());
    rows.vertex.erase(rows.vertex.begin());
  }
  std::unordered_map<Global, Offset> seen;
  for (std::size_t i = 0; i < rows.lines.size(); ++i) {
    if (rows.vertex[i] < 0) continue;
    const auto [at, is_new] = seen.emplace(rows.vertex[i], rows.lines[i].number);
    if (!is_new)
      fault(path, rows.lines[i], text("vertex '", rows.fields[i].front(), "' has a label in line ", at->second));
  }
  return rows;
}

/// A label up to its part of this number, counted from 0.
std::string beginning(const std::string& label, std::size_t part) {
  std::size_t at = label.find('/');
  for (; part > 0 && at != std::string::npos; --part) at = label.find('/', at + 1);
  return label.substr(0, at);
}

LabelColumn numbered(const Comm& comm, const io::VertexNames& names, const Rows& rows,
                     const std::vector<std::string>& labels, std::string title) {
  const Partition& vertices = names.vertices();
  LabelColumn column{std::move(title), std::vector<Global>(static_cast<std::size_t>(vertices.size(comm.rank())), -1)};
  std::unordered_map<std::string, Global> number;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (rows.vertex[i] < 0 || labels[i].empty() || labels[i] == "-") continue;
    const Global label = number.emplace(labels[i], std::ssize(number)).first->second;
    if (vertices.owns(comm.rank(), rows.vertex[i]))
      column.of[static_cast<std::size_t>(rows.vertex[i] - vertices.begin(comm.rank()))] = label;
  }
  column.num_labels = std::ssize(number);
  return column;
}

}  // namespace

LabelFile read_label_file(const Comm& comm, const std::string& path, const io::VertexNames& names,
                          const std::vector<int>& columns) {
  const Rows rows = read_rows(comm, path, names);
  LabelFile file;
  file.strangers = std::count(rows.vertex.begin(), rows.vertex.end(), -1);
  const auto labels_in = [&](int column) {
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < rows.lines.size(); ++i) {
      if (std::ssize(rows.fields[i]) < column)
        fault(path, rows.lines[i], text("no column ", column, "; the vertex is column 1"));
      labels.push_back(rows.fields[i][static_cast<std::size_t>(column) - 1]);
    }
    return labels;
  };
  for (int column : columns.empty() ? std::vector<int>{2} : columns) {
    const std::vector<std::string> labels = labels_in(column);
    std::size_t depth = 1;
    for (const std::string& label : labels)
      depth = std::max(depth, static_cast<std::size_t>(std::count(label.begin(), label.end(), '/')) + 1);
    if (!columns.empty() || depth == 1) {
      file.columns.push_back(numbered(comm, names, rows, labels, text("column ", column)));
      continue;
    }
    for (std::size_t part = 0; part < depth; ++part) {
      std::vector<std::string> shorter;
      for (const std::string& label : labels) shorter.push_back(beginning(label, part));
      file.columns.push_back(numbered(comm, names, rows, shorter, text("level ", part + 1)));
    }
  }
  return file;
}

Labels read_labels(const Comm& comm, const std::string& path, const io::VertexNames& names) {
  LabelFile file = read_label_file(comm, path, names, {2});
  if (file.strangers > 0) throw IoError(text(path, ": ", file.strangers, " of its vertices are not in the graph"));
  LabelColumn& column = file.columns.front();
  const Partition& vertices = names.vertices();
  // The first vertex without a label, and how many there are.
  Global missing = vertices.num_items();
  Offset num_missing = 0;
  for (std::size_t i = column.of.size(); i-- > 0;) {
    if (column.of[i] >= 0) continue;
    missing = vertices.begin(comm.rank()) + static_cast<Global>(i);
    ++num_missing;
  }
  missing = comm.min(missing);
  num_missing = comm.sum(num_missing);
  if (num_missing > 0) {
    const std::vector<std::string> name = names.fetch(comm, std::vector<Global>{missing});
    throw IoError(text(path, ": no label for vertex '", name.front(), "'",
                       num_missing > 1 ? text(" and ", num_missing - 1, " others") : ""));
  }
  return {vertices, std::move(column.of), column.num_labels};
}

}  // namespace filigree::app
