// Supergraph: supernodes, and how many edges run between them. In: a graph, merges; out: rows of supernodes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "filigree/core/array.hpp"
#include "filigree/matrix/csr.hpp"
#include "summary/code/cost.hpp"

namespace filigree::summary {

/// A pair in the row of one of its supernodes.
struct Entry {
  Local other;
  std::uint32_t bits;  ///< edges, and in the highest bit whether the pair is a superedge

  static constexpr std::uint32_t superedge_bit = 1u << 31;
  std::int64_t edges() const { return bits & ~superedge_bit; }
  bool is_superedge() const { return (bits & superedge_bit) != 0; }
};
static_assert(sizeof(Entry) == 8);

/// Two supernodes become one. Ids are those at the start of the round.
struct MergeStep {
  Local kept;
  Local gone;
  float reduction;  ///< relative, of bits; within a group the least so far
};

struct Supergraph {
  std::vector<Local> of;    ///< supernode of each vertex; numbered by their smallest vertices
  std::vector<Local> size;  ///< vertices of each supernode
  std::vector<Offset> row_ptr{0};
  Array<Entry> entry;  ///< a pair A != B stands in both rows, A = A once

  Local num_supernodes() const { return static_cast<Local>(size.size()); }
  std::span<const Entry> row(Local a) const {
    const auto begin = static_cast<std::size_t>(row_ptr[static_cast<std::size_t>(a)]);
    return {entry.data() + begin, static_cast<std::size_t>(row_ptr[static_cast<std::size_t>(a) + 1]) - begin};
  }
};

/// Every vertex a supernode, every edge a superedge. The graph is symmetric; loops are left out.
Supergraph singletons(CsrView<double> graph);

/// The graph after merges: adds up rows, decides pairs anew of which a supernode was merged, numbers supernodes anew.
/// `merges` are a part of what groups proposed, none without those before it in its group. Equal bits for any number of
/// threads.
Supergraph contract(const Supergraph& graph, std::span<const MergeStep> merges, const CostModel& cost);

struct Counts {
  std::int64_t superedges = 0;
  std::int64_t max_count = 0;  ///< of edges of a superedge; 0 without superedges
};
Counts count_superedges(const Supergraph& graph);

/// n log2 |S| + |P| (2 log2 |S| + log2 w_max)
double size_in_bits(std::int64_t num_vertices, std::int64_t num_supernodes, std::int64_t num_superedges,
                    std::int64_t max_count);

}  // namespace filigree::summary
