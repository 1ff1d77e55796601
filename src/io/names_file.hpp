// Files of names, a line for each vertex: PATH.names says what vertices are called when the format of PATH cannot, and
// an edge list may have a list of its vertices.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "filigree/io/names.hpp"
#include "filigree/io/text_writer.hpp"
#include "io/keys.hpp"

namespace filigree::io {

std::string names_path(const std::string& path);

/// The names beside `path`, a line for each vertex in order; nothing if there is no such file. Whole numbers, written
/// as one writes numbers, are ids. Throws IoError("path:line: what"). Collective.
std::optional<VertexNames> read_names_beside(const Comm& comm, const std::string& path, const Partition& vertices);

/// Throws InvalidArgument on all ranks for a name that no text file gives back: an empty one, or with a control
/// character or a byte order mark. Messages begin with `path`. Collective.
void expect_plain(const Comm& comm, const VertexNames& names, const std::string& path);

/// The names of vertices that stand in order on the ranks, those of rank 0 first, in any pieces: ids if all are whole
/// numbers as one writes them, else texts. Collective.
VertexNames names_in_order(const Comm& comm, const Strings& names, const Partition& vertices);

/// A list of distinct vertices, in its order; the second of ids. Throws IoError("path:line: what"). Collective.
VertexList<Strings> read_vertex_list(const Comm& comm, const std::string& path);
VertexList<std::vector<Global>> read_vertex_ids(const Comm& comm, const std::string& path);

/// Writes them; the caller commits when what they belong to is there. Collective.
void write_lines(const Comm& comm, const VertexNames& names, TextWriter& file);

/// Removes names that were beside `path` from before: they would be taken for those of the new file. Collective.
void remove_names_beside(const Comm& comm, const std::string& path);

}  // namespace filigree::io
