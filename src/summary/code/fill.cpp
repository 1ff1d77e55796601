#include "summary/code/fill.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "core/index.hpp"

namespace filigree::summary {
namespace {

/// How much a superedge lowers half of the error's sum; <= 0 if it does not.
double benefit_of(std::int64_t edges, std::int64_t pairs, Norm norm) {
  const double s = static_cast<double>(edges) / static_cast<double>(pairs);
  return static_cast<double>(edges) * (norm == Norm::l1 ? 2 * s - 1 : s);
}

/// Positive floats in order of their bits.
std::uint32_t rank_of(double benefit) { return std::bit_cast<std::uint32_t>(static_cast<float>(benefit)); }

/// No more superedges than these fit: q of them need at least sqrt(2 q) - 1 supernodes, hence this many bits each.
std::int64_t most_superedges(double budget_bits) {
  double least = 0;
  double most = std::max(1.0, budget_bits);
  while (most - least > 1) {
    const double q = (least + most) / 2;
    const double supernodes = std::max(2.0, std::sqrt(2 * q) - 1);
    (q * 2 * std::log2(supernodes) <= budget_bits ? least : most) = q;
  }
  return static_cast<std::int64_t>(most) + 1;
}

/// A pair worth a superedge: its benefit, where larger ones come first, and its entry.
using Key = std::uint64_t;

/// Stable sort by the upper half, in three passes.
void sort_by_upper_half(Array<Key>& keys) {
  Array<Key> other(keys.size());
  for (int pass = 0; pass < 3; ++pass) {
    const int shift = 32 + 11 * pass;
    std::array<std::size_t, 2049> begins{};
    for (const Key key : keys) ++begins[((key >> shift) & 2047) + 1];
    for (std::size_t d = 0; d < 2048; ++d) begins[d + 1] += begins[d];
    for (const Key key : keys) other[begins[(key >> shift) & 2047]++] = key;
    keys.swap(other);
  }
}

/// The pairs of most benefit, best first, ties in order of entries: all that could fit and a few more.
Array<Key> ranked_pairs(const Supergraph& graph, std::int64_t most, Norm norm) {
  require(graph.entry.size() < std::numeric_limits<std::uint32_t>::max(), "summary: ", graph.entry.size(),
          " pairs, must be fewer than 2^32");
  const auto for_each = [&](auto visit) {
    for (Local a = 0; a < graph.num_supernodes(); ++a) {
      const Offset begin = graph.row_ptr[z(a)];
      const auto row = graph.row(a);
      for (std::size_t i = 0; i < row.size(); ++i) {
        const Entry e = row[i];
        if (e.other < a) continue;
        const std::int64_t pairs = num_vertex_pairs(graph.size[z(a)], graph.size[z(e.other)], e.other == a);
        if (norm == Norm::l1 && 2 * e.edges() <= pairs) continue;
        visit(rank_of(benefit_of(e.edges(), pairs, norm)), static_cast<std::uint32_t>(z(begin) + i));
      }
    }
  };
  std::vector<std::int64_t> count(std::size_t{1} << 16, 0);
  for_each([&](std::uint32_t rank, std::uint32_t) { ++count[rank >> 16]; });
  std::size_t least = count.size();
  std::int64_t taken = 0;
  while (least > 0 && taken < most) taken += count[--least];
  Array<Key> keys;
  keys.reserve(z(taken));
  for_each([&](std::uint32_t rank, std::uint32_t entry) {
    if (rank >> 16 >= least) keys.push_back(Key{~rank} << 32 | entry);
  });
  sort_by_upper_half(keys);
  return keys;
}

/// Supernodes of entries, found from the row that every 64th entry is in.
class RowFinder {
 public:
  explicit RowFinder(const Supergraph& graph) : graph_(graph), row_(graph.entry.size() / step + 1) {
    Local a = 0;
    for (std::size_t i = 0; i < row_.size(); ++i) {
      while (a + 1 < graph.num_supernodes() && z(graph.row_ptr[z(a) + 1]) <= i * step) ++a;
      row_[i] = a;
    }
  }
  Local operator()(std::size_t entry) const {
    Local a = row_[entry / step];
    while (z(graph_.row_ptr[z(a) + 1]) <= entry) ++a;
    return a;
  }

 private:
  static constexpr std::size_t step = 64;
  const Supergraph& graph_;
  std::vector<Local> row_;
};

}  // namespace

Filling fill_budget(const Supergraph& graph, std::int64_t num_edges, double budget_bits, Norm norm) {
  const auto n = static_cast<std::int64_t>(graph.of.size());
  const RowFinder row_of(graph);
  std::vector<char> used(z(graph.num_supernodes()), 0);
  std::int64_t num_used = 0;
  double saved = 0;
  Filling result;
  result.num_supernodes = 1;
  std::int64_t least_refused = std::numeric_limits<std::int64_t>::max();  // supernodes of a size that did not fit
  const Array<Key> ranked = ranked_pairs(graph, most_superedges(budget_bits), norm);
  result.superedges.reserve(ranked.size());
  for (const Key key : ranked) {
    const auto entry = static_cast<std::size_t>(key & 0xFFFFFFFF);
    const Local a = row_of(entry);
    const Entry& e = graph.entry[entry];
    const std::int64_t now_used = num_used + !used[z(a)] + (a != e.other && !used[z(e.other)]);
    const std::int64_t supernodes = now_used + (now_used < graph.num_supernodes() ? 1 : 0);
    const std::int64_t max_count = std::max(result.max_count, e.edges());
    if (supernodes >= least_refused) continue;
    if (size_in_bits(n, supernodes, std::ssize(result.superedges) + 1, max_count) > budget_bits) {
      if (max_count == result.max_count) least_refused = supernodes;
      continue;
    }
    used[z(a)] = used[z(e.other)] = 1;
    num_used = now_used;
    result.num_supernodes = supernodes;
    result.max_count = max_count;
    result.superedges.push_back({a, e.other, static_cast<std::uint32_t>(e.edges())});
    const std::int64_t pairs = num_vertex_pairs(graph.size[z(a)], graph.size[z(e.other)], a == e.other);
    saved += 2 * benefit_of(e.edges(), pairs, norm);
  }
  result.size_bits = size_in_bits(n, result.num_supernodes, std::ssize(result.superedges), result.max_count);
  result.error_sum = 2 * static_cast<double>(num_edges) - saved;
  return result;
}

}  // namespace filigree::summary
