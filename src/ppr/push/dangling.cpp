#include "ppr/push/dangling.hpp"

#include <algorithm>
#include <numeric>

#include "ppr/push/single_push.hpp"

namespace filigree::ppr {

double Row::sum() const { return std::reduce(value.begin(), value.end(), rest); }

DanglingPolicy::Uniform solve_uniform(SinglePush& push, double teleport, double target_error) {
  DanglingPolicy::Uniform uniform;
  push.start({}, teleport);
  do {
    push.sweep_above(0);
    const Norms norms = push.norms(nullptr);
    uniform.error = 2 * norms.residual / norms.estimate;
  } while (uniform.error > DanglingPolicy::Uniform::allowed(target_error));
  uniform.answer.assign(push.num_vertices(), 0);
  const double norm = push.norms(nullptr).estimate;
  push.for_estimates([&](Local v, double q) { uniform.answer[z(v)] = q / norm; });
  return uniform;
}

double DanglingPolicy::error(double error, double norm) const {
  switch (dangling_) {
    case Dangling::source: return std::min(2.0, 2 * error / norm);
    case Dangling::self: return std::min(2.0, error / teleport_);
    case Dangling::uniform: return std::min(2.0, 2 * error + std::max(0.0, 1 - norm) * uniform_->error);
    case Dangling::drop: break;
  }
  return std::min(2.0, error);
}

double DanglingPolicy::goal(double target, double norm) const {
  switch (dangling_) {
    case Dangling::source: return target * norm / 2;
    case Dangling::self: return target * teleport_;
    case Dangling::uniform: return std::max(0.0, target - std::max(0.0, 1 - norm) * uniform_->error) / 2;
    case Dangling::drop: break;
  }
  return target;
}

void DanglingPolicy::apply(Row& row, const std::function<bool(Global)>& is_dangling) const {
  switch (dangling_) {
    case Dangling::source: {
      const double norm = row.sum();
      for (double& value : row.value) value /= norm;
      break;
    }
    case Dangling::self:
      for (std::size_t k = 0; k < row.size(); ++k) row.value[k] /= is_dangling(row.vertex[k]) ? teleport_ : 1;
      break;
    case Dangling::uniform: {
      std::vector<double> dense(uniform_->answer.size());
      // An index may find more than there is: |q|_1 is 1 at most.
      const double norm = row.sum();
      const double missing = std::max(0.0, 1 - norm);
      for (std::size_t v = 0; v < dense.size(); ++v) dense[v] = missing * uniform_->answer[v];
      for (std::size_t k = 0; k < row.size(); ++k) dense[z(row.vertex[k])] += row.value[k] / std::max(1.0, norm);
      row.vertex.resize(dense.size());
      std::iota(row.vertex.begin(), row.vertex.end(), Global{0});
      row.value = std::move(dense);
      break;
    }
    case Dangling::drop: break;
  }
}

}  // namespace filigree::ppr
