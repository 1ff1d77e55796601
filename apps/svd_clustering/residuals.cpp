#include "residuals.hpp"

#include <algorithm>
#include <cmath>

namespace filigree::app {

double relative_residual(const DenseBlocks& blocks, DenseView basis, double norm) {
  if (norm == 0) return 0;
  const double mine = blocks.comm.guard([&] {
    double sum = 0;
    for (const Dense& block : blocks.local) {
      Dense rest = block;
      for (double& x : rest.values) x /= norm;
      gemm(-1, basis, Op::none, multiply(basis, rest, Op::transpose), Op::none, 1, rest);
      sum += squared_norm(rest);
    }
    return sum;
  });
  return std::sqrt(blocks.comm.sum(mine));
}

double relative_residual(const DistDense<double>& m, const DistDense<double>& basis, Offset rank, double norm) {
  if (norm == 0) return 0;
  DistDense<double> rest = m;
  for (double& x : rest.local) x /= norm;
  Dense coefficients = gram(basis, rest);
  for (Offset j = 0; j < coefficients.cols; ++j)
    std::ranges::fill(coefficients.col(j).subspan(static_cast<std::size_t>(rank)), 0.0);
  const DistDense<double> kept = multiply(basis, coefficients);
  double sum = 0;
  for (std::size_t k = 0; k < rest.local.size(); ++k) {
    const double x = rest.local[k] - kept.local[k];
    sum += x * x;
  }
  return std::sqrt(m.comm.sum(sum));
}

}  // namespace filigree::app
