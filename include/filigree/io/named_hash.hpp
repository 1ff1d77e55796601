// Fingerprints of a graph whose vertices are known by their names.
#pragma once

#include <cstdint>

#include "filigree/io/names.hpp"
#include "filigree/matrix/dist_csr.hpp"

#pragma GCC visibility push(default)
namespace filigree::io {

/// Equal if every vertex is called the same, on any number of ranks; different otherwise, except with
/// probability 2^-64. It makes no difference whether a name is the vertex number, an id or a text of the same digits.
/// Collective. One pass over the names.
std::uint64_t names_hash(const Comm& comm, const VertexNames& names);

/// Equal for graphs that have the same arcs, with the same weights, between vertices of the same names, whatever the
/// numbers of the vertices and however many have no arcs; different for any others, except with probability
/// 2^-64. A pattern hashes as the same graph with unit weights. `names` is distributed like graph.rows(); the graph is
/// square. Collective. A pass over the names and one over the arcs; 8 bytes per local column.
std::uint64_t named_arcs_hash(const Graph& graph, const VertexNames& names);

}  // namespace filigree::io
#pragma GCC visibility pop
