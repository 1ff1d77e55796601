#include "filigree/matrix/kmeans.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "core/index.hpp"
#include "core/ordered_sum.hpp"
#include "core/parallel_for.hpp"
#include "filigree/core/random.hpp"

namespace filigree {
namespace {

constexpr std::uint64_t sample_purpose = 0x6b736d70;  // "ksmp"
constexpr std::uint64_t start_purpose = 0x6b737472;   // "kstr"

/// Rows that every rank holds, and their weights.
struct Sample {
  std::vector<double> rows;
  std::vector<double> weights;
};

double squared_distance(const double* x, const double* y, Offset cols) {
  double sum = 0;
  for (Offset j = 0; j < cols; ++j) sum += (x[j] - y[j]) * (x[j] - y[j]);
  return sum;
}

/// Centres one after another, and half their squared norms: |x - c|^2 = |x|^2 + 2 (|c|^2 / 2 - x c).
class Centres {
 public:
  Centres(std::vector<double> values, Offset cols) : values_(std::move(values)), cols_(cols) {
    for (Offset c = 0; c < count(); ++c) {
      const double* const centre = values_.data() + c * cols_;
      double sum = 0;
      for (Offset j = 0; j < cols_; ++j) sum += centre[j] * centre[j];
      half_norms_.push_back(sum / 2);
    }
  }
  Offset count() const { return cols_ == 0 ? 0 : std::ssize(values_) / cols_; }
  const std::vector<double>& values() const { return values_; }

  /// The nearest centre of each of m rows, the first of several. scratch: k x m.
  void nearest(const double* rows, Offset m, Local* labels, std::vector<double>& scratch) const {
    const Offset k = count();
    scratch.resize(z(k * m));
    gemm(1, DenseView{values_.data(), cols_, k, cols_}, Op::transpose, DenseView{rows, cols_, m, cols_}, Op::none, 0,
         DenseSpan<double>{scratch.data(), k, m, k});
    for (Offset i = 0; i < m; ++i) {
      const double* const products = scratch.data() + i * k;
      Local best = 0;
      double least = half_norms_[0] - products[0];
      for (Offset c = 1; c < k; ++c) {
        const double value = half_norms_[z(c)] - products[c];
        if (value < least) {
          least = value;
          best = static_cast<Local>(c);
        }
      }
      labels[i] = best;
    }
  }

 private:
  std::vector<double> values_;
  Offset cols_;
  std::vector<double> half_norms_;
};

/// New centres from sums: cols of x, then the weight, for each cluster.
std::vector<double> centres_of(const std::vector<double>& sums, const std::vector<double>& before, Offset cols) {
  std::vector<double> centres = before;
  for (Offset c = 0; c < std::ssize(before) / cols; ++c) {
    const double* const sum = sums.data() + c * (cols + 1);
    if (!(sum[cols] > 0)) continue;
    for (Offset j = 0; j < cols; ++j) centres[z(c * cols + j)] = sum[j] / sum[cols];
  }
  return centres;
}

/// Rows of positive weight whose random number is among the smallest. Collective.
Sample draw_sample(const DistDense<double>& x, std::span<const double> weights, const KmeansOptions& options) {
  const Offset wanted = std::max(options.sample_rows, 16 * options.num_clusters);
  const Stream stream(options.seed, sample_purpose);
  const Global first = x.rows.begin(x.comm.rank());
  const auto weight_of = [&](Offset i) { return weights.empty() ? 1 : weights[z(i)]; };
  Offset candidates = 0;
  for (Offset i = 0; i < x.num_local_rows(); ++i) candidates += weight_of(i) > 0 ? 1 : 0;
  candidates = std::max<Offset>(1, x.comm.sum(candidates));
  const double share = std::min(1.0, static_cast<double>(wanted) / static_cast<double>(candidates));
  std::vector<double> rows;
  std::vector<double> of_rows;
  for (Offset i = 0; i < x.num_local_rows(); ++i) {
    const double weight = weight_of(i);
    if (!(weight > 0) || (share < 1 && Stream::unit(stream.block(first + i, 0, 0)[0]) > share)) continue;
    rows.insert(rows.end(), x.row(i).begin(), x.row(i).end());
    of_rows.push_back(weight);
  }
  return {x.comm.all_gather(rows).values, x.comm.all_gather(of_rows).values};
}

/// k-means++: each centre is a row drawn with a chance in proportion to its share of the inertia; of a few draws the
/// one that lowers it most.
std::vector<double> plus_plus(const Sample& sample, Offset cols, Offset k, const Stream& stream, std::uint32_t start) {
  const Offset n = std::ssize(sample.weights);
  const int num_draws = 2 + static_cast<int>(std::log(static_cast<double>(k)));
  std::vector<double> centres;
  std::vector<double> cost(sample.weights);
  std::vector<double> best_cost, new_cost(z(n));
  for (Offset c = 0; c < k; ++c) {
    double total = 0;
    for (const double value : cost) total += value;
    double least = std::numeric_limits<double>::infinity();
    Offset best = 0;
    for (int draw = 0; draw < (c == 0 ? 1 : num_draws); ++draw) {
      const auto words = stream.block(c, start, static_cast<std::uint32_t>(draw));
      double left = Stream::unit(words[0], words[1]) * total;
      Offset at = 0;
      while (at + 1 < n && (left -= cost[z(at)]) > 0) ++at;
      double sum = 0;
      for (Offset i = 0; i < n; ++i) {
        const double distance =
            sample.weights[z(i)] * squared_distance(&sample.rows[z(i * cols)], &sample.rows[z(at * cols)], cols);
        new_cost[z(i)] = c == 0 ? distance : std::min(cost[z(i)], distance);
        sum += new_cost[z(i)];
      }
      require(std::isfinite(sum), "k-means: the squared distances between rows add up to ", sum,
              ", beyond what a double holds");
      if (sum < least) {
        least = sum;
        best = at;
        best_cost = new_cost;
      }
    }
    cost = best_cost;
    centres.insert(centres.end(), &sample.rows[z(best * cols)], &sample.rows[z(best * cols)] + cols);
  }
  return centres;
}

struct Start {
  std::vector<double> centres;
  double inertia = std::numeric_limits<double>::infinity();
};

/// Lloyd's iteration on the sample. The same on all ranks without communication.
Start try_start(const Sample& sample, Offset cols, const KmeansOptions& options, std::uint32_t number) {
  const Offset n = std::ssize(sample.weights);
  Start start;
  start.centres = plus_plus(sample, cols, options.num_clusters, Stream(options.seed, start_purpose), number);
  std::vector<Local> labels(z(n), -1), before;
  std::vector<double> scratch;
  for (int iteration = 0; iteration < options.max_iterations; ++iteration) {
    before = labels;
    Centres(start.centres, cols).nearest(sample.rows.data(), n, labels.data(), scratch);
    if (labels == before) break;
    std::vector<double> sums(z(options.num_clusters * (cols + 1)), 0.0);
    for (Offset i = 0; i < n; ++i) {
      double* const sum = &sums[z(labels[z(i)] * (cols + 1))];
      for (Offset j = 0; j < cols; ++j) sum[j] += sample.weights[z(i)] * sample.rows[z(i * cols + j)];
      sum[cols] += sample.weights[z(i)];
    }
    start.centres = centres_of(sums, start.centres, cols);
  }
  start.inertia = 0;
  for (Offset i = 0; i < n; ++i) {
    start.inertia += sample.weights[z(i)] *
                     squared_distance(&sample.rows[z(i * cols)], &start.centres[z(labels[z(i)] * cols)], cols);
  }
  return start;
}

std::vector<double> best_start(const Sample& sample, Offset cols, const KmeansOptions& options) {
  const std::vector<Start> starts = parallel_tasks(options.num_starts, [&](Offset start) {
    return try_start(sample, cols, options, static_cast<std::uint32_t>(start));
  });
  const auto better = [](const Start& a, const Start& b) { return a.inertia < b.inertia; };
  return std::min_element(starts.begin(), starts.end(), better)->centres;
}

}  // namespace

KmeansResult kmeans(const DistDense<double>& x, const KmeansOptions& options, std::span<const double> row_weights) {
  const Offset k = options.num_clusters;
  const Offset cols = x.cols;
  const Offset n = x.num_local_rows();
  require(k >= 1, "k-means: ", k, " clusters, must be at least 1");
  require(options.num_starts >= 1, "k-means: ", options.num_starts, " starts, must be at least 1");
  const auto weight = [&](Offset i) { return row_weights.empty() ? 1.0 : row_weights[z(i)]; };
  x.comm.guard([&] {
    for (Offset i = 0; i < n; ++i) {
      if (!(weight(i) > 0)) continue;
      for (Offset j = 0; j < cols; ++j) {
        require(std::isfinite(x.row(i)[z(j)]), "k-means: row ", x.rows.begin(x.comm.rank()) + i, ", column ", j, " is ",
                x.row(i)[z(j)], ", must be finite");
      }
    }
  });
  KmeansResult result;
  result.labels.assign(z(n), -1);
  result.centres = Dense(k, cols);
  const Sample sample = draw_sample(x, row_weights, options);
  if (cols == 0 || k == 1 || sample.weights.empty()) {
    for (Offset i = 0; i < n; ++i) result.labels[z(i)] = weight(i) > 0 ? 0 : -1;
    if (k > 1 || cols == 0) return result;
  }
  std::vector<double> centres = k == 1 ? std::vector<double>(z(cols), 0.0) : best_start(sample, cols, options);
  constexpr Offset rows_at_once = 512;
  for (; result.iterations < options.max_iterations; ++result.iterations) {
    const Centres now(centres, cols);
    std::atomic<Offset> changes = 0;
    parallel_for((n + rows_at_once - 1) / rows_at_once, [&](Offset block) {
      const Offset first = block * rows_at_once;
      const Offset m = std::min(rows_at_once, n - first);
      std::vector<double> scratch;
      std::vector<Local> labels(z(m));
      Offset changed = 0;
      now.nearest(x.local.data() + first * cols, m, labels.data(), scratch);
      for (Offset i = 0; i < m; ++i) {
        if (!(weight(first + i) > 0)) labels[z(i)] = -1;
        changed += labels[z(i)] != result.labels[z(first + i)] ? 1 : 0;
        result.labels[z(first + i)] = labels[z(i)];
      }
      changes += changed;
    });
    if (x.comm.sum(changes.load()) == 0 && result.iterations > 0) break;
    const std::vector<double> sums =
        ordered_sums(x.comm, x.rows, z(k * (cols + 1)), [&](Offset begin, Offset end, std::span<double> sum) {
          for (Offset i = begin; i < end; ++i) {
            const Local label = result.labels[z(i)];
            if (label < 0) continue;
            double* const of = sum.data() + label * (cols + 1);
            for (Offset j = 0; j < cols; ++j) of[j] += weight(i) * x.row(i)[z(j)];
            of[cols] += weight(i);
          }
        });
    centres = centres_of(sums, centres, cols);
  }
  result.inertia = ordered_sum(x.comm, x.rows, [&](Offset i) {
    const Local label = result.labels[z(i)];
    return label < 0 ? 0 : weight(i) * squared_distance(x.row(i).data(), &centres[z(label * cols)], cols);
  });
  for (Offset c = 0; c < k; ++c) {
    for (Offset j = 0; j < cols; ++j) result.centres(c, j) = centres[z(c * cols + j)];
  }
  return result;
}

}  // namespace filigree
