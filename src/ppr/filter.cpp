#include "ppr/filter.hpp"

#include <algorithm>
#include <functional>

namespace filigree::ppr {
namespace {

/// The first of ascending ids that is not below v. In steps that double, so that a short way is a cheap one.
template <class Id>
const Id* skip_to(const Id* at, const Id* end, Local v) {
  std::ptrdiff_t step = 1;
  for (; step < end - at && at[step] < v; step *= 2) at += step;
  return std::lower_bound(at, at + std::min(step, end - at), static_cast<Id>(v));
}

/// Keeps the entries whose vertex is among the ascending `ids`, or, if not `wanted`, those whose is not.
template <class Id>
void keep(Row& row, const std::vector<Id>& ids, bool wanted) {
  const Id* at = ids.data();
  const Id* const end = at + ids.size();
  std::size_t kept = 0;
  for (std::size_t k = 0; k < row.size(); ++k) {
    at = skip_to(at, end, row.vertex[k]);
    const bool is_among = at != end && *at == row.vertex[k];
    if (is_among != wanted) continue;
    row.vertex[kept] = row.vertex[k];
    row.value[kept++] = row.value[k];
  }
  row.vertex.resize(kept);
  row.value.resize(kept);
}

}  // namespace

RowFilter::RowFilter(const ReplicatedGraph::Parts& graph, const Filter& filter) : graph_(graph), filter_(filter) {
  if (filter.candidates.empty()) return;
  // Strictly ascending: every one is followed by a larger one.
  if (std::ranges::adjacent_find(filter.candidates, std::ranges::greater_equal()) != filter.candidates.end()) {
    sorted_ = filter.candidates;
    std::ranges::sort(sorted_);
    const auto twice = std::ranges::adjacent_find(sorted_);
    require(twice == sorted_.end(), "candidates: vertex ", twice == sorted_.end() ? 0 : *twice, " is there twice");
  }
  for (Global end : {candidates().front(), candidates().back()})
    require(end >= 0 && end < graph.arcs().num_rows(), "candidates: ", end, " is not a vertex; the graph has ",
            graph.arcs().num_rows());
}

void RowFilter::apply(const Query& query, Row& row) const {
  if (!candidates().empty()) keep(row, candidates(), true);
  if (!filter_.exclude_seeds && !filter_.exclude_neighbours) return;
  std::vector<Local> excluded;
  for (const Seed& seed : query) {
    const auto v = static_cast<Local>(seed.vertex);
    const auto neighbours = graph_.arcs().cols(v);
    if (filter_.exclude_seeds) excluded.push_back(v);
    if (filter_.exclude_neighbours) excluded.insert(excluded.end(), neighbours.begin(), neighbours.end());
  }
  std::ranges::sort(excluded);
  keep(row, excluded, false);
}

}  // namespace filigree::ppr
