// Candidate groups: supernodes whose neighbourhoods are alike. In: the graph and its supernodes; out: disjoint groups.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "filigree/matrix/dist_csr.hpp"

namespace filigree::summary {

struct GroupOptions {
  Local max_group = 500;  ///< supernodes of a group
  int max_hashes = 10;    ///< that a group may be split by
};

/// Groups of two supernodes or more, concatenated.
struct Groups {
  std::vector<Local> members;    ///< ascending within a group, unless it was cut
  std::vector<Local> begins{0};  ///< num_groups() + 1

  Local num_groups() const { return static_cast<Local>(begins.size()) - 1; }
  std::span<const Local> group(Local g) const {
    return std::span(members).subspan(
        static_cast<std::size_t>(begins[static_cast<std::size_t>(g)]),
        static_cast<std::size_t>(begins[static_cast<std::size_t>(g) + 1] - begins[static_cast<std::size_t>(g)]));
  }
};

/// Supernodes with the same min-hash of their closed neighbourhood, by fresh hash functions of (seed, round). Groups
/// beyond max_group are split by the next hash, up to max_hashes, and what is still too large is cut at random.
/// graph: the input; of: supernode of every vertex. Returns the same on all ranks and any number of them and of
/// threads. Collective. Cost: a pass over the arcs, and one more over those of large groups for each split. Memory: 24
/// bytes a vertex of the whole graph.
Groups find_groups(const Graph& graph, std::span<const Local> of, Local num_supernodes, std::uint64_t seed,
                   std::uint32_t round, const GroupOptions& options);

}  // namespace filigree::summary
