// Personalized PageRank by a dense solve: the obvious answer, O(n^3).
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "filigree/matrix/transition.hpp"
#include "support/matrices.hpp"

namespace filigree::testing {

/// p of p (I - (1-c) T) = c t, with T the transition matrix after the dangling policy.
inline std::vector<double> dense_pagerank(const GlobalMatrix<double>& graph, const std::vector<double>& teleport,
                                          double c, Dangling dangling) {
  const auto n = static_cast<Eigen::Index>(teleport.size());
  const Eigen::VectorXd t = Eigen::VectorXd::Map(teleport.data(), n) / Eigen::VectorXd::Map(teleport.data(), n).sum();
  Eigen::MatrixXd transition = Eigen::MatrixXd::Zero(n, n);
  for (const auto& [at, weight] : graph) transition(at.first, at.second) = weight;
  for (Eigen::Index v = 0; v < n; ++v) {
    const double weight = transition.row(v).sum();
    if (weight > 0) {
      transition.row(v) /= weight;
    } else {
      switch (dangling) {
        case Dangling::source: transition.row(v) = t.transpose(); break;
        case Dangling::self: transition(v, v) = 1; break;
        case Dangling::uniform: transition.row(v).setConstant(1.0 / static_cast<double>(n)); break;
        case Dangling::drop: break;
      }
    }
  }
  const Eigen::MatrixXd system = Eigen::MatrixXd::Identity(n, n) - (1 - c) * transition.transpose();
  const Eigen::VectorXd p = system.partialPivLu().solve(c * t);
  return {p.begin(), p.end()};
}

inline double l1_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double distance = 0;
  for (std::size_t i = 0; i < a.size(); ++i) distance += std::abs(a[i] - b[i]);
  return distance;
}

constexpr Dangling all_policies[] = {Dangling::source, Dangling::self, Dangling::uniform, Dangling::drop};

/// A random graph with hubs, loops and vertices without arcs; weights are positive, and some are zero.
inline Graph random_graph(const Comm& comm, Global n, Offset arcs, bool weighted, std::uint64_t seed) {
  Entries<double> entries = random_entries<double>(n, n, arcs, weighted ? Values::exact : Values::none, seed);
  for (double& weight : entries.val) weight = std::abs(weight);
  return Graph::from_entries(comm, n, n, deal(comm, entries, seed), {Duplicates::first, Loops::keep});
}

}  // namespace filigree::testing
