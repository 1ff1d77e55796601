// The spectrum of leaf communities against dense decompositions of the matrices that define it.
#include <gmock/gmock.h>

#include <Eigen/Dense>
#include <cmath>

#include "communities/spectral/bethe_hessian.hpp"
#include "filigree/generate.hpp"
#include "support/matrices.hpp"
#include "support/runtime.hpp"

namespace filigree::communities {
namespace {

using namespace filigree::testing;

Eigen::MatrixXd dense(const Graph& graph) {
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(graph.num_rows(), graph.num_rows());
  for (const auto& [at, value] : whole(graph)) a(at.first, at.second) = value;
  return a;
}

/// The largest real eigenvalue of [[A, I - D], [I, 0]].
double dense_radius(const Eigen::MatrixXd& a) {
  const Eigen::Index n = a.rows();
  Eigen::MatrixXd b = Eigen::MatrixXd::Zero(2 * n, 2 * n);
  b.topLeftCorner(n, n) = a;
  b.topRightCorner(n, n) = Eigen::MatrixXd::Identity(n, n);
  b.topRightCorner(n, n).diagonal() -= a.rowwise().sum();
  b.bottomLeftCorner(n, n).setIdentity();
  double largest = 0;
  for (const auto& value : b.eigenvalues()) {
    if (std::abs(value.imag()) < 1e-6) largest = std::max(largest, value.real());
  }
  return largest;
}

/// Ascending eigenvalues of H_r, and vectors.
Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> bethe_hessian(const Eigen::MatrixXd& a, double r,
                                                             int options = Eigen::ComputeEigenvectors) {
  Eigen::MatrixXd h = -r * a;
  h.diagonal() += a.rowwise().sum();
  h.diagonal().array() += r * r - 1;
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(h, options);
}

/// The largest r in [1, limit] at which the p-th eigenvalue (from 0) is not negative, by a fine search.
double dense_root(const Eigen::MatrixXd& a, Eigen::Index p, double limit) {
  constexpr int steps = 30;
  const auto negative = [&](double r) { return bethe_hessian(a, r, Eigen::EigenvaluesOnly).eigenvalues()[p] < -1e-10; };
  double low = limit;
  double high = limit;
  for (int step = 1; step <= steps && negative(low); ++step) {
    high = low;
    low = limit + (1 - limit) * step / steps;
  }
  if (low == high) return limit;
  for (int step = 0; step < 22; ++step) {
    const double middle = (low + high) / 2;
    (negative(middle) ? high : low) = middle;
  }
  return low;
}

Eigen::VectorXd pencil_values(const Eigen::MatrixXd& a, double rho) {
  Eigen::VectorXd scale = (a.rowwise().sum().array() + rho - 1).max(1e-300).rsqrt();
  for (Eigen::Index i = 0; i < scale.size(); ++i) scale[i] = a.row(i).sum() > 0 ? scale[i] : 0;
  const Eigen::MatrixXd s = scale.asDiagonal() * a * scale.asDiagonal();
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(s).eigenvalues().reverse();
}

/// Small graphs of several kinds: by name, and how many values stand out is up to them.
std::vector<Graph> graphs(const Comm& comm) {
  std::vector<Graph> all;
  all.push_back(generate::hsbm(comm, 1, {.depth = 2, .leaf_size = 15, .beta = 0.1, .a_last = 9}).graph);
  all.push_back(generate::hsbm(comm, 2, {.depth = 1, .leaf_size = 30, .beta = 0.3, .a_last = 9}).graph);
  all.push_back(generate::hsbm(comm, 3, {.depth = 1, .leaf_size = 40, .beta = 0, .degree = 4.0}).graph);
  Entries<double> entries = random_entries<double>(80, 80, 200, Values::exact, 4);  // hubs, weights, several parts
  for (double& weight : entries.val) weight = std::abs(weight) + 0.125;
  symmetrize(entries);
  all.push_back(Graph::from_entries(comm, 80, 80, deal(comm, entries, 1), {Duplicates::first, Loops::drop}));
  return all;
}

TEST(Spectrum, RadiusEqualsThatOfTheDenseMatrix) {
  for (const Graph& graph : graphs(Comm::world())) {
    Stats stats;
    EXPECT_NEAR(spectral_radius(Adjacency(graph), stats) / dense_radius(dense(graph)), 1, 1e-6);
  }
}

TEST(Spectrum, RadiusOfForestsAndCycles) {
  const Comm comm = Comm::world();
  for (const bool closed : {false, true}) {
    Entries<double> entries;
    for (Global v = 0; v + 1 < 30; ++v) {
      entries.row.push_back(v);
      entries.col.push_back(v + 1);
    }
    if (closed) {
      entries.row.push_back(29);
      entries.col.push_back(0);
    }
    symmetrize(entries);
    const Graph graph = Graph::from_entries(comm, 31, 31, deal(comm, entries, 1));
    Stats stats;
    EXPECT_NEAR(spectral_radius(Adjacency(graph), stats), 1, 1e-9);
  }
}

TEST(Spectrum, CountAndValuesEqualThoseOfTheDenseMatrix) {
  int index = 0;
  for (const Graph& graph : graphs(Comm::world())) {
    Stats stats;
    const Adjacency a(graph);
    const double rho = spectral_radius(a, stats);
    const Subspace space = leading_subspace(a, rho, {.tolerance = 1e-2}, stats);
    const Eigen::VectorXd expected = pencil_values(dense(graph), rho);
    const auto count = (expected.array() > margin / std::sqrt(rho)).count();
    EXPECT_EQ(space.num_detectable, count) << "graph " << index;
    for (Offset j = 0; j < space.num_detectable; ++j)
      EXPECT_NEAR(space.values[static_cast<std::size_t>(j)] / expected[j], 1, 0.01) << "graph " << index << " " << j;
    ++index;
  }
}

TEST(Spectrum, VectorsAndRootsEqualThoseOfTheDenseMatrix) {
  int index = 0;
  for (const Graph& graph : graphs(Comm::world())) {
    Stats stats;
    const Adjacency a(graph);
    const double rho = spectral_radius(a, stats);
    const Offset count = std::max<Offset>(2, leading_subspace(a, rho, {}, stats).num_detectable);
    const Subspace space = leading_subspace(a, rho, {.num_wanted = count}, stats);
    const Embedding found = bethe_hessian_vectors(a, space, count, 1e-7, stats);
    ASSERT_EQ(std::ssize(found.zeta), count);
    const Eigen::MatrixXd all = dense(graph);
    const double limit = std::sqrt(rho);
    const auto rows = graph.comm().all_gather(found.x.values()).values;
    for (Offset p = 0; p < count; ++p) {
      const double zeta = found.zeta[static_cast<std::size_t>(p)];
      const double expected = dense_root(all, p, limit);
      EXPECT_NEAR(zeta, expected, 1e-5 * limit) << "graph " << index << " p " << p;
      if (expected >= limit) continue;  // a vector inside the bulk
      Eigen::VectorXd x(graph.num_rows());
      for (Offset i = 0; i < graph.num_rows(); ++i) x[i] = rows[static_cast<std::size_t>(i * found.x.cols + p)];
      EXPECT_NEAR(x.norm(), 1, 1e-6);
      // In the span of the eigenvectors whose eigenvalues are near 0, as those of equal components are.
      const auto eigen = bethe_hessian(all, zeta);
      double inside = 0;
      for (Eigen::Index i = 0; i < x.size(); ++i) {
        if (std::abs(eigen.eigenvalues()[i]) < 1e-3) inside += std::pow(eigen.eigenvectors().col(i).dot(x), 2);
      }
      EXPECT_NEAR(inside, 1, 1e-5) << "graph " << index << " p " << p;
    }
    ++index;
  }
}

}  // namespace
}  // namespace filigree::communities
