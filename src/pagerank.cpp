#include "filigree/pagerank.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "filigree/matrix/spmv_plan.hpp"

namespace filigree::pagerank {
namespace {

void check_options(const Graph& graph, const Options& options) {
  check_teleport(options.teleport);
  require(options.tolerance > 0, "tolerance: ", options.tolerance, ", must be above 0");
  require(graph.is_square(), "graph: ", graph.num_rows(), " x ", graph.num_cols(), ", must be square");
  require(graph.num_rows() > 0, "graph: it has no vertices");
}

/// The teleport distribution of the owned vertices, summing to 1 over all ranks.
std::vector<double> teleport_distribution(const Graph& graph, std::span<const double> weights) {
  const auto num_owned = static_cast<std::size_t>(graph.num_local_rows());
  const bool uniform = graph.comm.max(static_cast<int>(!weights.empty())) == 0;
  std::vector<double> distribution(num_owned, 1.0 / static_cast<double>(graph.num_rows()));
  if (uniform) return distribution;
  graph.comm.guard([&] {
    require(weights.size() == num_owned, "teleport: ", weights.size(), " weights for ", num_owned, " vertices on rank ",
            graph.comm.rank());
    for (std::size_t v = 0; v < num_owned; ++v) {
      require(weights[v] >= 0 && std::isfinite(weights[v]), "teleport: vertex ",
              graph.first_row() + static_cast<Global>(v), " has weight ", weights[v],
              "; weights must be finite and at least 0");
    }
  });
  const double total = graph.comm.sum(std::accumulate(weights.begin(), weights.end(), 0.0));
  require(total > 0 && std::isfinite(total), "teleport: the weights sum to ", total, ", must be finite and above 0");
  for (std::size_t v = 0; v < num_owned; ++v) distribution[v] = weights[v] / total;
  return distribution;
}

/// Reduced rank extrapolation (Sidi, "Vector Extrapolation Methods with Applications", SIAM 2017, chapter 2): of all
/// affine combinations of successive iterates, the one whose change is smallest in the 2-norm. It takes away the few
/// modes that die slowest. Changes are kept in single precision: they only make up a correction, whose rounding the
/// next iterations repair.
class Extrapolation {
 public:
  static constexpr std::size_t num_changes = 9;

  explicit Extrapolation(std::size_t num_owned) {
    for (auto& change : changes_) change.resize(num_owned);
  }

  /// Room for p_(k+1) - p_k, 0 <= k < num_changes, of the owned vertices.
  std::span<float> change(std::size_t k) { return changes_[k]; }

  /// Moves the last iterate to the best combination, cut off at 0 (probabilities are not negative). Collective.
  void apply(const Comm& comm, std::span<double> p) const {
    // The combination sum of weight_k p_(k+1) in terms of the last iterate and the changes between.
    const Vector weights = best_weights(comm);
    if (!weights.allFinite()) return;
    Vector factors;
    for (Eigen::Index k = 0; k < factors.size(); ++k) factors[k] = weights.head(k).sum();
#pragma omp parallel for schedule(static)
    for (std::size_t v = 0; v < p.size(); ++v) {
      double correction = 0;
      for (std::size_t k = 1; k < num_changes; ++k) {
        correction += factors[static_cast<Eigen::Index>(k)] * static_cast<double>(changes_[k][v]);
      }
      p[v] = std::max(0.0, p[v] - correction);
    }
  }

 private:
  using Matrix = Eigen::Matrix<double, num_changes, num_changes>;
  using Vector = Eigen::Matrix<double, num_changes, 1>;

  /// Minimizes |sum of weight_k change_k|_2 where the weights sum to 1: they are G^-1 1 up to a factor, G the matrix of
  /// scalar products. Scaled to a unit diagonal, and regularized a little, as changes soon point the same way.
  Vector best_weights(const Comm& comm) const {
    const Matrix products = scalar_products(comm);
    const Vector scale = products.diagonal().cwiseSqrt().cwiseInverse();
    Matrix scaled = scale.asDiagonal() * products * scale.asDiagonal();
    scaled.diagonal().array() += 1e-14;
    const Vector weights = scaled.ldlt().solve(scale / scale.maxCoeff()).cwiseProduct(scale);
    return weights / weights.sum();
  }

  /// Summed over blocks in order, so that any number of threads gives the same bits.
  Matrix scalar_products(const Comm& comm) const {
    constexpr std::size_t block = 256;  // num_changes blocks of double fit L1
    const std::size_t n = changes_[0].size();
    std::vector<Matrix> partial((n + block - 1) / block, Matrix::Zero());
#pragma omp parallel for schedule(static)
    for (std::size_t b = 0; b < partial.size(); ++b) {
      const std::size_t begin = b * block;
      Eigen::Matrix<double, block, num_changes> values = Eigen::Matrix<double, block, num_changes>::Zero();
      for (std::size_t k = 0; k < num_changes; ++k) {
        std::copy_n(&changes_[k][begin], std::min(block, n - begin), values.col(static_cast<Eigen::Index>(k)).data());
      }
      for (Eigen::Index i = 0; i < partial[b].rows(); ++i) {
        for (Eigen::Index j = 0; j <= i; ++j) partial[b](i, j) = partial[b](j, i) = values.col(i).dot(values.col(j));
      }
    }
    Matrix products = Matrix::Zero();
    for (const Matrix& of_block : partial) products += of_block;
    comm.sum(std::span<double>(products.data(), num_changes * num_changes));
    return products;
  }

  std::array<std::vector<float>, num_changes> changes_;
};

}  // namespace

Result solve(const Graph& graph, std::span<const double> teleport, const Options& options) {
  check_options(graph, options);
  const Comm& comm = graph.comm;
  const double c = options.teleport;
  const std::vector<double> t = teleport_distribution(graph, teleport);
  const std::size_t num_owned = t.size();
  const double uniform_share = 1.0 / static_cast<double>(graph.num_rows());
  // What an arc of weight 1 carries of its tail's score; 0 marks a dangling vertex.
  std::vector<double> share = out_weights(graph);
  for (double& weight : share) weight = weight > 0 ? (1 - c) / weight : 0;

  Result result;
  result.vertices = graph.rows;
  const Graph in_arcs = [&] {
    const Phase phase(result.timings, "transpose");
    return transpose(graph);
  }();
  const SpmvPlan<double> plan = [&] {
    const Phase phase(result.timings, "plan");
    return comm.guard([&] { return SpmvPlan<double>(in_arcs.local); });
  }();

  // Each iteration shrinks the L1 change by 1-c or more, so this many more reach any tolerance that rounding allows.
  const auto iterations_from = [&](double change) {
    const double least = std::max(options.tolerance, 1e-16);
    return static_cast<Offset>(std::max(0.0, std::ceil(std::log(least * c / change) / std::log1p(-c)))) + 2;
  };
  constexpr Offset cycle = 8 + Extrapolation::num_changes;  // iterations from one extrapolation to the next
  Offset most_iterations = iterations_from(2);

  const Phase phase(result.timings, "iterate");
  std::vector<double> p = t;
  std::vector<double> sent(num_owned);  // what an arc of weight 1 carries
  std::vector<double> next(num_owned);  // the same after the iteration
  // A rank without ghosts takes part in every exchange all the same: others may need its values.
  std::vector<double> sent_to_us(comm.size() == 1 ? 0 : static_cast<std::size_t>(in_arcs.local.num_cols));
  in_arcs.build_halo();
  double dangling = 0;
  const auto send = [&] {
    dangling = 0;
    for (std::size_t v = 0; v < num_owned; ++v) {
      sent[v] = p[v] * share[v];
      if (share[v] == 0) dangling += p[v];
    }
    dangling = comm.sum(dangling);
  };

  struct Sums {
    double change = 0, dangling = 0;
  };
  std::vector<Sums> by_window(static_cast<std::size_t>(plan.num_windows()));
  Extrapolation extrapolation(num_owned);
  bool extrapolating = true;
  double change_before = 2;  // L1, one cycle ago; no two distributions are further apart
  Offset iteration = 0;
  send();
  do {
    std::span<const double> x = sent;
    if (comm.size() > 1) {
      in_arcs.update_ghosts(x, std::span<double>(sent_to_us));
      x = sent_to_us;
    }
    const double jumped = (1 - c) * dangling;
    const double jump_factor = c + (options.dangling == Dangling::source ? jumped : 0);
    const double addend = options.dangling == Dangling::uniform ? jumped * uniform_share : 0;
    const double kept = options.dangling == Dangling::self ? 1 - c : 0;
    const Offset stored = iteration % cycle - (cycle - Offset{Extrapolation::num_changes});
    const bool storing = extrapolating && stored >= 0;
    std::span<float> changes;
    if (storing) changes = extrapolation.change(static_cast<std::size_t>(stored));

    // All that happens to a vertex in one pass, while its sum is in cache. `next` takes the sums, then what to send.
    plan.multiply(x, next, [&](Local window, Local first_row, std::span<double> sums) {
      Sums of_window;
      for (std::size_t i = 0; i < sums.size(); ++i) {
        const std::size_t v = static_cast<std::size_t>(first_row) + i;
        const bool dangles = share[v] == 0;
        const double score = sums[i] + jump_factor * t[v] + addend + (dangles ? kept * p[v] : 0);
        const double change = score - p[v];
        if (storing) changes[v] = static_cast<float>(change);
        of_window.change += std::abs(change);
        of_window.dangling += dangles ? score : 0;
        p[v] = score;
        sums[i] = score * share[v];
      }
      by_window[static_cast<std::size_t>(window)] = of_window;
    });
    std::swap(sent, next);
    std::array<double, 2> sums{};
    for (const Sums& of_window : by_window) {
      sums[0] += of_window.change;
      sums[1] += of_window.dangling;
    }
    comm.sum(std::span<double>(sums));
    const double change = sums[0];
    dangling = sums[1];
    result.error_bound = change * (1 - c) / c;
    ++iteration;
    if (options.progress) options.progress("iterate", iteration, most_iterations);

    if (extrapolating && iteration % cycle == 0 && result.error_bound > options.tolerance) {
      extrapolating = change <= change_before * std::pow(1 - c, cycle);
      change_before = change;
      if (extrapolating) {
        extrapolation.apply(comm, p);
        send();
      } else {  // the last one may have led astray: count anew from where it led
        most_iterations = iteration + iterations_from(change);
      }
    }
  } while (result.error_bound > options.tolerance && iteration < most_iterations);

  result.scores = std::move(p);
  result.stats["iterations"] = iteration;
  result.stats["arcs"] = graph.num_nonzeros();
  result.stats["ghost_values"] = comm.sum(static_cast<Offset>(in_arcs.ghosts.size())) * iteration;
  return result;
}

}  // namespace filigree::pagerank
