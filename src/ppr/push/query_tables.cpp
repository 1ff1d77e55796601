#include "ppr/push/query_tables.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <tuple>

#include "ppr/tuning.hpp"

namespace filigree::ppr {
namespace {

constexpr Local slice = SymmetricSystem::slice;

struct Order {
  std::vector<Local> vertex;    // of every position, or -1
  std::vector<Local> position;  // of every vertex
  Local num_leaves = 0;
  Local num_first = 0;
  Local num_slices = 0;
};

/// Classes by the greedy rule, vertices of few arcs first: each gets the first class where it has no neighbour yet. So
/// the first class is the largest, half of a social graph.
Order make_order(const CsrView<double>& arcs) {
  constexpr int hubs = 63;  // the last class: the others, which no arc connects, are fewer than a hub has arcs
  static_assert(tuning::fewest_arcs_of_hub <= hubs);
  constexpr int leaves = -1;  // taken out of the first class
  std::vector<Local> vertices(z(arcs.num_rows()));
  std::iota(vertices.begin(), vertices.end(), 0);
  std::stable_sort(vertices.begin(), vertices.end(), [&](Local a, Local b) { return arcs.degree(a) < arcs.degree(b); });
  std::vector<std::int8_t> class_of(vertices.size(), -1);
  for (Local v : vertices) {
    std::uint64_t taken = 0;
    for (Local w : arcs.cols(v)) {
      if (class_of[z(w)] >= 0) taken |= std::uint64_t{1} << class_of[z(w)];
    }
    class_of[z(v)] =
        static_cast<std::int8_t>(arcs.degree(v) < tuning::fewest_arcs_of_hub ? std::countr_one(taken) : hubs);
  }
  std::vector<Local> num_above(vertices.size(), 0);
  std::vector<Local> largest_above(vertices.size(), -1);  // the neighbour of most arcs there
  for (Local w : vertices) {
    for (Local v : arcs.cols(w)) {
      if (class_of[z(v)] >= class_of[z(w)]) continue;
      ++num_above[z(v)];
      largest_above[z(v)] = w;
    }
  }
  for (Local v : vertices) {
    if (class_of[z(v)] == 0 && arcs.degree(v) == 1 && num_above[z(v)] == 1) class_of[z(v)] = leaves;
  }
  // Slices of rows of about one length; then those beside each other that a hub needs. Hubs by rising number of arcs:
  // so most of their rows have few neighbours above, and about as many.
  const auto key = [&](Local v) {
    return class_of[z(v)] == hubs
               ? std::tuple(hubs, Local{0}, arcs.degree(v), Local{0})
               : std::tuple(int{class_of[z(v)]}, -num_above[z(v)], -arcs.degree(v), largest_above[z(v)]);
  };
  std::stable_sort(vertices.begin(), vertices.end(), [&](Local a, Local b) { return key(a) < key(b); });

  Order order;
  order.position.resize(vertices.size());
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
    if (last != hubs) order.num_slices = num_groups;
  }
  fill_up();
  return order;
}

/// Collective over `node`: its root does the work.
SymmetricSystem make_symmetric_system(const Comm& node, const CsrView<double>& arcs) {
  // Only the proportions of weights matter: near 1, their squares neither vanish nor overflow.
  const double largest =
      arcs.has_values() && !arcs.val.empty() ? *std::max_element(arcs.val.begin(), arcs.val.end()) : 1;
  const double scale = largest > 0 ? std::exp2(-std::ilogb(largest)) : 1;
  Order order;
  Local n = 0;
  Local num_groups = 0;
  const auto group_of = [&](Local at) {
    return at < order.num_slices * slice ? at / slice : at - order.num_slices * (slice - 1);
  };
  const auto for_neighbours = [&](Local at, auto f) {
    if (order.vertex[z(at)] < 0) return;
    const auto cols = arcs.cols(order.vertex[z(at)]);
    for (std::size_t k = 0; k < cols.size(); ++k)
      f(order.position[z(cols[k])], arcs.has_values() ? scale * arcs.vals(order.vertex[z(at)])[k] : 1);
  };
  const auto is_kept = [&](Local at, Local other) { return other != at && other / slice >= order.num_leaves; };
  Offset num_arcs[2] = {};
  std::vector<Offset> begin[2];
  node.guard([&] {
    if (!node.is_root()) return;
    order = make_order(arcs);
    n = static_cast<Local>(order.vertex.size());
    num_groups = group_of(n);
    for (auto& of_half : begin) of_half.assign(z(num_groups) + 1, 0);
    for (Local at = 0; at < n; ++at) {
      Offset length[2] = {};
      for_neighbours(at, [&](Local other, double) {
        if (is_kept(at, other)) ++length[other < at ? 0 : 1];
      });
      for (int half = 0; half < 2; ++half) {
        num_arcs[half] += length[half];
        if (group_of(at) >= order.num_slices) length[half] = (length[half] + slice - 1) / slice;
        Offset& steps = begin[half][z(group_of(at)) + 1];
        steps = std::max(steps, length[half]);
      }
    }
    for (auto& of_half : begin) {
      for (std::size_t group = 1; group < of_half.size(); ++group)
        of_half[group] = of_half[group - 1] + slice * of_half[group];
    }
  });

  SymmetricSystem system;
  system.num_leaves = node.broadcast(order.num_leaves);
  system.num_first = node.broadcast(order.num_first);
  system.num_slices = node.broadcast(order.num_slices);
  n = node.broadcast(n);
  num_groups = node.broadcast(num_groups);
  system.position = SharedArray<Local>(node, arcs.num_rows());
  system.weight = SharedArray<double>(node, n);
  system.loop = SharedArray<double>(node, n);
  Half* const halves[] = {&system.below, &system.above};
  for (std::size_t h = 0; h < 2; ++h) {
    const Offset length = node.broadcast(begin[h].empty() ? 0 : begin[h].back());
    halves[h]->num_arcs = node.broadcast(num_arcs[h]);
    halves[h]->begin = SharedArray<Offset>(node, Offset{num_groups} + 1);
    halves[h]->col = SharedArray<Local>(node, length);
    if (arcs.has_values()) halves[h]->val = SharedArray<double>(node, length);
    if (!node.is_root()) continue;
    std::copy(begin[h].begin(), begin[h].end(), halves[h]->begin.span().begin());
    std::ranges::fill(halves[h]->col.span(), n);
  }
  node.guard([&] {
    if (!node.is_root()) return;
    std::copy(order.position.begin(), order.position.end(), system.position.span().begin());
    std::vector<std::pair<Local, double>> row;
    for (Local at = 0; at < n; ++at) {
      row.clear();
      for_neighbours(at, [&](Local other, double weight) { row.emplace_back(other, weight); });
      std::sort(row.begin(), row.end());
      const bool in_slice = group_of(at) < order.num_slices;
      const Offset stride = in_slice ? slice : 1;
      Offset next[2];
      for (std::size_t h = 0; h < 2; ++h) next[h] = begin[h][z(group_of(at))] + (in_slice ? at % slice : 0);
      for (const auto& [other, weight] : row) {
        system.weight.span()[z(at)] += weight;
        if (other == at) {
          system.loop.span()[z(at)] = weight;
        }
        if (!is_kept(at, other)) continue;
        const std::size_t h = other < at ? 0 : 1;
        halves[h]->col.span()[z(next[h])] = other;
        if (arcs.has_values()) halves[h]->val.span()[z(next[h])] = weight;
        next[h] += stride;
      }
      if (system.weight.span()[z(at)] == 0) system.weight.span()[z(at)] = 1;
    }
  });
  system.position.fence();
  system.weight.fence();
  system.loop.fence();
  for (const Half* half : halves) {
    half->begin.fence();
    half->col.fence();
    if (arcs.has_values()) half->val.fence();
  }
  return system;
}

}  // namespace

QueryTables::QueryTables(const GraphData& of) : graph(of) {
  const CsrView<double> arcs = graph.arcs();
  const Comm& node = graph.node;
  const Offset length = (Offset{arcs.num_rows()} + block_size - 1) / block_size * block_size;
  const Partition share = Partition::uniform(length, node.size());
  // Collective within nodes only, and what fails fails on all ranks of a node; that tells the other nodes.
  graph.comm.guard([&] {
    out_arcs = SharedArray<float>(node, length);
    for (Offset v = share.begin(node.rank()); v < share.end(node.rank()); ++v) {
      const Offset degree = v < arcs.num_rows() ? arcs.degree(static_cast<Local>(v)) : 0;
      out_arcs.span()[z(v)] = static_cast<float>(std::max<Offset>(1, degree));
    }
    out_arcs.fence();
    if (graph.is_symmetric) system = make_symmetric_system(node, arcs);
  });
}

}  // namespace filigree::ppr
