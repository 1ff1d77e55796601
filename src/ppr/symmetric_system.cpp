#include "ppr/symmetric_system.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace filigree::ppr {
namespace {

Offset filled_up(Offset length) { return (length + Half::group - 1) / Half::group * Half::group; }

}  // namespace

SymmetricSystem make_symmetric_system(const Comm& node, const CsrView<double>& arcs) {
  const Local n = arcs.num_rows();
  // Only the proportions of weights matter: near 1, their squares neither vanish nor overflow.
  const double largest =
      arcs.has_values() && !arcs.val.empty() ? *std::max_element(arcs.val.begin(), arcs.val.end()) : 1;
  const double scale = largest > 0 ? std::exp2(-std::ilogb(largest)) : 1;
  std::vector<Local> vertex;
  std::vector<Local> position;
  Offset num_below = 0;
  Offset num_above = 0;
  std::vector<Offset> below_ptr(1, 0);
  std::vector<Offset> above_ptr(1, 0);
  const auto for_neighbours = [&](Local at, auto f) {
    const auto cols = arcs.cols(vertex[z(at)]);
    for (std::size_t k = 0; k < cols.size(); ++k)
      f(position[z(cols[k])], arcs.has_values() ? scale * arcs.vals(vertex[z(at)])[k] : 1);
  };
  node.guard([&] {
    if (!node.is_root()) return;
    vertex.resize(z(n));
    std::iota(vertex.begin(), vertex.end(), 0);
    std::stable_sort(vertex.begin(), vertex.end(), [&](Local a, Local b) { return arcs.degree(a) > arcs.degree(b); });
    position.resize(z(n));
    for (Local at = 0; at < n; ++at) position[z(vertex[z(at)])] = at;
    for (Local at = 0; at < n; ++at) {
      Offset below = 0;
      Offset above = 0;
      for_neighbours(at, [&](Local other, double) {
        below += other < at ? 1 : 0;
        above += other > at ? 1 : 0;
      });
      below_ptr.push_back(below_ptr.back() + filled_up(below));
      above_ptr.push_back(above_ptr.back() + filled_up(above));
      num_below += below;
      num_above += above;
    }
  });

  SymmetricSystem system;
  system.below.num_arcs = node.broadcast(num_below);
  system.above.num_arcs = node.broadcast(num_above);
  system.vertex = SharedArray<Local>(node, n);
  system.weight = SharedArray<double>(node, n);
  system.loop = SharedArray<double>(node, n);
  for (auto [half, row_ptr] : {std::pair(&system.below, &below_ptr), std::pair(&system.above, &above_ptr)}) {
    const Offset length = node.broadcast(row_ptr->back());
    half->row_ptr = SharedArray<Offset>(node, Offset{n} + 1);
    half->col = SharedArray<Local>(node, length);
    if (arcs.has_values()) half->val = SharedArray<double>(node, length);
    if (!node.is_root()) continue;
    std::copy(row_ptr->begin(), row_ptr->end(), half->row_ptr.span().begin());
    std::ranges::fill(half->col.span(), n);
  }
  node.guard([&] {
    if (!node.is_root()) return;
    std::copy(vertex.begin(), vertex.end(), system.vertex.span().begin());
    std::vector<std::pair<Local, double>> row;
    for (Local at = 0; at < n; ++at) {
      row.clear();
      for_neighbours(at, [&](Local other, double weight) { row.emplace_back(other, weight); });
      std::sort(row.begin(), row.end());
      Offset next_below = below_ptr[z(at)];
      Offset next_above = above_ptr[z(at)];
      for (const auto& [other, weight] : row) {
        system.weight.span()[z(at)] += weight;
        if (other == at) {
          system.loop.span()[z(at)] = weight;
          continue;
        }
        Half& half = other < at ? system.below : system.above;
        const Offset k = (other < at ? next_below : next_above)++;
        half.col.span()[z(k)] = other;
        if (arcs.has_values()) half.val.span()[z(k)] = weight;
      }
    }
  });
  system.vertex.fence();
  system.weight.fence();
  system.loop.fence();
  for (const Half* half : {&system.below, &system.above}) {
    half->row_ptr.fence();
    half->col.fence();
    if (arcs.has_values()) half->val.fence();
  }
  return system;
}

}  // namespace filigree::ppr
