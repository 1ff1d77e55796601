// Names looked up again and again.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "filigree/io/names.hpp"

namespace filigree::app {

/// What VertexNames::find() finds, in log(n) comparisons a name instead of a pass over all. Each rank keeps its own
/// vertices in order of their names, 4 bytes each. It must not outlive the names.
class NameTable {
 public:
  NameTable(const Comm& comm, const io::VertexNames& names);

  /// The vertices with these names, in their order, -1 where there is none. The same names on all ranks; collective.
  std::vector<Global> find(std::span<const std::string> wanted) const;

 private:
  Global find_owned(const std::string& name) const;

  Comm comm_;
  const io::VertexNames& names_;
  std::vector<Local> order_;  // owned vertices by name; none if names are the vertices' numbers
};

/// "no vertex is called 'x'"; long names are cut, bytes that a terminal would not print are "?".
std::string no_such_vertex(const std::string& name);

}  // namespace filigree::app
