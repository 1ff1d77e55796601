// Superedges under a budget. In: supernodes and their rows; out: the superedges that lower the error most.
#pragma once

#include <cstdint>

#include "filigree/core/array.hpp"
#include "summary/code/supergraph.hpp"

namespace filigree::summary {

struct Superedge {
  Local a, b;  ///< a <= b
  std::uint32_t edges;
  friend bool operator==(const Superedge&, const Superedge&) = default;
};

struct Filling {
  Array<Superedge> superedges;
  std::int64_t num_supernodes = 0;  ///< those without superedges are one
  std::int64_t max_count = 0;
  double size_bits = 0;
  double error_sum = 0;  ///< over ordered pairs: absolute values (L1), squares (L2)
};

/// The superedges that lower the error most and fit in `budget_bits`, when supernodes without superedges become one.
/// num_edges: of the input. The same on all ranks, on any number of them. Collective.
/// Best first, each that still fits: what is refused leaves no superedge out that would fit beside the others.
/// Memory on every rank: 12 bytes a superedge taken and, while it looks for them, 1 byte a supernode, and of pairs of
/// nearly the same benefit, or a quarter of all, 16 bytes each, on several ranks 44.
Filling fill_budget(const Supergraph& graph, std::int64_t num_edges, double budget_bits, Norm norm);

}  // namespace filigree::summary
