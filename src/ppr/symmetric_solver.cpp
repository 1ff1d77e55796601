#include "ppr/symmetric_solver.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/cpu.hpp"
#include "ppr/kernels.hpp"

namespace filigree::ppr {
namespace {

/// sum[l] += weight[k] x[lanes to[k] + l] for k < count, a multiple of Half::group; weight null = all 1.
template <int lanes>
[[gnu::always_inline]] inline void gather(const Local* to, const double* weight, Offset count, const double* x,
                                          double* sum) {
  if constexpr (lanes == 1) {
    // Two chains of additions, as one would wait for itself.
    static_assert(Half::group == 4);
    double other = 0;
    if (weight == nullptr) {
      for (Offset k = 0; k < count; k += 4) {
        sum[0] += x[to[k]] + x[to[k + 1]];
        other += x[to[k + 2]] + x[to[k + 3]];
      }
    } else {
      for (Offset k = 0; k < count; k += 4) {
        sum[0] += weight[k] * x[to[k]] + weight[k + 1] * x[to[k + 1]];
        other += weight[k + 2] * x[to[k + 2]] + weight[k + 3] * x[to[k + 3]];
      }
    }
    sum[0] += other;
  } else {
    for (Offset k = 0; k < count; ++k) {
      const double factor = weight == nullptr ? 1.0 : weight[k];
      for (int l = 0; l < lanes; ++l) sum[l] += factor * x[Offset{to[k]} * lanes + l];
    }
  }
}

}  // namespace

template <int lanes>
SymmetricSolver<lanes>::SymmetricSolver(const SymmetricSystem& system)
    : system_(system), n_(static_cast<Local>(system.vertex.span().size())) {
  g_ = ZeroedArray<double>(n_);
  d_ = ZeroedArray<double>(n_);
  for (ZeroedArray<double>* values : {&y_, &r_, &p_, &t_}) *values = ZeroedArray<double>(Offset{n_} * lanes);
  scaled_ = ZeroedArray<double>((Offset{n_} + 1) * lanes);
}

template <int lanes>
Offset SymmetricSolver<lanes>::solve(double teleport, const double* residual, const Lanes& goal, double* settled,
                                     Lanes& settled_mass, Lanes& left) {
  const FlushDenormals flush;
  const double walk_on = 1 - teleport;
  const Offset num_below = system_.below.num_arcs;
  const Offset num_above = system_.above.num_arcs;
  const std::span<const Local> vertex = system_.vertex.span();
  const auto sum_of = [&](const Half& half, Local v, double* sum) {
    gather<lanes>(half.cols(v), half.vals(v), half.degree(v), scaled_.data(), sum);
  };
  const auto row = [&](ZeroedArray<double>& values, Local v) { return values.data() + z(v) * lanes; };
  Offset num_arcs = 0;

  // g, d and r = (I-L)^-1 b.
  for (Local v = 0; v < n_; ++v) {
    const double weight = system_.weight.span()[z(v)];
    d_[z(v)] = weight == 0 ? 1 : 1 - walk_on * system_.loop.span()[z(v)] / weight;
    g_[z(v)] = weight == 0 ? 1 : 1 / std::sqrt(weight * d_[z(v)]);
    double sum[lanes] = {};
    sum_of(system_.below, v, sum);
    for (int l = 0; l < lanes; ++l) {
      row(y_, v)[l] = row(p_, v)[l] = 0;
      row(r_, v)[l] = g_[z(v)] * (teleport * residual[z(vertex[z(v)]) * lanes + z(l)] + walk_on * sum[l]);
      row(scaled_, v)[l] = g_[z(v)] * row(r_, v)[l];
    }
  }
  num_arcs += num_below;

  // |f| that is left: (I-L) r in units of f. scaled_ must hold g r.
  const auto norm_left = [&] {
    Lanes norm{};
    for (Local v = 0; v < n_; ++v) {
      double sum[lanes] = {};
      sum_of(system_.below, v, sum);
      for (int l = 0; l < lanes; ++l) norm[z(l)] += std::abs(row(r_, v)[l] / g_[z(v)] - walk_on * sum[l]) / teleport;
    }
    num_arcs += num_below;
    return norm;
  };

  Lanes rr{};
  for (Local v = 0; v < n_; ++v) {
    for (int l = 0; l < lanes; ++l) rr[z(l)] += row(r_, v)[l] * row(r_, v)[l];
  }
  left = norm_left();
  Lanes ratio;  // of the norm that counts to the one that is at hand
  for (std::size_t l = 0; l < lanes; ++l) ratio[l] = rr[l] > 0 ? left[l] / std::sqrt(rr[l]) : 0;
  Lanes beta{};
  const auto look = [&] {
    for (Local v = 0; v < n_; ++v) {
      for (int l = 0; l < lanes; ++l) row(scaled_, v)[l] = g_[z(v)] * row(r_, v)[l];
    }
    left = norm_left();
    for (std::size_t l = 0; l < lanes; ++l) ratio[l] = rr[l] > 0 ? left[l] / std::sqrt(rr[l]) : 0;
  };
  constexpr int most_iterations = 10000;  // rounding has long stopped all progress by then
  for (int iteration = 0; !std::ranges::equal(left, goal, std::less_equal<>()); ++iteration) {
    if (iteration == most_iterations) {
      look();
      break;
    }

    for (Local v = n_ - 1; v >= 0; --v) {
      double sum[lanes] = {};
      sum_of(system_.above, v, sum);
      for (int l = 0; l < lanes; ++l) {
        double& p = row(p_, v)[l];
        p = row(r_, v)[l] + beta[z(l)] * p;
        row(t_, v)[l] = p + walk_on * g_[z(v)] * sum[l];
        row(scaled_, v)[l] = g_[z(v)] * row(t_, v)[l];
      }
    }
    Lanes curvature{};
    for (Local v = 0; v < n_; ++v) {
      double sum[lanes] = {};
      sum_of(system_.below, v, sum);
      for (int l = 0; l < lanes; ++l) {
        double& t = row(t_, v)[l];
        const double solved = row(p_, v)[l] - t + walk_on * g_[z(v)] * sum[l];
        row(scaled_, v)[l] = g_[z(v)] * solved;
        t += solved;
        curvature[z(l)] += row(p_, v)[l] * t;
      }
    }
    num_arcs += num_above + num_below;
    // A lane that has arrived stands still, whoever goes on.
    Lanes alpha{};
    for (std::size_t l = 0; l < lanes; ++l) alpha[l] = left[l] > goal[l] && curvature[l] > 0 ? rr[l] / curvature[l] : 0;
    Lanes next{};
    for (std::size_t i = 0; i < z(n_) * lanes; i += lanes) {
      for (std::size_t l = 0; l < lanes; ++l) {
        y_[i + l] += alpha[l] * p_[i + l];
        r_[i + l] -= alpha[l] * t_[i + l];
        next[l] += r_[i + l] * r_[i + l];
      }
    }
    bool may_be_done = false;
    for (std::size_t l = 0; l < lanes; ++l) {
      if (left[l] <= goal[l]) {
        beta[l] = 0;
        continue;
      }
      beta[l] = rr[l] > 0 ? next[l] / rr[l] : 0;
      rr[l] = next[l];
      may_be_done = may_be_done || ratio[l] * std::sqrt(rr[l]) <= goal[l];
    }
    if (may_be_done) look();
  }

  // y = (I-L')^-1 of the unknown, q = y / (g d).
  for (Local v = n_ - 1; v >= 0; --v) {
    double sum[lanes] = {};
    sum_of(system_.above, v, sum);
    for (int l = 0; l < lanes; ++l) {
      const double y = row(y_, v)[l] + walk_on * g_[z(v)] * sum[l];
      row(scaled_, v)[l] = g_[z(v)] * y;
      const double q = std::max(0.0, y / (g_[z(v)] * d_[z(v)]));
      settled[z(vertex[z(v)]) * lanes + z(l)] += q;
      settled_mass[z(l)] += q;
    }
  }
  return num_arcs + num_above;
}

template class SymmetricSolver<1>;
template class SymmetricSolver<many>;

}  // namespace filigree::ppr
