// Edges as a NumPy array: a row for each, of two vertices and perhaps a weight.
#include <cmath>

#include "core/index.hpp"
#include "io/fields.hpp"
#include "io/formats.hpp"
#include "io/numbering.hpp"
#include "io/numpy/npy_header.hpp"

namespace filigree::io {
namespace {

/// Reads this rank's edges, a slice at a time. Not collective.
Entries<double> read_edges(const Comm& comm, const BinaryFile& file, const NpyHeader& header,
                           const ReadOptions& options) {
  const NpyConvert convert = npy_conversion_of(header.type);
  const Offset width = header.element_bytes();
  const Partition edges = Partition::uniform(header.num_rows(), comm.size());
  const Offset count = edges.size(comm.rank());
  const Offset num_columns = options.weights ? 3 : 2;
  Entries<double> entries;
  std::vector<Global>* const vertices[] = {&entries.row, &entries.col};
  std::vector<char> bytes;
  // By rows, the columns of an edge lie side by side; by columns, those of all edges follow each other.
  for (Offset column = 0; column < num_columns; ++column) {
    const Offset stride = header.by_columns ? 1 : header.num_cols();
    const Offset begin = header.by_columns ? column * header.num_rows() + edges.begin(comm.rank())
                                           : edges.begin(comm.rank()) * header.num_cols();
    const Offset at_once = std::max<Offset>(1, slice_bytes / (stride * width));
    for (Offset done = 0; done < count; done += at_once) {
      const Offset now = std::min(at_once, count - done);
      bytes.resize(z(now * stride * width));
      file.read(header.data_begin + (begin + done * stride) * width, std::span<char>(bytes));
      for (Offset k = 0; k < now; ++k) {
        const Offset within = header.by_columns ? k : k * stride + column;
        const std::optional<double> value = convert(bytes.data() + within * width, header.is_big_endian());
        const bool is_vertex = column < 2;
        const bool is_id = value && std::trunc(*value) == *value && *value >= 0 && *value < 0x1p53;
        if (is_vertex ? !is_id : !value || (options.finite && !std::isfinite(*value)))
          throw IoError(
              text(file.path(), ": element (", edges.begin(comm.rank()) + done + k, ", ", column, ")",
                   value ? text(" is ", *value, ",") : "",
                   is_vertex ? " must be a vertex, a whole number in [0, 2^53)" : " must be a finite weight"));
        if (is_vertex)
          vertices[column]->push_back(static_cast<Global>(*value));
        else
          entries.val.push_back(*value);
      }
    }
  }
  return entries;
}

}  // namespace

GraphFile read_edges_npy(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const BinaryFile file(comm, path);
  const NpyHeader header = comm.guard([&] { return read_npy_header(file); });
  const bool has_weights = header.shape.size() == 2 && header.shape[1] == 3;
  comm.guard([&] {
    if (header.shape.size() != 2 || header.shape[1] < 2 || header.shape[1] > 3)
      throw IoError(text(path, ": is ", header.num_rows(), " x ", header.num_cols(),
                         "; an array of edges has two columns, or three with weights"));
    if (options.weights && !has_weights) throw IoError(text(path, ": has two columns, so there are no weights"));
  });
  Entries<double> entries = comm.guard([&] { return read_edges(comm, file, header, options); });
  GraphFile result = number_ids(comm, path, {std::move(entries)}, options);
  if (has_weights && !options.weights)
    result.report.remarks.push_back("the third column is not read; --weights takes it as weights");
  return result;
}

}  // namespace filigree::io
