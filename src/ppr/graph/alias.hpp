// Alias tables: an arc drawn by weight with one random word.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "filigree/core/types.hpp"

namespace filigree::ppr {

/// Slot k of a vertex with d out-arcs. A word w picks slot k = floor(w d / 2^32); the fraction that is left, below
/// `keep`, means arc k, else the arc to `other`.
struct AliasEntry {
  std::uint32_t keep;  ///< in 1 / 2^32
  Local other;         ///< column of the other arc; -1 where no arc has a weight above 0
};

/// Fills the slots of one row by Vose's method: each arc is drawn with probability weight / sum, to a few times 2^-32;
/// those of weight 0 never. Returns the sum. A pure function of the row. O(arcs).
class AliasMaker {
 public:
  double make(std::span<const Local> cols, std::span<const double> weights, std::span<AliasEntry> slots);

 private:
  std::vector<double> share_;  // of a slot's probability that is still to be placed, 1 = the slot
  std::vector<std::uint32_t> poor_, rich_;
};

}  // namespace filigree::ppr
