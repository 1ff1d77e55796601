#include "communities/linkage/contraction.hpp"

#include <algorithm>
#include <cmath>

#include "core/index.hpp"
#include "core/parallel_for.hpp"
#include "filigree/core/invalid_arc.hpp"
#include "filigree/matrix/symmetry.hpp"

namespace filigree::communities {
namespace {

/// As it travels to rank 0.
struct Sent {
  Global a, b;
  std::uint64_t high, low;
};

/// Weights as integers below 2^60: multiples of a power of two. Without weights every edge is 1.
class Quantum {
 public:
  explicit Quantum(const Graph& graph) {
    if (!graph.has_values()) return;
    double largest = 0;
    for (double weight : graph.local().val) largest = std::max(largest, weight);
    largest = graph.comm().max(largest);
    // Subnormal units would not be exact.
    exponent_ = std::max(largest > 0 ? std::ilogb(largest) - 59 : 0, -1022);
    is_weighted_ = true;
  }
  bool is_weighted() const { return is_weighted_; }
  double unit() const { return is_weighted_ ? std::ldexp(1.0, exponent_) : 1; }
  std::uint64_t operator()(double weight) const {
    return static_cast<std::uint64_t>(std::llrint(std::ldexp(weight, -exponent_)));
  }

 private:
  bool is_weighted_ = false;
  int exponent_ = 0;
};

/// Vertices of one community, few enough that threads share the work evenly.
struct Task {
  Global community;
  std::size_t begin, end;  // in the list of vertices by community
};

/// Sums by community, cleared in the number of touched ones.
struct Sums {
  explicit Sums(Global num_communities) : edges(z(num_communities), 0) {}
  void add(Global community, Wide amount) {
    Wide& sum = edges[z(community)];
    if (sum == 0) touched.push_back(community);
    sum += amount;
  }
  std::vector<Wide> edges;
  std::vector<Global> touched;
};

/// Owned vertices by community, and the tasks they make.
struct Grouped {
  std::vector<Local> vertices;
  std::vector<Task> tasks;

  Grouped(std::span<const Global> labels, Global num_communities) : vertices(labels.size()) {
    constexpr std::size_t vertices_per_task = 2048;
    std::vector<Offset> begins(z(num_communities) + 1, 0);
    for (Global label : labels) ++begins[z(label) + 1];
    for (std::size_t c = 1; c < begins.size(); ++c) begins[c] += begins[c - 1];
    std::vector<Offset> at = begins;
    for (std::size_t v = 0; v < labels.size(); ++v) vertices[z(at[z(labels[v])]++)] = static_cast<Local>(v);
    for (Global c = 0; c < num_communities; ++c) {
      const std::size_t end = z(begins[z(c) + 1]);
      for (std::size_t begin = z(begins[z(c)]); begin < end; begin += vertices_per_task)
        tasks.push_back({c, begin, std::min(end, begin + vertices_per_task)});
    }
  }
};

/// Does an owned vertex have edges to others?
bool is_connected(const Graph& graph, Local row) {
  const CsrView<double> local = graph.local().view();
  const auto cols = local.cols(row);
  const auto vals = local.vals(row);
  for (std::size_t k = 0; k < cols.size(); ++k)
    if (cols[k] != graph.owned_begin() + row && (vals.empty() || vals[k] > 0)) return true;
  return false;
}

/// What this rank's rows say, ascending in a; a pair may occur several times.
std::vector<Sent> local_sums(const Graph& graph, const Labels& labels, std::span<const Global> label_of,
                             const Quantum& quantum) {
  const CsrView<double> local = graph.local().view();
  const Grouped grouped(labels.of, labels.num_labels);
  const Local owned_begin = graph.owned_begin();
  std::vector<std::vector<Sent>> by_task(grouped.tasks.size());
  parallel_for(
      std::ssize(grouped.tasks), [&] { return Sums(labels.num_labels); },
      [&](Sums& sums, Offset t) {
        const Task& task = grouped.tasks[z(t)];
        for (std::size_t i = task.begin; i < task.end; ++i) {
          const Local row = grouped.vertices[i];
          const auto cols = local.cols(row);
          const auto vals = local.vals(row);
          for (std::size_t k = 0; k < cols.size(); ++k) {
            const Global b = label_of[z(cols[k])];
            // Each edge once: from the smaller community, within one from the smaller vertex.
            if (b < task.community || (b == task.community && cols[k] <= owned_begin + row)) continue;
            sums.add(b, vals.empty() ? 1 : quantum(vals[k]));
          }
        }
        std::sort(sums.touched.begin(), sums.touched.end());
        std::vector<Sent>& out = by_task[z(t)];
        out.reserve(sums.touched.size());
        Global previous = -1;  // a community that an edge of weight 0 touched may be there twice
        for (Global b : sums.touched) {
          Wide& sum = sums.edges[z(b)];
          if (b != previous && sum > 0)
            out.push_back({task.community, b, static_cast<std::uint64_t>(sum >> 64), static_cast<std::uint64_t>(sum)});
          sum = 0;
          previous = b;
        }
        sums.touched.clear();
      },
      [](Offset) {});
  std::size_t total = 0;
  for (const auto& sums : by_task) total += sums.size();
  std::vector<Sent> all;
  all.reserve(total);
  for (const auto& sums : by_task) all.insert(all.end(), sums.begin(), sums.end());
  return all;
}

/// Adds up what all ranks sent.
void assemble(std::span<const Sent> sent, Global num_communities, Contraction& result) {
  std::vector<Offset> begins(z(num_communities) + 1, 0);
  for (const Sent& entry : sent) ++begins[z(entry.a) + 1];
  for (std::size_t a = 1; a < begins.size(); ++a) begins[a] += begins[a - 1];
  std::vector<Offset> at = begins;
  std::vector<Contraction::Entry> by_row(sent.size());
  for (const Sent& entry : sent) by_row[z(at[z(entry.a)]++)] = {entry.b, Wide{entry.high} << 64 | entry.low};
  for (Global a = 0; a < num_communities; ++a) {
    const auto begin = by_row.begin() + begins[z(a)];
    const auto end = by_row.begin() + begins[z(a) + 1];
    std::sort(begin, end, [](const auto& x, const auto& y) { return x.b < y.b; });
    const std::size_t first = result.entries.size();
    for (auto entry = begin; entry != end; ++entry) {
      if (result.entries.size() > first && result.entries.back().b == entry->b)
        result.entries.back().edges += entry->edges;
      else
        result.entries.push_back(*entry);
    }
    result.row_ptr.push_back(std::ssize(result.entries));
  }
}

}  // namespace

void check_undirected(const Graph& graph) {
  require(graph.is_square(), "graph: ", graph.num_rows(), " x ", graph.num_cols(), ", must be square");
  require(graph.num_rows() > 0, "graph: it has no vertices");
  graph.comm().guard([&] {
    const CsrView<double> local = graph.local().view();
    for (Local row = 0; row < local.num_rows(); ++row) {
      for (std::size_t k = 0; k < local.vals(row).size(); ++k) {
        const double weight = local.vals(row)[k];
        if (weight >= 0 && std::isfinite(weight)) continue;
        throw InvalidArc("graph: edge ", graph.first_row() + row, graph.global_col(local.cols(row)[k]),
                         text(" has weight ", weight, "; weights must be finite and at least 0"));
      }
    }
  });
  if (is_symmetric(graph)) return;
  const auto arc = asymmetric_arc(graph);
  throw InvalidArc("graph: arc ", arc->from, arc->to,
                   " has no reverse of the same weight; the graph must be undirected (read it with --undirected)");
}

Contraction contract(const Graph& graph, const Labels& labels) {
  const Comm& comm = graph.comm();
  const Quantum quantum(graph);
  const std::vector<Global> label_of = graph.with_ghosts(labels.of);
  const std::vector<Sent> mine = comm.guard([&] { return local_sums(graph, labels, label_of, quantum); });
  std::vector<Offset> sizes(z(labels.num_labels), 0);
  std::vector<Offset> connected(z(labels.num_labels), 0);
  for (Local row = 0; const Global label : labels.of) {
    ++sizes[z(label)];
    connected[z(label)] += is_connected(graph, row++) ? 1 : 0;
  }
  comm.sum(sizes);
  comm.sum(connected);
  std::vector<Offset> counts(z(comm.size()), 0);
  counts[0] = std::ssize(mine);
  const auto sent = comm.all_to_all(mine, counts);
  Contraction result;
  result.unit = quantum.unit();
  result.is_weighted = quantum.is_weighted();
  comm.guard([&] {
    if (!comm.is_root()) return;
    result.sizes = std::move(sizes);
    result.connected = std::move(connected);
    assemble(sent.values, labels.num_labels, result);
  });
  return result;
}

}  // namespace filigree::communities
