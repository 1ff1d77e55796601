#include "filigree/matrix/halo.hpp"

namespace filigree {

Halo::Halo(const Comm& comm, const Partition& owners, std::span<const Global> ghosts)
    : comm_(comm),
      num_ghosts_(static_cast<Offset>(ghosts.size())),
      ghost_counts_(static_cast<std::size_t>(comm.size())) {
  comm.guard([&] {
    Global previous = -1;
    for (Global ghost : ghosts) {
      require(ghost > previous && ghost < owners.num_items() && !owners.owns(comm.rank(), ghost), "Halo: ghost ", ghost,
              " after ", previous, " on rank ", comm.rank(), "; ghosts must increase and belong to others");
      previous = ghost;
      ++ghost_counts_[static_cast<std::size_t>(owners.owner(ghost))];
    }
  });
  const auto wanted = comm.all_to_all(ghosts, ghost_counts_);
  send_counts_ = wanted.counts;
  sent_.reserve(wanted.values.size());
  for (Global id : wanted.values) sent_.push_back(static_cast<Local>(id - owners.begin(comm.rank())));
}

}  // namespace filigree
