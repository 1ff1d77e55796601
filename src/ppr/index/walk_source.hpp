// RowSource: where the rows of an index come from, whatever the placement of the graph.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "core/index.hpp"
#include "ppr/index/visit_counter.hpp"
#include "ppr/index/walk_law.hpp"

namespace filigree::ppr {

/// What a visit of one walk is worth in q, times the number of walks.
inline double visit_weight(const IndexOptions& options) {
  return options.estimator == Estimator::end_points ? 1 : options.teleport;
}

/// A push from rows `first` on: adds to pushed, by column, what of their mass `share` gives, by weight and rounded down
/// per arc so that sums need no order.
template <class OutWeight>
void push_mass(const CsrView<double>& arcs, Local first, std::span<const std::uint64_t> mass, double share,
               OutWeight out_weight, std::span<std::uint64_t> pushed) {
  for (std::size_t i = 0; i < mass.size(); ++i) {
    const Local row = first + static_cast<Local>(i);
    const double weight = out_weight(row);
    if (weight == 0) continue;
    const double per_weight = share * static_cast<double>(mass[i]) / weight;
    const auto cols = arcs.cols(row);
    const auto weights = arcs.vals(row);
    for (std::size_t k = 0; k < cols.size(); ++k)
      pushed[z(cols[k])] += static_cast<std::uint64_t>(per_weight * (weights.empty() ? 1 : weights[k]));
  }
}

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
  /// push_mass() from every vertex, with the mass of this rank's sources, and what arrives at these. Collective.
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
