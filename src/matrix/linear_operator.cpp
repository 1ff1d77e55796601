#include "filigree/matrix/linear_operator.hpp"

#include "core/index.hpp"

namespace filigree {

SpmvOperator::SpmvOperator(const Graph& matrix)
    : matrix_(matrix), plan_(matrix.comm().guard([&] {
        require(matrix.is_square(), "operator: ", matrix.num_rows(), " x ", matrix.num_cols(), ", must be square");
        return SpmvPlan<double>(matrix.local().view());
      })) {
  if (comm().size() == 1) return;
  matrix_.build_halo();
  comm().guard([&] { with_ghosts_.resize(z(matrix_.local().num_cols)); });
}

void SpmvOperator::apply(std::span<const double> x, std::span<double> y, const Finish& finish) const {
  // A rank without ghosts takes part in every exchange all the same: others may need its values.
  if (comm().size() > 1) {
    matrix_.update_ghosts(x, with_ghosts_);
    x = with_ghosts_;
  }
  if (finish)
    plan_.multiply(x, y, [&](Local, Local first, std::span<double> sums) { finish(first, sums); });
  else
    plan_.multiply(x, y);
}

}  // namespace filigree
