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

/// A pair worth a superedge: its benefit, where larger ones come first, and its number.
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

/// The pairs of most benefit of all ranks, best first, ties in order of entries: all that could fit and a few more.
class RankedPairs {
 public:
  RankedPairs(const Supergraph& graph, std::int64_t most, Norm norm) : graph_(graph) {
    const Comm& comm = graph.comm;
    // A histogram over the upper half of the bits of benefits tells which could be among the best.
    std::vector<std::int64_t> count(std::size_t{1} << 16, 0);
    comm.guard([&] {
      require(graph.entry.size() < std::numeric_limits<std::uint32_t>::max(), "summary: ", graph.entry.size(),
              " pairs on a rank, must be fewer than 2^32");
      for_each(norm, [&](std::uint32_t rank, std::size_t, const Superedge&) { ++count[rank >> 16]; });
    });
    comm.sum(std::span<std::int64_t>(count));
    std::size_t least = count.size();
    std::int64_t taken = 0;
    while (least > 0 && taken < most) taken += count[--least];
    require(taken < std::numeric_limits<std::uint32_t>::max(), "summary: ", taken,
            " superedges could fit, must be fewer than 2^32");
    const bool alone = comm.size() == 1;
    std::vector<std::uint32_t> ranks;
    comm.guard([&] {
      if (alone) keys_.reserve(z(taken));
      for_each(norm, [&](std::uint32_t rank, std::size_t entry, const Superedge& pair) {
        if (rank >> 16 < least) return;
        if (alone) {
          keys_.push_back(Key{~rank} << 32 | entry);
        } else {
          ranks.push_back(rank);
          pairs_.push_back(pair);
        }
      });
    });
    if (!alone) {
      // By rank, so again in order of entries.
      pairs_ = comm.all_gather(std::span<const Superedge>(pairs_)).values;
      ranks = comm.all_gather(std::span<const std::uint32_t>(ranks)).values;
    }
    comm.guard([&] {
      for (std::size_t i = 0; i < ranks.size(); ++i) keys_.push_back(Key{~ranks[i]} << 32 | i);
      sort_by_upper_half(keys_);
      if (alone) find_rows();
    });
  }

  std::size_t size() const { return keys_.size(); }
  Superedge operator[](std::size_t k) const {
    const auto number = static_cast<std::size_t>(keys_[k] & 0xFFFFFFFF);
    if (!pairs_.empty()) return pairs_[number];
    Local a = row_[number / step];
    while (z(graph_.row_ptr[z(a) + 1]) <= number) ++a;
    const Entry& e = graph_.entry[number];
    return {a, e.other, static_cast<std::uint32_t>(e.edges())};
  }

 private:
  /// visit(rank, entry, pair) for every owned pair, once, that lowers the error.
  template <class Visit>
  void for_each(Norm norm, Visit visit) const {
    for (Local a = graph_.first(); a < graph_.first() + graph_.num_owned(); ++a) {
      const auto row = graph_.row(a);
      const auto begin = static_cast<std::size_t>(row.data() - graph_.entry.data());
      for (std::size_t i = 0; i < row.size(); ++i) {
        const Entry e = row[i];
        if (e.other < a) continue;
        const std::int64_t pairs = num_vertex_pairs(graph_.size[z(a)], graph_.size[z(e.other)], e.other == a);
        if (norm == Norm::l1 && 2 * e.edges() <= pairs) continue;
        visit(rank_of(benefit_of(e.edges(), pairs, norm)), begin + i,
              Superedge{a, e.other, static_cast<std::uint32_t>(e.edges())});
      }
    }
  }
  /// The row that every step-th entry is in.
  void find_rows() {
    row_.resize(graph_.entry.size() / step + 1);
    Local a = 0;
    for (std::size_t i = 0; i < row_.size(); ++i) {
      while (a + 1 < graph_.num_owned() && z(graph_.row_ptr[z(a) + 1]) <= i * step) ++a;
      row_[i] = a;
    }
  }

  static constexpr std::size_t step = 64;
  const Supergraph& graph_;
  Array<Key> keys_;  // numbers: of entries on one rank, of pairs_ on several
  std::vector<Superedge> pairs_;
  std::vector<Local> row_;
};

}  // namespace

Filling fill_budget(const Supergraph& graph, std::int64_t num_edges, double budget_bits, Norm norm) {
  const RankedPairs ranked(graph, most_superedges(budget_bits), norm);
  const auto n = static_cast<std::int64_t>(graph.of.size());
  std::vector<char> used(z(graph.num_supernodes()), 0);
  std::int64_t num_used = 0;
  double saved = 0;
  Filling result;
  result.num_supernodes = 1;
  result.superedges.reserve(ranked.size());
  std::int64_t least_refused = std::numeric_limits<std::int64_t>::max();  // supernodes of a size that did not fit
  for (std::size_t k = 0; k < ranked.size(); ++k) {
    const Superedge pair = ranked[k];
    const std::int64_t now_used = num_used + !used[z(pair.a)] + (pair.a != pair.b && !used[z(pair.b)]);
    const std::int64_t supernodes = now_used + (now_used < graph.num_supernodes() ? 1 : 0);
    const std::int64_t max_count = std::max<std::int64_t>(result.max_count, pair.edges);
    if (supernodes >= least_refused) continue;
    if (size_in_bits(n, supernodes, std::ssize(result.superedges) + 1, max_count) > budget_bits) {
      if (max_count == result.max_count) least_refused = supernodes;
      continue;
    }
    used[z(pair.a)] = used[z(pair.b)] = 1;
    num_used = now_used;
    result.num_supernodes = supernodes;
    result.max_count = max_count;
    result.superedges.push_back(pair);
    const std::int64_t pairs = num_vertex_pairs(graph.size[z(pair.a)], graph.size[z(pair.b)], pair.a == pair.b);
    saved += 2 * benefit_of(pair.edges, pairs, norm);
  }
  result.size_bits = size_in_bits(n, result.num_supernodes, std::ssize(result.superedges), result.max_count);
  result.error_sum = 2 * static_cast<double>(num_edges) - saved;
  return result;
}

}  // namespace filigree::summary
