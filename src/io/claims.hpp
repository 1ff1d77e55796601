// Claims: what a file says of its size, against what it holds and what the machine has. A file of 30 bytes can say that
// it has 10^9 rows.
#pragma once

#include "filigree/io/read.hpp"

namespace filigree::io {

/// What readers take for a row, and programs for a column that is no row: row pointers, twice more while entries are
/// sorted.
constexpr Offset bytes_per_row = 24;
constexpr Offset bytes_per_col = 8;

/// Throws InvalidArgument on all ranks when a matrix with so many rows, columns and, on all ranks, entries takes more
/// than half a GiB for its rows and columns and either
///   - has less than one entry for 64 of these, unless options.trust, or
///   - is larger than the memory that is free on the node of some rank.
/// The message states the size. Collective, before anything of this size is allocated.
void check_claim(const Comm& comm, Global num_rows, Global num_cols, Offset num_entries, const ReadOptions& options);

}  // namespace filigree::io
