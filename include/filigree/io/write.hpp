// Writing graphs and sparse matrices, in parallel.
#pragma once

#include <string>

#include "filigree/io/hdf5.hpp"
#include "filigree/io/names.hpp"
#include "filigree/io/read.hpp"
#include "filigree/matrix/dist_csr.hpp"

#pragma GCC visibility push(default)
namespace filigree::io {

/// Writes a graph or a sparse matrix. docs/file_formats.md says what each format holds.
///
/// graph    what is written; real numbers read back as they were
/// names    distributed like graph.rows(), as read() returns them; what a format cannot hold goes to PATH.names, a line
///          for each row, where read() finds it; without such names a PATH.names from before is removed
/// path     takes its name when all is written; text is compressed if it ends in .gz or .zst
/// format   automatic: by the extension, see format_to_write()
///
/// Any number of ranks writes the same bytes (compressed: the same text). HDF5 alone loses nothing, and is the fastest
/// to read. Throws InvalidArgument on all ranks, naming an arc or a name, when the format cannot hold the graph;
/// IoError when writing fails. Collective over graph.comm(). Memory of text formats: the text of this rank's rows.
void write(const Graph& graph, const VertexNames& names, const std::string& path, Format format = Format::automatic);

/// Adds names of vertices to a file of results, where read() finds them in a file of a graph: /graph/ids, or
/// /graph/names, and their hash, or nothing when names are the vertex numbers. Collective.
void write_names(const Comm& comm, Hdf5Writer& file, const VertexNames& names);

/// Writes a dataset of texts, those of all ranks in order: as UTF-8 of fixed length, which h5py reads by asstr(), or
/// where that cannot be as bytes, with begins in "DATASET_indptr". Collective.
void write_texts(const Comm& comm, Hdf5Writer& file, const std::string& dataset, const Strings& texts);
/// Reads texts [first, first + count) of such a dataset; each rank may read others. Throws IoError on all ranks.
/// Collective.
Strings read_texts(const Comm& comm, const Hdf5Reader& file, const std::string& dataset, Offset first, Offset count);

/// Reads what write_names() wrote; if it wrote nothing, names are the vertex numbers. Throws IoError on all ranks.
/// Collective.
VertexNames read_names(const Comm& comm, const Hdf5Reader& file, const Partition& rows);

}  // namespace filigree::io
#pragma GCC visibility pop
