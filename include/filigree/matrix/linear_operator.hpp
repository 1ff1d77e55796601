// LinearOperator: a square matrix that algorithms know by its products only.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "filigree/matrix/dist_csr.hpp"
#include "filigree/matrix/spmv_plan.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// M, n x n, distributed like its rows: what power iterations and Krylov methods take. A matrix that is stored in
/// another way (blocks of a summary, sparse plus low rank) implements two functions about itself and apply().
class LinearOperator {
 public:
  /// Given the values y[first], y[first + 1], ... of this rank while they are in cache, and may change them. Called
  /// once for every owned value, by any thread in any order; must not throw.
  using Finish = std::function<void(Local first, std::span<double> values)>;

  virtual ~LinearOperator() = default;
  virtual const Comm& comm() const = 0;
  virtual const Partition& rows() const = 0;
  /// Computes y = M x. x, y: values of this rank's rows, distinct memory. Calls finish, if there is one, when sums are
  /// complete; where passes over y do not matter it is finish(0, y) at the end. Collective; one call at a time.
  virtual void apply(std::span<const double> x, std::span<double> y, const Finish& finish = {}) const = 0;
};

/// y = A x by an SpmvPlan of a distributed matrix. Memory per rank: the plan, 8 bytes per local column.
class SpmvOperator : public LinearOperator {
 public:
  /// The matrix must be square and outlive the operator. Collective.
  explicit SpmvOperator(const Graph& matrix);

  const Comm& comm() const override { return matrix_.comm(); }
  const Partition& rows() const override { return matrix_.rows(); }
  void apply(std::span<const double> x, std::span<double> y, const Finish& finish = {}) const override;

 private:
  const Graph& matrix_;
  SpmvPlan<double> plan_;
  mutable std::vector<double> with_ghosts_;
};

}  // namespace filigree
#pragma GCC visibility pop
