#include "communities/spectral/projected.hpp"

#include <algorithm>
#include <cmath>

#include "core/index.hpp"
#include "core/parallel_for.hpp"

namespace filigree::communities {
namespace {

constexpr double dependent = 1e-13;  // eigenvalues of the scaled Gram matrix below are rounding
constexpr int most_steps = 60;
constexpr int most_sweeps = 12;

/// Columns that make V orthonormal: of the eigenvectors of its Gram matrix, scaled to a unit diagonal first.
Dense orthonormal_basis(const Dense& gram) {
  const Offset m = gram.cols;
  std::vector<double> scale(z(m), 0.0);
  for (Offset j = 0; j < m; ++j) scale[z(j)] = gram(j, j) > 0 ? 1 / std::sqrt(gram(j, j)) : 0;
  Dense scaled(m, m);
  for (Offset j = 0; j < m; ++j) {
    for (Offset i = 0; i < m; ++i) scaled(i, j) = scale[z(i)] * gram(i, j) * scale[z(j)];
  }
  const SymmetricEigen eigen = symmetric_eigen(scaled);
  const double least = dependent * eigen.values.back();
  const auto rank = std::count_if(eigen.values.begin(), eigen.values.end(), [&](double v) { return v > least; });
  Dense basis(m, rank);
  for (Offset j = 0; j < rank; ++j) {
    const Offset from = m - 1 - j;
    const double norm = std::sqrt(eigen.values[z(from)]);
    for (Offset i = 0; i < m; ++i) basis(i, j) = scale[z(i)] * eigen.vectors(i, from) / norm;
  }
  return basis;
}

/// T^T A T, symmetric.
Dense transformed(const Dense& a, const Dense& t) {
  Dense product = multiply(multiply(t, a, Op::transpose), t);
  for (Offset j = 0; j < product.cols; ++j) {
    for (Offset i = 0; i < j; ++i) product(i, j) = product(j, i) = (product(i, j) + product(j, i)) / 2;
  }
  return product;
}

double quadratic_form(const Dense& a, std::span<const double> y) {
  double sum = 0;
  for (Offset j = 0; j < a.cols; ++j) {
    double column = 0;
    for (Offset i = 0; i < a.rows; ++i) column += a(i, j) * y[z(i)];
    sum += column * y[z(j)];
  }
  return sum;
}

}  // namespace

Projected::Projected(const Dense& gram, const Dense& degrees, const Dense& adjacency)
    : to_basis_(orthonormal_basis(gram)),
      degrees_(transformed(degrees, to_basis_)),
      adjacency_(transformed(adjacency, to_basis_)) {}

SymmetricEigen Projected::at(double r) const {
  Dense h = degrees_;
  for (std::size_t k = 0; k < h.values.size(); ++k) h.values[k] -= r * adjacency_.values[k];
  for (Offset j = 0; j < h.cols; ++j) h(j, j) += r * r - 1;
  return symmetric_eigen(h);
}

std::vector<double> Projected::in_terms_of_v(std::span<const double> in_basis) const {
  std::vector<double> y(z(to_basis_.rows), 0.0);
  for (Offset j = 0; j < to_basis_.cols; ++j) {
    for (Offset i = 0; i < to_basis_.rows; ++i) y[z(i)] += to_basis_(i, j) * in_basis[z(j)];
  }
  return y;
}

Root Projected::largest_root(double start) const {
  // For a unit vector x, x^T H_r x = r^2 - a r + d - 1. Its larger root never passes the one sought, because the
  // smallest eigenvalue is below it; taken at the eigenvector, the error is squared.
  double r = std::max(1.0, start);
  std::vector<double> y;
  for (int step = 0; step < most_steps; ++step) {
    const SymmetricEigen eigen = at(r);
    const auto first = eigen.vectors.col(0);
    y.assign(first.begin(), first.end());
    const double half = quadratic_form(adjacency_, y) / 2;
    const double under = half * half - quadratic_form(degrees_, y) + 1;
    const double next = under > 0 ? half + std::sqrt(under) : std::max(half, 1.0);
    if (!(next > r * (1 + 1e-14))) break;
    r = next;
  }
  return {r, in_terms_of_v(y)};
}

std::vector<Root> Projected::roots(double limit, std::span<const Offset> which, std::span<const double> start,
                                   double tolerance) const {
  // One decomposition at r serves all p whose roots are near: a root of the quadratic that belongs to an eigenvector at
  // r has the square of its distance as error, and so has the vector after a correction of first order.
  const double reach = 0.3 * std::sqrt(tolerance);
  std::vector<Root> found(which.size());
  std::vector<std::size_t> open;  // positions in `which`
  for (std::size_t k = 0; k < which.size(); ++k) {
    require(which[k] < rank(), "roots: number ", which[k], " of a span of ", rank(), " dimensions");
    found[k].r = std::clamp(start[z(which[k])], 1.0, limit);
    open.push_back(k);
  }
  for (int sweep = 0; sweep < most_sweeps && !open.empty(); ++sweep) {
    std::stable_sort(open.begin(), open.end(), [&](std::size_t i, std::size_t j) { return found[i].r < found[j].r; });
    std::vector<std::size_t> begins;  // of groups of near roots
    for (std::size_t k = 0; k < open.size(); ++k) {
      if (begins.empty() || found[open[k]].r > (1 + reach) * found[open[begins.back()]].r) begins.push_back(k);
    }
    const std::size_t num_groups = begins.size();
    begins.push_back(open.size());
    std::vector<char> done(found.size(), 0);
    parallel_for(static_cast<Offset>(num_groups), [&](Offset group) {
      const std::size_t g = z(group);
      const double r = found[open[begins[g]]].r;
      const SymmetricEigen eigen = at(r);
      for (std::size_t k = begins[g]; k < begins[g + 1]; ++k) {
        Root& root = found[open[k]];
        root = next_root(eigen, which[open[k]], r, limit);
        done[open[k]] = std::abs(root.r - r) <= 1.5 * reach * r || sweep + 1 == most_sweeps;
      }
    });
    std::erase_if(open, [&](std::size_t k) { return done[k] != 0; });
  }
  for (Root& root : found) root.y = in_terms_of_v(root.y);
  return found;
}

/// From the decomposition at r. y is in terms of the orthonormal basis.
Root Projected::next_root(const SymmetricEigen& eigen, Offset p, double r, double limit) const {
  const Offset m = degrees_.cols;
  const std::span<const double> y = eigen.vectors.col(p);
  const double value = eigen.values[z(p)];
  Root root{r, {y.begin(), y.end()}};
  if (value >= 0 && r >= limit) return root;
  const Dense column(DenseView{y.data(), m, 1, m});
  const Dense coupling = multiply(eigen.vectors, multiply(adjacency_, column), Op::transpose);
  const double half = coupling(p, 0) / 2;
  const double under = half * half - (value - r * r + 2 * r * half);
  root.r = std::clamp(under > 0 ? half - std::sqrt(under) : half, 1.0, limit);
  // What the other eigenvectors contribute when r moves; of near ones any mixture would do.
  Dense share(m, 1);
  share(p, 0) = 1;
  double norm = 1;
  for (Offset i = 0; i < m; ++i) {
    const double change = (r - root.r) * coupling(i, 0);
    const double gap = value - eigen.values[z(i)];
    if (i == p || std::abs(change) > 0.2 * std::abs(gap)) continue;
    share(i, 0) = change / gap;
    norm += share(i, 0) * share(i, 0);
  }
  root.y = multiply(eigen.vectors, share).values;
  for (double& value_of : root.y) value_of /= std::sqrt(norm);
  return root;
}

Projected::Pencil Projected::pencil(double shift) const {
  Dense mass = degrees_;
  for (Offset j = 0; j < mass.cols; ++j) mass(j, j) += shift;
  const Dense to_mass = orthonormal_basis(mass);
  const SymmetricEigen eigen = symmetric_eigen(transformed(adjacency_, to_mass));
  const Dense vectors = multiply(to_basis_, multiply(to_mass, eigen.vectors));
  const Offset m = std::ssize(eigen.values);
  Pencil result{{}, Dense(to_basis_.rows, m)};
  for (Offset j = 0; j < m; ++j) {
    result.values.push_back(eigen.values[z(m - 1 - j)]);
    const auto from = vectors.col(m - 1 - j);
    std::copy(from.begin(), from.end(), result.vectors.col(j).begin());
  }
  return result;
}

}  // namespace filigree::communities
