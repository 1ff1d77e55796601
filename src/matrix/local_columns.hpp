// The numbers by which a rank knows columns.
#pragma once

#include <span>
#include <vector>

#include "filigree/core/array.hpp"
#include "filigree/core/comm.hpp"

namespace filigree {

/// Columns numbered as a rank meets them: ghosts below | owned | ghosts above.
struct LocalColumns {
  std::vector<Global> ghosts;  ///< ascending
  Array<Local> col;            ///< local number of each entry's column
};

/// Numbers the columns of entries, all in [0, num_cols), on a rank that owns first .. last - 1 (it may own none: then
/// the numbers are positions among the sorted columns). Through a table of all columns where that takes less memory
/// than the entries, else through a sorted list. The numbers must fit: check_local(ghosts + owned).
LocalColumns local_columns(std::span<const Global> columns, Global num_cols, Global first, Global last);

/// Throws unless this rank can number `count` rows or columns.
void check_local(const Comm& comm, Offset count, const char* what);

}  // namespace filigree
