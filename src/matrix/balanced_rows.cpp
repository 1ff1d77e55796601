#include "matrix/balanced_rows.hpp"

#include "core/index.hpp"

namespace filigree {

Partition balanced_rows(const Comm& comm, int parts, Global num_rows, Offset num_nonzeros, Global first,
                        std::span<const Offset> row_ptr, Offset before) {
  const Offset total = num_rows + num_nonzeros;
  std::vector<Global> begins(z(parts) + 1, 0);
  Global row = 0;
  for (int part = 1; part < parts; ++part) {
    // Of all ranks, the rows whose preceding weight has not reached the target yet.
    const Offset target = total / parts * part + (total % parts * part + parts - 1) / parts;
    while (row + 1 < std::ssize(row_ptr) && row_ptr[z(row)] < target - before - first - row) ++row;
    begins[z(part)] = row;
  }
  comm.sum(begins);
  begins.back() = num_rows;
  return Partition::from_begins(std::move(begins));
}

}  // namespace filigree
