// Compressed rows distributed over ranks or parts.
#pragma once

#include <span>

#include "filigree/core/comm.hpp"
#include "filigree/matrix/partition.hpp"

namespace filigree {

/// Rows in `parts` blocks of nearly equal nonzeros + rows. row_ptr: for this rank's rows, from row `first` on, and
/// behind the last of them: `before` + row_ptr[i] nonzeros of all ranks come earlier. It may be nonsense, as files may
/// be. Collective.
Partition balanced_rows(const Comm& comm, int parts, Global num_rows, Offset num_nonzeros, Global first,
                        std::span<const Offset> row_ptr, Offset before = 0);

}  // namespace filigree
