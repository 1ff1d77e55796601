#include "verify.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace filigree::app {
namespace {

using communities::Linkage;

std::size_t z(Global i) { return static_cast<std::size_t>(i); }

/// Similarities of all pairs of clusters by the definition of a linkage, in doubles.
class Pairs {
 public:
  Pairs(const communities::CommunityGraph& between, std::span<const Offset> connected, Linkage linkage)
      : linkage_(linkage),
        is_weighted_(between.is_weighted),
        n_(std::ssize(between.sizes)),
        mass_(z(n_), 0.0),
        value_(z(n_ * n_), 0.0) {
    for (Global a = 0; a < n_; ++a) {
      for (Offset k = between.row_ptr[z(a)]; k < between.row_ptr[z(a) + 1]; ++k) {
        const Global b = between.col[z(k)];
        at(a, b) = at(b, a) = between.weight[z(k)];
        total_ += 2 * between.weight[z(k)];
        mass_[z(a)] += between.weight[z(k)];
        mass_[z(b)] += between.weight[z(k)];
      }
    }
    if (linkage != Linkage::degree_corrected)
      std::transform(connected.begin(), connected.end(), mass_.begin(),
                     [](Offset n) { return static_cast<double>(std::max<Offset>(n, 1)); });
    if (linkage == Linkage::density || linkage == Linkage::degree_corrected) return;
    for (Global a = 0; a < n_; ++a)
      for (Global b = 0; b < n_; ++b) at(a, b) /= mass_[z(a)] * mass_[z(b)];
  }
  double similarity(Global a, Global b) {
    if (linkage_ == Linkage::single || linkage_ == Linkage::complete) return at(a, b);
    return at(a, b) > 0 ? at(a, b) / (mass_[z(a)] * mass_[z(b)]) : 0;
  }
  double height(double similarity) const {
    if (linkage_ == Linkage::degree_corrected) return 1 / (1 + total_ * similarity);
    return is_weighted_ ? 1 / (1 + similarity) : 1 - similarity;
  }
  /// b becomes part of a.
  void merge(Global a, Global b) {
    for (Global c = 0; c < n_; ++c) {
      const double x = at(a, c);
      const double y = at(b, c);
      at(a, c) = at(c, a) = linkage_ == Linkage::single     ? std::max(x, y)
                            : linkage_ == Linkage::complete ? std::min(x, y)
                                                            : x + y;
    }
    mass_[z(a)] += mass_[z(b)];
  }

 private:
  double& at(Global a, Global b) { return value_[z(a * n_ + b)]; }

  Linkage linkage_;
  bool is_weighted_;
  Global n_;
  std::vector<double> mass_;
  std::vector<double> value_;
  double total_ = 0;
};

/// Weight of all edges but loops, each once. Collective.
double total_weight(const Graph& graph) {
  double sum = 0;
  const CsrView<double> local = graph.local().view();
  for (Local row = 0; row < local.num_rows(); ++row) {
    for (std::size_t k = 0; k < local.cols(row).size(); ++k) {
      if (graph.global_col(local.cols(row)[k]) <= graph.first_row() + row) continue;
      sum += local.has_values() ? local.vals(row)[k] : 1;
    }
  }
  return graph.comm().sum(sum);
}

/// Vertices of each community that have edges to others. Collective.
std::vector<Offset> connected_sizes(const Graph& graph, const Labels& leaves) {
  std::vector<Offset> sizes(z(leaves.num_labels), 0);
  const CsrView<double> local = graph.local().view();
  for (Local row = 0; row < local.num_rows(); ++row) {
    bool has_edges = false;
    for (std::size_t k = 0; k < local.cols(row).size(); ++k) {
      const bool is_loop = graph.global_col(local.cols(row)[k]) == graph.first_row() + row;
      has_edges = has_edges || (!is_loop && (!local.has_values() || local.vals(row)[k] > 0));
    }
    sizes[z(leaves.of[z(row)])] += has_edges ? 1 : 0;
  }
  graph.comm().sum(sizes);
  return sizes;
}

}  // namespace

std::string check_tree(const Graph& graph, const communities::Tree& tree, Linkage linkage) {
  constexpr double tolerance = 1e-9;
  const Dendrogram& dendrogram = tree.dendrogram;
  const Global n = dendrogram.num_leaves;
  require(n <= 1000, "--verify compares all pairs of clusters: ", n, " communities, must be at most 1000");
  const double expected = total_weight(graph);
  const std::vector<Offset> connected = connected_sizes(graph, tree.leaves);
  const double found = std::accumulate(tree.between.weight.begin(), tree.between.weight.end(), 0.0);
  if (std::abs(found - expected) > tolerance * expected)
    return text("edges between and within communities weigh ", found, ", those of the graph ", expected);
  try {
    dendrogram.validate();
  } catch (const InvalidArgument& e) {
    return e.what();
  }
  if (!dendrogram.is_complete()) return "the tree is not complete";
  if (dendrogram.num_inversions() > 0) return text(dendrogram.num_inversions(), " inversions");
  Pairs pairs(tree.between, connected, linkage);
  std::vector<Global> live(z(n));
  std::iota(live.begin(), live.end(), 0);
  const std::vector<Global> first = dendrogram.first_leaves();
  for (std::size_t k = 0; k < dendrogram.merges.size(); ++k) {
    const Merge& merge = dendrogram.merges[k];
    double most = 0;
    for (Global a : live)
      for (Global b : live)
        if (a < b) most = std::max(most, pairs.similarity(a, b));
    const Global a = std::min(first[z(merge.left)], first[z(merge.right)]);
    const Global b = std::max(first[z(merge.left)], first[z(merge.right)]);
    const double mine = pairs.similarity(a, b);
    if (mine < most * (1 - tolerance)) return text("merge ", k, " has similarity ", mine, ", another pair ", most);
    if (std::abs(merge.height - pairs.height(mine)) > tolerance)
      return text("merge ", k, " has height ", merge.height, ", must be ", pairs.height(mine));
    pairs.merge(a, b);
    live.erase(std::find(live.begin(), live.end(), b));
  }
  return "";
}

}  // namespace filigree::app
