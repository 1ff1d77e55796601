// Numbering: vertices as a file calls them -> rows 0, 1, 2, ... of a graph.
#pragma once

#include <functional>
#include <string>

#include "io/formats.hpp"

namespace filigree::io {

/// assemble() for vertices with names, which messages use. names_over(partition), collective, distributes them.
/// Collective.
GraphFile assemble_named(const Comm& comm, const std::string& path, Global num_vertices, Entries<double> entries,
                         const ReadOptions& options, const std::function<VertexNames(const Partition&)>& names_over);

/// The graph of entries whose rows and columns are vertex ids of a file, whole numbers from 0 to below 10^18, with
/// vertices as options.ids says: numbered in order of the ids that occur, or kept as they are (Ids::keep). Collective.
GraphFile number_ids(const Comm& comm, const std::string& path, Entries<double> entries, const ReadOptions& options);

/// The same when entries hold positions among `names`, the distinct names that this rank met. Collective.
GraphFile number_names(const Comm& comm, const std::string& path, Entries<double> entries, const Strings& names,
                       const ReadOptions& options);

}  // namespace filigree::io
