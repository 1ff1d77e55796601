// Which arc of a graph has no equal in the other direction?
#pragma once

#include <optional>

#include "filigree/matrix/dist_csr.hpp"

namespace filigree::io {

struct Arc {
  Global from;
  Global to;
};

/// The first arc, by row and column, whose reverse is missing or has another value; nothing if the square matrix is
/// symmetric. The same on all ranks. Collective. One pass when it is symmetric, else a transposition.
std::optional<Arc> asymmetric_arc(const Graph& graph);

}  // namespace filigree::io
