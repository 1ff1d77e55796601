// Which scores of a row its reader wants to see.
#pragma once

#include "ppr/policy.hpp"

namespace filigree::ppr {

/// A Filter made ready for the rows of one call. It must not outlive what it was made from.
class RowFilter {
 public:
  /// Throws InvalidArgument when a candidate is not a vertex or is there twice. Not collective. Candidates that ascend
  /// are used where they lie; others are copied and sorted.
  RowFilter(const ReplicatedGraph::Parts& graph, const Filter& filter);

  /// Takes out of the row, whose vertices ascend, what the filter leaves out for this query. Values stay as they are.
  /// Cost: O(entries of the row + out-arcs of the seeds, sorted); with candidates O(entries x log) at most.
  void apply(const Query& query, Row& row) const;

 private:
  const std::vector<Global>& candidates() const { return sorted_.empty() ? filter_.candidates : sorted_; }

  const ReplicatedGraph::Parts& graph_;
  const Filter& filter_;
  std::vector<Global> sorted_;  // the candidates, if they did not come so
};

}  // namespace filigree::ppr
