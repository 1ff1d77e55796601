// Rows that have the same columns up to a shift, as those of stencils do.
#pragma once

#include <algorithm>
#include <span>

#include "core/index.hpp"
#include "filigree/matrix/csr.hpp"

namespace filigree::spgemm {

/// Whether two rows have the same columns up to a shift.
inline bool shifted(std::span<const Local> a, std::span<const Local> b) {
  if (a.size() != b.size()) return false;
  Local different = 0;
  for (std::size_t i = 1; i < a.size(); ++i) different |= (b[i] - b[0]) ^ (a[i] - a[0]);
  return different == 0;
}

/// Whether most rows of a sample are followed by rows of the same shape, of several nonzeros.
template <class V>
bool rows_repeat(const CsrView<V>& matrix) {
  constexpr Local sample = 256;
  constexpr Local apart = 4;  // longer than the unknowns of a node, which have the same columns unshifted
  const Local step = matrix.num_rows() / sample + 1;
  Offset rows = 0;
  Offset repeated = 0;
  for (Offset row = 0; row + apart < matrix.num_rows(); row += step) {
    const auto cols = matrix.cols(static_cast<Local>(row));
    ++rows;
    repeated += cols.size() > 1 && shifted(cols, matrix.cols(static_cast<Local>(row + apart))) ? 1 : 0;
  }
  return 5 * repeated > 3 * rows;
}

}  // namespace filigree::spgemm
