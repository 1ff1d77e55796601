#include "ppr/push/symmetric_solver.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/arithmetic.hpp"
#include "ppr/push/kernels.hpp"

namespace filigree::ppr {
namespace {

constexpr Local slice = SymmetricSystem::slice;

/// What is added up over positions: a sum for every position of a slice.
using Sums = std::array<double, slice>;

double total(const Sums& sums) {
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

/// sums[i] += sum_k weight[k] x[to[k]] over k = i, i + slice, ... < count; weight null = all 1.
[[gnu::always_inline]] inline void gather(const Local* to, const double* weight, Offset count, const double* x,
                                          Sums& sums) {
  Sums local = sums;
  const auto add = [&](auto weighted) {
    for (Offset k = 0; k < count; k += slice) {
      // Loads are what limits this loop: two positions come with one.
      for (Local i = 0; i < slice; i += 2) {
        std::uint64_t pair;
        std::memcpy(&pair, to + k + i, sizeof pair);
        constexpr int first = std::endian::native == std::endian::little ? 0 : 32;
        local[z(i)] += weighted(k + i, x[static_cast<std::uint32_t>(pair >> first)]);
        local[z(i) + 1] += weighted(k + i + 1, x[static_cast<std::uint32_t>(pair >> (32 - first))]);
      }
    }
  };
  if (weight == nullptr)
    add([](Offset, double value) { return value; });
  else
    add([&](Offset k, double value) { return weight[k] * value; });
  sums = local;
}

/// Slices and single positions, by number.
struct Groups {
  Local begin, end;
};

/// Calls f(width, first, sums) for the positions of `groups`, a slice or a single one at a time, falling if `half` lies
/// above. sums: what the neighbours of every position in `half` have in x, times the weights of the arcs. `width`:
/// number of positions, a constant; first: the first of them.
template <class F>
[[gnu::always_inline]] inline void for_rows(const SymmetricSystem& system, const Half& half, Groups groups,
                                            const double* x, F f) {
  const bool rising = &half == &system.below;
  const Offset* const begin = half.begin.span().data();
  const Local* const col = half.col.span().data();
  const double* const val = half.val.span().empty() ? nullptr : half.val.span().data();
  const auto vals = [&](Offset k) { return val == nullptr ? nullptr : val + k; };
  const Local num_slices = system.num_slices;
  const auto visit = [&](Local group) {
    const Offset first = begin[group];
    const Offset count = begin[group + 1] - first;
    const Local at = system.first_position(group);
    Sums sums{};
    gather(col + first, vals(first), count, x, sums);
    if (group < num_slices)
      f(std::integral_constant<std::size_t, slice>(), z(at), sums);
    else
      f(std::integral_constant<std::size_t, 1>(), z(at), Sums{total(sums)});
  };
  if (rising) {
    for (Local group = groups.begin; group < groups.end; ++group) visit(group);
  } else {
    for (Local group = groups.end - 1; group >= groups.begin; --group) visit(group);
  }
}

}  // namespace

SymmetricSolver::SymmetricSolver(const SymmetricSystem& system)
    : system_(system), n_(system.num_positions()), diagonal_(n_), rate_(Offset{n_} + 1), shift_(Offset{n_} + 1) {
  for (ZeroedArray<double>* values : {&x_, &p_}) *values = ZeroedArray<double>(n_);
  for (ZeroedArray<double>* values : {&r_, &t_, &u_}) *values = ZeroedArray<double>(Offset{n_} + 1);
}

double SymmetricSolver::leaf_weight(std::size_t v) const {
  return system_.above.val.span().empty() ? 1 : system_.above.val.span()[v];
}

void SymmetricSolver::use(double teleport) {
  if (teleport == teleport_) return;
  teleport_ = teleport;
  const double damping = 1 - teleport;
  const Half& below = system_.below;
  const std::span<const double> val = below.val.span();
  const std::size_t leaves_end = z(system_.num_leaves) * slice;
  std::fill_n(shift_.data(), shift_.size(), 0.0);
  for (std::size_t v = 0; v < leaves_end; ++v) {
    diagonal_[v] = system_.weight.span()[v];
    rate_[v] = damping / diagonal_[v];
    // Until its shift comes: what leaves take off G.
    const double weight = leaf_weight(v);
    shift_[z(system_.above.col.span()[v])] += damping * weight * weight * rate_[v];
  }
  for (Local group = system_.num_leaves; group < system_.num_groups(); ++group) {
    Sums squares{};  // diag(L H^-1 U)
    for (Offset k = below.begin.span()[z(group)]; k < below.begin.span()[z(group) + 1]; ++k) {
      const double weight = val.empty() ? 1 : val[z(k)];
      squares[z(k % slice)] += damping * weight * weight * rate_[z(below.col.span()[z(k)])];
    }
    const auto first = z(system_.first_position(group));
    const auto end = z(system_.first_position(group + 1));
    for (std::size_t v = first; v < end; ++v) {
      const double weight = system_.weight.span()[v];
      const double whole = weight - damping * system_.loop.span()[v] - shift_[v];
      const double fill = end - first == 1 ? total(squares) : squares[v - first];
      diagonal_[v] = std::max(teleport * weight, whole - fill);  // which it is, up to rounding
      rate_[v] = damping / diagonal_[v];
      shift_[v] = whole / diagonal_[v] - 2;
    }
  }
}

Offset SymmetricSolver::solve(double teleport, const double* residual, double goal, double* estimate,
                              double& estimate_mass, double& left) {
  const FlushDenormals flush;
  use(teleport);
  const double damping = 1 - teleport;
  const double last_step = damping * damping;  // what is left of f after it
  const double* const diagonal = diagonal_.data();
  const double* const rate = rate_.data();
  const double* const shift = shift_.data();
  const double* const weight = system_.weight.span().data();
  const std::span<const Local> position = system_.position.span();
  double* const x = x_.data();
  double* const p = p_.data();
  double* const r = r_.data();
  double* const t = t_.data();
  double* const u = u_.data();
  const Groups first_class{system_.num_leaves, system_.num_first};
  const Groups rest{system_.num_first, system_.num_groups()};
  const Groups all{0, system_.num_groups()};
  const std::size_t leaves_end = z(system_.num_leaves) * slice;
  const std::size_t rest_begin = z(system_.num_first) * slice;
  Offset num_arcs = 0;

  // r = (I-L)^-1 b. What stands for nothing stays 0.
  for (std::size_t v = 0; v < position.size(); ++v) r[position[v]] = residual[v];
  for (std::size_t v = 0; v < leaves_end; ++v) {
    const double given = rate[v] * r[v];
    x[v] = teleport / damping * given;
    r[system_.above.col.span()[v]] += leaf_weight(v) * given;
  }
  Sums pushed{};  // what the others of the first class had of f
  for (std::size_t first = leaves_end; first < rest_begin; first += z(slice)) {
#pragma omp simd
    for (std::size_t l = 0; l < z(slice); ++l) {
      const std::size_t i = first + l;
      pushed[l] += r[i];
      x[i] = r[i] = rate[i] * (teleport / damping * r[i]);
    }
  }
  Sums masses{};
  Sums squares{};
  for_rows(system_, system_.below, rest, r, [&](auto width, std::size_t first, const auto& sums) {
#pragma omp simd
    for (std::size_t l = 0; l < width; ++l) {
      const std::size_t i = first + l;
      masses[l] += r[i];
      r[i] = rate[i] * (teleport / damping * r[i] + sums[l]);
      squares[l] += diagonal[i] * r[i] * r[i];
      x[i] = p[i] = 0;
    }
  });
  std::fill_n(r, rest_begin, 0.0);
  for (std::size_t l = 0; l < masses.size(); ++l) masses[l] += damping * pushed[l];
  left = total(masses);
  num_arcs += system_.below.num_arcs;
  double rr = total(squares);
  double ratio = 0;  // of the norm that counts to the one that is at hand
  const auto set_ratio = [&] { ratio = rr > 0 ? left / std::sqrt(rr) : 0; };
  set_ratio();

  // |f| that is left: (I-L) r in units of f.
  const auto look = [&] {
    Sums norm{};
    for_rows(system_, system_.below, rest, r, [&](auto width, std::size_t first, const auto& sums) {
#pragma omp simd
      for (std::size_t l = 0; l < width; ++l) {
        const std::size_t i = first + l;
        norm[l] += std::abs(diagonal[i] * r[i] - damping * sums[l]);
      }
    });
    num_arcs += system_.below.num_arcs;
    left = total(norm) / teleport;
    set_ratio();
  };
  double beta = 0;
  constexpr int most_iterations = 10000;  // rounding has long stopped all progress by then
  for (int iteration = 0; last_step * left > goal; ++iteration) {
    if (iteration == most_iterations) {
      look();
      break;
    }

    for_rows(system_, system_.above, rest, t, [&](auto width, std::size_t first, const auto& sums) {
#pragma omp simd
      for (std::size_t l = 0; l < width; ++l) {
        const std::size_t i = first + l;
        p[i] = r[i] + beta * p[i];
        t[i] = p[i] + rate[i] * sums[l];
      }
    });
    for_rows(system_, system_.above, first_class, t, [&](auto width, std::size_t first, const auto& sums) {
#pragma omp simd
      for (std::size_t l = 0; l < width; ++l) u[first + l] = -rate[first + l] * sums[l];
    });
    Sums curvatures{};
    for_rows(system_, system_.below, rest, u, [&](auto width, std::size_t first, const auto& sums) {
#pragma omp simd
      for (std::size_t l = 0; l < width; ++l) {
        const std::size_t i = first + l;
        u[i] = p[i] + shift[i] * t[i] + rate[i] * sums[l];
        curvatures[l] += diagonal[i] * p[i] * (t[i] + u[i]);
      }
    });
    num_arcs += 2 * system_.below.num_arcs;  // above, all but those of leaves
    const double curvature = total(curvatures);
    const double step = curvature > 0 ? rr / curvature : 0;
    squares.fill(0);
    for (std::size_t first = rest_begin; first < z(n_); first += z(slice)) {
#pragma omp simd
      for (std::size_t l = 0; l < z(slice); ++l) {
        const std::size_t i = first + l;
        x[i] += step * p[i];
        r[i] -= step * (t[i] + u[i]);
        squares[l] += diagonal[i] * r[i] * r[i];
      }
    }
    const double next = total(squares);
    beta = rr > 0 ? next / rr : 0;
    rr = next;
    if (last_step * ratio * std::sqrt(rr) <= goal) look();
  }

  // (I-U)^-1 of the unknown and r, and q = D x.
  masses.fill(0);
  for_rows(system_, system_.above, all, t, [&](auto width, std::size_t first, const auto& sums) {
#pragma omp simd
    for (std::size_t l = 0; l < width; ++l) {
      const std::size_t i = first + l;
      t[i] = x[i] + r[i] + rate[i] * sums[l];
      u[i] = std::max(0.0, weight[i] * t[i]);
      masses[l] += u[i];
    }
  });
  num_arcs += system_.above.num_arcs;
  estimate_mass = total(masses);
  for (std::size_t v = 0; v < position.size(); ++v) estimate[v] += u[position[v]];
  left *= last_step;
  return num_arcs;
}

}  // namespace filigree::ppr
