#include <cmath>

#include "communities/spectral/bethe_hessian.hpp"
#include "core/index.hpp"
#include "core/ordered_sum.hpp"

namespace filigree::communities {

Adjacency::Adjacency(const Graph& a) : graph(a), degree(z(a.num_local_rows())) {
  const CsrView<double> rows = a.local();
#pragma omp parallel for schedule(static)
  for (Local v = 0; v < rows.num_rows(); ++v) {
    double sum = rows.has_values() ? 0 : static_cast<double>(rows.degree(v));
    for (const double weight : rows.vals(v)) sum += weight;
    degree[z(v)] = sum;
  }
}

double spectral_radius(const Adjacency& a, Stats& stats) {
  // The locally optimal search of LOBPCG, with the root of H_r instead of the Rayleigh quotient: each step takes
  // the best vector in the span of the last one, its residual over the diagonal of H_r and the last change.
  constexpr int most_steps = 200;
  constexpr double enough = 1e-9;  // growth of r in a step, relative
  const Graph& graph = a.graph;
  const Offset n = graph.num_local_rows();
  DistDense<double> v(graph.comm(), graph.rows(), 3);
  DistDense<double> av(graph.comm(), graph.rows(), 3);
  DistDense<double> one(graph.comm(), graph.rows(), 1);
  DistDense<double> a_one(graph.comm(), graph.rows(), 1);
  for (Offset i = 0; i < n; ++i) v.row(i)[0] = one.local[z(i)] = a.degree[z(i)];
  multiply(graph, one, a_one);
  for (Offset i = 0; i < n; ++i) av.row(i)[0] = a_one.local[z(i)];

  double r = 1;
  int slow = 0;
  for (int step = 0; step < most_steps && slow < 2; ++step) {
    const Projected projected(gram(v, v), gram(v, v, a.degree), gram(v, av));
    if (projected.rank() == 0) break;
    const Root root = projected.largest_root(r);
    ++stats["radius_steps"];
    slow = root.r <= r * (1 + enough) ? slow + 1 : 0;
    r = root.r;
    // The next columns: the best vector, its residual, and its part that is not the best vector before.
    for (Offset i = 0; i < n; ++i) {
      const auto x = v.row(i);
      const auto ax = av.row(i);
      const double change = root.y[1] * x[1] + root.y[2] * x[2];
      const double a_change = root.y[1] * ax[1] + root.y[2] * ax[2];
      const double best = root.y[0] * x[0] + change;
      const double a_best = root.y[0] * ax[0] + a_change;
      const double diagonal = r * r - 1 + a.degree[z(i)];
      const double residual = diagonal * best - r * a_best;
      one.local[z(i)] = diagonal > 0 ? residual / diagonal : 0;
      x[0] = best;
      x[1] = one.local[z(i)];
      x[2] = change;
      ax[0] = a_best;
      ax[2] = a_change;
    }
    multiply(graph, one, a_one);
    ++stats["products"];
    for (Offset i = 0; i < n; ++i) av.row(i)[1] = a_one.local[z(i)];
  }
  return r;
}

}  // namespace filigree::communities
