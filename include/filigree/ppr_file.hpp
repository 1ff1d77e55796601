// The file of a personalized PageRank index.
#pragma once

#include <optional>
#include <string>

#include "filigree/ppr.hpp"

#pragma GCC visibility push(default)
namespace filigree::ppr {

/// Writes an index as HDF5: /index/{row_bytes, bytes, walks, deviation}, the bytes being the rows as VisitRows packs
/// them; attributes version (2), num_vertices, estimator, teleport, seed, graph_hash. The same bytes from any number of
/// ranks. Collective. Throws IoError on all ranks.
void save(const Comm& comm, const Index& index, const std::string& path);

/// build_index() and save() in one, for builds that take long. What is finished goes to `path`.partial (other ranks
/// than the first: `path`.partial.RANK) slice by slice, about 1 MiB each; should the program die, the same call takes
/// it up there and ends with the same bits. The partial files go when the index has its name. Peak bytes as
/// build_index(); disk: twice the index. Throws what the two throw, and IoError if something else
/// lies there, or another job is at work on it. Collective.
/// Stats besides those of build_index(): "rows_restored" from an earlier run; "partials_discarded": ranks that found a
/// partial file of another build (graph, options, ranks), and began anew.
Index build_index_file(const Graph& graph, const IndexOptions& options, const std::string& path);

/// Reads it back on any number of ranks; rows are distributed as `sources`, without it uniformly. Throws IoError on all
/// ranks, naming the file and what is wrong with it. Collective.
Index load(const Comm& comm, const std::string& path, const std::optional<Partition>& sources = {});

}  // namespace filigree::ppr
#pragma GCC visibility pop
