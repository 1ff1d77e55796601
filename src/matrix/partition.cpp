#include "filigree/matrix/partition.hpp"

namespace filigree {

Partition Partition::by_weight(std::span<const Offset> weight, int parts) {
  require(parts >= 1, "Partition: ", parts, " parts, must be at least 1");
  // 128 bits: a total of huge weights may pass 2^63, and so may a total times parts.
  __int128 total = 0;
  for (std::size_t i = 0; i < weight.size(); ++i) {
    require(weight[i] >= 0, "Partition: weight ", weight[i], " at index ", i, ", must be at least 0");
    total += weight[i];
  }
  std::vector<Global> begins(static_cast<std::size_t>(parts) + 1, static_cast<Global>(weight.size()));
  begins[0] = 0;
  __int128 before = 0;
  int part = 1;
  for (std::size_t i = 0; i < weight.size() && part < parts; ++i) {
    while (part < parts && before * parts >= total * part) {
      begins[static_cast<std::size_t>(part++)] = static_cast<Global>(i);
    }
    before += weight[i];
  }
  return Partition(std::move(begins));
}

Partition Partition::from_begins(std::vector<Global> begins) {
  require(begins.size() >= 2 && begins.front() == 0 && std::is_sorted(begins.begin(), begins.end()),
          "Partition: begins must ascend from 0 and end with the number of items");
  return Partition(std::move(begins));
}

}  // namespace filigree
