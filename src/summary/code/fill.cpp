#include "summary/code/fill.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

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

/// A pair worth a superedge: its benefit, where larger ones come first, and its number.
using Key = std::uint64_t;

/// Stable sort by the upper half, in three passes.
void sort_by_upper_half(Array<Key>& keys) {
  const auto is_sorted = [&] {
    for (std::size_t k = 1; k < keys.size(); ++k)
      if (keys[k] >> 32 < keys[k - 1] >> 32) return false;
    return true;
  };
  if (is_sorted()) return;  // ties are many
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

/// Which superedges are taken, pair by pair.
class Taker {
 public:
  Taker(const Supergraph& graph, double budget_bits, Norm norm)
      : graph_(graph), budget_bits_(budget_bits), norm_(norm), used_(z(graph.num_supernodes()), 0) {}

  /// Whether no further superedge fits, whatever it joins.
  bool is_full() const {
    const std::int64_t supernodes = taken_.superedges.empty() ? supernodes_with(1) : taken_.num_supernodes;
    return supernodes >= least_refused_ || !fits(supernodes, std::max<std::int64_t>(taken_.max_count, 1));
  }
  /// Whether this one could still fit: what was refused for its supernodes never will.
  bool could_take(Local a, Local b) const { return supernodes_with(used_with(a, b)) < least_refused_; }
  void offer(const Superedge& pair) {
    const std::int64_t now_used = used_with(pair.a, pair.b);
    const std::int64_t supernodes = supernodes_with(now_used);
    const std::int64_t max_count = std::max<std::int64_t>(taken_.max_count, pair.edges);
    if (supernodes >= least_refused_) return;
    if (!fits(supernodes, max_count)) {
      if (max_count == taken_.max_count) least_refused_ = supernodes;
      return;
    }
    used_[z(pair.a)] = used_[z(pair.b)] = 1;
    num_used_ = now_used;
    taken_.num_supernodes = supernodes;
    taken_.max_count = max_count;
    taken_.superedges.push_back(pair);
    const std::int64_t pairs = num_vertex_pairs(graph_.size[z(pair.a)], graph_.size[z(pair.b)], pair.a == pair.b);
    saved_ += 2 * benefit_of(pair.edges, pairs, norm_);
  }
  Filling take(std::int64_t num_edges) && {
    taken_.size_bits =
        size_in_bits(std::ssize(graph_.of), taken_.num_supernodes, std::ssize(taken_.superedges), taken_.max_count);
    taken_.error_sum = 2 * static_cast<double>(num_edges) - saved_;
    return std::move(taken_);
  }

 private:
  std::int64_t used_with(Local a, Local b) const { return num_used_ + !used_[z(a)] + (a != b && !used_[z(b)]); }
  std::int64_t supernodes_with(std::int64_t used) const { return used + (used < graph_.num_supernodes() ? 1 : 0); }
  bool fits(std::int64_t supernodes, std::int64_t max_count) const {
    return size_in_bits(std::ssize(graph_.of), supernodes, std::ssize(taken_.superedges) + 1, max_count) <=
           budget_bits_;
  }

  const Supergraph& graph_;
  double budget_bits_;
  Norm norm_;
  std::vector<char> used_;
  std::int64_t num_used_ = 0;
  std::int64_t least_refused_ = std::numeric_limits<std::int64_t>::max();  // supernodes of a size that did not fit
  double saved_ = 0;
  Filling taken_{.superedges = {}, .num_supernodes = 1};
};

/// Pairs by falling benefit, ties in order of entries, a part at a time: those that could still be taken.
class RankedPairs {
 public:
  RankedPairs(const Supergraph& graph, Norm norm, const Taker& taker)
      : graph_(graph), norm_(norm), taker_(taker), is_alone_(graph.comm.size() == 1) {
    graph.comm.guard([&] {
      require(graph.entry.size() < std::numeric_limits<std::uint32_t>::max(), "summary: ", graph.entry.size(),
              " pairs on a rank, must be fewer than 2^32");
      if (is_alone_) find_rows();
      count_.assign(std::size_t{1} << 16, 0);
      end_ = count_.size();
      for_each(0, end_, [&](std::uint32_t rank, std::size_t, const Superedge&) { ++count_[rank >> 16]; });
    });
    graph.comm.sum(count_);
    num_pairs_ = std::accumulate(count_.begin(), count_.end(), std::int64_t{0});
  }

  /// Finds the next part of all ranks; false if there is none. Collective.
  bool next() {
    const Comm& comm = graph_.comm;
    const std::size_t end = end_;
    std::int64_t num = 0;
    while (end_ > 0 && num <= num_pairs_ / num_parts) num += count_[--end_];
    if (num == 0) return false;
    require(num < std::numeric_limits<std::uint32_t>::max(), "summary: ", num,
            " pairs of nearly the same benefit, must be fewer than 2^32");
    std::vector<std::uint32_t> ranks;
    comm.guard([&] {
      pairs_ = {};
      keys_.clear();
      if (is_alone_) keys_.reserve(z(num));
      for_each(end_, end, [&](std::uint32_t rank, std::size_t entry, const Superedge& pair) {
        if (is_alone_) {
          keys_.push_back(Key{~rank} << 32 | entry);
        } else {
          ranks.push_back(rank);
          pairs_.push_back(pair);
        }
      });
    });
    if (!is_alone_) {
      // By rank, so again in order of entries.
      pairs_ = comm.all_gather(pairs_).values;
      ranks = comm.all_gather(ranks).values;
    }
    comm.guard([&] {
      for (std::size_t i = 0; i < ranks.size(); ++i) keys_.push_back(Key{~ranks[i]} << 32 | i);
      ranks = {};
      sort_by_upper_half(keys_);
    });
    return true;
  }

  /// Those of this part.
  std::size_t size() const { return keys_.size(); }
  Superedge operator[](std::size_t k) const {
    const auto number = static_cast<std::size_t>(keys_[k] & 0xFFFFFFFF);
    if (!is_alone_) return pairs_[number];
    Local a = row_[number / step];
    while (z(graph_.row_ptr[z(a) + 1]) <= number) ++a;
    const Entry& e = graph_.entry[number];
    return {a, e.other, static_cast<std::uint32_t>(e.edges())};
  }

 private:
  /// visit(rank, entry, pair) for every owned pair, once, that lowers the error and could be taken, with the upper half
  /// of its rank in [begin, end).
  template <class Visit>
  void for_each(std::size_t begin, std::size_t end, Visit visit) const {
    for (Local a = graph_.first(); a < graph_.first() + graph_.num_owned(); ++a) {
      const auto row = graph_.row(a);
      const auto first = static_cast<std::size_t>(row.data() - graph_.entry.data());
      for (std::size_t i = 0; i < row.size(); ++i) {
        const Entry e = row[i];
        if (e.other < a) continue;
        const std::int64_t pairs = num_vertex_pairs(graph_.size[z(a)], graph_.size[z(e.other)], e.other == a);
        if (norm_ == Norm::l1 && 2 * e.edges() <= pairs) continue;
        const std::uint32_t rank = rank_of(benefit_of(e.edges(), pairs, norm_));
        if (rank >> 16 < begin || rank >> 16 >= end || !taker_.could_take(a, e.other)) continue;
        visit(rank, first + i, Superedge{a, e.other, static_cast<std::uint32_t>(e.edges())});
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
  static constexpr std::int64_t num_parts = 4;  // or a few more
  const Supergraph& graph_;
  Norm norm_;
  const Taker& taker_;
  bool is_alone_;
  std::vector<std::int64_t> count_;  // by the upper half of ranks
  std::int64_t num_pairs_ = 0;
  std::size_t end_ = 0;  // where the part before began
  Array<Key> keys_;      // numbers: of entries on one rank, of pairs_ on several
  std::vector<Superedge> pairs_;
  std::vector<Local> row_;
};

}  // namespace

Filling fill_budget(const Supergraph& graph, std::int64_t num_edges, double budget_bits, Norm norm) {
  Taker taker = graph.comm.guard([&] { return Taker(graph, budget_bits, norm); });
  RankedPairs ranked(graph, norm, taker);
  while (!taker.is_full() && ranked.next()) {
    graph.comm.guard([&] {
      for (std::size_t k = 0; k < ranked.size(); ++k) taker.offer(ranked[k]);
    });
  }
  return std::move(taker).take(num_edges);
}

}  // namespace filigree::summary
