// Columns of distributed blocks, apart and together. Not collective.
#pragma once

#include <vector>

#include "filigree/matrix/dist_dense.hpp"

namespace filigree::communities {

/// The columns of X, then those of Y.
DistDense<double> joined(const DistDense<double>& x, const DistDense<double>& y);
/// Columns first, first + 1, ..., first + count - 1.
DistDense<double> columns(const DistDense<double>& x, Offset first, Offset count);
/// Columns which[0], which[1], ...
DistDense<double> columns(const DistDense<double>& x, const std::vector<Offset>& which);

}  // namespace filigree::communities
