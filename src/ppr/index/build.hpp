// Building an index slice by slice, from any placement of the graph.
#pragma once

#include "ppr/index/walk_source.hpp"

namespace filigree::ppr {

/// Keeps finished slices of a build, so that it can go on after a kill. One per rank; no member communicates.
class SliceStore {
 public:
  virtual ~SliceStore() = default;
  /// The target that the plan of an earlier run of the same build had come to, whatever its ranks; 0 = there was none.
  virtual Offset earlier_target_bytes(const Index& build) const = 0;
  /// Looks for slices kept by an earlier run of the same build: same graph, options, target and walks of every source
  /// of this rank. Returns how many there are, from the first on.
  virtual Offset open(const Index& planned, Offset target_bytes, Global slice_rows) = 0;
  /// One of those.
  virtual Rows read(Offset slice) = 0;
  /// Forgets all but the first `count` slices; what is kept next follows them.
  virtual void truncate(Offset count) = 0;
  virtual void keep(const Rows& slice) = 0;
};

/// Throws unless they are in range. Returns the most walks that a vertex may have.
std::int32_t check_options(const IndexOptions& options);

/// store: may be null. Collective.
Index build_index(RowSource& source, const IndexOptions& options, SliceStore* store);

/// The source for a placement; `automatic` has been decided. Collective.
std::unique_ptr<RowSource> make_row_source(const ReplicatedGraph& graph, const IndexOptions& options);
std::unique_ptr<RowSource> make_row_source(const Graph& graph, const IndexOptions& options);

}  // namespace filigree::ppr
