// NumPy's .npy files: "\x93NUMPY", version (2 bytes), length of the header (2 bytes, from version 2 on 4), the header,
// a Python dict such as {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }, then the elements.
// Format: NumPy Enhancement Proposal 1, A simple file format for NumPy arrays.
#include <algorithm>
#include <cmath>
#include <optional>

#include "io/formats.hpp"
#include "io/numpy/npy_header.hpp"

namespace filigree::io {
namespace {

[[noreturn]] void damaged(const std::string& path, const std::string& what) { throw IoError(text(path, ": ", what)); }

/// Reads this rank's share of the elements, a slice at a time. Not collective.
Entries<double> read_part(const Comm& comm, const BinaryFile& file, const NpyHeader& header,
                          const ReadOptions& options) {
  const NpyConvert convert = npy_conversion_of(header.type);
  const bool has_values = header.type != "|b1";
  const bool big_endian = header.is_big_endian();
  const Partition elements = Partition::uniform(header.num_rows() * header.num_cols(), comm.size());
  const Global begin = elements.begin(comm.rank());
  const Global end = elements.end(comm.rank());
  const Global line = header.by_columns ? header.num_rows() : header.num_cols();  // elements that follow each other
  Entries<double> entries;
  std::vector<char> bytes;
  for (Global first = begin; first < end;) {
    const Global count = std::min(end - first, slice_bytes / header.element_bytes());
    bytes.resize(z(count * header.element_bytes()));
    file.read(header.data_begin + first * header.element_bytes(), std::span<char>(bytes));
    Global major = first / line;
    Global minor = first % line;
    for (Global k = 0; k < count; ++k) {
      const std::optional<double> value = convert(bytes.data() + k * header.element_bytes(), big_endian);
      const Global row = header.by_columns ? minor : major;
      const Global col = header.by_columns ? major : minor;
      if (!value || (options.finite && !std::isfinite(*value))) {
        damaged(file.path(), text("element (", row, ", ", col, ") of type ", header.type,
                                  header.type[1] == 'f'   ? " must be finite"
                                  : header.type[1] == 'b' ? " must be 0 or 1"
                                                          : " is a number that a double cannot hold exactly"));
      }
      if (*value != 0) {
        entries.row.push_back(row);
        entries.col.push_back(col);
        if (has_values) entries.val.push_back(*value);
      }
      if (++minor == line) {
        minor = 0;
        ++major;
      }
    }
    first += count;
    if (options.progress)
      options.progress("read", (first - begin) * header.element_bytes(), (end - begin) * header.element_bytes());
  }
  return entries;
}

/// Writes this rank's rows, zeros and all. Not collective.
template <class T>
void write_rows(BinaryWriter& file, const Graph& graph, Offset data_begin) {
  const CsrView<double> local = graph.local().view();
  Sequence<T> elements(file, data_begin + graph.first_row() * graph.num_cols() * Offset{sizeof(T)});
  for (Local row = 0; row < local.num_rows(); ++row) {
    Global next = 0;
    for (std::size_t k = 0; k < local.cols(row).size(); ++k) {
      for (const Global col = graph.global_col(local.cols(row)[k]); next < col; ++next) elements.push_back(T{0});
      elements.push_back(local.has_values() ? static_cast<T>(local.vals(row)[k]) : T{1});
      ++next;
    }
    for (; next < graph.num_cols(); ++next) elements.push_back(T{0});
  }
  elements.flush();
}

}  // namespace

GraphFile read_npy(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const BinaryFile file(comm, path);
  const NpyHeader header = comm.guard([&] { return read_npy_header(file); });
  Entries<double> entries = comm.guard([&] { return read_part(comm, file, header, options); });
  GraphFile result = assemble(comm, path, header.num_rows(), header.num_cols(), std::move(entries), options);
  if (header.holds_integers() && header.shape.size() == 2 && header.shape[1] == 2 && header.shape[0] != 2)
    result.report.remarks.push_back("is read as a matrix; if its rows are edges, --format edges-npy");
  return result;
}

void write_npy(const Graph& graph, const std::string& path) {
  constexpr Offset most_elements = Offset{1} << 33;
  require(graph.num_rows() == 0 || graph.num_cols() <= most_elements / graph.num_rows(), path,
          ": .npy files hold all elements, zeros too, and are written up to 2^33 of them; this matrix has ",
          graph.num_rows(), " x ", graph.num_cols());
  const bool has_values = graph.has_values();
  const std::string header = npy_header_text(has_values ? "<f8" : "|b1", {graph.num_rows(), graph.num_cols()});
  BinaryWriter file(graph.comm(), path);
  graph.comm().guard([&] {
    if (graph.comm().is_root()) file.write(0, std::span<const char>(header));
    if (has_values)
      write_rows<double>(file, graph, std::ssize(header));
    else
      write_rows<std::uint8_t>(file, graph, std::ssize(header));
  });
  file.commit();
}

}  // namespace filigree::io
