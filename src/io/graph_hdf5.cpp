// Graphs in HDF5. /graph holds compressed rows in global order:
//
//   indptr   int64, rows + 1          indices  int64, columns, increasing within a row
//   data     float64, values; without any, ones that take no bytes
//   ids      int64, or names, texts: what vertices are called
//   attributes: kind "graph", version 1, shape [rows, columns], hash; pattern 1 where there are no values; names_hash
//   where there are ids or names; encoding-type and encoding-version, by which AnnData reads the group as a csr matrix
//
// Texts are UTF-8 of fixed length, padded with NUL. Those that are not UTF-8, hold NUL or would grow too much by
// padding are kept as uint8, one text behind the other, with their begins in <dataset>_indptr (int64), as filigree 0.1
// keeps all.
#include <algorithm>
#include <cmath>

#include "core/index.hpp"
#include "filigree/core/utf8.hpp"
#include "filigree/io/hdf5.hpp"
#include "filigree/io/named_hash.hpp"
#include "filigree/io/write.hpp"
#include "filigree/matrix/content_hash.hpp"
#include "io/claims.hpp"
#include "io/csr_groups.hpp"
#include "io/formats.hpp"
#include "matrix/balanced_rows.hpp"

namespace filigree::io {
namespace {

constexpr std::int64_t format_version = 1;

[[noreturn]] void damaged(const Hdf5Reader& file, const std::string& what) {
  throw IoError(text(file.path(), ": /graph: ", what));
}

VertexNames stored_names(const Comm& comm, const Hdf5Reader& file, const Partition& rows) {
  const Global first = rows.begin(comm.rank());
  const Global count = rows.size(comm.rank());
  if (file.has("/graph/ids")) return VertexNames(comm, rows, file.read<Global>("/graph/ids", first, count));
  if (!file.has("/graph/names")) return VertexNames(rows);
  return VertexNames(comm, rows, read_texts(comm, file, "/graph/names", first, count));
}
/// The entries of this rank's rows, with columns by global id.
Entries<double> entries_of(const Graph& graph) {
  Entries<double> entries;
  for (Local row = 0; row < graph.num_local_rows(); ++row) {
    for (Local column : graph.local().view().cols(row)) {
      entries.row.push_back(graph.first_row() + row);
      entries.col.push_back(graph.global_col(column));
    }
  }
  entries.val.assign(graph.local().val.begin(), graph.local().val.end());
  return entries;
}

/// Begins of this rank's rows in the whole file; the last rank adds the end of all. Collective.
std::vector<Offset> with_end(const Comm& comm, std::vector<Offset> begins) {
  const Offset before = comm.exclusive_sum(begins.back());
  for (Offset& begin : begins) begin += before;
  if (comm.rank() + 1 < comm.size()) begins.pop_back();
  return begins;
}

}  // namespace

void write_texts(const Comm& comm, Hdf5Writer& file, const std::string& dataset, const Strings& texts) {
  constexpr Offset most_growth = 8;
  constexpr Offset always_allowed = Offset{1} << 20;
  const auto count = static_cast<Offset>(texts.size());
  Offset longest = 1;
  bool plain = true;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    longest = std::max(longest, std::ssize(texts[i]));
    plain = plain && is_utf8(texts[i]) && texts[i].find('\0') == std::string_view::npos;
  }
  const Offset width = comm.max(longest);
  const Offset bytes = comm.sum(std::ssize(texts.bytes()));
  const bool small = width * comm.sum(count) <= most_growth * bytes + always_allowed;
  if (comm.min(static_cast<int>(plain)) != 0 && small) {
    std::string padded;
    padded.reserve(z(width * count));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      padded += texts[i];
      padded.resize((i + 1) * z(width), '\0');
    }
    return file.write_texts(dataset, width, padded);
  }
  std::vector<Offset> begins(1, 0);
  for (std::size_t i = 0; i < texts.size(); ++i) begins.push_back(begins.back() + std::ssize(texts[i]));
  const std::string_view all = texts.bytes();
  file.write<std::uint8_t>(dataset, {reinterpret_cast<const std::uint8_t*>(all.data()), all.size()});
  file.write<Offset>(dataset + "_indptr", with_end(comm, std::move(begins)));
}

Strings read_texts(const Comm& comm, const Hdf5Reader& file, const std::string& dataset, Offset first, Offset count) {
  if (!file.has(dataset + "_indptr")) return file.read_texts(dataset, first, count);
  const std::vector<Offset> begins = file.read<Offset>(dataset + "_indptr", first, count + 1);
  comm.guard([&] {
    if (begins.front() < 0 || !std::is_sorted(begins.begin(), begins.end()))
      throw IoError(text(file.path(), ": ", dataset, "_indptr does not ascend"));
  });
  const std::vector<std::uint8_t> bytes =
      file.read<std::uint8_t>(dataset, begins.front(), begins.back() - begins.front());
  Strings texts;
  for (std::size_t i = 0; i + 1 < begins.size(); ++i) {
    const auto* const begin = reinterpret_cast<const char*>(bytes.data()) + (begins[i] - begins.front());
    texts.push_back(std::string_view(begin, z(begins[i + 1] - begins[i])));
  }
  return texts;
}

VertexNames read_names(const Comm& comm, const Hdf5Reader& file, const Partition& rows) {
  VertexNames names = stored_names(comm, file, rows);
  const auto expected = file.attribute<std::string>("/graph", "names_hash");
  if (expected && *expected != hash_text(names_hash(comm, names)))
    damaged(file, "its names do not match their hash; the file is damaged");
  return names;
}

GraphFile read_hdf5(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const Hdf5Reader file(comm, path);
  const auto kind = file.attribute<std::string>("/graph", "kind");
  const auto version = file.attribute<std::int64_t>("/graph", "version");
  const auto shape = file.attribute<std::vector<std::int64_t>>("/graph", "shape");
  const bool wants_graph = options.group.empty() || options.group == "/graph" || options.group == "graph";
  if (!kind || !wants_graph) return read_csr_group(comm, file, options);
  if (kind != "graph" || !shape || shape->size() != 2 || (*shape)[0] < 0 || (*shape)[1] < 0)
    damaged(file, "is not there, or not a graph");
  if (version != format_version)
    damaged(file, text("has version ", version.value_or(0), ", expected ", format_version));
  const Global num_rows = (*shape)[0];
  const Global num_cols = (*shape)[1];
  const Offset num_nonzeros = file.length("/graph/indices");
  if (file.length("/graph/indptr") - 1 != num_rows) damaged(file, text("indptr must have 1 + ", num_rows, " elements"));
  try {
    check_claim(comm, num_rows, num_cols, num_nonzeros, options);
  } catch (const InvalidArgument& fault) {  // on all ranks
    damaged(file, fault.what());
  }
  const bool has_values = file.has("/graph/data") && !file.attribute<std::int64_t>("/graph", "pattern");
  if (has_values && file.length("/graph/data") != num_nonzeros) damaged(file, "indices and data differ in length");

  const Partition uniform = Partition::uniform(num_rows, comm.size());
  const Partition rows =
      balanced_rows(comm, comm.size(), num_rows, num_nonzeros, uniform.begin(comm.rank()),
                    file.read<Offset>("/graph/indptr", uniform.begin(comm.rank()), uniform.size(comm.rank()) + 1));
  std::vector<Offset> row_ptr = file.read<Offset>("/graph/indptr", rows.begin(comm.rank()), rows.size(comm.rank()) + 1);
  const Offset first = row_ptr.front();
  const Offset count = row_ptr.back() - first;
  comm.guard([&] {
    const bool from_zero = comm.rank() > 0 || first == 0;
    const bool to_end = comm.rank() + 1 < comm.size() || row_ptr.back() == num_nonzeros;
    if (!from_zero || !to_end || !std::is_sorted(row_ptr.begin(), row_ptr.end())) {
      damaged(file, text("indptr does not ascend from 0 to the ", num_nonzeros, " indices"));
    }
  });
  for (Offset& p : row_ptr) p -= first;
  const std::vector<Global> col = file.read<Global>("/graph/indices", first, count);
  const std::vector<double> val = has_values ? file.read<double>("/graph/data", first, count) : std::vector<double>{};
  ReadReport report;
  if (!file.remark().empty()) report.remarks.push_back(file.remark());
  comm.guard([&] {
    for (std::size_t i = 0; i + 1 < row_ptr.size(); ++i) {
      const Global row = rows.begin(comm.rank()) + static_cast<Global>(i);
      for (Offset k = row_ptr[i]; k < row_ptr[i + 1]; ++k) {
        const Global previous = k == row_ptr[i] ? -1 : col[z(k) - 1];
        if (col[z(k)] <= previous || col[z(k)] >= num_cols) {
          damaged(file, text("row ", row, " holds column ", col[z(k)], previous >= 0 ? text(" after ", previous) : "",
                             "; columns must increase and lie in [0, ", num_cols, ")"));
        }
        if (has_values && options.finite && !std::isfinite(val[z(k)])) {
          damaged(file, text("row ", row, " holds the value ", val[z(k)], ", which must be finite"));
        }
        if (col[z(k)] == row) ++report.entries.loops;
      }
    }
  });
  report.entries.loops = comm.sum(report.entries.loops);
  Graph graph = Graph::from_csr(comm, num_cols, row_ptr, col, val);
  const auto expected = file.attribute<std::string>("/graph", "hash");
  report.hash = hash_text(content_hash(graph));
  if (expected && *expected != report.hash) damaged(file, "its content does not match its hash; the file is damaged");
  if (options.undirected || options.policy.loops == Loops::drop) {
    GraphFile changed = assemble(comm, path, num_rows, num_cols, entries_of(graph), options);
    graph = std::move(changed.graph);
    report.entries = changed.report.entries;
    report.hash.clear();
  }
  VertexNames names = read_names(comm, file, graph.rows());
  return {std::move(graph), std::move(names), std::move(report)};
}

void write_names(const Comm& comm, Hdf5Writer& file, const VertexNames& names) {
  if (names.kind() != VertexNames::Kind::numbers)
    file.attribute("/graph", "names_hash", hash_text(names_hash(comm, names)));
  if (names.kind() == VertexNames::Kind::ids) file.write<Global>("/graph/ids", names.ids());
  if (names.kind() == VertexNames::Kind::texts) write_texts(comm, file, "/graph/names", names.texts());
}

void write_hdf5(const Graph& graph, const VertexNames& names, const std::string& path) {
  const Comm& comm = graph.comm();
  const CsrView<double> local = graph.local().view();
  const bool has_values = graph.has_values();
  Hdf5Writer file(comm, path);
  file.attribute("/graph", "kind", "graph");
  file.attribute("/graph", "version", format_version);
  file.attribute("/graph", "shape", std::vector<std::int64_t>{graph.num_rows(), graph.num_cols()});
  file.text_attribute("/graph", "encoding-type", "csr_matrix");
  file.text_attribute("/graph", "encoding-version", "0.1.0");
  file.attribute("/graph", "hash", hash_text(content_hash(graph)));
  file.write<Offset>("/graph/indptr", with_end(comm, {local.row_ptr.begin(), local.row_ptr.end()}));
  std::vector<Global> col(local.col.size());
  for (std::size_t k = 0; k < col.size(); ++k) col[k] = graph.global_col(local.col[k]);
  file.write<Global>("/graph/indices", col);
  if (has_values) {
    file.write<double>("/graph/data", local.val);
  } else {
    file.write_ones("/graph/data", graph.num_nonzeros());
    file.attribute("/graph", "pattern", std::int64_t{1});
  }
  write_names(comm, file, names);
  file.commit();
}

}  // namespace filigree::io
