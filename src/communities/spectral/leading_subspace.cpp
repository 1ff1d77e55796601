#include <algorithm>
#include <cmath>

#include "communities/spectral/bethe_hessian.hpp"
#include "communities/spectral/columns.hpp"
#include "core/collective_progress.hpp"
#include "core/index.hpp"
#include "core/ordered_sum.hpp"
#include "filigree/core/random.hpp"

namespace filigree::communities {
namespace {

constexpr std::uint64_t start_purpose = 0x62657468;  // "beth"
constexpr Offset most_degree = 16;                   // of the filter
constexpr int most_rounds = 40;

class Solver {
 public:
  Solver(const Adjacency& a, double rho, const SpectrumOptions& options, Stats& stats)
      : a_(a), rho_(rho), options_(options), stats_(stats), over_mass_(a.degree) {
    for (double& mass : over_mass_) mass = mass > 0 ? 1 / (mass + rho - 1) : 0;
  }

  Subspace solve() {
    const Offset n = a_.graph.num_rows();
    const double edge = 1 / std::sqrt(rho_);  // of the values of a graph without communities
    const double threshold = margin * edge;
    const Offset first_width = options_.num_wanted > 0 ? options_.num_wanted + 6 : 24;
    Subspace space{rho_, 0, {}, {}, random(0, std::min(n, (first_width + 7) / 8 * 8)), random(0, 0)};
    std::vector<double> before;
    double low = -edge;
    const double high = 0.9 * edge;
    // A vector at the threshold is as large as 1 / sqrt(n) in a random one; it is seen once it has been amplified to
    // many times the rest.
    double amplified = 0;
    double last_growth = 0;
    const double enough = std::log(30 * std::sqrt(static_cast<double>(n)));
    const CollectiveProgress progress(a_.graph.comm(), options_.progress);
    for (int round = 0; round < most_rounds; ++round) {
      const Offset degree = degree_of_filter(space.values, space.residuals, low, high);
      filter_open(space.x, space.residuals, degree, low, high);
      amplified += static_cast<double>(degree) * growth(threshold, low, high);
      space.residuals = ritz(space);
      ++stats_["rounds"];
      progress("spectrum", round + 1, most_rounds);
      low = std::min(low, 1.02 * space.values.back());
      const auto above = [&](const std::vector<double>& values) {
        return std::count_if(values.begin(), values.end(), [&](double value) { return value > threshold; });
      };
      const Offset num_above = above(space.values);
      space.num_detectable = num_above;
      const Offset width = space.x.cols;
      const Offset needed = options_.num_wanted > 0 ? options_.num_wanted : num_above;
      if (needed + 3 > width && width < n && round + 1 < most_rounds) {
        space.x = joined(space.x, without(space.x, random(width, std::min(n - width, width))));
        space.values.resize(z(space.x.cols), high);
        space.residuals.resize(z(space.x.cols), 1.0);
        before.clear();
        amplified = 0;
        continue;
      }
      const Offset wanted = std::max<Offset>(1, needed);
      const double next = num_above < width ? space.values[z(num_above)] : 0;
      const bool same_count = before.size() > z(num_above) && above(before) == num_above;
      const double growth_of_next = same_count ? next - before[z(num_above)] : threshold;
      // Values grow with every round, by ever smaller steps.
      const double steps = std::clamp(growth_of_next / std::max(last_growth, 1e-300), 0.5, 0.75);
      const bool settled = next + growth_of_next * steps / (1 - steps) < threshold && amplified >= enough;
      const bool counted = num_above == width || settled || (options_.num_wanted > 0 && num_above >= wanted);
      before = space.values;
      last_growth = growth_of_next;
      const double worst =
          *std::max_element(space.residuals.begin(), space.residuals.begin() + std::min(wanted, width));
      // Near the edge of the bulk it matters how large the next value is.
      const bool close = wanted < width && space.values[z(wanted - 1)] < clear_separation * threshold &&
                         space.residuals[z(wanted)] > few_digits;
      if (counted && ((worst <= tolerance_of_start && !close) || round >= 12)) break;
    }
    return space;
  }

 private:
  static constexpr double tolerance_of_start = 0.1;
  static constexpr double tolerance_of_locked = 1e-4;

  /// The filter for the columns behind those that have converged.
  void filter_open(DistDense<double>& x, const std::vector<double>& residuals, Offset degree, double low, double high) {
    const auto first_open = std::ranges::find_if(residuals, [](double r) { return r > tolerance_of_locked; });
    const Offset num_locked = std::min<Offset>(first_open - residuals.begin(), x.cols - 1);
    DistDense<double> open = columns(x, num_locked, x.cols - num_locked);
    filter(a_, over_mass_, degree, low, high, open, stats_);
    const DistDense<double> locked = columns(x, 0, num_locked);
    x = joined(locked, without(locked, std::move(open)));
  }

  DistDense<double> random(Offset first_column, Offset cols) const {
    const Stream stream(options_.seed, start_purpose);
    DistDense<double> x(a_.graph.comm(), a_.graph.rows(), cols);
#pragma omp parallel for schedule(static)
    for (Offset i = 0; i < x.num_local_rows(); ++i) {
      if (a_.degree[z(i)] == 0) continue;
      for (Offset j = 0; j < cols; ++j) {
        const auto words = stream.block(a_.graph.first_row() + i, static_cast<std::uint32_t>(first_column + j), 0);
        x.row(i)[z(j)] = 2 * Stream::unit(words[0], words[1]) - 1;
      }
    }
    return x;
  }

  /// Y - X X^T M Y for X^T M X = I: components in X must not come back amplified in the new columns.
  DistDense<double> without(const DistDense<double>& x, DistDense<double> y) const {
    std::vector<double> mass(a_.degree);
    for (double& value : mass) value += rho_ - 1;
    const DistDense<double> known = filigree::multiply(x, gram(x, y, mass));
    for (std::size_t i = 0; i < y.local.size(); ++i) y.local[i] -= known.local[i];
    return y;
  }

  /// Of the filter's values outside [low, high]: log of the factor that each further degree brings.
  static double growth(double value, double low, double high) {
    const double x = (2 * value - high - low) / (high - low);
    return x > 1 ? std::acosh(x) : 0;
  }

  /// As high as columns can stay apart: what the filter makes of the part of x_1 that is left in the others must not
  /// drown them.
  static Offset degree_of_filter(const std::vector<double>& values, const std::vector<double>& residuals, double low,
                                 double high) {
    constexpr double digits = 16;  // of e: columns of the Gram matrix stay apart by Cholesky's standards
    if (values.empty())
      return std::max<Offset>(2, std::min<Offset>(most_degree, static_cast<Offset>(digits / growth(1, low, high))));
    double most = most_degree;
    for (std::size_t j = 0; j < values.size(); ++j) {
      const double left = digits - std::log(std::clamp(residuals[j], 1e-8, 1.0));
      if (growth(values[j], low, high) > 0) most = std::min(most, left / growth(values[j], low, high));
    }
    return std::max<Offset>(2, static_cast<Offset>(most));
  }

  /// Rayleigh-Ritz; returns relative residuals |A x - value M x|_(M^-1) of columns with x^T M x = 1.
  std::vector<double> ritz(Subspace& space) {
    scale_columns(space.x);
    space.ax = DistDense<double>(space.x.comm, space.x.rows, space.x.cols);
    filigree::multiply(a_.graph, space.x, space.ax);
    stats_["products"] += space.x.cols;
    const Projected projected(gram(space.x, space.x), gram(space.x, space.x, a_.degree), gram(space.x, space.ax));
    const Projected::Pencil pencil = projected.pencil(rho_ - 1);
    space.values = pencil.values;
    space.x = filigree::multiply(space.x, pencil.vectors);
    space.ax = filigree::multiply(space.ax, pencil.vectors);
    const Offset cols = space.x.cols;
    std::vector<double> residuals =
        ordered_sums(space.x.comm, space.x.rows, z(cols), [&](Offset begin, Offset end, std::span<double> sums) {
          for (Offset i = begin; i < end; ++i) {
            const double over_mass = over_mass_[z(i)];
            if (over_mass == 0) continue;
            for (Offset j = 0; j < cols; ++j) {
              const double residual = space.ax.row(i)[z(j)] * over_mass - space.values[z(j)] * space.x.row(i)[z(j)];
              sums[z(j)] += residual * residual / over_mass;
            }
          }
        });
    for (std::size_t j = 0; j < residuals.size(); ++j)
      residuals[j] = std::sqrt(residuals[j]) / std::max(std::abs(space.values[j]), 1e-3);
    return residuals;
  }

  /// By powers of two: nothing overflows, nothing is rounded.
  void scale_columns(DistDense<double>& x) const {
    std::vector<double> largest(z(x.cols), 0.0);
    for (Offset i = 0; i < x.num_local_rows(); ++i) {
      for (Offset j = 0; j < x.cols; ++j) largest[z(j)] = std::max(largest[z(j)], std::abs(x.row(i)[z(j)]));
    }
    x.comm.max(largest);
    for (double& value : largest) value = value > 0 ? std::exp2(-std::ilogb(value)) : 1;
    for (Offset i = 0; i < x.num_local_rows(); ++i) {
      for (Offset j = 0; j < x.cols; ++j) x.row(i)[z(j)] *= largest[z(j)];
    }
  }

  const Adjacency& a_;
  double rho_;
  const SpectrumOptions& options_;
  Stats& stats_;
  std::vector<double> over_mass_;  // 1 / (degree + rho - 1); 0 for isolated vertices
};

}  // namespace

Subspace leading_subspace(const Adjacency& a, double rho, const SpectrumOptions& options, Stats& stats) {
  return Solver(a, rho, options, stats).solve();
}

}  // namespace filigree::communities
