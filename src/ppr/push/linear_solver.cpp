#include "ppr/push/linear_solver.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "core/arithmetic.hpp"
#include "ppr/push/kernels.hpp"
#include "ppr/tuning.hpp"

namespace filigree::ppr {
namespace {

constexpr Local slice = LinearSystem::slice;

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

/// Of GMRES, to lower the residual by a factor.
double predicted_iterations(double factor) { return std::log(std::max(1.0, factor)) / tuning::solver_rate; }

constexpr int most_iterations = 10000;  // rounding has long stopped all progress by then

/// Slices and single positions, by number.
struct Groups {
  Local begin, end;
};

/// Calls f(width, first, sums) for the positions of `groups`, a slice or a single one at a time, in rising or falling
/// order. sums: what the neighbours of every position in `rows` have in x, times the weights of the arcs. `width`:
/// number of positions, a constant; first: the first of them.
template <bool rising = true, class F>
[[gnu::always_inline]] inline void for_rows(const Rows& rows, Groups groups, const double* x, F f) {
  const Offset* const begin = rows.begin.span().data();
  const Local* const col = rows.col.span().data();
  const double* const val = rows.val.span().empty() ? nullptr : rows.val.span().data();
  const auto vals = [&](Offset k) { return val == nullptr ? nullptr : val + k; };
  const Local num_slices = rows.num_slices;
  const auto visit = [&](Local group) {
    const Offset first = begin[group];
    const Offset count = begin[group + 1] - first;
    const Local at = rows.first_position(group);
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

LinearSolver::LinearSolver(const LinearSystem& system)
    : system_(system),
      n_(system.num_positions()),
      diagonal_(n_),
      rate_(Offset{n_} + 1),
      shift_(Offset{n_} + 1),
      x_(n_) {
  for (ZeroedArray<double>* values : {&r_, &t_, &u_}) *values = ZeroedArray<double>(Offset{n_} + 1);
}

double LinearSolver::predicted_arcs(const LinearSystem& system, double factor) {
  return (2 + predicted_iterations(factor)) * (static_cast<double>(system.below.num_arcs + system.above.num_arcs) +
                                               tuning::arcs_a_position * system.num_core) +
         static_cast<double>(system.back.num_arcs + system.front_arcs) +
         tuning::arcs_a_position * static_cast<double>(system.position.span().size());
}

double LinearSolver::leaf_weight(std::size_t v) const {
  return system_.above.val.span().empty() ? 1 : system_.above.val.span()[v];
}

void LinearSolver::use(double teleport) {
  if (teleport == teleport_) return;
  teleport_ = teleport;
  const double damping = 1 - teleport;
  const Rows& below = system_.below;
  const std::span<const double> val = below.val.span();
  const std::span<const double> weight = system_.weight.span();
  const std::span<const double> loop = system_.loop.span();
  const std::size_t leaves_end = z(system_.num_leaves) * slice;
  std::fill_n(shift_.data(), shift_.size(), 0.0);
  for (std::size_t v = 0; v < leaves_end; ++v) {
    diagonal_[v] = weight[v];
    rate_[v] = damping / diagonal_[v];
    // Until its shift comes: what leaves take off G.
    shift_[z(system_.above.col.span()[v])] += damping * leaf_weight(v) * leaf_weight(v) * rate_[v];
  }
  for (Local group = system_.num_leaves; group < below.num_groups(); ++group) {
    Sums squares{};  // diag(L H^-1 U)
    for (Offset k = below.begin.span()[z(group)]; system_.is_symmetric && k < below.begin.span()[z(group) + 1]; ++k) {
      const double of_arc = val.empty() ? 1 : val[z(k)];
      squares[z(k % slice)] += damping * of_arc * of_arc * rate_[z(below.col.span()[z(k)])];
    }
    const auto first = z(below.first_position(group));
    const auto end = z(below.first_position(group + 1));
    for (std::size_t v = first; v < end; ++v) {
      const double whole = weight[v] - damping * loop[v] - shift_[v];
      const double fill = end - first == 1 ? total(squares) : squares[v - first];
      diagonal_[v] = std::max(teleport * weight[v], whole - fill);  // which it is, up to rounding
      rate_[v] = damping / diagonal_[v];
      shift_[v] = whole / diagonal_[v] - 2;
    }
  }
  for (std::size_t v = z(system_.num_core); v < z(n_); ++v) {
    diagonal_[v] = weight[v] - damping * loop[v];
    rate_[v] = damping / diagonal_[v];
  }
}

template <class Direction, class Visit>
void LinearSolver::multiply(const double* p, Direction direction, Visit visit) {
  const double* const rate = rate_.data();
  const double* const shift = shift_.data();
  double* const t = t_.data();
  double* const u = u_.data();
  const Groups first_class{system_.num_leaves, system_.num_first};
  const Groups rest{system_.num_first, system_.below.num_groups()};
  for_rows<false>(system_.above, rest, t, [&](auto width, std::size_t first, const auto& sums) {
#pragma omp simd
    for (std::size_t l = 0; l < width; ++l) t[first + l] = direction(first + l) + rate[first + l] * sums[l];
  });
  for_rows<false>(system_.above, first_class, t, [&](auto width, std::size_t first, const auto& sums) {
#pragma omp simd
    for (std::size_t l = 0; l < width; ++l) u[first + l] = -rate[first + l] * sums[l];
  });
  for_rows(system_.below, rest, u, [&](auto width, std::size_t first, const auto& sums) {
#pragma omp simd
    for (std::size_t l = 0; l < width; ++l) {
      const std::size_t i = first + l;
      u[i] = p[i] + shift[i] * t[i] + rate[i] * sums[l];
    }
    visit(width, first);
  });
  num_arcs_ += system_.below.num_arcs + (system_.is_symmetric ? system_.below : system_.above).num_arcs;  // no leaves
}

void LinearSolver::look(double rr) {
  // (I-L) r in units of f.
  const double damping = 1 - teleport_;
  const double* const r = r_.data();
  const double* const diagonal = diagonal_.data();
  Sums norm{};
  for_rows(system_.below, {system_.num_first, system_.below.num_groups()}, r,
           [&](auto width, std::size_t first, const auto& sums) {
#pragma omp simd
             for (std::size_t l = 0; l < width; ++l) {
               const std::size_t i = first + l;
               norm[l] += std::abs(diagonal[i] * r[i] - damping * sums[l]);
             }
           });
  num_arcs_ += system_.below.num_arcs;
  left_ = total(norm) / teleport_;
  ratio_ = rr > 0 ? left_ / std::sqrt(rr) : 0;
}

template <class F>
void LinearSolver::for_rest(F f) const {
  for (std::size_t first = z(system_.num_first) * slice; first < z(system_.num_core); first += z(slice)) f(first);
}

void LinearSolver::conjugate_gradients(double goal, double rr) {
  const double* const diagonal = diagonal_.data();
  if (basis_.empty()) basis_.emplace_back(n_);
  double* const x = x_.data();
  double* const p = basis_.front().data();
  double* const r = r_.data();
  double* const t = t_.data();
  double* const u = u_.data();
  double beta = 0;
  for_rest([&](std::size_t first) { std::fill_n(p + first, slice, 0.0); });
  for (int iteration = 0; last_step() * left_ > goal; ++iteration) {
    if (iteration == most_iterations) return look(rr);
    Sums curvatures{};
    multiply(
        p, [&](std::size_t i) { return p[i] = r[i] + beta * p[i]; },
        [&](auto width, std::size_t first) {
#pragma omp simd
          for (std::size_t l = 0; l < width; ++l) {
            const std::size_t i = first + l;
            curvatures[l] += diagonal[i] * p[i] * (t[i] + u[i]);
          }
        });
    const double curvature = total(curvatures);
    const double step = curvature > 0 ? rr / curvature : 0;
    Sums squares{};
    for_rest([&](std::size_t first) {
#pragma omp simd
      for (std::size_t l = 0; l < z(slice); ++l) {
        const std::size_t i = first + l;
        x[i] += step * p[i];
        r[i] -= step * (t[i] + u[i]);
        squares[l] += diagonal[i] * r[i] * r[i];
      }
    });
    const double next = total(squares);
    beta = rr > 0 ? next / rr : 0;
    rr = next;
    if (last_step() * ratio_ * std::sqrt(rr) <= goal) look(rr);
  }
}

double LinearSolver::dot(const double* a, const double* b) const {
  const double* const diagonal = diagonal_.data();
  Sums sums{};
  for_rest([&](std::size_t first) {
#pragma omp simd
    for (std::size_t l = 0; l < z(slice); ++l)
      sums[l] += diagonal[first + l] * a[first + l] * (diagonal[first + l] * b[first + l]);
  });
  return total(sums);
}

void LinearSolver::gmres(double goal, double rr) {
  constexpr std::size_t most = tuning::krylov_vectors;
  double* const r = r_.data();
  double* const x = x_.data();
  while (basis_.size() <= most) basis_.emplace_back(n_);
  const auto add = [&](double* to, double factor, const double* from) {
    for_rest([&](std::size_t first) {
#pragma omp simd
      for (std::size_t l = 0; l < z(slice); ++l) to[first + l] += factor * from[first + l];
    });
  };
  const auto set = [&](double* to, double factor, const double* from) {
    for_rest([&](std::size_t first) {
#pragma omp simd
      for (std::size_t l = 0; l < z(slice); ++l) to[first + l] = factor * from[first + l];
    });
  };
  const int give_up = static_cast<int>(4 * predicted_iterations(left_ / goal)) + 2 * static_cast<int>(most);
  for (int iteration = 0; last_step() * left_ > goal && rr > 0 && iteration < give_up;) {
    // B V = V' h with V' one vector more; rotations make h triangular, and of `rest`, which is (|r|, 0, ...), what the
    // best combination of V leaves.
    std::array<std::array<double, most + 1>, most> h{};
    std::array<std::array<double, 2>, most> rotation{};
    std::array<double, most + 1> rest{};
    const double norm = rest[0] = std::sqrt(rr);
    const double before = left_;
    set(basis_[0].data(), 1 / norm, r);
    std::size_t k = 0;
    bool is_full = false;
    while (!is_full && last_step() * left_ > goal) {
      const double* const p = basis_[k].data();
      double* const next = basis_[k + 1].data();
      multiply(
          p, [&](std::size_t i) { return p[i]; },
          [&](auto width, std::size_t first) {
#pragma omp simd
            for (std::size_t l = 0; l < width; ++l) next[first + l] = t_[first + l] + u_[first + l];
          });
      ++iteration;
      std::array<double, most + 1>& column = h[k];
      const double whole = dot(next, next);
      for (std::size_t j = 0; j <= k; ++j) {
        column[j] = dot(next, basis_[j].data());
        add(next, -column[j], basis_[j].data());
      }
      const double square = dot(next, next);
      column[k + 1] = std::sqrt(square);
      const bool is_exact = square <= 1e-28 * whole;  // nothing new: only rounding
      if (!is_exact) set(next, 1 / column[k + 1], next);
      for (std::size_t j = 0; j < k; ++j) {
        const double upper = column[j];
        column[j] = rotation[j][0] * upper + rotation[j][1] * column[j + 1];
        column[j + 1] = rotation[j][0] * column[j + 1] - rotation[j][1] * upper;
      }
      const double length = std::hypot(column[k], column[k + 1]);
      if (length == 0) {  // no part of `next` is left: this cycle has nothing to give
        k = 0;
        break;
      }
      rotation[k] = {column[k] / length, column[k + 1] / length};
      column[k] = length;
      rest[k + 1] = -rotation[k][1] * rest[k];
      rest[k] *= rotation[k][0];
      ++k;
      is_full = is_exact || k == most || iteration >= give_up;
      if (!is_full && last_step() * ratio_ * std::abs(rest[k]) > goal) continue;
      // The residual: V' times (0, ..., 0, rest[k]), rotated back.
      std::array<double, most + 1> of{};
      of[k] = rest[k];
      for (std::size_t j = k; j-- > 0;) {
        of[j] = -rotation[j][1] * of[j + 1];
        of[j + 1] *= rotation[j][0];
      }
      set(r, of[0], basis_[0].data());
      for (std::size_t j = 1; j <= k - (is_exact ? 1 : 0); ++j) add(r, of[j], basis_[j].data());
      rr = dot(r, r);
      look(rr);
    }
    if (left_ <= before) {
      for (std::size_t j = k; j-- > 0;) {
        double factor = rest[j];
        for (std::size_t i = j + 1; i < k; ++i) factor -= h[i][j] * rest[i];
        rest[j] = factor / h[j][j];
        add(x, rest[j], basis_[j].data());
      }
    } else {
      set(r, norm, basis_[0].data());
      rr = norm * norm;
      look(rr);
    }
    if (last_step() * left_ > goal && left_ > before / 2) {
      multiply(
          r, [&](std::size_t i) { return r[i]; }, [](auto, std::size_t) {});
      ++iteration;
      add(x, 1, r);
      add(r, -1, t_.data());
      add(r, -1, u_.data());
      rr = dot(r, r);
      look(rr);
    }
  }
}

LinearSolver::Solved LinearSolver::solve(double teleport, const double* residual, double goal, double* estimate) {
  const FlushDenormals flush;
  use(teleport);
  num_arcs_ = 0;
  const std::span<const Local> position = system_.position.span();
  double* const u = u_.data();
  // What stands for nothing stays 0.
  for (std::size_t v = 0; v < position.size(); ++v) r_[z(position[v])] = residual[v];
  r_[z(n_)] = 0;
  Solved solved;
  // Rounding in products grows with the norms of both triangular inverses, 1/c each.
  const double verified_goal = tuning::verified_goal * std::max(1.0, 0.01 / (teleport * teleport));
  if (system_.is_symmetric || goal > verified_goal) {
    solved.mass = solve_once(goal);
    // GMRES may find what is left by its recurrence to be less than rounding leaves.
    if (!system_.is_symmetric && left_ > 0) left_ = std::max(left_, 0.2 * verified_goal);
  } else {
    // The residual of GMRES and the true one part where rounding matters: then the true one is solved for once more.
    const double* const weight = system_.weight.span().data();
    if (given_.size() == 0) solution_ = ZeroedArray<double>(Offset{n_} + 1);
    if (given_.size() == 0) given_ = ZeroedArray<double>(n_);
    std::fill_n(solution_.data(), n_, 0.0);
    std::copy_n(r_.data(), n_, given_.data());
    for (double before = std::numeric_limits<double>::infinity();;) {
      solve_once(goal);
      for (std::size_t i = 0; i < z(n_); ++i) solution_[i] += t_[i];
      find_residual();
      if (left_ <= goal || left_ > before / 2) break;
      before = left_;
    }
    for (std::size_t i = 0; i < z(n_); ++i) solved.mass += u[i] = std::max(0.0, weight[i] * solution_[i]);
  }
  solved.left = left_;
  solved.arcs = num_arcs_;
  solved.met_goal = system_.is_symmetric || left_ <= goal;
  for (std::size_t v = 0; solved.met_goal && v < position.size(); ++v) estimate[v] += u[z(position[v])];
  return solved;
}

void LinearSolver::find_residual() {
  // The back is exact, and so is what leads to it.
  const double damping = 1 - teleport_;
  const double* const weight = system_.weight.span().data();
  const double* const loop = system_.loop.span().data();
  const double* const y = solution_.data();
  const Groups core{0, system_.below.num_groups()};
  const auto take = [&](const Rows& rows, bool first) {
    for_rows(rows, core, y, [&](auto width, std::size_t at, const auto& sums) {
#pragma omp simd
      for (std::size_t l = 0; l < width; ++l) {
        const std::size_t i = at + l;
        if (first) r_[i] = given_[i] - (weight[i] - damping * loop[i]) * y[i] / teleport_;
        r_[i] += damping / teleport_ * sums[l];
      }
    });
  };
  take(system_.below, true);
  take(system_.above, false);
  num_arcs_ += system_.below.num_arcs + system_.above.num_arcs;
  left_ = 0;
  for (std::size_t i = 0; i < z(system_.num_core); ++i) left_ += std::abs(r_[i]);
  std::fill(r_.data() + system_.num_core, r_.data() + n_, 0.0);
}

double LinearSolver::solve_once(double goal) {
  const double damping = 1 - teleport_;
  const double* const diagonal = diagonal_.data();
  const double* const rate = rate_.data();
  const double* const weight = system_.weight.span().data();
  double* const x = x_.data();
  double* const r = r_.data();
  double* const t = t_.data();
  double* const u = u_.data();
  const std::size_t leaves_end = z(system_.num_leaves) * slice;
  const std::size_t rest_begin = z(system_.num_first) * slice;

  // r = (I-L)^-1 b; the back waits in x.
  for (std::size_t i = z(system_.num_core); i < z(n_); ++i) x[i] = std::exchange(r[i], 0.0);
  for (std::size_t v = 0; v < leaves_end; ++v) {
    const double given = rate[v] * r[v];
    x[v] = teleport_ / damping * given;
    r[system_.above.col.span()[v]] += leaf_weight(v) * given;
  }
  Sums pushed{};  // what the others of the first class had of f
  for (std::size_t first = leaves_end; first < rest_begin; first += z(slice)) {
#pragma omp simd
    for (std::size_t l = 0; l < z(slice); ++l) {
      const std::size_t i = first + l;
      pushed[l] += std::abs(r[i]);
      x[i] = r[i] = rate[i] * (teleport_ / damping * r[i]);
    }
  }
  Sums masses{};
  Sums squares{};
  for_rows(system_.below, {system_.num_first, system_.below.num_groups()}, r,
           [&](auto width, std::size_t first, const auto& sums) {
#pragma omp simd
             for (std::size_t l = 0; l < width; ++l) {
               const std::size_t i = first + l;
               masses[l] += std::abs(r[i]);
               r[i] = rate[i] * (teleport_ / damping * r[i] + sums[l]);
               squares[l] += diagonal[i] * r[i] * r[i];
               x[i] = 0;
             }
           });
  num_arcs_ += system_.below.num_arcs;
  std::fill_n(r, rest_begin, 0.0);
  for (std::size_t l = 0; l < masses.size(); ++l) masses[l] += damping * pushed[l];
  const double rr = system_.is_symmetric ? total(squares) : dot(r, r);
  left_ = total(masses);
  ratio_ = rr > 0 ? left_ / std::sqrt(rr) : 0;
  if (system_.is_symmetric)
    conjugate_gradients(goal, rr);
  else if (rr > 0)
    gmres(goal, rr);
  else
    left_ = 0;  // all of it is exact

  // (I-U)^-1 of the unknown and r, and q = D x; in the back x is known from the others.
  masses.fill(0);
  const auto take = [&](auto width, std::size_t first) {
#pragma omp simd
    for (std::size_t l = 0; l < width; ++l) {
      const std::size_t i = first + l;
      u[i] = std::max(0.0, weight[i] * t[i]);
      masses[l] += u[i];
    }
  };
  for_rows<false>(system_.above, {0, system_.above.num_groups()}, t,
                  [&](auto width, std::size_t first, const auto& sums) {
#pragma omp simd
                    for (std::size_t l = 0; l < width; ++l)
                      t[first + l] = x[first + l] + r[first + l] + rate[first + l] * sums[l];
                    take(width, first);
                  });
  for_rows(system_.back, {0, system_.back.num_groups()}, t, [&](auto width, std::size_t first, const auto& sums) {
#pragma omp simd
    for (std::size_t l = 0; l < width; ++l)
      t[first + l] = rate[first + l] * (teleport_ / damping * x[first + l] + sums[l]);
    take(width, first);
  });
  num_arcs_ += system_.above.num_arcs + system_.back.num_arcs;
  left_ *= last_step();
  return total(masses);
}

}  // namespace filigree::ppr
