// Sparse matrices as SciPy and those who follow it store them: begins of rows or columns, and for each entry its index
// in the other dimension and its value.
#pragma once

#include <string>
#include <vector>

#include "filigree/core/types.hpp"
#include "io/formats.hpp"

namespace filigree::io {

/// In which row each of the entries [first, first + count) of a matrix lies.
class RowsOfEntries {
 public:
  /// `total`: entries of the whole matrix.
  RowsOfEntries(Offset first, Offset count, Offset total);
  /// The begin of the next row, at last the end of all. Throws Error unless begins ascend from 0 to the total.
  void add(Offset begin);
  /// When all were added. Throws Error if the last was not the total.
  std::vector<Global> finish();

 private:
  Offset first_;
  Offset end_;
  Offset total_;
  Offset last_ = 0;
  Global num_begins_ = 0;
  std::vector<Global> rows_;
};

/// Throws Error for the first of the indices, which are entries first, first + 1, ..., that does not lie in [0, end).
void expect_indices(const std::vector<Global>& indices, Offset first, Global end);

}  // namespace filigree::io
