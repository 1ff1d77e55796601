#include "ppr/push/single_push.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "ppr/push/query_tables.hpp"
#include "ppr/push/symmetric_solver.hpp"

namespace filigree::ppr {
namespace {

Offset padded(Local num_vertices) { return (Offset{num_vertices} + block_size - 1) / block_size * block_size; }

}  // namespace

template <int lanes>
Decomposition<lanes>::Decomposition(const ReplicatedGraph::Parts& graph)
    : graph_(graph),
      arcs_(graph.arcs()),
      touched_(arcs_.num_rows()),
      residual_(padded(arcs_.num_rows()) * lanes),
      settled_(padded(arcs_.num_rows()) * lanes) {}

template <int lanes>
Decomposition<lanes>::~Decomposition() = default;

template <int lanes>
template <class F>
void Decomposition<lanes>::for_residuals_of(std::size_t first, F f) const {
  if constexpr (lanes == 1) {
    std::uint64_t found = at_least(residual_.data() + first, graph_.tables->out_arcs.span().data() + first, 0);
    for (; found != 0; found &= found - 1) f(first + z(std::countr_zero(found)));
  } else {
    for (std::size_t v = first; v < first + block_size; ++v) {
      const double* const residual = residual_.data() + v * lanes;
      if (std::any_of(residual, residual + lanes, [](double x) { return x > 0; })) f(v);
    }
  }
}

template <int lanes>
void Decomposition<lanes>::clear() {
  touched_.for_each([&](std::size_t v) {
    std::fill_n(residual_.data() + v * lanes, block_size * lanes, 0.0);
    std::fill_n(settled_.data() + v * lanes, block_size * lanes, 0.0);
  });
  touched_.clear();
  settled_mass_.fill(0);
  unsolved_.fill(0);
  residual_mass_.fill(0);
  num_pushes_ = num_arcs_pushed_ = num_arcs_solved_ = num_index_entries_ = 0;
}

template <int lanes>
void Decomposition<lanes>::start(std::span<const Local> vertices, std::span<const double> residuals) {
  clear();
  num_lanes_ = 1;
  for (std::size_t k = 0; k < vertices.size(); ++k) {
    residual_[z(vertices[k]) * lanes] += residuals[k];
    touched_.touch(vertices[k]);
    residual_mass_[0] += residuals[k];
  }
  summed_mass_ = residual_mass_[0];
}

template <int lanes>
void Decomposition<lanes>::start(std::span<const Query* const> queries, double teleport) {
  clear();
  c_ = teleport;
  num_lanes_ = static_cast<int>(queries.size());
  summed_mass_ = num_lanes_;
  std::fill_n(residual_mass_.begin(), num_lanes_, 1.0);
  for (std::size_t lane = 0; lane < queries.size(); ++lane) {
    const auto put = [&](Local v, double x) {
      residual_[z(v) * lanes + lane] += x;
      touched_.touch(v);
    };
    double total = 0;
    for (const Seed& seed : *queries[lane]) total += seed.weight;
    for (const Seed& seed : *queries[lane]) put(static_cast<Local>(seed.vertex), seed.weight / total);
    if (queries[lane]->empty()) {
      for (Local v = 0; v < arcs_.num_rows(); ++v) put(v, 1.0 / arcs_.num_rows());
    }
  }
}

/// Gives `share` of every lane to every out-neighbour of v, times the arc's weight.
template <int lanes>
[[gnu::always_inline]] inline void Decomposition<lanes>::give(Local v, const double* share) {
  const auto neighbours = arcs_.cols(v);
  const auto weights = arcs_.vals(v);
  double* const residual = residual_.data();
  if constexpr (lanes > 1) {
    for (Local w : neighbours) touched_.touch(w);
    add_lanes(residual, neighbours.data(), weights.empty() ? nullptr : weights.data(), std::ssize(neighbours), share);
  } else if (weights.empty()) {
    for (Local w : neighbours) {
      residual[w] += *share;
      touched_.touch(w);
    }
  } else {
    for (std::size_t k = 0; k < neighbours.size(); ++k) {
      residual[neighbours[k]] += *share * weights[k];
      touched_.touch(neighbours[k]);
    }
  }
}

template <int lanes>
[[gnu::always_inline]] inline void Decomposition<lanes>::push(Local v, Pushed& pushed) {
  const double weight = graph_.out_weight(v);
  const double rate = weight == 0 ? 0 : (1 - c_) / weight;
  ++pushed.pushes;
  pushed.arcs += arcs_.degree(v);
  alignas(64) double share[lanes];
  for (std::size_t l = 0; l < lanes; ++l) {
    const double amount = std::exchange(residual_[z(v) * lanes + l], 0.0);
    settled_[z(v) * lanes + l] += c_ * amount;
    pushed.settled[l] += c_ * amount;
    if (weight == 0) pushed.died[l] += (1 - c_) * amount;
    share[l] = rate * amount;
  }
  if (weight != 0) give(v, share);
}

template <int lanes>
void Decomposition<lanes>::count(const Pushed& pushed) {
  num_pushes_ += pushed.pushes;
  num_arcs_pushed_ += pushed.arcs;
  for (std::size_t l = 0; l < lanes; ++l) {
    settled_mass_[l] += pushed.settled[l];
    residual_mass_[l] -= pushed.settled[l] + pushed.died[l];
  }
}

template <int lanes>
void Decomposition<lanes>::sum_residual_mass() requires(lanes == 1) {
  residual_mass_[0] = 0;
  touched_.for_each([&](std::size_t first) { residual_mass_[0] += sum(residual_.data() + first); });
  summed_mass_ = residual_mass_[0];
}

template <int lanes>
void Decomposition<lanes>::sweep_above(double rmax) requires(lanes == 1) {
  // Vertices that were found wait a little: first their row starts come into the cache, then their arcs.
  constexpr std::size_t wait = 16;
  constexpr std::size_t wait_for_start = 8;
  std::array<Local, wait> queue;
  Pushed pushed;
  std::size_t num_found = 0;
  std::size_t num_pushed = 0;
  const float* const limit = graph_.tables->out_arcs.span().data();
  const Offset* const row_ptr = arcs_.row_ptr.data();
  const Local* const col = arcs_.col.data();
  touched_.for_each([&](std::size_t first) {
    for (std::uint64_t found = at_least(residual_.data() + first, limit + first, rmax); found != 0;
         found &= found - 1) {
      if (num_found == num_pushed + wait) push(queue[num_pushed++ % wait], pushed);
      const std::size_t v = first + z(std::countr_zero(found));
      __builtin_prefetch(row_ptr + v);
      __builtin_prefetch(settled_.data() + v, 1);
      queue[num_found++ % wait] = static_cast<Local>(v);
      if (num_found >= num_pushed + wait_for_start)
        __builtin_prefetch(col + row_ptr[z(queue[(num_found - wait_for_start) % wait])]);
    }
  });
  while (num_pushed < num_found) push(queue[num_pushed++ % wait], pushed);
  count(pushed);
  // What was subtracted has rounding errors of what was there: sum anew before they matter.
  if constexpr (lanes == 1) {
    if (residual_mass_[0] < 0.01 * summed_mass_) sum_residual_mass();
  }
}

template <int lanes>
void Decomposition<lanes>::push_level() {
  // Taken out first: what arrives belongs to the next level.
  std::vector<Local> level;
  touched_.for_each([&](std::size_t first) {
    for_residuals_of(first, [&](std::size_t v) { level.push_back(static_cast<Local>(v)); });
  });
  std::vector<double> residuals;
  for (Local v : level) {
    double* const residual = residual_.data() + z(v) * lanes;
    residuals.insert(residuals.end(), residual, residual + lanes);
    std::fill_n(residual, lanes, 0.0);
  }
  Pushed pushed;
  for (std::size_t k = 0; k < level.size(); ++k) {
    // The push of a vertex is a push of what it held; what has arrived since waits beside.
    double* const residual = residual_.data() + z(level[k]) * lanes;
    std::array<double, lanes> arrived;
    std::copy_n(residual, lanes, arrived.begin());
    std::copy_n(residuals.data() + k * lanes, lanes, residual);
    push(level[k], pushed);
    for (std::size_t l = 0; l < lanes; ++l) residual[l] += arrived[l];
  }
  count(pushed);
}

template <int lanes>
bool Decomposition<lanes>::is_for_solver() const requires(lanes == 1) {
  const Offset all = arcs_.num_nonzeros();
  if (!graph_.is_symmetric || num_arcs_pushed_ <= all / 16) return false;
  return num_arcs_pushed_ > 2 * all || touched_.count() > arcs_.num_rows() / block_size / 2;
}

template <int lanes>
void Decomposition<lanes>::solve(double goal) requires(lanes == 1) {
  if (!solver_) solver_ = std::make_unique<SymmetricSolver>(graph_.tables->system);
  double settled = 0;
  double left = 0;
  num_arcs_solved_ += solver_->solve(c_, residual_.data(), goal, settled_.data(), settled, left);
  unsolved_[0] += left;
  for (Offset v = 0; v < arcs_.num_rows(); v += block_size) touched_.touch(static_cast<Local>(v));
  std::fill_n(residual_.data(), residual_.size(), 0.0);
  residual_mass_[0] = 0;
  settled_mass_[0] += settled;
}

template <int lanes>
double Decomposition<lanes>::weighted_residual(const float* weight) const requires(lanes == 1) {
  double total = 0;
  touched_.for_each([&](std::size_t first) { total += weighted_sum(residual_.data() + first, weight + first); });
  return total;
}

template <int lanes>
void Decomposition<lanes>::walk(const Index& index, Global first) {
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
  constexpr std::size_t ahead = 6;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (k + ahead < rows.size()) index.visits.prefetch(rows[k + ahead]);
    const Local row = rows[k];
    num_index_entries_ += index.visits.num_entries(row);
    const double scale = index.scale(row);
    double* const residual = residual_.data() + z(first + row) * lanes;
    alignas(64) double share[lanes];
    for (std::size_t l = 0; l < lanes; ++l) share[l] = scale * std::exchange(residual[l], 0.0);
    index.visits.for_each(row, [&](Local w, std::int32_t count) {
      const double times = count;
      if constexpr (lanes == 1)
        settled_[z(w)] += share[0] * times;
      else
        add_lanes(settled_.data(), &w, &times, 1, share);
      touched_.touch(w);
    });
  }
}

template <int lanes>
double Decomposition<lanes>::largest_ratio() const requires(lanes == 1) {
  double largest = 0;
  touched_.for_each([&](std::size_t first) {
    for (std::size_t v = first; v < first + block_size; ++v)
      largest = std::max(largest, residual_[v] / static_cast<double>(graph_.tables->out_arcs.span()[v]));
  });
  return largest;
}

template <int lanes>
Norms Decomposition<lanes>::rough_norms(const IndexSummary* index) const requires(lanes == 1) {
  Norms norms{.settled = settled_mass_[0], .residual = residual_mass_[0], .unsolved = unsolved_[0]};
  norms.expected_error = norms.unsolved + (index == nullptr ? norms.residual : 0);
  if (index == nullptr) return norms;
  touched_.for_each([&](std::size_t first) {
    norms.indexed += weighted_sum(residual_.data() + first, index->mass.data() + first);
    norms.expected_error += weighted_sum(residual_.data() + first, index->deviation.data() + first);
  });
  return norms;
}

template <int lanes>
std::array<Norms, lanes> Decomposition<lanes>::norms(const IndexSummary* index) const {
  std::array<Norms, lanes> norms{};
  for (std::size_t l = 0; l < lanes; ++l) {
    norms[l].settled = settled_mass_[l];
    norms[l].unsolved = norms[l].expected_error = unsolved_[l];
  }
  touched_.for_each([&](std::size_t first) {
    for_residuals_of(first, [&](std::size_t v) {
      for (std::size_t l = 0; l < lanes; ++l) {
        const double f = residual_[v * lanes + l];
        norms[l].residual += f;
        if (index == nullptr) continue;
        norms[l].indexed += f * static_cast<double>(index->mass[v]);
        norms[l].expected_error += f * static_cast<double>(index->deviation[v]);
      }
    });
  });
  if (index == nullptr) {
    for (Norms& lane : norms) lane.expected_error += lane.residual;
  }
  return norms;
}

template class Decomposition<1>;
template class Decomposition<many>;

}  // namespace filigree::ppr
