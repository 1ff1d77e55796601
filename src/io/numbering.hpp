// Numbering: vertices as a file calls them -> rows 0, 1, 2, ... of a graph.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/formats.hpp"
#include "io/keys.hpp"

namespace filigree::io {

/// assemble() for vertices with names, which messages use. names_over(partition), collective, distributes them.
/// Collective.
GraphFile assemble_named(const Comm& comm, const std::string& path, Global num_vertices, Entries<double> entries,
                         const ReadOptions& options, const std::function<VertexNames(const Partition&)>& names_over);

/// What the vertices of the second column of a bipartite graph are called begins with this.
constexpr std::string_view second_side = "to:";

/// Entries of this rank, and vertices besides theirs. They hold ids of a file, or positions among distinct names that
/// this rank met. If bipartite, columns have vertices of their own, which are numbered behind those of the rows.
struct UnnumberedEntries {
  Entries<double> entries;
  std::vector<Global> lone = {};
  bool bipartite = false;
};

/// The graph of entries that hold ids, numbered in order of the ids that occur, or kept as they are (Ids::keep).
/// Collective.
GraphFile number_ids(const Comm& comm, const std::string& path, UnnumberedEntries edges, const ReadOptions& options);

/// The same of entries that hold positions among `names`, columns among `col_names` if bipartite. In order of the
/// names, byte by byte. Collective.
GraphFile number_names(const Comm& comm, const std::string& path, UnnumberedEntries edges, const Strings& names,
                       const Strings& col_names, const ReadOptions& options);

/// The same if the vertices are those of a list. Nothing, on all ranks, if one of the entries or of `lone` is not in
/// it; `missing` gets those that this rank met. Collective.
std::optional<GraphFile> number_ids(const Comm& comm, const std::string& path, UnnumberedEntries edges,
                                    const VertexList<std::vector<Global>>& list, const ReadOptions& options,
                                    std::vector<Global>& missing);
std::optional<GraphFile> number_names(const Comm& comm, const std::string& path, UnnumberedEntries edges,
                                      const Strings& names, const VertexList<Strings>& list, const ReadOptions& options,
                                      Strings& missing);

}  // namespace filigree::io
