#include "ppr/push/linear_system.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <tuple>

#include "ppr/tuning.hpp"

namespace filigree::ppr {
namespace {

constexpr Local slice = LinearSystem::slice;

/// Arcs both ways; of a symmetric graph the same ones.
struct Arcs {
  CsrView<double> out, in;
  bool is_symmetric;

  Local size() const { return out.num_rows(); }
  Offset degree(Local v) const { return out.degree(v) + (is_symmetric ? 0 : in.degree(v)); }
  template <class F>
  void for_neighbours(Local v, F f) const {
    for (Local w : in.cols(v)) f(w);
    if (is_symmetric) return;
    for (Local w : out.cols(v)) f(w);
  }
};

// Classes of vertices in the order of positions. Between `leaves` and `hubs`: classes that no arc connects.
constexpr int leaves = -1;  // taken out of the first class
constexpr int hubs = 63;    // the others, which no arc connects, are fewer than a hub has arcs
constexpr int first_back = 64;
constexpr int last_back = first_back + tuning::most_back_classes - 1;  // where walks end
constexpr int front = last_back + 1;
constexpr int none = -2;
static_assert(tuning::fewest_arcs_of_hub <= hubs && front <= 127);

struct Order {
  std::vector<std::int8_t> class_of;  // every vertex
  std::vector<Local> front;
  std::vector<Local> vertex;    // of every position, or -1
  std::vector<Local> position;  // of every vertex
  Local num_leaves = 0;
  Local num_first = 0;
  Local num_slices = 0;  // of the core
  Local num_core = 0;
};

/// Finds the front: vertices whose in-neighbours are all in it, in an order in which these come before.
void find_front(const Arcs& arcs, Order& order) {
  std::vector<Offset> left(z(arcs.size()));
  const auto take = [&](Local v) {
    order.class_of[z(v)] = front;
    order.front.push_back(v);
  };
  for (Local v = 0; v < arcs.size(); ++v) {
    left[z(v)] = arcs.in.degree(v);
    if (left[z(v)] == 0) take(v);
  }
  for (std::size_t k = 0; k < order.front.size(); ++k) {
    for (Local w : arcs.out.cols(order.front[k])) {
      if (--left[z(w)] == 0) take(w);
    }
  }
}

/// Finds the back: the last class has no out-neighbours but itself, each one before only in those behind.
void find_back(const Arcs& arcs, Order& order) {
  std::vector<Offset> left(z(arcs.size()));
  std::vector<Local> now;
  for (Local v = 0; v < arcs.size(); ++v) {
    if (order.class_of[z(v)] == front) continue;
    left[z(v)] = arcs.out.degree(v) - std::ranges::count(arcs.out.cols(v), v);
    if (left[z(v)] == 0) now.push_back(v);
  }
  for (int back = last_back; back >= first_back && !now.empty(); --back) {
    std::vector<Local> next;
    for (Local v : now) order.class_of[z(v)] = static_cast<std::int8_t>(back);
    for (Local v : now) {
      for (Local w : arcs.in.cols(v)) {
        if (w != v && order.class_of[z(w)] == none && --left[z(w)] == 0) next.push_back(w);
      }
    }
    now = std::move(next);
  }
}

/// Classes of the core by the greedy rule, vertices of few arcs first: each gets the first class where it has no
/// neighbour yet. So the first class is the largest, half of a social graph.
Order make_order(const Arcs& arcs) {
  Order order;
  order.class_of.assign(z(arcs.size()), none);
  if (!arcs.is_symmetric) {
    find_front(arcs, order);
    find_back(arcs, order);
  }
  std::vector<std::int8_t>& class_of = order.class_of;
  std::vector<Local> vertices(z(arcs.size()));
  std::iota(vertices.begin(), vertices.end(), 0);
  std::stable_sort(vertices.begin(), vertices.end(), [&](Local a, Local b) { return arcs.degree(a) < arcs.degree(b); });
  for (Local v : vertices) {
    if (class_of[z(v)] != none) continue;
    std::uint64_t taken = 0;
    arcs.for_neighbours(v, [&](Local w) {
      if (class_of[z(w)] >= 0 && class_of[z(w)] <= hubs) taken |= std::uint64_t{1} << class_of[z(w)];
    });
    class_of[z(v)] =
        static_cast<std::int8_t>(arcs.degree(v) < tuning::fewest_arcs_of_hub ? std::countr_one(taken) : hubs);
  }
  std::vector<Local> num_above(vertices.size(), 0);
  std::vector<Local> largest_above(vertices.size(), -1);  // the neighbour of most arcs there
  for (Local w : vertices) {
    if (class_of[z(w)] == front) continue;
    for (Local v : arcs.out.cols(w)) {
      if (class_of[z(v)] <= hubs && class_of[z(v)] >= class_of[z(w)]) continue;
      ++num_above[z(v)];
      largest_above[z(v)] = w;
    }
  }
  if (arcs.is_symmetric) {
    for (Local v : vertices) {
      if (class_of[z(v)] == 0 && arcs.out.degree(v) == 1 && num_above[z(v)] == 1) class_of[z(v)] = leaves;
    }
  }
  // Slices of rows of about one length; then those beside each other that a hub needs. Hubs by rising number of arcs:
  // so most of their rows have few neighbours above, and about as many.
  const auto key = [&](Local v) {
    return class_of[z(v)] == hubs
               ? std::tuple(hubs, Local{0}, arcs.degree(v), Local{0})
               : std::tuple(int{class_of[z(v)]}, -num_above[z(v)], -arcs.in.degree(v), largest_above[z(v)]);
  };
  std::erase_if(vertices, [&](Local v) { return class_of[z(v)] == front; });
  std::stable_sort(vertices.begin(), vertices.end(), [&](Local a, Local b) { return key(a) < key(b); });

  order.position.resize(z(arcs.size()));
  int last = leaves;
  const auto fill_up = [&] {
    while (std::ssize(order.vertex) % slice != 0) order.vertex.push_back(-1);
  };
  for (Local v : vertices) {
    if (class_of[z(v)] != last) fill_up();
    last = class_of[z(v)];
    order.position[z(v)] = static_cast<Local>(order.vertex.size());
    order.vertex.push_back(v);
    const Local num_groups = order.position[z(v)] / slice + 1;
    if (last == leaves) order.num_leaves = num_groups;
    if (last <= 0) order.num_first = num_groups;
    if (last < hubs) order.num_slices = num_groups;
    if (last <= hubs) order.num_core = num_groups * slice;
  }
  fill_up();
  for (Local v : order.front) order.position[z(v)] = static_cast<Local>(order.vertex.size());
  return order;
}

/// Makes the rows of positions [first, end), of which the first num_slices * slice are in slices. for_row(position, f)
/// calls f(position of a neighbour, weight).
template <class ForRow>
Rows make_rows(const Comm& node, bool has_values, Local idle, Local first, Local end, Local num_slices,
               ForRow for_row) {
  Rows rows;
  rows.first = first;
  rows.num_slices = num_slices;
  const Local num_groups = end - first - num_slices * (slice - 1);
  const auto group_of = [&](Local at) {
    return at - first < num_slices * slice ? (at - first) / slice : at - first - num_slices * (slice - 1);
  };
  std::vector<Offset> begin;
  node.guard([&] {
    if (!node.is_root()) return;
    begin.assign(z(num_groups) + 1, 0);
    for (Local at = first; at < end; ++at) {
      Offset length = 0;
      for_row(at, [&](Local, double) { ++length; });
      rows.num_arcs += length;
      if (group_of(at) >= num_slices) length = (length + slice - 1) / slice;
      Offset& steps = begin[z(group_of(at)) + 1];
      steps = std::max(steps, length);
    }
    for (std::size_t group = 1; group < begin.size(); ++group) begin[group] = begin[group - 1] + slice * begin[group];
  });
  rows.num_arcs = node.broadcast(rows.num_arcs);
  const Offset length = node.broadcast(begin.empty() ? 0 : begin.back());
  rows.begin = SharedArray<Offset>(node, Offset{num_groups} + 1);
  rows.col = SharedArray<Local>(node, length);
  if (has_values) rows.val = SharedArray<double>(node, length);
  node.guard([&] {
    if (!node.is_root()) return;
    std::copy(begin.begin(), begin.end(), rows.begin.span().begin());
    std::ranges::fill(rows.col.span(), idle);
    std::vector<std::pair<Local, double>> row;
    for (Local at = first; at < end; ++at) {
      row.clear();
      for_row(at, [&](Local other, double weight) { row.emplace_back(other, weight); });
      std::sort(row.begin(), row.end());
      const bool in_slice = group_of(at) < num_slices;
      Offset next = begin[z(group_of(at))] + (in_slice ? (at - first) % slice : 0);
      for (const auto& [other, weight] : row) {
        rows.col.span()[z(next)] = other;
        if (has_values) rows.val.span()[z(next)] = weight;
        next += in_slice ? slice : 1;
      }
    }
  });
  rows.begin.fence();
  rows.col.fence();
  if (has_values) rows.val.fence();
  return rows;
}

}  // namespace

LinearSystem make_linear_system(const Comm& node, const CsrView<double>& out, bool is_symmetric) {
  LinearSystem system;
  system.is_symmetric = is_symmetric;
  Order order;
  Csr<double> transposed;
  Arcs arcs{out, out, is_symmetric};
  std::vector<double> scale;  // of the weights of a vertex' out-arcs
  Local num_slices = 0;
  Local n = 0;
  Local num_front = 0;
  Offset front_arcs = 0;
  node.guard([&] {
    if (!node.is_root()) return;
    if (!is_symmetric) {
      transposed = transpose(out);
      arcs.in = transposed.view();
    }
    // Only the proportions of weights matter, on symmetric graphs those of all of them, on others those of a vertex:
    // near 1, they and their squares neither vanish nor overflow.
    if (out.has_values()) {
      scale.assign(z(out.num_rows()), 1);
      const auto largest = [](std::span<const double> of) { return of.empty() ? 0 : *std::ranges::max_element(of); };
      const auto to_one = [](double weight) { return weight > 0 ? std::exp2(-std::ilogb(weight)) : 1; };
      const double of_all = to_one(largest(out.val));
      for (Local v = 0; v < out.num_rows(); ++v) scale[z(v)] = is_symmetric ? of_all : to_one(largest(out.vals(v)));
    }
    order = make_order(arcs);
    for (const Local v : order.front) front_arcs += out.degree(v);
    system.num_leaves = order.num_leaves;
    system.num_first = order.num_first;
    system.num_core = order.num_core;
    num_slices = order.num_slices;
    n = static_cast<Local>(order.vertex.size());
    num_front = static_cast<Local>(order.front.size());
  });
  for (Local* const value : {&system.num_leaves, &system.num_first, &system.num_core, &num_slices, &n, &num_front})
    *value = node.broadcast(*value);
  system.front_arcs = node.broadcast(front_arcs);
  system.position = SharedArray<Local>(node, out.num_rows());
  system.weight = SharedArray<double>(node, n);
  system.loop = SharedArray<double>(node, n);
  system.front = SharedArray<Local>(node, num_front);
  node.guard([&] {
    if (!node.is_root()) return;
    std::ranges::copy(order.position, system.position.span().begin());
    std::ranges::copy(order.front, system.front.span().begin());
    for (Local at = 0; at < n; ++at) {
      const Local v = order.vertex[z(at)];
      double& weight = system.weight.span()[z(at)];
      for (std::size_t k = 0; v >= 0 && k < out.cols(v).size(); ++k) {
        const double of_arc = out.has_values() ? scale[z(v)] * out.vals(v)[k] : 1;
        weight += of_arc;
        if (out.cols(v)[k] == v) system.loop.span()[z(at)] += of_arc;
      }
      if (weight == 0) weight = 1;
    }
  });
  system.position.fence();
  system.weight.fence();
  system.loop.fence();
  system.front.fence();

  const auto rows_of = [&](Local first, Local end, Local slices, auto is_kept) {
    return make_rows(node, out.has_values(), n, first, end, slices, [&, is_kept](Local at, auto f) {
      const Local v = order.vertex[z(at)];
      for (std::size_t k = 0; v >= 0 && k < arcs.in.cols(v).size(); ++k) {
        const Local other = order.position[z(arcs.in.cols(v)[k])];
        if (other != at && is_kept(at, other))
          f(other, out.has_values() ? scale[z(arcs.in.cols(v)[k])] * arcs.in.vals(v)[k] : 1);
      }
    });
  };
  const Local core = system.num_core;
  system.below = rows_of(0, core, num_slices,
                         [&](Local at, Local other) { return other < at && other / slice >= system.num_leaves; });
  system.above = rows_of(0, core, num_slices, [&](Local at, Local other) { return other > at && other < core; });
  system.back = rows_of(core, n, (n - core) / slice, [&](Local, Local other) { return other < n; });
  return system;
}

}  // namespace filigree::ppr
