#include "filigree/matrix/symmetry.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <limits>

namespace filigree {
namespace {

/// Zeros of either sign are equal.
double value_at(const Graph& graph, Local row, std::size_t k) {
  return graph.local().view().has_values() ? graph.local().view().vals(row)[k] + 0.0 : 1;
}

/// Calls visit(to, k, other) for every arc of an owned row in order: it is the k-th, and its reverse is the other-th of
/// that row in the transpose, which has none if other is its length.
template <class Visit>
void match_row(const Graph& graph, const Graph& reversed, Local row, Visit visit) {
  const auto cols = graph.local().view().cols(row);
  const auto reversed_cols = reversed.local().view().cols(row);
  std::size_t other = 0;
  for (std::size_t k = 0; k < cols.size(); ++k) {
    const Global to = graph.global_col(cols[k]);
    while (other < reversed_cols.size() && reversed.global_col(reversed_cols[other]) < to) ++other;
    const bool there = other < reversed_cols.size() && reversed.global_col(reversed_cols[other]) == to;
    visit(to, k, there ? other : reversed_cols.size());
  }
}

}  // namespace

bool is_symmetric(const Graph& graph) {
  if (!graph.is_square()) return false;
  // Fingerprints above the diagonal less those below it, of the latter's reversed arcs.
  std::uint64_t difference = 0;
#pragma omp parallel for schedule(static) reduction(+ : difference)
  for (Local row = 0; row < graph.num_local_rows(); ++row) {
    const auto cols = graph.local().view().cols(row);
    for (std::size_t k = 0; k < cols.size(); ++k) {
      const Global from = graph.first_row() + row;
      const Global to = graph.global_col(cols[k]);
      if (from == to) continue;
      const std::uint64_t words[] = {static_cast<std::uint64_t>(std::min(from, to)),
                                     static_cast<std::uint64_t>(std::max(from, to)),
                                     std::bit_cast<std::uint64_t>(value_at(graph, row, k))};
      const std::uint64_t fingerprint = XXH3_64bits(words, sizeof words);
      difference += from < to ? fingerprint : -fingerprint;
    }
  }
  return graph.comm().sum(difference) == 0;
}

std::optional<Arc> asymmetric_arc(const Graph& graph) {
  require(graph.is_square(), "asymmetric_arc: ", graph.num_rows(), " x ", graph.num_cols(), ", must be square");
  if (is_symmetric(graph)) return std::nullopt;
  const Graph reversed = transpose(graph);
  constexpr Global none = std::numeric_limits<Global>::max();
  Arc first{none, none};
  // An arc that only the transpose has is the reverse of one that comes later here: it need not be looked for.
  for (Local row = 0; row < graph.num_local_rows() && first.from == none; ++row) {
    const std::size_t num_reversed = reversed.local().view().cols(row).size();
    match_row(graph, reversed, row, [&](Global to, std::size_t k, std::size_t other) {
      const bool matched = other < num_reversed && value_at(graph, row, k) == value_at(reversed, row, other);
      if (!matched && first.from == none) first = {graph.first_row() + row, to};
    });
  }
  const Global row = graph.comm().min(first.from);
  return Arc{row, graph.comm().min(first.from == row ? first.to : none)};
}

Offset num_reciprocated_arcs(const Graph& graph, const Graph& reversed) {
  Offset count = 0;
#pragma omp parallel for schedule(static) reduction(+ : count)
  for (Local row = 0; row < graph.num_local_rows(); ++row) {
    const std::size_t num_reversed = reversed.local().view().cols(row).size();
    match_row(graph, reversed, row, [&](Global to, std::size_t, std::size_t other) {
      if (other < num_reversed && to != graph.first_row() + row) ++count;
    });
  }
  return graph.comm().sum(count);
}

}  // namespace filigree
