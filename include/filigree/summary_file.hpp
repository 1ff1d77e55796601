// The file of a graph summary.
#pragma once

#include <optional>

#include "filigree/io/hdf5.hpp"
#include "filigree/summary.hpp"

#pragma GCC visibility push(default)
namespace filigree::summary {

/// Writes a summary, and the merges that led to it, to an open HDF5 file, which the caller commits:
///
///   /summary/supernode        int32, of each vertex
///   /summary/{from, to}       int32, from <= to, ascending: the superedges
///   /summary/edges            uint32, edges of each superedge
///   /summary/merges/{left, right (int64), height (float64)}   as in Dendrogram, leaves are vertices
///   attributes of /summary: kind "filigree summary", version 1, mode, num_vertices, num_supernodes, num_edges,
///   graph_hash
///
/// The same bytes from any number of ranks. Collective. Throws IoError on all ranks.
void save(io::Hdf5Writer& file, const Summary& summary, const Dendrogram& merges);

/// Reads it back on any number of ranks; vertices are distributed as `vertices`, without it uniformly. Throws IoError
/// on all ranks, naming the file and what is wrong with it: every array but the merges is checked.
/// Collective.
Summary load(const Comm& comm, const io::Hdf5Reader& file, const std::optional<Partition>& vertices = {});

/// The merges of such a file, on every rank. Throws IoError on all ranks if they are damaged. Collective.
Dendrogram load_merges(const io::Hdf5Reader& file);

}  // namespace filigree::summary
#pragma GCC visibility pop
