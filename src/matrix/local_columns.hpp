// The numbers by which a rank knows columns.
#pragma once

#include <algorithm>
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

/// Columns that are used, numbered in ascending order.
struct UsedColumns {
  std::vector<Local> number;  ///< of every column, -1 if it is not used
  Local count = 0;
};
/// Of the columns [0, num_cols) those that occur in `columns` or lie in [first, last).
template <class Column>
UsedColumns used_columns(std::span<const Column> columns, Offset num_cols, Offset first = 0, Offset last = 0) {
  UsedColumns used;
  used.number.assign(static_cast<std::size_t>(num_cols), -1);
  for (const Column column : columns) used.number[static_cast<std::size_t>(column)] = 0;
  std::fill(used.number.begin() + first, used.number.begin() + last, 0);
  for (Local& number : used.number) {
    if (number == 0) number = used.count++;
  }
  return used;
}

/// Throws unless this rank can number `count` rows or columns.
void check_local(const Comm& comm, Offset count, const char* what);

}  // namespace filigree
