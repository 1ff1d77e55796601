// Writing graphs and sparse matrices, in parallel.
#pragma once

#include <string>

#include "filigree/io/hdf5.hpp"
#include "filigree/io/names.hpp"
#include "filigree/io/read.hpp"
#include "filigree/matrix/dist_csr.hpp"

namespace filigree::io {

/// Writes a graph under a temporary name beside `path` that becomes `path` when all is written. Any number of ranks
/// writes the same bytes (compressed: the same text); real numbers read back as they were.
///
///   hdf5           everything, names too; the only format that loses nothing and the fastest to read
///   edge_list      "from TAB to [TAB weight]" by name, with commas if `path` ends in .csv; rows in order; vertices
///                  without edges are lost
///   matrix_market  coordinate, general, pattern if there are entries without values, else real
///   metis          graphs without loops in which every arc has its reverse, with whole weights above 0
///   dimacs         square, finite weights, 1 where the graph has none
///   gap            square, without weights other than 1, fewer than 2^31 vertices
///   gap_weighted   the same with whole weights in [-2^31, 2^31), 1 where the graph has none
///   npy            all elements, up to 2^33 of them, float64 or, without weights, bool; stored zeros are lost
///   npz            csr of SciPy, float64 or, without weights, bool; indices int32, or int64 where they must be
///
/// Text is compressed if the path ends in .gz or .zst. Names that a format has no room for go to PATH.names, a line for
/// each row, where read() finds them; without such names a PATH.names from before is removed.
///
/// format: automatic goes by the extension, see format_to_write(). `names` is distributed like graph.rows, as read()
/// returns it. Throws InvalidArgument, naming an arc or a name, when the format cannot hold the graph; IoError when
/// writing fails. Collective over graph.comm. Peak memory of text formats: the text of this rank's rows.
void write(const Graph& graph, const VertexNames& names, const std::string& path, Format format = Format::automatic);

/// Adds what vertices are called to a file of results, where read() finds it in a file of a graph: /graph/ids, or
/// /graph/names, and their hash, or nothing when names are the vertex numbers. Collective.
void write_names(const Comm& comm, Hdf5Writer& file, const VertexNames& names);

/// A dataset of texts, those of each rank behind each other: as UTF-8 of fixed length, which h5py reads by asstr(), or
/// where that cannot be as bytes, with begins in "DATASET_indptr". Collective.
void write_texts(const Comm& comm, Hdf5Writer& file, const std::string& dataset, const Strings& texts);
/// Texts [first, first + count) of it; each rank may ask for others. Throws IoError on all ranks. Collective.
Strings read_texts(const Comm& comm, const Hdf5Reader& file, const std::string& dataset, Offset first, Offset count);

/// What write_names() wrote; vertices are called by their numbers where it wrote nothing. Throws IoError on all ranks.
/// Collective.
VertexNames read_names(const Comm& comm, const Hdf5Reader& file, const Partition& rows);

}  // namespace filigree::io
