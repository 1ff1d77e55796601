#include <algorithm>
#include <cmath>
#include <numeric>

#include "communities/spectral/bethe_hessian.hpp"
#include "communities/spectral/columns.hpp"
#include "core/index.hpp"
#include "core/ordered_sum.hpp"

namespace filigree::communities {
namespace {

constexpr int most_expansions = 200;
constexpr int most_expansions_inside =
    12;  // for vectors inside the bulk, which converge slowly and carry little information

/// V = [V W] in place, and the products of the new columns with all.
class Basis {
 public:
  Basis(const Adjacency& a, DistDense<double> v, DistDense<double> av) : a_(&a), v_(std::move(v)), av_(std::move(av)) {
    gram_ = gram(v_, v_);
    degrees_ = gram(v_, v_, a.degree);
    adjacency_ = gram(v_, av_);
  }

  Offset cols() const { return v_.cols; }
  const DistDense<double>& v() const { return v_; }
  const DistDense<double>& av() const { return av_; }
  Projected projected() const { return {gram_, degrees_, adjacency_}; }

  void append(const DistDense<double>& w) {
    DistDense<double> aw(w.comm, w.rows, w.cols);
    multiply(a_->graph, w, aw);
    grow(gram_, gram(v_, w), gram(w, w));
    grow(degrees_, gram(v_, w, a_->degree), gram(w, w, a_->degree));
    grow(adjacency_, gram(av_, w), gram(w, aw));
    v_ = joined(v_, w);
    av_ = joined(av_, aw);
  }

 private:
  static void grow(Dense& square, const Dense& beside, const Dense& corner) {
    const Offset m = square.cols;
    const Offset c = corner.cols;
    Dense grown(m + c, m + c);
    for (Offset j = 0; j < m; ++j) {
      for (Offset i = 0; i < m; ++i) grown(i, j) = square(i, j);
    }
    for (Offset j = 0; j < c; ++j) {
      for (Offset i = 0; i < m; ++i) grown(i, m + j) = grown(m + j, i) = beside(i, j);
      for (Offset i = 0; i < c; ++i) grown(m + i, m + j) = corner(i, j);
    }
    square = std::move(grown);
  }

  const Adjacency* a_;
  DistDense<double> v_, av_;
  Dense gram_, degrees_, adjacency_;
};

/// Column k of X, which belongs to zeta[which[k]], by a filter for M = D + (r^2 - 1) I, r being one of the near zetas:
/// away from what lies beyond the first `num_wanted` eigenvalues there.
DistDense<double> filtered(const Adjacency& a, const Projected& projected, DistDense<double> x,
                           const std::vector<Offset>& which, const std::vector<double>& zeta, Offset num_wanted,
                           Stats& stats) {
  constexpr Offset degree = 8;
  constexpr double reach = 1.2;
  std::vector<Offset> order(which.size());
  std::iota(order.begin(), order.end(), Offset{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Offset i, Offset j) { return zeta[z(which[z(i)])] < zeta[z(which[z(j)])]; });
  const auto zeta_of = [&](std::size_t k) { return zeta[z(which[z(order[k])])]; };
  double largest_degree = 0;
  for (const double d : a.degree) largest_degree = std::max(largest_degree, d);
  largest_degree = x.comm.max(largest_degree);
  std::vector<double> over_mass(a.degree.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && zeta_of(end) <= reach * zeta_of(begin)) ++end;
    const double r = zeta_of((begin + end) / 2);
    const double shift = r * r - 1;
    const auto values = projected.pencil(shift).values;
    const double inside = values[std::min(values.size() - 1, z(num_wanted))];
    const double high = std::clamp(inside, 0.3 / r, 0.98 / zeta_of(end - 1));
    const double low = -largest_degree / (largest_degree + shift);
    for (std::size_t i = 0; i < over_mass.size(); ++i) over_mass[i] = a.degree[i] > 0 ? 1 / (a.degree[i] + shift) : 0;
    const std::vector<Offset> group(order.begin() + static_cast<std::ptrdiff_t>(begin),
                                    order.begin() + static_cast<std::ptrdiff_t>(end));
    DistDense<double> some = columns(x, group);
    filter(a, over_mass, degree, low, high, some, stats);
    for (Offset i = 0; i < x.num_local_rows(); ++i) {
      for (std::size_t k = 0; k < group.size(); ++k) x.row(i)[z(group[k])] = some.row(i)[k];
    }
    begin = end;
  }
  return x;
}

/// The matrix with rows of zeros below.
Dense with_rows(const Dense& matrix, Offset rows) {
  Dense taller(rows, matrix.cols);
  for (Offset j = 0; j < matrix.cols; ++j) std::copy(matrix.col(j).begin(), matrix.col(j).end(), taller.col(j).begin());
  return taller;
}

}  // namespace

Embedding bethe_hessian_vectors(const Adjacency& a, const Subspace& subspace, Offset num_wanted, double tolerance,
                                Stats& stats) {
  const double limit = std::sqrt(subspace.rho);
  const Offset num_detectable = subspace.num_detectable;
  const Offset most_cols = std::max(3 * num_wanted, num_wanted + 24);
  const Offset first_cols = std::min(subspace.x.cols, num_wanted + 4);
  Basis basis(a, columns(subspace.x, 0, first_cols), columns(subspace.ax, 0, first_cols));
  const Offset count = std::min(num_wanted, basis.projected().rank());
  std::vector<double> zeta(z(count), limit);
  std::vector<Offset> open(z(count));  // not converged
  std::iota(open.begin(), open.end(), Offset{0});
  Dense to_vectors(basis.cols(), count);
  for (int expansion = 0;; ++expansion) {
    to_vectors = with_rows(to_vectors, basis.cols());
    const Projected projected = basis.projected();
    // Begun again, the basis may have fewer independent directions; what is beyond them stays as it is.
    std::erase_if(open, [&](Offset j) { return j >= projected.rank(); });
    const std::vector<Root> roots = projected.roots(limit, open, zeta, tolerance);
    for (std::size_t k = 0; k < open.size(); ++k) {
      zeta[z(open[k])] = roots[k].r;
      std::copy(roots[k].y.begin(), roots[k].y.end(), to_vectors.col(open[k]).begin());
    }
    DistDense<double> x = multiply(basis.v(), to_vectors);
    DistDense<double> ax = multiply(basis.av(), to_vectors);
    // M^-1 H_r x and its norm with respect to M = D + (r^2 - 1) I, beside that of x.
    DistDense<double> w(x.comm, x.rows, count);
    const std::vector<double> sums =
        ordered_sums(x.comm, x.rows, z(2 * count), [&](Offset begin, Offset end, std::span<double> sum) {
          for (Offset i = begin; i < end; ++i) {
            for (Offset j = 0; j < count; ++j) {
              const double r = zeta[z(j)];
              const double mass = a.degree[z(i)] + r * r - 1;
              if (mass <= 0) continue;
              const double value = x.row(i)[z(j)] - r * ax.row(i)[z(j)] / mass;
              w.row(i)[z(j)] = value;
              sum[z(2 * j)] += value * value * mass;
              sum[z(2 * j + 1)] += x.row(i)[z(j)] * x.row(i)[z(j)] * mass;
            }
          }
        });
    Embedding result{zeta, std::move(x), 0};
    std::erase_if(open, [&](Offset j) {
      const double residual = std::sqrt(sums[z(2 * j)] / std::max(sums[z(2 * j + 1)], 1e-300));
      result.residual = std::max(result.residual, residual);
      return residual <= tolerance || (j >= num_detectable && expansion >= most_expansions_inside);
    });
    if (open.empty() || expansion == most_expansions) return result;
    ++stats["expansions"];
    stats["products"] += std::ssize(open);
    // Residuals, in units of their size; where two steps by them are not enough, vectors from a filter.
    DistDense<double> expand = columns(w, open);
    if (expansion >= 2) expand = filtered(a, basis.projected(), columns(result.x, open), open, zeta, num_wanted, stats);
    if (basis.cols() + std::ssize(open) > most_cols) {
      // Begin again with the vectors themselves; directions that are lost come back as residuals.
      basis = Basis(a, std::move(result.x), std::move(ax));
      to_vectors = Dense(count, count);
      for (Offset j = 0; j < count; ++j) to_vectors(j, j) = 1;
    }
    basis.append(expand);
  }
}

}  // namespace filigree::communities
