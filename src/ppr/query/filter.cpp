#include "ppr/query/filter.hpp"

#include <algorithm>
#include <functional>

#include "filigree/core/invalid_arc.hpp"

namespace filigree::ppr {
namespace {

/// The first of ascending ids that is not below v. In steps that double, so that a short way is a cheap one.
const Global* skip_to(const Global* at, const Global* end, Global v) {
  std::ptrdiff_t step = 1;
  for (; step < end - at && at[step] < v; step *= 2) at += step;
  return std::lower_bound(at, at + std::min(step, end - at), v);
}

/// Keeps the entries whose vertex is among the ascending `ids`, or, if not `wanted`, those whose is not.
void keep(Row& row, const std::vector<Global>& ids, bool wanted) {
  const Global* at = ids.data();
  const Global* const end = at + ids.size();
  row.keep_if([&](std::size_t k) {
    at = skip_to(at, end, row.vertex[k]);
    return (at != end && *at == row.vertex[k]) == wanted;
  });
}

}  // namespace

RowFilter::RowFilter(Global num_vertices, const Filter& filter) : filter_(filter) {
  if (filter.candidates.empty()) return;
  // Strictly ascending: every one is followed by a larger one.
  if (std::ranges::adjacent_find(filter.candidates, std::ranges::greater_equal()) != filter.candidates.end()) {
    sorted_ = filter.candidates;
    std::ranges::sort(sorted_);
    const auto twice = std::ranges::adjacent_find(sorted_);
    if (twice != sorted_.end()) throw InvalidArc("candidates: vertex ", *twice, " is there twice");
  }
  for (Global end : {candidates().front(), candidates().back()})
    require(end >= 0 && end < num_vertices, "candidates: ", end, " is not a vertex; the graph has ", num_vertices);
}

void RowFilter::apply(std::vector<Global> excluded, Row& row) const {
  if (!candidates().empty()) keep(row, candidates(), true);
  if (excluded.empty()) return;
  std::ranges::sort(excluded);
  keep(row, excluded, false);
}

}  // namespace filigree::ppr
