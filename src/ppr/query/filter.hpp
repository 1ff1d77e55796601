// Which scores of a row its reader wants to see.
#pragma once

#include "ppr/push/dangling.hpp"

namespace filigree::ppr {

/// A Filter made ready for the rows of one call. It must not outlive what it was made from.
class RowFilter {
 public:
  /// Throws InvalidArgument when a candidate is not a vertex or is there twice. Not collective. Candidates that ascend
  /// are used where they lie; others are copied and sorted.
  RowFilter(Global num_vertices, const Filter& filter);

  /// What the filter leaves out for this query in particular, in any order. neighbours_of(v): the out-neighbours of a
  /// vertex; asked for seeds, if at all.
  template <class NeighboursOf>
  std::vector<Global> excluded(const Query& query, NeighboursOf neighbours_of) const {
    std::vector<Global> excluded;
    for (const Seed& seed : query) {
      if (filter_.exclude_seeds) excluded.push_back(seed.vertex);
      if (!filter_.exclude_neighbours) continue;
      const auto& neighbours = neighbours_of(seed.vertex);
      excluded.insert(excluded.end(), neighbours.begin(), neighbours.end());
    }
    return excluded;
  }
  /// Takes out of the row, whose vertices ascend, what is `excluded` and what is no candidate. Values stay as they are.
  /// Cost: O(entries of the row + those excluded, sorted); with candidates O(entries x log) at most.
  void apply(std::vector<Global> excluded, Row& row) const;

 private:
  const std::vector<Global>& candidates() const { return sorted_.empty() ? filter_.candidates : sorted_; }

  const Filter& filter_;
  std::vector<Global> sorted_;  // the candidates, if they did not come so
};

}  // namespace filigree::ppr
