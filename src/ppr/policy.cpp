#include "ppr/policy.hpp"

#include <algorithm>
#include <numeric>

#include "ppr/decomposition.hpp"

namespace filigree::ppr {

double Row::sum() const { return std::accumulate(value.begin(), value.end(), 0.0); }

Policy::Policy(const ReplicatedGraph::Parts& graph, Dangling dangling, double teleport, double target_error)
    : graph_(graph), dangling_(dangling), teleport_(teleport) {
  if (dangling != Dangling::uniform) return;
  const auto all = graph.tables->single.take([&] { return std::make_unique<Decomposition<1>>(graph); });
  const Query everybody;
  const Query* const queries[] = {&everybody};
  all->start(queries, teleport);
  do {
    all->sweep_above(0);
    const Norms norms = all->norms(nullptr)[0];
    uniform_error_ = 2 * norms.residual / norms.settled;
  } while (uniform_error_ > std::max(1e-15, target_error / 8));
  uniform_.assign(z(graph.arcs().num_rows()), 0);
  const double norm = all->norms(nullptr)[0].settled;
  all->for_settled([&](int, Local v, double q) { uniform_[z(v)] = q / norm; });
}

double Policy::error(double error, double norm) const {
  switch (dangling_) {
    case Dangling::source: return std::min(2.0, 2 * error / norm);
    case Dangling::self: return std::min(2.0, error / teleport_);
    case Dangling::uniform: return std::min(2.0, 2 * error + std::max(0.0, 1 - norm) * uniform_error_);
    case Dangling::drop: break;
  }
  return std::min(2.0, error);
}

double Policy::goal(double target, double norm) const {
  switch (dangling_) {
    case Dangling::source: return target * norm / 2;
    case Dangling::self: return target * teleport_;
    case Dangling::uniform: return std::max(0.0, target - std::max(0.0, 1 - norm) * uniform_error_) / 2;
    case Dangling::drop: break;
  }
  return target;
}

void Policy::apply(Row& row) const {
  switch (dangling_) {
    case Dangling::source: {
      const double norm = row.sum();
      for (double& value : row.value) value /= norm;
      break;
    }
    case Dangling::self:
      for (std::size_t k = 0; k < row.size(); ++k)
        row.value[k] /= graph_.out_weight(row.vertex[k]) == 0 ? teleport_ : 1;
      break;
    case Dangling::uniform: {
      std::vector<double> dense(uniform_.size());
      // An index may find more than there is: |q|_1 is 1 at most.
      const double norm = row.sum();
      const double missing = std::max(0.0, 1 - norm);
      for (std::size_t v = 0; v < dense.size(); ++v) dense[v] = missing * uniform_[v];
      for (std::size_t k = 0; k < row.size(); ++k) dense[z(row.vertex[k])] += row.value[k] / std::max(1.0, norm);
      row.vertex.resize(dense.size());
      std::iota(row.vertex.begin(), row.vertex.end(), 0);
      row.value = std::move(dense);
      break;
    }
    case Dangling::drop: break;
  }
}

}  // namespace filigree::ppr
