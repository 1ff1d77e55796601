#include "filigree/io/write.hpp"

#include "io/formats.hpp"
#include "io/names_file.hpp"

namespace filigree::io {
namespace {

void write_as(Format format, const Graph& graph, const VertexNames& names, const std::string& path) {
  switch (format) {
    case Format::matrix_market: return write_matrix_market(graph, path);
    case Format::metis: return write_metis(graph, path);
    case Format::dimacs: return write_dimacs(graph, path);
    case Format::gap: return write_gap(graph, path, false);
    case Format::gap_weighted: return write_gap(graph, path, true);
    case Format::npy: return write_npy(graph, path);
    case Format::hdf5: return write_hdf5(graph, names, path);
    case Format::edge_list:
    case Format::automatic: return write_edge_list(graph, names, path);
  }
}

}  // namespace

void write(const Graph& graph, const VertexNames& names, const std::string& path, Format format) {
  require(names.vertices() == graph.rows, path, ": ", names.vertices().num_items(),
          " vertex names, dealt out differently from the ", graph.num_rows(), " rows");
  if (format == Format::automatic) format = format_of(path);
  refuse_packed_binary(format, path);
  if (holds_names(format)) return write_as(format, graph, names, path);
  if (names.kind() == VertexNames::Kind::numbers) {
    write_as(format, graph, names, path);
    return remove_names_beside(graph.comm, path);
  }
  TextWriter beside(graph.comm, names_path(path));
  write_lines(graph.comm, names, beside);
  write_as(format, graph, names, path);
  beside.commit();
}

}  // namespace filigree::io
