#include "filigree/io/write.hpp"

#include "filigree/io/integers.hpp"
#include "io/formats.hpp"
#include "io/names_file.hpp"

namespace filigree::io {
namespace {

/// Writes a matrix by write_file(), and the names of its rows beside it if the format cannot hold them.
template <class V, class F>
void write_with_names(const DistCsr<V>& matrix, const VertexNames& names, const std::string& path,
                      const FormatInfo& format, F write_file) {
  require(names.vertices() == matrix.rows(), path, ": ", names.vertices().num_items(),
          " vertex names, distributed differently from the ", matrix.num_rows(), " rows");
  if (format.format != Format::hdf5) expect_plain(matrix.comm(), names, path);
  if (format.holds_names) return write_file();
  if (names.kind() == VertexNames::Kind::numbers) {
    write_file();
    return remove_names_beside(matrix.comm(), path);
  }
  TextWriter beside(matrix.comm(), names_path(path));
  write_lines(matrix.comm(), names, beside);
  write_file();
  beside.commit();
}

}  // namespace

void write(const Graph& graph, const VertexNames& names, const std::string& path, Format format) {
  const FormatEntry& to = entry_of(format_to_write(path, format));
  write_with_names(graph, names, path, to.info, [&] { to.write(graph, names, path); });
}

void write(const Integers& matrix, const VertexNames& names, const std::string& path, Format format) {
  const FormatEntry& to = entry_of(format_to_write(path, format));
  if (to.info.format == Format::matrix_market)
    return write_with_names(matrix, names, path, to.info, [&] { write_matrix_market(matrix, path); });
  if (const auto wide = wide_entry(matrix)) {
    throw InvalidArgument(text(path, ": entry (", wide->row, ", ", wide->col, ") is ", wide->value,
                               ", which a double holds only rounded; MatrixMarket (.mtx) holds it exactly"));
  }
  write(as_reals(matrix), names, path, format);
}

}  // namespace filigree::io
