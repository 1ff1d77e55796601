#include "filigree/io/write.hpp"

#include "io/formats.hpp"

namespace filigree::io {

void write(const Graph& graph, const VertexNames& names, const std::string& path, Format format) {
  require(names.vertices() == graph.rows, path, ": ", names.vertices().num_items(),
          " vertex names, dealt out differently from the ", graph.num_rows(), " rows");
  switch (format == Format::automatic ? format_of(path) : format) {
    case Format::matrix_market: return write_matrix_market(graph, path);
    case Format::metis: return write_metis(graph, path);
    case Format::hdf5: return write_hdf5(graph, names, path);
    case Format::edge_list:
    case Format::automatic: return write_edge_list(graph, names, path);
  }
}

}  // namespace filigree::io
