#include "communities/spectral/projected.hpp"

#include <algorithm>
#include <cmath>

#include "core/index.hpp"

namespace filigree::communities {
namespace {

constexpr double dependent = 1e-13;  // eigenvalues of the scaled Gram matrix below are rounding
constexpr int most_steps = 60;

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

Root Projected::root(Offset p, double limit, double start) const {
  double low = 1;       // not negative here, as far as is known
  double high = limit;  // negative from the root up to here
  double r = std::clamp(start, low, high);
  Root best;
  for (int step = 0; step < most_steps; ++step) {
    const SymmetricEigen eigen = at(r);
    const auto column = eigen.vectors.col(p - 1);
    best = {r, in_terms_of_v(column)};
    const double value = eigen.values[z(p - 1)];
    if (value >= 0 && r >= limit) break;
    if (value >= 0) {
      low = r;
    } else {
      high = r;
    }
    const double half = quadratic_form(adjacency_, column) / 2;
    const double under = half * half - quadratic_form(degrees_, column) + 1;
    double next = under > 0 ? half - std::sqrt(under) : (low + high) / 2;
    if (r == 1 && value >= -1e-12) break;
    next = std::max(next, 1.0);
    if (next <= low && low > 1) next = (low + high) / 2;
    if (next >= high) next = value >= 0 && high == limit && r < limit ? high : (low + high) / 2;
    if (std::abs(next - r) <= 1e-12 * r) break;
    r = next;
  }
  return best;
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
