// The file of a tree of communities.
#pragma once

#include <functional>
#include <string>

#include "filigree/communities.hpp"
#include "filigree/io/hdf5.hpp"

#pragma GCC visibility push(default)
namespace filigree::communities {

/// Writes a tree as HDF5. /tree: left, right (int64) and height (float64) of each merge, leaf_sizes (int64), labels
/// (int64: the leaf of each vertex); attributes version (1), num_vertices, num_leaves. /between,
/// the edges between leaves: row_ptr, col (int64), weight (float64), attribute weighted. `more` adds to the file before
/// it gets its name. The same bytes from any number of ranks. Collective. Throws IoError on all ranks.
void save(const Comm& comm, const Tree& tree, const std::string& path,
          const std::function<void(io::Hdf5Writer&)>& more = {});

/// Reads it back on any number of ranks; labels are distributed uniformly, the rest is on every rank. Throws IoError on
/// all ranks, naming the file and what is wrong with it.
/// Collective.
Tree load(const Comm& comm, const std::string& path);

}  // namespace filigree::communities
#pragma GCC visibility pop
