#include "filigree/components.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "core/index.hpp"

// Every rank joins what its own arcs connect into pieces (union-find, one pass over the arcs), and keeps one edge for
// each of its pieces and each piece elsewhere that it touches, at most one per ghost. Then, in rounds, every piece
// joins its smallest neighbour: at least half of those that have one are gone after each round. One rank needs none.

namespace filigree::components {
namespace {

/// What the arcs of this rank connect: for every local column, the smallest that it is connected with.
std::vector<Local> join(const Graph& graph) {
  const CsrView<double> local = graph.local().view();
  std::vector<Local> parent(z(local.num_cols));  // never larger than the column itself
  std::iota(parent.begin(), parent.end(), Local{0});
  const auto root = [&](Local column) {
    while (parent[z(column)] != column) column = parent[z(column)] = parent[z(parent[z(column)])];
    return column;
  };
  for (Local row = 0; row < local.num_rows(); ++row) {
    Local mine = root(graph.owned_begin() + row);
    for (Local column : local.cols(row)) {
      const Local other = root(column);
      parent[z(std::max(mine, other))] = std::min(mine, other);
      mine = std::min(mine, other);
    }
  }
  for (Local& column : parent) column = parent[z(column)];  // ascending: what it points to is a root by now
  return parent;
}

/// Vertices that this rank deals with for a while, its own or not. All ranks make and use theirs together.
class Touched {
 public:
  Touched(const Graph& graph, std::vector<Global> vertices)
      : first_(graph.first_row()),
        end_(graph.rows().end(graph.comm().rank())),
        others_(others(std::move(vertices))),
        halo_(graph.comm(), graph.rows(), others_) {}

  std::size_t num_others() const { return others_.size(); }
  /// Numbers of the vertices that are not its own, from their owners.
  std::vector<Global> gather(const std::vector<Global>& owned) const {
    std::vector<Global> numbers(others_.size());
    halo_.gather(owned, numbers);
    return numbers;
  }
  /// The way back: their owners combine what all ranks have for them.
  template <class Combine>
  void scatter(const std::vector<Global>& numbers, std::vector<Global>& owned, Combine combine) const {
    halo_.scatter(numbers, owned, combine);
  }
  /// The number of a touched vertex: among those of the owned vertices or those of the others.
  Global& at(std::vector<Global>& owned, std::vector<Global>& numbers, Global vertex) const {
    if (first_ <= vertex && vertex < end_) return owned[z(vertex - first_)];
    return numbers[z(std::lower_bound(others_.begin(), others_.end(), vertex) - others_.begin())];
  }

 private:
  std::vector<Global> others(std::vector<Global> vertices) const {
    std::erase_if(vertices, [&](Global vertex) { return first_ <= vertex && vertex < end_; });
    std::sort(vertices.begin(), vertices.end());
    vertices.erase(std::unique(vertices.begin(), vertices.end()), vertices.end());
    return vertices;
  }

  Global first_, end_;
  std::vector<Global> others_;
  Halo halo_;
};

/// The parents of the parents of some owned vertices, in their order.
std::vector<Global> grandparents(const Graph& graph, std::vector<Global>& parent, const std::vector<Local>& of) {
  std::vector<Global> found;
  for (Local v : of) found.push_back(parent[z(v)]);
  const Touched parents(graph, found);
  std::vector<Global> others = parents.gather(parent);
  for (Global& vertex : found) vertex = parents.at(parent, others, vertex);
  return found;
}

/// Makes the root of its tree the parent of each of these owned vertices, if what lies between is among them on some
/// rank. Paths halve with every jump. Returns the number of jumps.
Offset flatten(const Graph& graph, std::vector<Global>& parent, std::vector<Local> open) {
  Offset jumps = 0;
  for (; graph.comm().sum(static_cast<Offset>(open.size())) > 0; ++jumps) {
    const std::vector<Global> above = grandparents(graph, parent, open);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < open.size(); ++i) {
      Global& mine = parent[z(open[i])];
      if (mine == above[i]) continue;  // a root
      mine = above[i];
      open[kept++] = open[i];
    }
    open.resize(kept);
  }
  return jumps;
}

/// Between two pieces, each named by a vertex of it.
struct Edge {
  Global a, b;
  friend auto operator<=>(const Edge&, const Edge&) = default;
};

/// Every edge once, none within a piece.
void tidy(std::vector<Edge>& edges) {
  for (Edge& edge : edges) edge = {std::min(edge.a, edge.b), std::max(edge.a, edge.b)};
  std::erase_if(edges, [](const Edge& edge) { return edge.a == edge.b; });
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
}

/// Joins the pieces that edges connect: their parents become the roots of trees, one per component.
/// `active`: vertices that name this rank's pieces; all are roots.
void merge(const Graph& graph, std::vector<Global>& parent, std::vector<Local> active, std::vector<Edge> edges,
           Stats& stats) {
  constexpr Global none = std::numeric_limits<Global>::max();
  const auto smaller = [](Global x, Global y) { return std::min(x, y); };
  const Global first = graph.first_row();
  std::vector<Global> neighbour(parent.size(), none);  // the smallest of each active root
  while (graph.comm().sum(static_cast<Offset>(edges.size())) > 0) {
    ++stats["rounds"];
    std::vector<Global> ends;
    for (const Edge& edge : edges) ends.insert(ends.end(), {edge.a, edge.b});
    const Touched touched(graph, std::move(ends));

    std::vector<Global> others(touched.num_others(), none);
    for (const auto& [a, b] : edges) {
      Global& of_a = touched.at(neighbour, others, a);
      of_a = std::min(of_a, b);
      Global& of_b = touched.at(neighbour, others, b);
      of_b = std::min(of_b, a);
    }
    touched.scatter(others, neighbour, smaller);
    // A piece that has no neighbour now never gets one: later edges end at roots of what is joined here.
    std::erase_if(active, [&](Local v) { return neighbour[z(v)] == none; });
    for (Local v : active) parent[z(v)] = std::exchange(neighbour[z(v)], none);

    // Of three successive vertices on a path to smallest neighbours the third is at most the first, as the second has
    // both for neighbours. So a cycle can only be two vertices that chose each other: the smaller becomes a root.
    const std::vector<Global> above = grandparents(graph, parent, active);
    for (std::size_t i = 0; i < active.size(); ++i) {
      Global& mine = parent[z(active[i])];
      if (above[i] == first + active[i] && above[i] < mine) mine = above[i];
    }
    stats["jumps"] += flatten(graph, parent, active);

    others = touched.gather(parent);
    for (auto& [a, b] : edges) {
      a = touched.at(parent, others, a);
      b = touched.at(parent, others, b);
    }
    tidy(edges);
    std::erase_if(active, [&](Local v) { return parent[z(v)] != first + v; });
  }
}

}  // namespace

Result weak(const Graph& graph) {
  require(graph.is_square(), "graph: ", graph.num_rows(), " x ", graph.num_cols(), ", must be square");
  const Comm& comm = graph.comm();
  const Global first = graph.first_row();
  const Local num_owned = graph.num_local_rows();
  Result result;
  result.stats = {{"cut_edges", 0}, {"rounds", 0}, {"jumps", 0}};

  // Each piece is named by its first owned vertex. It has one: ghosts are there because an owned row names them.
  std::vector<Global> piece(z(num_owned));
  std::vector<Local> names;
  std::vector<Edge> edges;
  {
    const Phase phase(result.timings, "join");
    const std::vector<Local> joined = comm.guard([&] { return join(graph); });
    std::vector<Local> name(joined.size(), -1);
    for (Local v = 0; v < num_owned; ++v) {
      Local& of_piece = name[z(joined[z(graph.owned_begin() + v)])];
      if (of_piece < 0) names.push_back(of_piece = v);
      piece[z(v)] = first + of_piece;
    }
    std::vector<Global> touched(graph.ghosts().size());
    graph.build_halo().gather(piece, touched);
    for (std::size_t g = 0; g < touched.size(); ++g) {
      const auto column = static_cast<Local>(g) < graph.owned_begin() ? g : g + z(num_owned);
      edges.push_back({first + name[z(joined[column])], touched[g]});
    }
    tidy(edges);
    result.stats["cut_edges"] = comm.sum(static_cast<Offset>(edges.size()));
  }

  std::vector<Global> parent(z(num_owned));
  std::iota(parent.begin(), parent.end(), first);
  {
    const Phase phase(result.timings, "merge");
    merge(graph, parent, names, std::move(edges), result.stats);
    // Roots of early rounds have found roots of their own.
    std::vector<Local> below_roots = names;
    std::erase_if(below_roots, [&](Local v) { return parent[z(v)] == first + v; });
    result.stats["jumps"] += flatten(graph, parent, std::move(below_roots));
  }

  const Phase phase(result.timings, "label");
  std::vector<Global> size(z(num_owned), 0);  // of the piece that the vertex names; of the component, at its root
  for (Global name : piece) ++size[z(name - first)];
  std::vector<Global> roots;
  for (Local v : names) roots.push_back(parent[z(v)]);
  const Touched touched(graph, std::move(roots));
  std::vector<Global> sizes(touched.num_others(), 0);
  for (Local v : names) {
    if (parent[z(v)] != first + v) touched.at(size, sizes, parent[z(v)]) += size[z(v)];
  }
  touched.scatter(sizes, size, std::plus<>());
  result.largest = comm.max(size.empty() ? Global{0} : *std::max_element(size.begin(), size.end()));

  for (Global& of : piece) of = parent[z(of - first)];
  result.labels = compact_labels(comm, graph.rows(), std::move(piece));
  return result;
}

}  // namespace filigree::components
