// The hierarchical stochastic block model.
#include <algorithm>
#include <bit>
#include <cmath>

#include "core/index.hpp"
#include "filigree/generate.hpp"
#include "generate/scramble.hpp"

namespace filigree::generate {
namespace {

constexpr std::uint64_t hsbm_purpose = 0x6873626d;  // "hsbm"

/// Vertices below a node at each depth: sizes[0] = N, sizes[depth] = leaf_size.
std::vector<Global> subtree_sizes(const HsbmOptions& options) {
  require(options.branching >= 1, "hsbm: branching ", options.branching, ", must be at least 1");
  require(options.depth >= 0 && options.depth <= 40, "hsbm: depth ", options.depth, ", must be in [0, 40]");
  require(options.leaf_size >= 1, "hsbm: leaf size ", options.leaf_size, ", must be at least 1");
  constexpr Global most_vertices = Global{1} << 40;
  std::vector<Global> sizes(z(options.depth) + 1, options.leaf_size);
  for (int k = options.depth - 1; k >= 0; --k) {
    require(sizes[z(k) + 1] <= most_vertices / options.branching, "hsbm: ", options.branching, "^", options.depth,
            " leaves of ", options.leaf_size, " vertices are more than 2^40 vertices");
    sizes[z(k)] = sizes[z(k) + 1] * options.branching;
  }
  require(sizes[0] <= most_vertices, "hsbm: ", sizes[0], " vertices, must be at most 2^40");
  return sizes;
}

std::vector<double> edge_probabilities(const HsbmOptions& options, const std::vector<Global>& sizes) {
  const std::size_t depth = z(options.depth);
  const auto n = static_cast<double>(sizes[0]);
  const int given = int{options.a_last.has_value()} + int{options.p_last.has_value()} +
                    int{options.degree.has_value()} + int{!options.a.empty()};
  require(given <= 1, "hsbm: ", given, " of a_last, p_last, degree and a are given; one says how dense the graph is");
  require(options.beta >= 0 && options.beta <= 1, "hsbm: beta ", options.beta, ", must be in [0, 1]");
  std::vector<double> p(depth + 1);
  const double scale = std::log(n) / n;
  if (!options.a.empty()) {
    require(options.a.size() == depth + 1, "hsbm: ", options.a.size(), " densities a for depth ", depth, ", must be ",
            depth + 1, ", the root's first");
    std::transform(options.a.begin(), options.a.end(), p.begin(), [&](double a) { return a * scale; });
  } else {
    for (std::size_t k = 0; k <= depth; ++k) p[k] = std::pow(options.beta, static_cast<double>(depth - k));
    double factor = options.p_last.value_or(options.a_last.value_or(36) * scale);
    if (options.degree) {
      double degree = static_cast<double>(sizes[depth] - 1);  // if p_depth were 1
      for (std::size_t k = 0; k < depth; ++k) degree += p[k] * static_cast<double>(sizes[k] - sizes[k + 1]);
      factor = degree > 0 ? *options.degree / degree : 0;
    }
    for (double& probability : p) probability *= factor;
  }
  for (std::size_t k = 0; k <= depth; ++k) {
    require(p[k] >= 0 && p[k] <= 1, "hsbm: the probability of an edge at depth ", k, " is ", p[k],
            ", must be in [0, 1]; N = ", sizes[0]);
  }
  return p;
}

/// The edges of a vertex to those above it, each a pure function of the seed and the vertex. Those whose lowest common
/// ancestor with it is at depth k are one interval: the rest of its subtree at depth k behind that at depth k + 1.
class Row {
 public:
  Row(std::uint64_t seed, const std::vector<Global>& sizes, const std::vector<double>& p)
      : stream_(seed, hsbm_purpose), sizes_(sizes), p_(p) {
    for (double probability : p) factor_.push_back(1 / std::log1p(-std::min(probability, 1 - 0x1p-53)));
  }

  template <class Found>
  void for_each(Global vertex, Found found) const {
    Global begin = vertex + 1;
    for (std::size_t k = sizes_.size(); k-- > 0;) {
      const Global end = (vertex / sizes_[k] + 1) * sizes_[k];
      if (p_[k] >= 1) {
        for (Global other = begin; other < end; ++other) found(other);
      } else if (p_[k] > 0) {
        for_each_in(vertex, k, begin, end, found);
      }
      begin = end;
    }
  }

 private:
  /// Jumps from edge to edge: floor(ln U / ln(1-p)) vertices lie between.
  template <class Found>
  void for_each_in(Global vertex, std::size_t k, Global begin, Global end, Found found) const {
    Global at = begin - 1;
    for (std::uint32_t i = 0;; ++i) {
      const auto words = stream_.block(vertex, static_cast<std::uint32_t>(k), i);
      for (std::size_t half = 0; half < 4; half += 2) {
        const double gap = std::floor(std::log(Stream::unit(words[half], words[half + 1])) * factor_[k]);
        if (gap >= static_cast<double>(end - 1 - at)) return;
        at += 1 + static_cast<Global>(gap);
        found(at);
      }
    }
  }

  Stream stream_;
  const std::vector<Global>& sizes_;
  const std::vector<double>& p_;
  std::vector<double> factor_;
};

/// A pseudo-random permutation of [0, n): that of the next power of two, taken again until it ends below n.
class Shuffle {
 public:
  Shuffle(Global n, std::uint64_t seed)
      : n_(n),
        scramble_(static_cast<int>(std::bit_width(static_cast<std::uint64_t>(std::max<Global>(n - 1, 1)))), seed) {}
  Global operator()(Global vertex) const {
    do vertex = scramble_(static_cast<std::uint64_t>(vertex));
    while (vertex >= n_);
    return vertex;
  }

 private:
  Global n_;
  Scramble scramble_;
};

/// Vertices of this rank's part of the work, in two ranges: the first vertices have the most edges to those above.
template <class Body>
void for_each_range(const Comm& comm, Global n, Body body) {
  const Partition parts = Partition::uniform(n, 2 * comm.size());
  for (int part : {comm.rank(), 2 * comm.size() - 1 - comm.rank()}) body(parts.begin(part), parts.end(part));
}

/// The leaf of each owned vertex when vertices are shuffled. Collective.
std::vector<Global> shuffled_leaves(const Comm& comm, const Partition& rows, Global leaf_size, const Shuffle& shuffle) {
  struct Labelled {
    Global vertex, leaf;
  };
  std::vector<Labelled> mine;
  std::vector<Offset> counts(z(comm.size()), 0);
  comm.guard([&] {
    for_each_range(comm, rows.num_items(), [&](Global begin, Global end) {
      for (Global v = begin; v < end; ++v) mine.push_back({shuffle(v), v / leaf_size});
    });
    std::sort(mine.begin(), mine.end(), [](const Labelled& a, const Labelled& b) { return a.vertex < b.vertex; });
    for (const Labelled& label : mine) ++counts[z(rows.owner(label.vertex))];
  });
  const auto arrived = comm.all_to_all(mine, counts);
  std::vector<Global> leaves(z(rows.size(comm.rank())));
  for (const Labelled& label : arrived.values) leaves[z(label.vertex - rows.begin(comm.rank()))] = label.leaf;
  return leaves;
}

}  // namespace

Hsbm hsbm(const Comm& comm, std::uint64_t seed, const HsbmOptions& options) {
  const std::vector<Global> sizes = subtree_sizes(options);
  const std::vector<double> p = edge_probabilities(options, sizes);
  const Global n = sizes[0];
  const Row row(seed, sizes, p);
  const Shuffle shuffle(n, seed);
  const auto number = [&](Global vertex) { return options.shuffle ? shuffle(vertex) : vertex; };

  Entries<double> entries;
  comm.guard([&] {
    for_each_range(comm, n, [&](Global begin, Global end) {
      // Count, then fill: drawing again costs less than growing.
      std::vector<Offset> before(z(end - begin) + 1, 0);
      before[0] = std::ssize(entries.row);
#pragma omp parallel for schedule(guided)
      for (Global v = begin; v < end; ++v) row.for_each(v, [&](Global) { before[z(v - begin) + 1] += 2; });
      for (std::size_t i = 1; i < before.size(); ++i) before[i] += before[i - 1];
      entries.row.resize(z(before.back()));
      entries.col.resize(z(before.back()));
#pragma omp parallel for schedule(guided)
      for (Global v = begin; v < end; ++v) {
        std::size_t at = z(before[z(v - begin)]);
        const Global from = number(v);
        row.for_each(v, [&](Global other) {
          const Global to = number(other);
          entries.row[at] = entries.col[at + 1] = from;
          entries.col[at] = entries.row[at + 1] = to;
          at += 2;
        });
      }
    });
  });
  Graph graph = Graph::from_entries(comm, n, n, std::move(entries), {Duplicates::error, Loops::keep});
  const Global num_leaves = n / options.leaf_size;
  Labels leaves{graph.rows(), {}, num_leaves};
  if (options.shuffle) {
    leaves.of = shuffled_leaves(comm, graph.rows(), options.leaf_size, shuffle);
  } else {
    for (Global v = graph.rows().begin(comm.rank()); v < graph.rows().end(comm.rank()); ++v)
      leaves.of.push_back(v / options.leaf_size);
  }
  return {std::move(graph), std::move(leaves), p};
}

}  // namespace filigree::generate
