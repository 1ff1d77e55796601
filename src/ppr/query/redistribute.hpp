// Queries of all ranks, distributed so that neighbours stand together.
#pragma once

#include "filigree/ppr/query.hpp"

namespace filigree::ppr {

/// Sorted by seed over all ranks, a rank has whole groups of `batch_width` except the last: groups are the same for
/// any number of ranks, and so are answers that depend on who else is in a group.
class RedistributedQueries {
 public:
  /// Collective.
  RedistributedQueries(const Comm& comm, std::span<const Query> queries);
  std::span<const Query> own() const { return own_; }
  /// The answers of own() for what every rank came with. Collective.
  Result return_answers(Result of_own) const;

 private:
  const Comm& comm_;
  std::vector<Query> own_;
  std::vector<int> home_;            // of own(): the rank that came with it
  std::vector<int> answering_rank_;  // of what this rank came with: the rank that has it now
  std::vector<std::size_t> order_;   // the numbers of these, in the order in which they are sorted
};

}  // namespace filigree::ppr
