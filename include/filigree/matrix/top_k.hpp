// The best of values that are distributed like the rows of a matrix.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "filigree/core/comm.hpp"
#include "filigree/core/top_k.hpp"
#include "filigree/matrix/partition.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// Returns the k highest values and their indices, on every rank: by falling value, equal ones by rising index; all if
/// there are fewer.
///
/// items   which rank owns which index, one part for each rank
/// values  one for each owned index, not NaN
///
/// Throws InvalidArgument on all ranks where values do not fit. Collective. Cost: O(owned values + k ranks + k log k),
/// at most 16 k bytes received from each rank. Memory per rank: 16 bytes per owned value. The same on any number of
/// ranks.
///
///   for (const auto& [vertex, score] : top_k(comm, ranks.vertices, ranks.scores, 10)) ...
inline std::vector<Scored<Global>> top_k(const Comm& comm, const Partition& items, std::span<const double> values,
                                         std::size_t k) {
  std::vector<Scored<Global>> own;
  comm.guard([&] {
    require(items.num_parts() == comm.size(), "top_k: items in ", items.num_parts(), " parts on ", comm.size(),
            " ranks");
    require(items.size(comm.rank()) == std::ssize(values), "top_k: ", values.size(), " values for ",
            items.size(comm.rank()), " items");
    own.reserve(values.size());
    for (Global i = items.begin(comm.rank()); const double value : values) own.push_back({i++, value});
  });
  return top_k(comm, std::move(own), k);
}

}  // namespace filigree
#pragma GCC visibility pop
