#include "io/csr_groups.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/index.hpp"
#include "io/compressed_rows.hpp"
#include "io/fields.hpp"
#include "io/keys.hpp"

namespace filigree::io {
namespace {

[[noreturn]] void fail(const Hdf5Reader& file, const std::string& what) {
  throw IoError(text(file.path(), ": ", what));
}

/// "/X" and "data" make "/X/data"; the root group is "".
std::string within(const std::string& group, const std::string& name) { return group + "/" + name; }
std::string shown(const std::string& group) { return group.empty() ? "/" : group; }

using Datasets = std::vector<std::string>;
bool is_among(const Datasets& datasets, const std::string& name) {
  return std::ranges::find(datasets, name) != datasets.end();
}

/// All groups that have indptr and indices.
std::vector<std::string> groups_of(const Datasets& datasets) {
  constexpr std::string_view begins = "/indptr";
  std::vector<std::string> groups;
  for (const std::string& dataset : datasets) {
    if (!dataset.ends_with(begins)) continue;
    const std::string group = dataset.substr(0, dataset.size() - begins.size());
    if (is_among(datasets, within(group, "indices"))) groups.push_back(group);
  }
  return groups;
}

std::string listed(const std::vector<std::string>& groups) {
  std::string list;
  for (const std::string& group : groups) list += text(list.empty() ? "" : ", ", shown(group));
  return list;
}

/// Collective, as all below.
std::string choose(const Comm& comm, const Hdf5Reader& file, const Datasets& datasets, std::string wanted) {
  const std::vector<std::string> groups = groups_of(datasets);
  if (!wanted.empty() && !wanted.starts_with('/')) wanted.insert(0, "/");
  while (wanted.ends_with('/') && wanted.size() > 1) wanted.pop_back();
  return comm.guard([&]() -> std::string {
    if (groups.empty())
      fail(file, "holds no graph of filigree and no group with a compressed matrix (datasets indptr, indices, data)");
    if (wanted.empty()) {
      if (groups.size() > 1)
        fail(file, text("holds ", groups.size(), " matrices, ", listed(groups), "; choose one by --group"));
      return groups.front();
    }
    const std::string group = wanted == "/" ? "" : wanted;
    if (!is_among(groups, group)) fail(file, text("has no matrix ", quoted(wanted), "; there are ", listed(groups)));
    return group;
  });
}

/// What is known of a matrix before its entries are read.
struct Layout {
  bool by_columns = false;
  Global num_rows = 0;
  Global num_cols = 0;
  bool has_shape = false;
  std::string remark;
};

std::optional<std::vector<std::int64_t>> shape_of(const Hdf5Reader& file, const std::string& group) {
  for (const char* const name : {"shape", "h5sparse_shape"}) {
    if (auto shape = file.attribute<std::vector<std::int64_t>>(shown(group), name)) return shape;
  }
  const std::string dataset = within(group, "shape");
  if (!file.has(dataset)) return std::nullopt;
  return file.read_integers(dataset, 0, file.length(dataset));
}

/// Whether a group holds begins of columns; nothing if it does not say.
std::optional<bool> is_by_columns(const Hdf5Reader& file, const std::string& group) {
  for (const char* const name : {"encoding-type", "h5sparse_format"}) {
    const auto format = file.attribute<std::string>(shown(group), name);
    if (format && format->starts_with("csr")) return false;
    if (format && format->starts_with("csc")) return true;
  }
  if (file.has(within(group, "barcodes"))) return true;  // of 10x
  return std::nullopt;
}

Layout layout_of(const Comm& comm, const Hdf5Reader& file, const std::string& group, Offset num_lines) {
  const auto shape = shape_of(file, group);
  const auto by_columns = is_by_columns(file, group);
  return comm.guard([&] {
    Layout layout;
    layout.has_shape = shape.has_value();
    if (!shape) {
      layout.by_columns = by_columns.value_or(false);
      layout.num_rows = layout.num_cols = num_lines;
      layout.remark = text(shown(group), " has no shape: read as square unless an index is larger");
      return layout;
    }
    if (shape->size() != 2 || (*shape)[0] < 0 || (*shape)[1] < 0)
      fail(file, text(shown(group), ": shape must be two lengths"));
    layout.num_rows = (*shape)[0];
    layout.num_cols = (*shape)[1];
    layout.by_columns = by_columns.value_or(layout.num_rows != num_lines);
    if (!by_columns && layout.num_rows == layout.num_cols)
      layout.remark = text(shown(group), " does not say whether it is csr or csc: read as csr");
    if ((layout.by_columns ? layout.num_cols : layout.num_rows) != num_lines)
      fail(file, text(shown(group), ": is ", layout.num_rows, " x ", layout.num_cols, ", but indptr has ",
                      num_lines + 1, " elements"));
    return layout;
  });
}

/// Runs f on all ranks; what it throws is said of a dataset.
template <class F>
auto about(const Comm& comm, const Hdf5Reader& file, const std::string& dataset, F&& f) {
  return comm.guard([&] {
    try {
      return f();
    } catch (const Error& fault) {
      fail(file, text(dataset, ": ", fault.what()));
    }
  });
}

/// The row (or column) of each of the entries [first, first + count).
std::vector<Global> lines_of(const Comm& comm, const Hdf5Reader& file, const std::string& dataset, Offset num_begins,
                             Offset first, Offset count, Offset total) {
  constexpr Offset at_once = Offset{1} << 20;
  RowsOfEntries lines(first, count, total);
  for (Offset done = 0; done < num_begins; done += at_once) {
    const std::vector<Offset> begins = file.read_integers(dataset, done, std::min(at_once, num_begins - done));
    about(comm, file, dataset, [&] {
      for (const Offset begin : begins) lines.add(begin);
    });
  }
  return about(comm, file, dataset, [&] { return lines.finish(); });
}

/// Where rows of a group have their names; empty if nowhere.
std::string names_dataset(const Hdf5Reader& file, const Datasets& datasets, const std::string& group) {
  for (const char* const name : {"features/id", "genes"}) {
    if (is_among(datasets, within(group, name)) && is_among(datasets, within(group, "barcodes")))
      return within(group, name);
  }
  const std::string table = group.starts_with("/varp/") ? "/var" : "/obs";
  const auto index = file.attribute<std::string>(table, "_index");
  const std::string dataset = within(table, index.value_or("_index"));
  return is_among(datasets, dataset) && file.holds_texts(dataset) ? dataset : "";
}

void name_rows(const Comm& comm, const Hdf5Reader& file, const std::string& dataset, GraphFile& graph_file) {
  const Partition& rows = graph_file.graph.rows();
  if (dataset.empty()) return;
  std::vector<std::string>& remarks = graph_file.report.remarks;
  if (file.length(dataset) != rows.num_items()) {
    remarks.push_back(text(dataset, " has other than ", rows.num_items(), " names; rows are called by their numbers"));
    return;
  }
  Strings names = file.read_texts(dataset, rows.begin(comm.rank()), rows.size(comm.rank()));
  if (number_keys(comm, names).total < rows.num_items()) {
    remarks.push_back(text(dataset, " has a name twice; rows are called by their numbers"));
    return;
  }
  graph_file.names = VertexNames(comm, rows, std::move(names));
  remarks.push_back(text("rows are called as ", dataset, " says"));
}

}  // namespace

GraphFile read_csr_group(const Comm& comm, const Hdf5Reader& file, const ReadOptions& options) {
  const Datasets datasets = file.datasets();
  const std::string group = choose(comm, file, datasets, options.group);
  const std::string begins = within(group, "indptr");
  const std::string indices = within(group, "indices");
  const std::string data = within(group, "data");
  const Offset num_begins = file.length(begins);
  const Offset num_entries = file.length(indices);
  const bool has_values = is_among(datasets, data);
  const Offset num_values = has_values ? file.length(data) : num_entries;
  comm.guard([&] {
    if (num_begins < 1) fail(file, begins + ": must have an element for each row, and one");
    if (num_values != num_entries) fail(file, text(data, ": has ", num_values, " elements, but indices ", num_entries));
  });
  Layout layout = layout_of(comm, file, group, num_begins - 1);

  const Partition mine = Partition::uniform(num_entries, comm.size());
  const Offset first = mine.begin(comm.rank());
  const Offset count = mine.size(comm.rank());
  Entries<double> entries;
  std::vector<Global>& lines = layout.by_columns ? entries.col : entries.row;
  std::vector<Global>& others = layout.by_columns ? entries.row : entries.col;
  lines = lines_of(comm, file, begins, num_begins, first, count, num_entries);
  others = file.read_integers(indices, first, count);
  Global& num_others = layout.by_columns ? layout.num_rows : layout.num_cols;
  if (!layout.has_shape) {
    constexpr Global most = std::numeric_limits<Global>::max();  // lies outside of every matrix
    const auto largest = std::ranges::max_element(others);
    num_others = std::max(num_others, comm.max(largest == others.end() ? Global{0} : std::min(*largest, most - 1) + 1));
  }
  about(comm, file, indices, [&] { expect_indices(others, first, num_others); });
  if (has_values) {
    entries.val = file.read_numbers(data, first, count);
    comm.guard([&] {
      const auto fault = std::ranges::find_if_not(entries.val, [](double value) { return std::isfinite(value); });
      if (options.finite && fault != entries.val.end())
        fail(file, text(data, ": element ", first + (fault - entries.val.begin()), " must be finite"));
    });
  }
  GraphFile result = assemble(comm, file.path(), layout.num_rows, layout.num_cols, std::move(entries), options);
  result.report.remarks.push_back(text("is the ", layout.by_columns ? "csc" : "csr", " matrix of ", shown(group)));
  if (!layout.remark.empty()) result.report.remarks.push_back(layout.remark);
  name_rows(comm, file, names_dataset(file, datasets, group), result);
  return result;
}

}  // namespace filigree::io
