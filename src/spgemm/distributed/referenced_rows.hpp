// Rows of a matrix that a rank references.
#pragma once

#include <vector>

#include "filigree/matrix/dist_csr.hpp"

namespace filigree::spgemm {

/// Those it owns by local number, those of others by global one.
struct ReferencedRows {
  std::vector<Local> own;
  std::vector<Global> remote;

  template <class V>
  void add(const DistCsr<V>& matrix, Global row) {
    if (matrix.rows().owns(matrix.comm().rank(), row))
      own.push_back(static_cast<Local>(row - matrix.first_row()));
    else
      remote.push_back(row);
  }
};

}  // namespace filigree::spgemm
