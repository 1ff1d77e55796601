#include <utility>

#include "communities/spectral/bethe_hessian.hpp"
#include "core/index.hpp"

namespace filigree::communities {

void filter(const Adjacency& a, std::span<const double> over_mass, Offset degree, double low, double high,
            DistDense<double>& x, Stats& stats) {
  const double half = (high - low) / 2;
  const double centre = (high + low) / 2;
  DistDense<double> y(x.comm, x.rows, x.cols);
  DistDense<double> before(x.comm, x.rows, x.cols);
  for (Offset k = 1; k <= degree; ++k) {
    // y <- factor (M^-1 A x - centre x) - before
    const double factor = (k == 1 ? 1 : 2) / half;
    multiply(a.graph, x, y, [&](Local first, std::span<double> rows) {
      const double* of_x = x.local.data() + first * x.cols;
      const double* of_before = before.local.data() + first * x.cols;
      double* of_y = rows.data();
      for (std::size_t i = 0; i < rows.size() / z(x.cols); ++i) {
        const double scale = factor * over_mass[z(first) + i];
        const double shift = factor * centre;
        for (Offset j = 0; j < x.cols; ++j, ++of_x, ++of_before, ++of_y)
          *of_y = scale * *of_y - shift * *of_x - *of_before;
      }
    });
    std::swap(before.local, x.local);
    std::swap(x.local, y.local);
  }
  stats["products"] += degree * x.cols;
}

}  // namespace filigree::communities
