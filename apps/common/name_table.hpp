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

  /// "no vertex is called 'ann'; did you mean 'Ann'?": for names that find() does not find, each with the vertex whose
  /// name is the same except in case, or else one letter (added, left out, changed or swapped), or with how vertices
  /// are called where they have numbers. The same names on all ranks; collective. Costs a pass over the owned names for
  /// each of the first eight; the others get no suggestion.
  std::vector<std::string> complaints(std::span<const std::string> unknown) const;
  std::string complaint(const std::string& unknown) const { return complaints(std::span(&unknown, 1)).front(); }

 private:
  Global find_owned(const std::string& name) const;

  Comm comm_;
  const io::VertexNames& names_;
  std::vector<Local> order_;  // owned vertices by name; none if names are the vertices' numbers
};

}  // namespace filigree::app
