#include "io/balanced_rows.hpp"

#include "core/index.hpp"

namespace filigree::io {

Partition balanced_rows(const Comm& comm, Global num_rows, Offset num_nonzeros, std::span<const Offset> row_ptr) {
  const Global first = Partition::uniform(num_rows, comm.size()).begin(comm.rank());
  std::vector<Global> begins(z(comm.size()) + 1, 0);
  for (int part = 1; part < comm.size(); ++part) {
    const Offset target = (num_rows + num_nonzeros) / comm.size() * part;
    // Of all blocks, the rows whose preceding weight has not reached the target yet.
    Global before = 0;
    for (std::size_t i = 0; i + 1 < row_ptr.size(); ++i)
      before += row_ptr[i] < target - first - static_cast<Global>(i) ? 1 : 0;
    begins[z(part)] = before;
  }
  comm.sum(std::span<Global>(begins));
  begins.back() = num_rows;
  return Partition::from_begins(std::move(begins));
}

}  // namespace filigree::io
