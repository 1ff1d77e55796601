#include "summary/merge/supergraph.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/index.hpp"

namespace filigree::summary {

Supergraph singletons(CsrView<double> graph) {
  Supergraph result;
  const auto n = static_cast<std::size_t>(graph.num_rows());
  result.of.resize(n);
  std::iota(result.of.begin(), result.of.end(), Local{0});
  result.size.assign(n, 1);
  result.row_ptr.reserve(n + 1);
  result.entry.reserve(graph.col.size());
  for (Local v = 0; v < graph.num_rows(); ++v) {
    for (const Local other : graph.cols(v))
      if (other != v) result.entry.push_back({other, 1 | Entry::superedge_bit});
    result.row_ptr.push_back(static_cast<Offset>(result.entry.size()));
  }
  return result;
}

Supergraph contract(const Supergraph& graph, std::span<const MergeStep> merges, const CostModel& cost) {
  const auto old_num = static_cast<std::size_t>(graph.num_supernodes());
  std::vector<Local> root(old_num);
  std::iota(root.begin(), root.end(), Local{0});
  const auto find = [&](Local a) {
    while (root[z(a)] != a) a = root[z(a)] = root[z(root[z(a)])];
    return a;
  };
  std::vector<char> merged_old(old_num, 0);
  for (const MergeStep& merge : merges) {
    const Local a = find(merge.kept);
    const Local b = find(merge.gone);
    root[z(std::max(a, b))] = std::min(a, b);
    merged_old[z(merge.kept)] = merged_old[z(merge.gone)] = 1;
  }
  // New numbers, in order of the smallest: roots come before what they stand for.
  std::vector<Local> renumbered(old_num);
  Local new_num = 0;
  for (std::size_t a = 0; a < old_num; ++a) {
    const Local r = find(static_cast<Local>(a));
    renumbered[a] = r == static_cast<Local>(a) ? new_num++ : renumbered[z(r)];
  }
  std::vector<Local> members(old_num);
  std::vector<Local> member_ptr(z(new_num) + 1, 0);
  std::vector<Local> size(z(new_num), 0);
  std::vector<char> merged(z(new_num), 0);
  for (std::size_t a = 0; a < old_num; ++a) {
    ++member_ptr[z(renumbered[a]) + 1];
    size[z(renumbered[a])] += graph.size[a];
    merged[z(renumbered[a])] |= merged_old[a];
  }
  for (std::size_t a = 0; a < z(new_num); ++a) member_ptr[a + 1] += member_ptr[a];
  {
    std::vector<Local> next(member_ptr.begin(), member_ptr.end() - 1);
    for (std::size_t a = 0; a < old_num; ++a) members[z(next[z(renumbered[a])]++)] = static_cast<Local>(a);
  }
  // Rows are counted, then made: the arrays have no more than they need.
  const auto members_of = [&](Local a) {
    return std::span(members).subspan(z(member_ptr[z(a)]), z(member_ptr[z(a) + 1] - member_ptr[z(a)]));
  };
  Supergraph result;
  result.row_ptr.assign(z(new_num) + 1, 0);
#pragma omp parallel
  {
    std::vector<Local> counted_for(z(new_num), -1);
#pragma omp for schedule(dynamic, 512)
    for (Local a = 0; a < new_num; ++a) {
      Offset num = 0;
      for (const Local old : members_of(a)) {
        for (const Entry& e : graph.row(old)) {
          Local& last = counted_for[z(renumbered[z(e.other)])];
          num += last != a ? 1 : 0;
          last = a;
        }
      }
      result.row_ptr[z(a) + 1] = num;
    }
  }
  std::partial_sum(result.row_ptr.begin(), result.row_ptr.end(), result.row_ptr.begin());
  result.entry.resize(z(result.row_ptr.back()));
#pragma omp parallel
  {
    std::vector<Local> position(z(new_num), -1);  // of a supernode in the row being made
#pragma omp for schedule(dynamic, 512)
    for (Local a = 0; a < new_num; ++a) {
      Entry* const row = result.entry.data() + result.row_ptr[z(a)];
      Local num = 0;
      std::int64_t twice_inside = 0;  // edges between two members stand in both rows
      bool inside_is_superedge = false;
      for (const Local old : members_of(a)) {
        for (const Entry& e : graph.row(old)) {
          const Local other = renumbered[z(e.other)];
          if (other == a) {
            twice_inside += e.other == old ? 2 * e.edges() : e.edges();
            inside_is_superedge = e.is_superedge();
          } else if (Local& at = position[z(other)]; at < 0) {
            at = num;
            row[num++] = {other, e.bits};
          } else {
            row[at].bits += static_cast<std::uint32_t>(e.edges());
          }
        }
      }
      for (Local i = 0; i < num; ++i) {
        position[z(row[i].other)] = -1;
        if (!merged[z(a)] && !merged[z(row[i].other)]) continue;
        const bool is_superedge =
            cost.prefers_superedge(row[i].edges(), num_vertex_pairs(size[z(a)], size[z(row[i].other)], false));
        row[i].bits = static_cast<std::uint32_t>(row[i].edges()) | (is_superedge ? Entry::superedge_bit : 0);
      }
      if (twice_inside > 0) {
        const std::int64_t edges = twice_inside / 2;
        if (merged[z(a)])
          inside_is_superedge = cost.prefers_superedge(edges, num_vertex_pairs(size[z(a)], size[z(a)], true));
        row[num] = {a, static_cast<std::uint32_t>(edges) | (inside_is_superedge ? Entry::superedge_bit : 0)};
      }
    }
  }
  result.size = std::move(size);
  result.of.resize(graph.of.size());
  for (std::size_t v = 0; v < graph.of.size(); ++v) result.of[v] = renumbered[z(graph.of[v])];
  return result;
}

Counts count_superedges(const Supergraph& graph) {
  Counts counts;
  for (Local a = 0; a < graph.num_supernodes(); ++a) {
    for (const Entry& e : graph.row(a)) {
      if (e.other < a || !e.is_superedge()) continue;
      ++counts.superedges;
      counts.max_count = std::max(counts.max_count, e.edges());
    }
  }
  return counts;
}

double size_in_bits(std::int64_t num_vertices, std::int64_t num_supernodes, std::int64_t num_superedges,
                    std::int64_t max_count) {
  const double id_bits = std::log2(static_cast<double>(std::max<std::int64_t>(1, num_supernodes)));
  const double count_bits = max_count > 1 ? std::log2(static_cast<double>(max_count)) : 0.0;
  return static_cast<double>(num_vertices) * id_bits + static_cast<double>(num_superedges) * (2 * id_bits + count_bits);
}

}  // namespace filigree::summary
