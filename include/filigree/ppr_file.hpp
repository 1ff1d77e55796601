// The file of a personalized PageRank index.
#pragma once

#include <string>

#include "filigree/ppr.hpp"

namespace filigree::ppr {

/// Writes an index as HDF5: /index/{indptr, indices, counts, deviation}; attributes walks, teleport, seed, graph_hash,
/// num_vertices. The same bytes from any number of ranks. Collective. Throws IoError on all ranks.
void save(const Comm& comm, const Index& index, const std::string& path);

/// Reads it back on any number of ranks. Throws IoError on all ranks, naming the file and what is wrong with it.
/// Collective.
Index load(const Comm& comm, const std::string& path);

}  // namespace filigree::ppr
