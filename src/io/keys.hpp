// Keys: what vertices are called, as std::vector<Global> (ids) or Strings (names); between ranks, and to numbers.
#pragma once

#include <span>
#include <vector>

#include "filigree/core/comm.hpp"
#include "filigree/io/names.hpp"
#include "filigree/matrix/partition.hpp"

namespace filigree::io {

/// Keys that arrived, those of rank 0 first, and how many came from each rank.
template <class Keys>
struct ReceivedKeys {
  Keys keys;
  std::vector<Offset> counts;
};
/// The first counts[0] keys go to rank 0, the next counts[1] to rank 1, ... Collective.
ReceivedKeys<std::vector<Global>> all_to_all(const Comm& comm, const std::vector<Global>& keys,
                                             std::span<const Offset> counts);
ReceivedKeys<Strings> all_to_all(const Comm& comm, const Strings& keys, std::span<const Offset> counts);
/// Every rank's keys on every rank, in rank order. Collective.
std::vector<Global> all_gather(const Comm& comm, const std::vector<Global>& keys);
Strings all_gather(const Comm& comm, const Strings& keys);

/// Distinct keys with the numbers they got.
template <class Keys>
struct NumberedKeys {
  std::vector<Global> number;  ///< of each key that this rank passed, by its position
  Global total = 0;            ///< distinct keys of all ranks
  Keys sorted;                 ///< this rank's run of all keys in ascending order: numbers first, first + 1, ...
  Global first = 0;
};
/// Numbers all keys without gaps in ascending order (numeric order, byte order). A rank passes each key once, in any
/// order; ranks may pass the same. A sort by sampled splitters: every distinct key moves once from each rank that has
/// it. Collective.
template <class Keys>
NumberedKeys<Keys> number_keys(const Comm& comm, const Keys& keys);

/// Distinct keys in the order of a list: those of this rank stand at first, first + 1, ... of `total`.
template <class Keys>
struct VertexList {
  Keys keys;
  Offset first = 0;
  Offset total = 0;
};
/// Where keys stand in the list, -1 for those that do not. A rank may ask for any, once each. Collective. The keys of
/// the list and those asked for move once, to a rank by their hash.
template <class Keys>
std::vector<Global> look_up(const Comm& comm, const VertexList<Keys>& list, const Keys& keys);

/// Keys of vertices first, first + 1, ... on each rank, ascending over ranks -> each key on the owner of its vertex.
/// Collective.
template <class Keys>
Keys deal_out(const Comm& comm, const Keys& keys, Global first, const Partition& owners);

}  // namespace filigree::io
