// How the dangling policy turns q into p.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "filigree/ppr/query.hpp"

namespace filigree::ppr {

/// A sparse row: values of vertices, by rising vertex until the best are asked for.
struct Row {
  std::vector<Global> vertex;
  std::vector<double> value;
  double rest = 0;  ///< sum of values that are not listed

  std::size_t size() const { return vertex.size(); }
  void add(Global v, double x) {
    vertex.push_back(v);
    value.push_back(x);
  }
  void resize(std::size_t size) {
    vertex.resize(size);
    value.resize(size);
  }
  void reserve(std::size_t size) {
    vertex.reserve(size);
    value.reserve(size);
  }
  /// Keeps the entries for which is_kept(position), called for each in order.
  template <class IsKept>
  void keep_if(IsKept is_kept) {
    std::size_t kept = 0;
    for (std::size_t k = 0; k < size(); ++k) {
      if (!is_kept(k)) continue;
      vertex[kept] = vertex[k];
      value[kept++] = value[k];
    }
    resize(kept);
  }
  double sum() const;  ///< and of the rest
};

class DanglingPolicy {
 public:
  /// The answer for the uniform seed, and a bound of its L1 error; needed with policy `uniform` only.
  struct Uniform {
    std::vector<double> answer;
    double error = 0;
    /// The error that keeps those of answers within `target`.
    static double allowed(double target) { return std::max(1e-15, target / 8); }
  };
  DanglingPolicy(Dangling dangling, double teleport, Uniform uniform)
      : dangling_(dangling), teleport_(teleport), uniform_(std::make_shared<const Uniform>(std::move(uniform))) {}

  /// Bound on the L1 error of p when q has L1 norm `norm` and an L1 error of `error`.
  double error(double error, double norm) const;
  /// The error of q that makes error() equal `target`.
  double goal(double target, double norm) const;

  /// Scores in place of a row that holds q. is_dangling is asked with policy `self`.
  void apply(Row& row, const std::function<bool(Global)>& is_dangling) const;

 private:
  Dangling dangling_;
  double teleport_;
  std::shared_ptr<const Uniform> uniform_;
};

class SinglePush;

/// The answer for the uniform seed that policy `uniform` needs for answers within target_error: every rank solves for
/// itself, as exchanging the answer would cost more than that saves.
DanglingPolicy::Uniform solve_uniform(SinglePush& push, double teleport, double target_error);

}  // namespace filigree::ppr
