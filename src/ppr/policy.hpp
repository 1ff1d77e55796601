// How the dangling policy turns q into p.
#pragma once

#include <vector>

#include "ppr/parts.hpp"

namespace filigree::ppr {

/// A sparse row: values of vertices, by rising vertex until the best are asked for.
struct Row {
  std::vector<Local> vertex;
  std::vector<double> value;

  std::size_t size() const { return vertex.size(); }
  void add(Local v, double x) {
    vertex.push_back(v);
    value.push_back(x);
  }
  double sum() const;
};

class Policy {
 public:
  /// With policy `uniform` this solves for the uniform seed, to an eighth of `target_error`: every rank for itself, as
  /// exchanging the answer would cost more than it saves.
  Policy(const ReplicatedGraph::Parts& graph, Dangling dangling, double teleport, double target_error);

  /// Bound on the L1 error of p when q has L1 norm `norm` and an L1 error of `error`.
  double error(double error, double norm) const;
  /// The error of q that makes error() equal `target`.
  double goal(double target, double norm) const;

  /// Scores in place of a row that holds q.
  void apply(Row& row) const;

 private:
  const ReplicatedGraph::Parts& graph_;
  Dangling dangling_;
  double teleport_;
  std::vector<double> uniform_;  // the answer for the uniform seed, policy `uniform` only
  double uniform_error_ = 0;
};

}  // namespace filigree::ppr
