// Supergraph: supernodes, and how many edges run between them. In: a graph, merges; out: rows of supernodes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "filigree/core/array.hpp"
#include "filigree/matrix/dist_csr.hpp"
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

/// Supernodes on every rank, and the rows of some on each: consecutive blocks, as `owners` says.
struct Supergraph {
  Comm comm;
  std::vector<Local> of;      ///< supernode of every vertex; numbered by their smallest vertices
  std::vector<Local> size;    ///< vertices of every supernode
  std::vector<Local> length;  ///< entries of every row
  Partition owners;
  std::vector<Offset> row_ptr{0};  ///< of owned rows
  Array<Entry> entry;              ///< a pair A != B stands in both rows, A = A once

  Local num_supernodes() const { return static_cast<Local>(size.size()); }
  Local first() const { return static_cast<Local>(owners.begin(comm.rank())); }
  Local num_owned() const { return static_cast<Local>(row_ptr.size()) - 1; }
  bool owns(Local a) const { return owners.owns(comm.rank(), a); }
  /// Of an owned supernode.
  std::span<const Entry> row(Local a) const {
    const auto begin = row_ptr[static_cast<std::size_t>(a - first())];
    return {entry.data() + begin, static_cast<std::size_t>(length[static_cast<std::size_t>(a)])};
  }
};

/// Rows that a rank reads: its own if it is alone, else those that it was sent.
class Rows {
 public:
  /// Every row goes to the rank destination[a], to none if that is -1. The graph outlives this. Collective. Memory: 8
  /// bytes an entry sent, 8 an entry received, 8 a supernode.
  Rows(const Supergraph& graph, std::span<const int> destination);
  std::span<const Entry> operator()(Local a) const {
    if (graph_->comm.size() == 1) return graph_->row(a);
    return std::span(received_).subspan(static_cast<std::size_t>(begin_[static_cast<std::size_t>(a)]),
                                        static_cast<std::size_t>(graph_->length[static_cast<std::size_t>(a)]));
  }

 private:
  const Supergraph* graph_;
  std::vector<Entry> received_;
  std::vector<Offset> begin_;  // in received_, of rows sent to this rank
};

/// Every vertex a supernode, every edge a superedge. The graph is symmetric; loops are left out. Collective.
Supergraph singletons(const Graph& graph);

/// The graph after merges: adds up rows, decides pairs anew of which a supernode was merged, numbers supernodes anew.
/// `merges` are a part of what groups proposed, none without those before it in its group. Collective. Equal bits for
/// any number of ranks and threads.
Supergraph contract(const Supergraph& graph, std::span<const MergeStep> merges, const CostModel& cost);

struct Counts {
  std::int64_t superedges = 0;
  std::int64_t max_count = 0;  ///< of edges of a superedge; 0 without superedges
};
/// Collective.
Counts count_superedges(const Supergraph& graph);

/// n log2 |S| + |P| (2 log2 |S| + log2 w_max)
double size_in_bits(std::int64_t num_vertices, std::int64_t num_supernodes, std::int64_t num_superedges,
                    std::int64_t max_count);

}  // namespace filigree::summary
