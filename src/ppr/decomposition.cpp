#include "ppr/decomposition.hpp"

namespace filigree::ppr {

Decomposition::Decomposition(const ReplicatedGraph::Parts& graph, double teleport)
    : graph_(graph),
      arcs_(graph.arcs()),
      c_(teleport),
      settled_(arcs_.num_rows()),
      residual_(arcs_.num_rows()),
      queued_(static_cast<std::size_t>(arcs_.num_rows()), 0) {}

void Decomposition::start(const Query& query) {
  settled_.clear();
  residual_.clear();
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

void Decomposition::push_above(double rmax) {
  queue_.clear();
  const auto enqueue = [&](Local v) {
    if (queued_[static_cast<std::size_t>(v)] != 0 || !ready(v, rmax)) return;
    queued_[static_cast<std::size_t>(v)] = 1;
    queue_.push_back(v);
  };
  for (Local v : residual_.touched()) enqueue(v);
  for (std::size_t head = 0; head < queue_.size(); ++head) {
    const Local v = queue_[head];
    queued_[static_cast<std::size_t>(v)] = 0;
    push(v, residual_.take(v), [&](Local w, double x) {
      residual_.add(w, x);
      enqueue(w);
    });
  }
}

void Decomposition::sweep() {
  for (Local v = 0; v < arcs_.num_rows(); ++v) {
    if (residual_[v] > 0) push(v, residual_.take(v), [&](Local w, double x) { residual_.add(w, x); });
  }
}

void Decomposition::push_level() {
  residual_.sort();
  std::vector<std::pair<Local, double>> level;
  for (Local v : residual_.touched()) {
    if (residual_[v] > 0) level.emplace_back(v, residual_[v]);
  }
  residual_.clear();
  for (const auto& [v, amount] : level) push(v, amount, [&](Local w, double x) { residual_.add(w, x); });
}

void Decomposition::sort() {
  settled_.sort();
  residual_.sort();
}

double Decomposition::largest_ratio() const {
  double largest = 0;
  for (Local v : residual_.touched()) largest = std::max(largest, residual_[v] / arcs_or_one(v));
  return largest;
}

Offset Decomposition::frontier_arcs(double rmax) const {
  Offset arcs = 0;
  for (Local v : residual_.touched()) arcs += ready(v, rmax) ? arcs_.degree(v) : 0;
  return arcs;
}

}  // namespace filigree::ppr
