#include <algorithm>
#include <cmath>
#include <optional>

#include "communities/leaves/patterns.hpp"
#include "communities/leaves/refine.hpp"
#include "core/index.hpp"
#include "filigree/core/invalid_arc.hpp"
#include "filigree/matrix/kmeans.hpp"
#include "filigree/matrix/symmetry.hpp"

namespace filigree::communities {
namespace {

void check(const Graph& graph, const LeafOptions& options) {
  require(graph.is_square(), "graph: ", graph.num_rows(), " x ", graph.num_cols(), ", must be square");
  require(options.tolerance > 0 && options.tolerance < 1, "tolerance: ", options.tolerance, ", must be in (0, 1)");
  require(options.num_starts >= 1, "starts of k-means: ", options.num_starts, ", must be at least 1");
  require(options.max_refinements >= 0, "refinements: ", options.max_refinements, ", must be at least 0");
  require(options.num_communities >= 0 && options.num_communities <= graph.num_rows(),
          "communities: ", options.num_communities, ", must be between 1 and the number of vertices, ",
          graph.num_rows(), ", or 0 to estimate it");
  graph.comm().guard([&] {
    const CsrView<double> rows = graph.local();
    for (Local v = 0; v < rows.num_rows(); ++v) {
      for (std::size_t k = 0; k < rows.vals(v).size(); ++k) {
        const double weight = rows.vals(v)[k];
        if (!(weight >= 0 && std::isfinite(weight))) {
          throw InvalidArc("graph: the weight of arc ", graph.first_row() + v, graph.global_col(rows.cols(v)[k]),
                           text(" is ", weight, "; weights must be finite and at least 0"));
        }
      }
    }
  });
  if (const std::optional<Arc> arc = asymmetric_arc(graph)) {
    throw InvalidArc("graph: arc ", arc->from, arc->to,
                     " has no reverse of the same weight; communities are those of an undirected graph "
                     "(--undirected adds the reverse of every arc)");
  }
}

/// lambda_K / lambda_(K+1). Values inside the bulk converge slowly: for one that has not, the bulk's edge stands.
double separation(const Subspace& space, Offset k) {
  if (k < 1 || k >= std::ssize(space.values)) return 0;
  double next = space.values[z(k)] * (1 + space.residuals[z(k)]);
  const double edge = margin / std::sqrt(space.rho);
  if (k >= space.num_detectable && (next > edge || space.residuals[z(k)] > few_digits)) next = edge;
  return next > 0 ? space.values[z(k - 1)] / next : 0;
}

/// The same with the edge of the bulk instead of what lies below: for comparisons between graphs.
double distance_from_bulk(const Subspace& space, Offset k) {
  return k < 1 || k > std::ssize(space.values) ? 0 : space.values[z(k - 1)] * std::sqrt(space.rho);
}

/// K counted on an unweighted graph.
struct Count {
  Offset k = 1;
  double separation = 0;
};
Count count_communities(const Graph& pattern, const SpectrumOptions& options, Stats& stats) {
  const Adjacency a(pattern);
  const double rho = spectral_radius(a, stats);
  const Subspace space = leading_subspace(a, rho, options, stats);
  const Offset k = std::max<Offset>(1, space.num_detectable);
  return {k, k == 1 ? 0 : distance_from_bulk(space, k)};  // the first value always stands out
}

/// Among the quartiles of the weights, the pattern whose count stands out most; none below that of all edges.
Offset count_by_patterns(const Graph& graph, const SpectrumOptions& options, Stats& stats) {
  Count best;
  Offset least = 0;
  for (const double weight : weight_quartiles(graph)) {
    const Count count = count_communities(pattern_from(graph, weight), options, stats);
    if (least == 0 || (count.k >= least && count.separation > best.separation)) best = count;
    if (least == 0) least = count.k;
  }
  return best.k;
}

/// Rows of unit length of the columns that separate communities. At zeta = 1 all vectors of an eigenspace are alike:
/// the constant one is left out only if it is alone.
DistDense<double> unit_rows(const Embedding& embedding) {
  const auto& zeta = embedding.zeta;
  const Offset first = zeta.size() > 1 && zeta[1] < 1 + 1e-6 ? 0 : 1;
  const Offset cols = embedding.x.cols - first;
  DistDense<double> rows(embedding.x.comm, embedding.x.rows, cols);
#pragma omp parallel for schedule(static)
  for (Offset i = 0; i < rows.num_local_rows(); ++i) {
    const auto x = embedding.x.row(i).subspan(z(first));
    double norm = 0;
    for (const double value : x) norm += value * value;
    norm = std::sqrt(norm);
    for (Offset j = 0; j < cols; ++j) rows.row(i)[z(j)] = norm > 0 ? x[z(j)] / norm : 0;
  }
  return rows;
}

/// Isolated vertices join the largest community, of equals the one with the smallest vertex.
void attach_isolated(const Graph& graph, Offset k, std::vector<Local>& labels) {
  std::vector<Offset> sizes(z(k), 0);
  std::vector<Global> first(z(k), graph.num_rows());
  for (std::size_t v = labels.size(); v-- > 0;) {
    if (labels[v] < 0) continue;
    ++sizes[z(labels[v])];
    first[z(labels[v])] = graph.first_row() + static_cast<Global>(v);
  }
  graph.comm().sum(sizes);
  graph.comm().min(first);
  Local largest = 0;
  for (Local c = 1; c < k; ++c) {
    if (std::pair(sizes[z(c)], first[z(largest)]) > std::pair(sizes[z(largest)], first[z(c)])) largest = c;
  }
  for (Local& label : labels) label = label < 0 ? largest : label;
}

std::vector<std::string> warnings_of(const LeafResult& result, const LeafOptions& options, Offset k) {
  std::vector<std::string> warnings;
  if (result.num_communities < k)
    warnings.push_back(text("k-means filled ", result.num_communities, " of ", k, " communities"));
  if (options.num_communities > result.num_detectable)
    warnings.push_back(text("only ", result.num_detectable, " of ", k, " communities can be detected"));
  if (k > 1 && result.separation > 0 && result.separation < clear_separation)
    warnings.push_back(text("eigenvalue ", k, " is ", result.separation, " times the next: below ", clear_separation,
                            ", small changes of the graph may change many labels"));
  if (result.num_isolated > 0)
    warnings.push_back(text(result.num_isolated, " isolated vertices were put with the largest community"));
  return warnings;
}

}  // namespace

LeafResult cluster_leaves(const Graph& input, const LeafOptions& options) {
  LeafResult result;
  const Comm& comm = input.comm();
  const Graph graph = [&] {
    const Phase phase(result.timings, "check");
    check(input, options);
    Graph simple = without_loops(input, result.num_loops);
    normalize_weights(simple);
    return simple;
  }();
  const Adjacency a(graph);
  result.num_isolated = comm.sum(static_cast<Offset>(std::count(a.degree.begin(), a.degree.end(), 0.0)));
  const Offset num_connected = graph.num_rows() - result.num_isolated;
  require(num_connected > 0, "graph: no edges between different vertices among ", graph.num_rows(), " vertices");
  require(options.num_communities <= num_connected, "communities: ", options.num_communities, ", but only ",
          num_connected, " vertices have edges");

  Offset k = options.num_communities;
  std::optional<Embedding> embedding;
  {
    const Phase phase(result.timings, "spectrum");
    SpectrumOptions spectrum{k, options.tolerance, options.seed, options.progress};
    if (k == 0 && graph.has_values()) {
      k = std::min(count_by_patterns(graph, spectrum, result.stats), num_connected);
      result.num_detectable = spectrum.num_wanted = k;
    }
    if (k > 0 && result.num_detectable == 0 && graph.has_values())
      result.num_detectable =
          count_communities(pattern_from(graph, 0), {0, options.tolerance, options.seed, {}}, result.stats).k;
    result.spectral_radius = spectral_radius(a, result.stats);
    const Subspace space = leading_subspace(a, result.spectral_radius, spectrum, result.stats);
    if (result.num_detectable == 0) result.num_detectable = std::max<Offset>(1, space.num_detectable);
    if (k == 0) k = std::min(result.num_detectable, num_connected);
    result.separation = separation(space, k);
    result.values = space.values;
    if (std::ssize(result.values) > k + 1) result.values.resize(z(k + 1));
    if (k > 1) embedding = bethe_hessian_vectors(a, space, k, options.tolerance, result.stats);
  }
  std::vector<Local> labels(z(graph.num_local_rows()), 0);
  if (embedding) {
    result.zeta = embedding->zeta;
    {
      const Phase phase(result.timings, "k-means");
      std::vector<double> weights;
      for (const double degree : a.degree) weights.push_back(degree > 0 ? 1 : 0);
      const DistDense<double> rows = unit_rows(*embedding);
      embedding.reset();
      labels =
          kmeans(rows, {.num_clusters = k, .num_starts = options.num_starts, .seed = options.seed}, weights).labels;
    }
    const Phase phase(result.timings, "refine");
    refine(a, k, options, labels, result.stats);
    attach_isolated(graph, k, labels);
  }
  result.labels = compact_labels(comm, graph.rows(), std::vector<Global>(labels.begin(), labels.end()));
  result.num_communities = result.labels.num_labels;
  result.warnings = warnings_of(result, options, k);
  return result;
}

}  // namespace filigree::communities
