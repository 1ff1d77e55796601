#include "filigree/io/write.hpp"

#include "io/formats.hpp"
#include "io/names_file.hpp"

namespace filigree::io {

void write(const Graph& graph, const VertexNames& names, const std::string& path, Format format) {
  require(names.vertices() == graph.rows, path, ": ", names.vertices().num_items(),
          " vertex names, dealt out differently from the ", graph.num_rows(), " rows");
  const FormatEntry& to = entry_of(format_to_write(path, format));
  if (to.info.format != Format::hdf5) expect_plain(graph.comm, names, path);
  if (to.info.holds_names) return to.write(graph, names, path);
  if (names.kind() == VertexNames::Kind::numbers) {
    to.write(graph, names, path);
    return remove_names_beside(graph.comm, path);
  }
  TextWriter beside(graph.comm, names_path(path));
  write_lines(graph.comm, names, beside);
  to.write(graph, names, path);
  beside.commit();
}

}  // namespace filigree::io
