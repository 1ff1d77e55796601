// Merges within one candidate group. In: the state at the start of a round, a group; out: its merges, in order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/scratch.hpp"
#include "filigree/core/random.hpp"
#include "summary/code/supergraph.hpp"

namespace filigree::summary {

/// What all groups of a round read.
struct RoundView {
  const Supergraph* graph;
  const Rows* rows;  ///< of the supernodes in the groups of this rank
  const CostModel* cost;
  std::span<const Local> group_of;  ///< group of each supernode, -1 without
  std::span<const Local> place_in;  ///< position in its group
  Stream stream;
  std::uint32_t round;
  double threshold;  ///< least relative reduction of a merge
  int partners;
};

/// Greedy merges of a group, for one thread; workspace of 16 bytes a supernode.
class GroupMerger {
 public:
  explicit GroupMerger(const RoundView& view);

  /// Appends the merges of group `g`; sees the other groups as they were at the start of the round. O(row lengths of
  /// the pairs tried).
  /// Returns the number of pairs scored.
  std::int64_t run(Local g, std::span<const Local> group, std::vector<MergeStep>& merges);

 private:
  struct Row {
    std::span<const Entry> entries;
    std::vector<Entry> own;
  };
  struct Candidate {
    double reduction;
    Local a, b;  // positions in the group
    std::uint32_t version_a, version_b;
  };

  Local resolve(Local supernode) const;  // a supernode by the merges of this group
  bool in_group(Local supernode) const { return view_.group_of[static_cast<std::size_t>(supernode)] == g_; }
  std::int64_t size_of(Local supernode) const;
  bool touched(Local supernode) const;
  void refresh(Local at);                // makes a row's entries distinct
  double row_cost(Local at);             // Cost_A
  void scatter(Local at);                // its row into scratch_
  double merged_cost(Local a, Local b);  // Cost_{A u B}; a is scattered
  double reduction(Local a, Local b);    // relative; scatters a
  void merge(Local a, Local b);          // b into a
  void push(Local a, Local b);           // scores a pair as a candidate

  RoundView view_;
  std::span<const Local> group_;
  Local g_ = 0;
  std::vector<Local> root_;             // of positions
  std::vector<std::int64_t> size_;      // by position
  std::vector<Row> row_;                // by position
  std::vector<char> touched_, stale_;   // by position
  std::vector<double> cost_;            // by position; < 0 = to be computed
  std::vector<std::uint32_t> version_;  // by position; counts changes of its pairs
  std::vector<Candidate> heap_;
  Scratch<std::uint32_t> scratch_;  // by supernode: edges of the scattered row, or positions in a row being made
  Local scattered_ = -1;
  std::vector<std::pair<std::int64_t, double>> base_;  // by size of the other: cost of the scattered row
  std::int64_t pairs_scored_ = 0;
};

}  // namespace filigree::summary
