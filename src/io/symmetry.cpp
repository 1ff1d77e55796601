#include "io/symmetry.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <limits>

namespace filigree::io {
namespace {

double value_at(const Graph& graph, Local row, std::size_t k) {
  return graph.local.view().has_values() ? graph.local.view().vals(row)[k] : 1;
}

/// Sums of fingerprints above and below the diagonal, the latter of reversed arcs: equal, but for a chance of 2^-64,
/// exactly if the matrix is symmetric.
bool seems_symmetric(const Graph& graph) {
  std::uint64_t difference = 0;
  for (Local row = 0; row < graph.num_local_rows(); ++row) {
    const auto cols = graph.local.view().cols(row);
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
  return graph.comm.sum(difference) == 0;
}

}  // namespace

std::optional<Arc> asymmetric_arc(const Graph& graph) {
  if (seems_symmetric(graph)) return std::nullopt;
  const Graph reversed = transpose(graph);
  constexpr Global none = std::numeric_limits<Global>::max();
  Arc first{none, none};
  // An arc that only the transpose has is the reverse of one that comes later here: it need not be looked for.
  for (Local row = 0; row < graph.num_local_rows() && first.from == none; ++row) {
    const auto cols = graph.local.view().cols(row);
    const auto reversed_cols = reversed.local.view().cols(row);
    std::size_t other = 0;
    for (std::size_t k = 0; k < cols.size() && first.from == none; ++k) {
      const Global to = graph.global_col(cols[k]);
      while (other < reversed_cols.size() && reversed.global_col(reversed_cols[other]) < to) ++other;
      const bool matched = other < reversed_cols.size() && reversed.global_col(reversed_cols[other]) == to &&
                           value_at(graph, row, k) == value_at(reversed, row, other);
      if (!matched) first = {graph.first_row() + row, to};
    }
  }
  const Global row = graph.comm.min(first.from);
  if (row == none) return std::nullopt;  // values that differ in bits but compare equal, 0 and -0
  return Arc{row, graph.comm.min(first.from == row ? first.to : none)};
}

}  // namespace filigree::io
