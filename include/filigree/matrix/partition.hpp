// Partition: which part owns which of n consecutive things. Pure arithmetic.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "filigree/core/error.hpp"
#include "filigree/core/types.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// [0, n) cut into contiguous blocks, one per part, in order; blocks may be empty.
///
///   begin(0) = 0 <= begin(1) <= ... <= begin(num_parts()) = n
class Partition {
 public:
  /// One part that owns nothing.
  Partition() : begins_{0, 0} {}
  /// Sizes that differ by at most one, the larger first.
  static Partition uniform(Global n, int parts) {
    require(n >= 0, "Partition: size ", n, ", must be at least 0");
    require(parts >= 1, "Partition: ", parts, " parts, must be at least 1");
    std::vector<Global> begins(static_cast<std::size_t>(parts) + 1);
    for (int p = 0; p <= parts; ++p)
      begins[static_cast<std::size_t>(p)] = n / parts * p + std::min<Global>(p, n % parts);
    return Partition(std::move(begins));
  }
  /// Blocks of nearly equal weight: part p begins at the first index whose preceding weight reaches p/parts of the
  /// total. `weight` holds one number >= 0 per index. O(n + parts).
  static Partition by_weight(std::span<const Offset> weight, int parts);
  /// From the begins of all parts and, last, n; must ascend from 0.
  static Partition from_begins(std::vector<Global> begins);

  int num_parts() const { return static_cast<int>(begins_.size()) - 1; }
  Global num_items() const { return begins_.back(); }
  Global begin(int part) const { return begins_[static_cast<std::size_t>(part)]; }
  Global end(int part) const { return begins_[static_cast<std::size_t>(part) + 1]; }
  Global size(int part) const { return end(part) - begin(part); }
  bool owns(int part, Global index) const { return begin(part) <= index && index < end(part); }
  /// The part whose block holds `index`, 0 <= index < n. O(log parts).
  int owner(Global index) const {
    const auto next = std::upper_bound(begins_.begin(), begins_.end(), index);
    return static_cast<int>(next - begins_.begin()) - 1;
  }
  std::span<const Global> begins() const { return begins_; }

  friend bool operator==(const Partition&, const Partition&) = default;

 private:
  explicit Partition(std::vector<Global> begins) : begins_(std::move(begins)) {}
  std::vector<Global> begins_;
};

}  // namespace filigree
#pragma GCC visibility pop
