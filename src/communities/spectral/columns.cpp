#include "communities/spectral/columns.hpp"

#include <algorithm>

#include "core/index.hpp"

namespace filigree::communities {

DistDense<double> joined(const DistDense<double>& x, const DistDense<double>& y) {
  DistDense<double> both(x.comm, x.rows, x.cols + y.cols);
#pragma omp parallel for schedule(static)
  for (Offset i = 0; i < x.num_local_rows(); ++i) {
    std::copy(x.row(i).begin(), x.row(i).end(), both.row(i).begin());
    std::copy(y.row(i).begin(), y.row(i).end(), both.row(i).begin() + x.cols);
  }
  return both;
}

DistDense<double> columns(const DistDense<double>& x, Offset first, Offset count) {
  DistDense<double> some(x.comm, x.rows, count);
#pragma omp parallel for schedule(static)
  for (Offset i = 0; i < x.num_local_rows(); ++i) std::copy_n(x.row(i).begin() + first, count, some.row(i).begin());
  return some;
}

DistDense<double> columns(const DistDense<double>& x, const std::vector<Offset>& which) {
  DistDense<double> some(x.comm, x.rows, std::ssize(which));
#pragma omp parallel for schedule(static)
  for (Offset i = 0; i < x.num_local_rows(); ++i) {
    for (std::size_t k = 0; k < which.size(); ++k) some.row(i)[k] = x.row(i)[z(which[k])];
  }
  return some;
}

}  // namespace filigree::communities
