// RowSource: where the rows of an index come from, whatever the placement of the graph.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "core/index.hpp"
#include "ppr/index/visit_counter.hpp"
#include "ppr/index/walk_law.hpp"

namespace filigree::ppr {

class RowSource {
 public:
  virtual ~RowSource() = default;

  virtual const Comm& comm() const = 0;
  virtual std::uint64_t graph_hash() const = 0;
  /// Which sources are this rank's.
  virtual const Partition& sources() const = 0;
  /// Bytes that make() takes at most beside rows: for so many walks by this law from a source, and so many entries in a
  /// row.
  virtual Offset working_bytes(const WalkLaw& law, std::int32_t most_walks, Offset most_entries) const = 0;
  /// Whether make() needs all ranks.
  virtual bool is_collective() const = 0;
  /// Rows of num_walks.size() sources of this rank from its `first` one on; those of no walks are empty.
  virtual Rows make(const WalkLaw& law, Global first, std::span<const std::int32_t> num_walks) = 0;
  /// A push from every vertex: `mass` at this rank's sources, of which `share` goes on by weight, rounded down per arc
  /// so that sums need no order. Collective.
  virtual std::vector<std::uint64_t> push_all(std::span<const std::uint64_t> mass, double share) const = 0;
  virtual Offset bytes_sent() const { return 0; }

  Global num_sources() const { return sources().size(comm().rank()); }
};

/// Calls take(rows) for slices of this rank's rows, in order, from row `begin` on, which must be the same on all ranks.
/// take must not communicate. Collective.
template <class Take>
void make_slices(RowSource& source, const WalkLaw& law, std::span<const std::int32_t> num_walks, Global slice_rows,
                 Global begin, Take take) {
  const Global count = std::ssize(num_walks);
  const auto make = [&](Global first) {
    first = std::min(first, count);
    return source.make(law, first, num_walks.subspan(z(first), z(std::min(slice_rows, count - first))));
  };
  if (!source.is_collective()) {
    source.comm().guard([&] {
      for (Global first = begin; first < count; first += slice_rows) take(make(first));
    });
    return;
  }
  const Global most = source.comm().max(count);
  for (Global first = begin; first < most; first += slice_rows) {
    const Rows rows = make(first);
    source.comm().guard([&] { take(rows); });
  }
}

}  // namespace filigree::ppr
