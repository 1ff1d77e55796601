#include "ppr/decomposition.hpp"

namespace filigree::ppr {

Decomposition::Decomposition(const ReplicatedGraph::Parts& graph, double teleport)
    : graph_(graph), arcs_(graph.arcs()), c_(teleport), settled_(arcs_.num_rows()), residual_(arcs_.num_rows()) {}

void Decomposition::start(const Query& query) {
  settled_.clear();
  residual_.clear();
  settled_mass_ = 0;
  num_pushes_ = 0;
  num_arcs_pushed_ = 0;
  double total = 0;
  for (const Seed& seed : query) total += seed.weight;
  for (const Seed& seed : query) residual_.add(static_cast<Local>(seed.vertex), seed.weight / total);
  if (query.empty()) {
    for (Local v = 0; v < arcs_.num_rows(); ++v) residual_.add(v, 1.0 / arcs_.num_rows());
  }
}

template <class Give>
void Decomposition::push(Local v, double amount, Give give) {
  ++num_pushes_;
  settled_.add(v, c_ * amount);
  settled_mass_ += c_ * amount;
  const double weight = graph_.out_weight(v);
  if (weight == 0) return;
  const double share = (1 - c_) * amount / weight;
  const auto neighbours = arcs_.cols(v);
  const auto weights = arcs_.vals(v);
  num_arcs_pushed_ += static_cast<Offset>(neighbours.size());
  if (weights.empty()) {
    for (Local w : neighbours) give(w, share);
  } else {
    for (std::size_t k = 0; k < neighbours.size(); ++k) give(neighbours[k], share * weights[k]);
  }
}

void Decomposition::sweep_above(double rmax) {
  residual_.for_each([&](Local v, double amount) {
    if (amount < rmax * arcs_or_one(v)) return;
    push(v, residual_.take(v), [&](Local w, double x) { residual_.add(w, x); });
  });
}

void Decomposition::push_level() {
  std::vector<std::pair<Local, double>> level;
  residual_.for_each([&](Local v, double amount) { level.emplace_back(v, amount); });
  residual_.clear();
  for (const auto& [v, amount] : level) push(v, amount, [&](Local w, double x) { residual_.add(w, x); });
}

double Decomposition::largest_ratio() const {
  double largest = 0;
  residual_.for_each([&](Local v, double amount) { largest = std::max(largest, amount / arcs_or_one(v)); });
  return largest;
}

}  // namespace filigree::ppr
