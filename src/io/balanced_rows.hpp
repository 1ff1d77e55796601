// Rows of a file that holds compressed rows, dealt out to ranks.
#pragma once

#include <span>

#include "filigree/core/comm.hpp"
#include "filigree/matrix/partition.hpp"

namespace filigree::io {

/// Rows in blocks of nearly equal nonzeros + rows. `row_ptr`: what the file says of this rank's block of
/// Partition::uniform(num_rows, comm.size()), one element more than rows; it may be nonsense. Collective.
Partition balanced_rows(const Comm& comm, Global num_rows, Offset num_nonzeros, std::span<const Offset> row_ptr);

}  // namespace filigree::io
