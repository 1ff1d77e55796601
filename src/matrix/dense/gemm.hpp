// gemm with a kernel of the caller's choice.
#pragma once

#include "filigree/matrix/small_dense.hpp"
#include "matrix/dense/tile.hpp"

namespace filigree::dense {

/// C = alpha op(A) op(B) + beta C, leaving out tiles in which every element has row < col - below_diagonal_of: 0 leaves
/// the strict upper triangle undefined, the number of columns computes everything.
void gemm_with(const Tile& tile, double alpha, DenseView a, Op op_a, DenseView b, Op op_b, double beta,
               DenseSpan<double> c, Offset below_diagonal_of);

}  // namespace filigree::dense
