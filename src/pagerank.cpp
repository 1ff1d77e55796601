#include "filigree/pagerank.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>

#include "core/collective_progress.hpp"
#include "core/ordered_sum.hpp"
#include "core/simd/isa.hpp"
#include "filigree/core/invalid_arc.hpp"
#include "filigree/matrix/small_dense.hpp"

namespace filigree::pagerank {
namespace {

void check_options(const Options& options) {
  check_teleport(options.teleport);
  require(options.tolerance > 0, "tolerance: ", options.tolerance, ", must be above 0");
}

/// Throws on all ranks unless there is a finite weight >= 0 for every owned vertex. Collective.
void check_weights(const Comm& comm, const Partition& vertices, std::span<const double> weights, const char* name) {
  comm.guard([&] {
    require(std::ssize(weights) == vertices.size(comm.rank()), name, ": ", weights.size(), " weights for ",
            vertices.size(comm.rank()), " vertices on rank ", comm.rank());
    for (Global v = vertices.begin(comm.rank()); const double weight : weights) {
      if (!(weight >= 0 && std::isfinite(weight))) {
        throw InvalidArc(text(name, ": vertex "), v,
                         text(" has weight ", weight, "; weights must be finite and at least 0"));
      }
      ++v;
    }
  });
}

/// The teleport distribution of the owned vertices, summing to 1 over all ranks.
std::vector<double> teleport_distribution(const Comm& comm, const Partition& vertices,
                                          std::span<const double> weights) {
  const bool uniform = comm.max(static_cast<int>(!weights.empty())) == 0;
  std::vector<double> distribution(z(vertices.size(comm.rank())), 1.0 / static_cast<double>(vertices.num_items()));
  if (uniform) return distribution;
  check_weights(comm, vertices, weights, "teleport");
  const double total = ordered_sum(comm, vertices, [&](Offset v) { return weights[z(v)]; });
  require(total > 0 && std::isfinite(total), "teleport: the weights sum to ", total, ", must be finite and above 0");
  for (std::size_t v = 0; v < distribution.size(); ++v) distribution[v] = weights[v] / total;
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
  void apply(const Comm& comm, const Partition& vertices, std::span<double> p) const {
    // The combination sum of weight_k p_(k+1) in terms of the last iterate and the changes between.
    const std::vector<double> weights = best_weights(comm, vertices);
    std::array<double, num_changes> factors{};
    for (std::size_t k = 0; k < num_changes; ++k) {
      if (!std::isfinite(weights[k])) return;
      if (k > 0) factors[k] = factors[k - 1] + weights[k - 1];
    }
#pragma omp parallel for schedule(static)
    for (std::size_t v = 0; v < p.size(); ++v) {
      double correction = 0;
      for (std::size_t k = 1; k < num_changes; ++k) {
        correction += factors[k] * static_cast<double>(changes_[k][v]);
      }
      p[v] = std::max(0.0, p[v] - correction);
    }
    // What was cut off must not make the scores sum to more than 1, which bounds the sums over vertices.
    const double total = ordered_sum(comm, vertices, [&](Offset v) { return p[z(v)]; });
    if (!(total > 1)) return;
    for (double& score : p) score /= total;
  }

 private:
  /// Minimizes |sum of weight_k change_k|_2 where the weights sum to 1: they are G^-1 1 up to a factor, G the matrix of
  /// scalar products. Scaled to a unit diagonal, and regularized a little, as changes soon point the same way.
  std::vector<double> best_weights(const Comm& comm, const Partition& vertices) const {
    Dense products = scalar_products(comm, vertices);
    std::array<double, num_changes> scale{};
    for (Offset k = 0; k < products.rows; ++k) scale[z(k)] = 1 / std::sqrt(products(k, k));
    const double largest = *std::ranges::max_element(scale);
    std::vector<double> right(num_changes);
    for (Offset i = 0; i < products.rows; ++i) {
      for (Offset j = 0; j < products.cols; ++j) products(i, j) *= scale[z(i)] * scale[z(j)];
      products(i, i) += 1e-14;
      right[z(i)] = scale[z(i)] / largest;
    }
    std::vector<double> weights = solve_symmetric(products, right);
    double sum = 0;
    for (std::size_t k = 0; k < num_changes; ++k) sum += weights[k] *= scale[k];
    for (double& weight : weights) weight /= sum;
    return weights;
  }

  /// In eight interleaved partial sums, for vectors of any width.
  Dense scalar_products(const Comm& comm, const Partition& vertices) const {
    constexpr std::size_t lanes = 8;
    constexpr std::size_t num_products = num_changes * (num_changes + 1) / 2;
    const Offset first = vertices.begin(comm.rank());
    const auto add = [&](Offset begin, Offset end, std::span<double> sums) {
      // Items [v, v + count), which lie in the lanes from `lane` on.
      const auto add_items = [&](Offset v, std::size_t lane, std::size_t count) FILIGREE_INLINE_LAMBDA {
        double values[num_changes][lanes];
        for (std::size_t k = 0; k < num_changes; ++k) {
          for (std::size_t l = 0; l < count; ++l) values[k][l] = static_cast<double>(changes_[k][z(v) + l]);
        }
        double* sum = sums.data() + lane;
        for (std::size_t i = 0; i < num_changes; ++i) {
          for (std::size_t j = 0; j <= i; ++j, sum += lanes) {
            for (std::size_t l = 0; l < count; ++l) sum[l] += values[i][l] * values[j][l];
          }
        }
      };
      Offset v = begin;
      for (; v < end && (first + v) % Offset{lanes} != 0; ++v) add_items(v, z(first + v) % lanes, 1);
      for (; v + Offset{lanes} <= end; v += lanes) add_items(v, 0, lanes);
      for (std::size_t lane = 0; v < end; ++v, ++lane) add_items(v, lane, 1);
    };
    const std::vector<double> sums = ordered_sums(comm, vertices, num_products * lanes, add);
    Dense products(num_changes, num_changes);
    const double* sum = sums.data();
    for (Offset i = 0; i < products.rows; ++i) {
      for (Offset j = 0; j <= i; ++j, sum += lanes)
        products(i, j) = products(j, i) =
            ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
    }
    return products;
  }

  std::array<std::vector<float>, num_changes> changes_;
};

}  // namespace

Result solve(const LinearOperator& in_arcs, std::span<const double> out_weights, std::span<const double> teleport,
             const Options& options) {
  check_options(options);
  const Comm& comm = in_arcs.comm();
  const Partition& vertices = in_arcs.rows();
  require(vertices.num_items() > 0, "graph: it has no vertices");
  check_weights(comm, vertices, out_weights, "out-weights");
  const double c = options.teleport;
  const std::vector<double> t = teleport_distribution(comm, vertices, teleport);
  const std::size_t num_owned = t.size();
  const double uniform_share = 1.0 / static_cast<double>(vertices.num_items());
  // What an arc of weight 1 carries of its tail's score; 0 marks a dangling vertex.
  std::vector<double> share(num_owned);
  for (std::size_t v = 0; v < num_owned; ++v) share[v] = out_weights[v] > 0 ? (1 - c) / out_weights[v] : 0;

  Result result;
  result.vertices = vertices;
  // Each iteration shrinks the L1 change by 1-c or more, so this many more reach any tolerance that rounding allows.
  const auto iterations_from = [&](double change) {
    const double least = std::max(options.tolerance, 1e-16);
    return static_cast<Offset>(std::max(0.0, std::ceil(std::log(least * c / change) / std::log1p(-c)))) + 2;
  };
  constexpr Offset cycle = 8 + Extrapolation::num_changes;  // iterations from one extrapolation to the next
  Offset most_iterations = iterations_from(2);

  const CollectiveProgress progress(comm, options.progress);
  const Phase phase(result.timings, "iterate");
  std::vector<double> p = t;
  std::vector<double> sent(num_owned);  // what an arc of weight 1 carries
  std::vector<double> next(num_owned);  // the same after the iteration
  double dangling = 0;
  const auto send = [&] {
    for (std::size_t v = 0; v < num_owned; ++v) sent[v] = p[v] * share[v];
    dangling = ordered_sum(comm, vertices, [&](Offset v) { return share[z(v)] == 0 ? p[z(v)] : 0; });
  };

  Extrapolation extrapolation(num_owned);
  bool extrapolating = true;
  double change_before = 2;  // L1, one cycle ago; no two distributions are further apart
  Offset iteration = 0;
  send();
  do {
    const double jumped = (1 - c) * dangling;
    const double jump_factor = c + (options.dangling == Dangling::source ? jumped : 0);
    const double addend = options.dangling == Dangling::uniform ? jumped * uniform_share : 0;
    const double kept = options.dangling == Dangling::self ? 1 - c : 0;
    const Offset stored = iteration % cycle - (cycle - Offset{Extrapolation::num_changes});
    const bool storing = extrapolating && stored >= 0;
    std::span<float> changes;
    if (storing) changes = extrapolation.change(static_cast<std::size_t>(stored));

    // All that happens to a vertex in one pass, while its sum is in cache. `next` takes the sums, then what to send.
    // Parts come in any order: the sums over vertices have none.
    enum { of_change, of_dangling };
    std::array<BoundedSum, 2> totals;
    std::mutex adding;
    in_arcs.apply(sent, next, [&](Local first_row, std::span<double> sums) {
      std::array<BoundedSum, 2> of_part;
      for (std::size_t i = 0; i < sums.size(); ++i) {
        const std::size_t v = static_cast<std::size_t>(first_row) + i;
        const bool dangles = share[v] == 0;
        const double score = sums[i] + jump_factor * t[v] + addend + (dangles ? kept * p[v] : 0);
        const double change = score - p[v];
        if (storing) changes[v] = static_cast<float>(change);
        of_part[of_change].add(std::abs(change));
        if (dangles) of_part[of_dangling].add(score);
        p[v] = score;
        sums[i] = score * share[v];
      }
      const std::scoped_lock lock(adding);
      for (const auto sum : {of_change, of_dangling}) totals[sum].add(of_part[sum]);
    });
    std::swap(sent, next);
    BoundedSum::sum(comm, totals);
    const double change = totals[of_change].value();
    dangling = totals[of_dangling].value();
    result.error_bound = change * (1 - c) / c;
    ++iteration;
    progress("iterate", iteration, most_iterations);

    if (extrapolating && iteration % cycle == 0 && result.error_bound > options.tolerance) {
      extrapolating = change <= change_before * std::pow(1 - c, cycle);
      change_before = change;
      if (extrapolating) {
        extrapolation.apply(comm, vertices, p);
        send();
      } else {  // the last one may have led astray: count anew from where it led
        most_iterations = iteration + iterations_from(change);
      }
    }
  } while (result.error_bound > options.tolerance && iteration < most_iterations);

  result.scores = std::move(p);
  result.stats["iterations"] = iteration;
  return result;
}

Result solve(const Graph& graph, std::span<const double> teleport, const Options& options) {
  check_options(options);
  require(graph.is_square(), "graph: ", graph.num_rows(), " x ", graph.num_cols(), ", must be square");
  Timings timings;
  const std::vector<double> weights = out_weights(graph);
  const Graph in_arcs = [&] {
    const Phase phase(timings, "transpose");
    return transpose(graph);
  }();
  const SpmvOperator step = [&] {
    const Phase phase(timings, "plan");
    return SpmvOperator(in_arcs);
  }();
  Result result = solve(step, weights, teleport, options);
  result.timings.merge(timings);
  result.stats["arcs"] = graph.num_nonzeros();
  result.stats["ghost_values"] = graph.comm().sum(std::ssize(in_arcs.ghosts())) * result.stats["iterations"];
  return result;
}

}  // namespace filigree::pagerank
