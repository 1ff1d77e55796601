#include "ppr/push/single_push.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

#include "ppr/push/linear_solver.hpp"

namespace filigree::ppr {
namespace {

Offset padded(Local num_vertices) { return (Offset{num_vertices} + block_size - 1) / block_size * block_size; }

}  // namespace

SinglePush::SinglePush(const QueryTables& tables)
    : tables_(tables),
      graph_(tables.graph),
      arcs_(graph_.arcs()),
      touched_(arcs_.num_rows()),
      residual_(padded(arcs_.num_rows())),
      estimate_(padded(arcs_.num_rows())) {}

SinglePush::~SinglePush() = default;

template <class F>
void SinglePush::for_residuals_of(std::size_t first, F f) const {
  std::uint64_t found = at_least(residual_.data() + first, tables_.out_arcs.span().data() + first, 0);
  for (; found != 0; found &= found - 1) f(first + z(std::countr_zero(found)));
}

void SinglePush::clear() {
  touched_.for_each([&](std::size_t first) {
    std::fill_n(residual_.data() + first, block_size, 0.0);
    std::fill_n(estimate_.data() + first, block_size, 0.0);
  });
  touched_.clear();
  estimate_mass_ = unsolved_ = residual_mass_ = 0;
  num_pushes_ = num_arcs_pushed_ = num_arcs_solved_ = num_index_entries_ = 0;
  sweeps_.clear();
  solver_failed_ = false;
}

void SinglePush::start(std::span<const Local> vertices, std::span<const double> residuals) {
  clear();
  for (std::size_t k = 0; k < vertices.size(); ++k) {
    residual_[z(vertices[k])] += residuals[k];
    touched_.touch(vertices[k]);
    residual_mass_ += residuals[k];
  }
  summed_mass_ = residual_mass_;
}

void SinglePush::start(const Query& query, double teleport) {
  clear();
  c_ = teleport;
  summed_mass_ = residual_mass_ = 1;
  const auto put = [&](Local v, double x) {
    residual_[z(v)] += x;
    touched_.touch(v);
  };
  double total = 0;
  for (const Seed& seed : query) total += seed.weight;
  for (const Seed& seed : query) put(static_cast<Local>(seed.vertex), seed.weight / total);
  for (Local v = 0; query.empty() && v < arcs_.num_rows(); ++v) put(v, 1.0 / arcs_.num_rows());
}

[[gnu::always_inline]] inline void SinglePush::push(Local v, Pushed& pushed) {
  const double weight = graph_.out_weight(v);
  const double amount = std::exchange(residual_[z(v)], 0.0);
  const auto neighbours = arcs_.cols(v);
  const auto weights = arcs_.vals(v);
  ++pushed.pushes;
  pushed.arcs += std::ssize(neighbours);
  estimate_[z(v)] += c_ * amount;
  pushed.settled += c_ * amount;
  if (weight == 0) {
    pushed.terminated += (1 - c_) * amount;
    return;
  }
  const double share = (1 - c_) / weight * amount;
  double* const residual = residual_.data();
  if (weights.empty()) {
    for (Local w : neighbours) {
      residual[w] += share;
      touched_.touch(w);
    }
  } else {
    for (std::size_t k = 0; k < neighbours.size(); ++k) {
      residual[neighbours[k]] += share * weights[k];
      touched_.touch(neighbours[k]);
    }
  }
}

void SinglePush::count(const Pushed& pushed) {
  num_pushes_ += pushed.pushes;
  num_arcs_pushed_ += pushed.arcs;
  estimate_mass_ += pushed.settled;
  residual_mass_ -= pushed.settled + pushed.terminated;
}

void SinglePush::sum_residual_mass() {
  residual_mass_ = 0;
  touched_.for_each([&](std::size_t first) { residual_mass_ += sum(residual_.data() + first); });
  summed_mass_ = residual_mass_;
}

void SinglePush::sweep_above(double rmax) {
  sweeps_.push_back({num_arcs_pushed_, residual_mass_});
  // Vertices that were found wait a little: first their row starts come into the cache, then their arcs.
  constexpr std::size_t wait = tuning::push_queue;
  constexpr std::size_t wait_for_start = tuning::push_queue_arcs;
  std::array<Local, wait> queue;
  Pushed pushed;
  std::size_t num_found = 0;
  std::size_t num_pushed = 0;
  const float* const limit = tables_.out_arcs.span().data();
  const Offset* const row_ptr = arcs_.row_ptr.data();
  const Local* const col = arcs_.col.data();
  touched_.for_each([&](std::size_t first) {
    for (std::uint64_t found = at_least(residual_.data() + first, limit + first, rmax); found != 0;
         found &= found - 1) {
      if (num_found == num_pushed + wait) push(queue[num_pushed++ % wait], pushed);
      const std::size_t v = first + z(std::countr_zero(found));
      __builtin_prefetch(row_ptr + v);
      __builtin_prefetch(estimate_.data() + v, 1);
      queue[num_found++ % wait] = static_cast<Local>(v);
      if (num_found >= num_pushed + wait_for_start)
        __builtin_prefetch(col + row_ptr[z(queue[(num_found - wait_for_start) % wait])]);
    }
  });
  while (num_pushed < num_found) push(queue[num_pushed++ % wait], pushed);
  count(pushed);
  // What was subtracted has rounding errors of what was there: sum anew before they matter.
  if (residual_mass_ < 0.01 * summed_mass_) sum_residual_mass();
}

void SinglePush::push_level() {
  // Taken out first: what arrives belongs to the next level.
  std::vector<std::pair<Local, double>> level;
  touched_.for_each([&](std::size_t first) {
    for_residuals_of(
        first, [&](std::size_t v) { level.emplace_back(static_cast<Local>(v), std::exchange(residual_[v], 0.0)); });
  });
  Pushed pushed;
  for (const auto& [v, amount] : level) {
    // The push of a vertex is a push of what it held; what has arrived since waits beside.
    const double arrived = std::exchange(residual_[z(v)], amount);
    push(v, pushed);
    residual_[z(v)] += arrived;
  }
  count(pushed);
}

bool SinglePush::is_for_solver(double error, double end, double goal) const {
  const Offset all = arcs_.num_nonzeros();
  if (!tables_.system || solver_failed_) return false;
  if (num_arcs_pushed_ <= static_cast<Offset>(tuning::solver_arcs * static_cast<double>(all))) return false;
  if (graph_.is_symmetric) return num_arcs_pushed_ > 2 * all || touched_.count() > arcs_.num_rows() / block_size / 2;
  const auto before = std::find_if(sweeps_.rbegin(), sweeps_.rend() - 1, [&](const Sweep& sweep) {
    return sweep.residual > std::numbers::e * residual_mass_;
  });
  const double arcs_a_fold =
      static_cast<double>(num_arcs_pushed_ - before->arcs) / std::log(before->residual / residual_mass_);
  return tuning::push_slows * std::log(error / end) * arcs_a_fold > predicted_arcs(goal);
}

double SinglePush::predicted_arcs(double goal) const {
  return LinearSolver::predicted_arcs(*tables_.system, residual_mass_ / goal);
}

bool SinglePush::solve(double goal) {
  if (!solver_) solver_ = std::make_unique<LinearSolver>(*tables_.system);
  Pushed pushed;
  for (const Local v : tables_.system->front.span()) {
    if (residual_[z(v)] > 0) push(v, pushed);
  }
  count(pushed);
  const LinearSolver::Solved solved = solver_->solve(c_, residual_.data(), goal, estimate_.data());
  num_arcs_solved_ += solved.arcs;
  if (!solved.met_goal) {
    solver_failed_ = true;
    return false;
  }
  unsolved_ += solved.left;
  for (Offset v = 0; v < arcs_.num_rows(); v += block_size) touched_.touch(static_cast<Local>(v));
  std::fill_n(residual_.data(), residual_.size(), 0.0);
  residual_mass_ = 0;
  estimate_mass_ += solved.mass;
  return true;
}

double SinglePush::weighted_residual(const float* weight) const {
  double total = 0;
  touched_.for_each([&](std::size_t first) { total += weighted_sum(residual_.data() + first, weight + first); });
  return total;
}

void SinglePush::add_index_rows(const Index& index, Global first) {
  // Listed first, so that rows can be sent for ahead of their turn.
  const Global end = first + index.visits.num_rows();
  std::vector<Local>& rows = rows_to_walk_;
  rows.clear();
  touched_.for_each([&](std::size_t block) {
    for_residuals_of(block, [&](std::size_t v) {
      const auto vertex = static_cast<Global>(v);
      if (vertex >= first && vertex < end) rows.push_back(static_cast<Local>(vertex - first));
    });
  });
  constexpr std::size_t ahead = tuning::rows_ahead;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (k + ahead < rows.size()) index.visits.prefetch(rows[k + ahead]);
    const Local row = rows[k];
    num_index_entries_ += index.visits.num_entries(row);
    const double share = index.scale(row) * std::exchange(residual_[z(first + row)], 0.0);
    index.visits.for_each(row, [&](Local w, std::int32_t count) {
      estimate_[z(w)] += share * static_cast<double>(count);
      touched_.touch(w);
    });
  }
}

double SinglePush::largest_ratio() const {
  double largest = 0;
  touched_.for_each([&](std::size_t first) {
    for (std::size_t v = first; v < first + block_size; ++v)
      largest = std::max(largest, residual_[v] / static_cast<double>(tables_.out_arcs.span()[v]));
  });
  return largest;
}

Norms SinglePush::rough_norms(const IndexSummary* index) const {
  Norms norms{.estimate = estimate_mass_, .residual = residual_mass_, .unsolved = unsolved_};
  norms.expected_error = norms.unsolved + (index == nullptr ? norms.residual : 0);
  if (index == nullptr) return norms;
  touched_.for_each([&](std::size_t first) {
    norms.indexed += weighted_sum(residual_.data() + first, index->mass.data() + first);
    norms.expected_error += weighted_sum(residual_.data() + first, index->deviation.data() + first);
  });
  return norms;
}

Norms SinglePush::norms(const IndexSummary* index) {
  sum_residual_mass();
  return rough_norms(index);
}

}  // namespace filigree::ppr
