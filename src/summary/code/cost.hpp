// Description costs of supernode pairs in bits, under a frozen number of supernodes and largest count.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "filigree/core/types.hpp"
#include "filigree/summary.hpp"

namespace filigree::summary {

/// x log2 x for whole x: a table for small ones.
class EntropyTable {
 public:
  EntropyTable() : table_(size) {
    for (std::size_t x = 2; x < size; ++x) table_[x] = compute(static_cast<double>(x));
  }
  double operator()(std::int64_t x) const {
    return x < static_cast<std::int64_t>(size) ? table_[static_cast<std::size_t>(x)] : compute(static_cast<double>(x));
  }

 private:
  static constexpr std::size_t size = std::size_t{1} << 15;
  static double compute(double x) { return x * std::log2(x); }
  std::vector<double> table_;
};

/// Unordered vertex pairs between supernodes of these sizes; within one if `inside`.
constexpr std::int64_t num_vertex_pairs(std::int64_t a, std::int64_t b, bool inside) {
  return inside ? a * (a - 1) / 2 : a * b;
}

/// Bits of a pair with E edges among Pi vertex pairs:
///
///   as a superedge   2 log2 |S| + log2 w_max + Pi H(E / Pi)        H: binary entropy
///   as listed edges  2 log2 n  E
class CostModel {
 public:
  CostModel(const EntropyTable& entropy, std::int64_t num_vertices, std::int64_t num_supernodes, std::int64_t max_count,
            Norm norm)
      : entropy_(&entropy),
        superedge_bits_(2 * std::log2(static_cast<double>(num_supernodes)) +
                        (max_count > 1 ? std::log2(static_cast<double>(max_count)) : 0.0)),
        listed_bits_(2 * std::log2(static_cast<double>(num_vertices))),
        l1_(norm == Norm::l1) {}

  double listed(std::int64_t edges) const { return listed_bits_ * static_cast<double>(edges); }
  double superedge(std::int64_t edges, std::int64_t pairs) const {
    return superedge_bits_ + (*entropy_)(pairs) - (*entropy_)(edges) - (*entropy_)(pairs - edges);
  }
  /// The shorter code; a superedge where both are equally long, and under L1 only if at least half of the pairs are
  /// edges.
  bool prefers_superedge(std::int64_t edges, std::int64_t pairs) const {
    if (l1_ && 2 * edges < pairs) return false;
    return superedge(edges, pairs) <= listed(edges);
  }
  double best(std::int64_t edges, std::int64_t pairs) const {
    const double as_list = listed(edges);
    if (l1_ && 2 * edges < pairs) return as_list;
    // No superedge is shorter than its name.
    if (as_list < superedge_bits_) return as_list;
    return std::min(superedge(edges, pairs), as_list);
  }
  double kept(bool is_superedge, std::int64_t edges, std::int64_t pairs) const {
    return is_superedge ? superedge(edges, pairs) : listed(edges);
  }

 private:
  const EntropyTable* entropy_;
  double superedge_bits_;
  double listed_bits_;
  bool l1_;
};

}  // namespace filigree::summary
