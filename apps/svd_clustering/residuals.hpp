// What a basis leaves of matrices, from the matrices themselves.
#pragma once

#include "filigree/matrix/dense_blocks.hpp"

namespace filigree::app {

/// |M - U U^T M|_F / |M|_F for M of all blocks and orthonormal U, equal on every rank; norm: |M|_F. Collective.
double relative_residual(const DenseBlocks& blocks, DenseView basis, double norm);
/// The same with rows distributed; U: the first `rank` columns of `basis`. Memory: two copies of M.
double relative_residual(const DistDense<double>& m, const DistDense<double>& basis, Offset rank, double norm);

}  // namespace filigree::app
