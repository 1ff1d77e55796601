#include "communities/leaves/refine.hpp"

#include <algorithm>
#include <cmath>

#include "core/collective_progress.hpp"
#include "core/index.hpp"
#include "core/ordered_sum.hpp"
#include "filigree/core/random.hpp"

namespace filigree::communities {
namespace {

constexpr Offset few = 20'000;                      // of so many vertices, one that moves is not worth another pass
constexpr std::uint64_t half_purpose = 0x72666e65;  // "rfne"

/// What there is between and within communities.
struct Counts {
  std::vector<double> size;    // vertices
  std::vector<double> volume;  // sum of degrees
  std::vector<double> edges;   // k x k: weight of arcs from a to b, so twice the edges within
};

class Refinement {
 public:
  Refinement(const Adjacency& a, Offset k, EdgeModel model) : a_(a), k_(k), model_(model) {}

  Counts count(const std::vector<Local>& labels) {
    update(labels);
    const CsrView<double> rows = a_.graph.local();
    const std::vector<double> sums = ordered_sums(
        a_.graph.comm(), a_.graph.rows(), z(k_ * (k_ + 2)), [&](Offset begin, Offset end, std::span<double> sum) {
          for (Offset v = begin; v < end; ++v) {
            const Local label = labels[z(v)];
            if (label < 0) continue;
            sum[z(label)] += 1;
            sum[z(k_ + label)] += a_.degree[z(v)];
            double* const of_label = sum.data() + (label + 2) * k_;
            const auto cols = rows.cols(static_cast<Local>(v));
            const auto vals = rows.vals(static_cast<Local>(v));
            for (std::size_t i = 0; i < cols.size(); ++i)
              of_label[label_of_column_[z(cols[i])]] += vals.empty() ? 1 : vals[i];
          }
        });
    const auto at = [&](Offset i) { return sums.begin() + i * k_; };
    return {{at(0), at(1)}, {at(1), at(2)}, {at(2), at(2 + k_)}};
  }

  /// Up to what labels do not change. Bernoulli with few edges per pair of vertices is Poisson.
  double likelihood(const Counts& counts) const {
    double sum = 0;
    for (Offset a = 0; a < k_; ++a) {
      for (Offset b = 0; b < k_; ++b) {
        const double edges = counts.edges[z(a * k_ + b)];
        if (edges > 0) sum += edges * std::log(edges / pairs(counts, a, b));
      }
    }
    return sum;
  }

  /// The best label of each vertex.
  std::vector<Local> best_labels(const std::vector<Local>& labels, const Counts& counts) const {
    std::vector<double> log_density(z(k_ * k_));
    std::vector<double> expected(z(k_), 0.0);  // edges of a vertex, where these differ by its label
    for (Offset a = 0; a < k_; ++a) {
      for (Offset b = 0; b < k_; ++b) {
        const double edges = counts.edges[z(a * k_ + b)];
        log_density[z(a * k_ + b)] = std::log(std::max(edges, least_edges) / pairs(counts, a, b));
        if (model_ == EdgeModel::bernoulli) expected[z(a)] += edges / counts.size[z(a)];
      }
    }
    const CsrView<double> rows = a_.graph.local();
    std::vector<Local> best(labels);
#pragma omp parallel
    {
      std::vector<double> of_label(z(k_), 0.0);  // the vertex's edges by the label at their other end
      std::vector<Local> touched;
#pragma omp for schedule(dynamic, 256)
      for (Local v = 0; v < rows.num_rows(); ++v) {
        const Local now = labels[z(v)];
        if (now < 0) continue;
        touched.clear();
        const auto cols = rows.cols(v);
        const auto vals = rows.vals(v);
        for (std::size_t i = 0; i < cols.size(); ++i) {
          const Local label = label_of_column_[z(cols[i])];
          double& sum = of_label[z(label)];
          if (sum == 0) touched.push_back(label);
          sum += vals.empty() ? 1 : vals[i];
        }
        double highest = score_without(v, now, of_label, touched, counts);
        for (Local a = 0; a < k_; ++a) {
          if (a == now) continue;
          const double* const row = log_density.data() + a * k_;
          double score = -expected[z(a)];
          for (const Local b : touched) score += of_label[z(b)] * row[b];
          if (score > highest) {
            highest = score;
            best[z(v)] = a;
          }
        }
        for (const Local label : touched) of_label[z(label)] = 0;
      }
    }
    return best;
  }

 private:
  static constexpr double least_edges = 0.1;  // where there are none, few are unlikely, not impossible

  const std::vector<double>& mass(const Counts& counts) const {
    return model_ == EdgeModel::bernoulli ? counts.size : counts.volume;
  }
  /// What the density of edges is relative to: pairs of vertices, or products of degrees.
  double pairs(const Counts& counts, Offset a, Offset b) const {
    const double left = mass(counts)[z(a)];
    const double right = mass(counts)[z(b)] - (model_ == EdgeModel::bernoulli && a == b ? 1 : 0);
    return left * std::max(right, 1e-3);
  }
  /// The score of the label that a vertex has, from the counts without it.
  double score_without(Local v, Local now, const std::vector<double>& of_label, const std::vector<Local>& touched,
                       const Counts& counts) const {
    const double degree = a_.degree[z(v)];
    const double own = model_ == EdgeModel::bernoulli ? 1 : degree;
    const double left = mass(counts)[z(now)] - own;
    if (!(left > own * 1e-9)) return 1e300;  // the last vertex stays
    double score = 0;
    for (const Local b : touched) {
      const double edges = counts.edges[z(now * k_ + b)] - (b == now ? 2 : 1) * of_label[z(b)];
      double others = b == now ? left : mass(counts)[z(b)];
      if (model_ == EdgeModel::bernoulli && b == now) others = std::max(left - 1, 1.0);
      score += of_label[z(b)] * std::log(std::max(edges, least_edges) / (left * others));
    }
    if (model_ == EdgeModel::bernoulli) score -= (counts.volume[z(now)] - degree - of_label[z(now)]) / left;
    return score;
  }
  void update(const std::vector<Local>& labels) {
    label_of_column_.resize(z(a_.graph.local().num_cols));
    a_.graph.update_ghosts(labels, label_of_column_);
  }

  const Adjacency& a_;
  Offset k_;
  EdgeModel model_;
  std::vector<Local> label_of_column_;
};

/// Variance of degrees within communities over what chance gives equal vertices, averaged over vertices.
double dispersion(const Adjacency& a, const std::vector<Local>& labels, const Counts& counts) {
  const double sum = ordered_sum(a.graph.comm(), a.graph.rows(), [&](Offset v) {
    const Local label = labels[z(v)];
    if (label < 0) return 0.0;
    const double mean = counts.volume[z(label)] / counts.size[z(label)];
    return (a.degree[z(v)] - mean) * (a.degree[z(v)] - mean) / mean;
  });
  double vertices = 0;
  for (const double size : counts.size) vertices += size;
  return sum / std::max(1.0, vertices - static_cast<double>(counts.size.size()));
}

bool has_empty(const Counts& counts) {
  return std::any_of(counts.size.begin(), counts.size.end(), [](double size) { return size == 0; });
}

}  // namespace

void refine(const Adjacency& a, Offset k, const LeafOptions& options, std::vector<Local>& labels, Stats& stats) {
  const Comm& comm = a.graph.comm();
  a.graph.build_halo();
  EdgeModel model = options.model;
  if (model == EdgeModel::automatic) {
    const Counts counts = Refinement(a, k, EdgeModel::bernoulli).count(labels);
    if (has_empty(counts)) return;
    const bool equal_degrees = !a.graph.has_values() && dispersion(a, labels, counts) < 1.5;
    model = equal_degrees ? EdgeModel::bernoulli : EdgeModel::degree_corrected;
  }
  Refinement refinement(a, k, model);
  Counts counts = refinement.count(labels);
  if (has_empty(counts)) return;
  double likelihood = refinement.likelihood(counts);
  const Stream stream(options.seed, half_purpose);
  const CollectiveProgress progress(comm, options.progress);
  // All vertices at once as long as that helps; then random halves, since neighbours that both move may both be wrong.
  int failures = 0;
  for (int pass = 0; pass < options.max_refinements && failures < 4; ++pass) {
    std::vector<Local> next = refinement.best_labels(labels, counts);
    Offset wished = 0;
    Offset moved = 0;
    for (std::size_t v = 0; v < labels.size(); ++v) {
      if (next[v] == labels[v]) continue;
      ++wished;
      const auto word =
          stream.block(a.graph.first_row() + static_cast<Offset>(v), 0, static_cast<std::uint32_t>(pass))[0];
      if (failures > 0 && (word & 1) != 0) next[v] = labels[v];
      moved += next[v] != labels[v] ? 1 : 0;
    }
    moved = comm.sum(moved);
    ++stats["refinements"];
    progress("refine", pass + 1, options.max_refinements);
    if (comm.sum(wished) == 0) break;
    const Counts after = refinement.count(next);
    const double grown = refinement.likelihood(after);
    if (!has_empty(after) && grown > likelihood) {
      labels = std::move(next);
      counts = after;
      likelihood = grown;
      stats["relabelled"] += moved;
      if (moved < a.graph.num_rows() / few) break;
    } else {
      refinement.count(labels);  // the ghosts' labels again
      ++failures;
    }
  }
}

}  // namespace filigree::communities
