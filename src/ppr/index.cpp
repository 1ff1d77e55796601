#include <algorithm>
#include <cmath>

#include "core/parallel_for.hpp"
#include "filigree/core/random.hpp"
#include "ppr/parts.hpp"

namespace filigree::ppr {
namespace {

constexpr std::uint64_t walk_purpose = 0x70707277;  // "pprw": streams of other algorithms with one seed differ

/// Survival by step: a walk goes on past its k-th vertex while its first 64 random bits stay below (1-c)^k 2^64. A
/// table of products rounds the same everywhere; logarithms would not.
std::vector<std::uint64_t> survival_table(double c) {
  std::vector<std::uint64_t> table;
  for (double p = 1 - c; p * 0x1p64 >= 1; p *= 1 - c) table.push_back(static_cast<std::uint64_t>(p * 0x1p64));
  table.push_back(0);
  return table;
}

/// Walks from single vertices over one graph.
class Walker {
 public:
  Walker(const ReplicatedGraph::Parts& graph, const IndexOptions& options)
      : arcs_(graph.arcs()),
        cumulative_(graph.cumulative.span()),
        stream_(options.seed, walk_purpose),
        survival_(survival_table(options.teleport)) {}

  /// Calls visit(v) for every vertex of the walk number `walk` from `source`, the source first.
  template <class Visit>
  void walk(Local source, std::uint32_t walk, Visit visit) const {
    visit(source);
    // Block 0 holds the walk's length and its first two steps, every further block four steps.
    Stream::Block words = stream_.block(source, walk, 0);
    const std::uint64_t fate = std::uint64_t{words[0]} << 32 | words[1];
    Local at = source;
    std::uint32_t used = 2;
    for (std::size_t step = 0; fate < survival_[step]; ++step) {
      if (used % 4 == 0) words = stream_.block(source, walk, used / 4);
      at = next(at, words[used % 4]);
      if (at < 0) return;
      ++used;
      visit(at);
    }
  }

 private:
  /// An out-neighbour of v drawn by weight; -1 at a dangling vertex.
  Local next(Local v, std::uint32_t word) const {
    const Offset begin = arcs_.row_ptr[static_cast<std::size_t>(v)];
    const Offset degree = arcs_.degree(v);
    if (degree == 0) return -1;
    if (!arcs_.has_values()) {
      return arcs_.col[static_cast<std::size_t>(begin + Stream::below(word, static_cast<std::uint64_t>(degree)))];
    }
    const auto sums = cumulative_.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(degree));
    if (sums.back() == 0) return -1;
    const auto chosen = std::upper_bound(sums.begin(), sums.end(), Stream::unit(word) * sums.back()) - sums.begin();
    return arcs_.col[static_cast<std::size_t>(begin + std::min<Offset>(chosen, degree - 1))];  // rounding up to the end
  }

  CsrView<double> arcs_;
  std::span<const double> cumulative_;
  Stream stream_;
  std::vector<std::uint64_t> survival_;
};

/// The rows of a range of sources, as one thread makes them.
struct Rows {
  std::vector<Offset> length;
  std::vector<Local> col;
  std::vector<std::int32_t> count;
  std::vector<float> deviation;
};

/// Dense counters, cleared through the list of what was touched. The low half of a counter counts the visits of the
/// first half of the walks, the high half the others'.
class Counter {
 public:
  explicit Counter(Local num_vertices) : visits_(static_cast<std::size_t>(num_vertices), 0) {}

  void add(Local v, bool second_half) {
    std::uint64_t& count = visits_[static_cast<std::size_t>(v)];
    if (count == 0) touched_.push_back(v);
    count += second_half ? std::uint64_t{1} << 32 : 1;
  }

  /// Appends the counts as one row, by vertex, and is empty again. walks: numbers of walks in the two halves.
  void flush(double c, double first_walks, double second_walks, Rows& rows) {
    std::sort(touched_.begin(), touched_.end());
    double deviation = 0;
    for (Local v : touched_) {
      std::uint64_t& count = visits_[static_cast<std::size_t>(v)];
      const auto first = static_cast<double>(count & 0xffffffffU);
      const auto second = static_cast<double>(count >> 32);
      deviation += std::abs(first / first_walks - second / std::max(second_walks, 1.0));
      rows.col.push_back(v);
      rows.count.push_back(static_cast<std::int32_t>(first + second));
      count = 0;
    }
    rows.length.push_back(static_cast<Offset>(touched_.size()));
    // One walk says nothing about its own error.
    rows.deviation.push_back(second_walks > 0 ? static_cast<float>(std::min(2.0, c * deviation)) : 2.0F);
    touched_.clear();
  }

 private:
  std::vector<std::uint64_t> visits_;
  std::vector<Local> touched_;
};

}  // namespace

Index build_index(const ReplicatedGraph& graph, const IndexOptions& options) {
  check_teleport(options.teleport);
  // A count stays below 2^31 even if every walk is the longest there is and turns on one spot.
  const auto most_walks = (Offset{1} << 31) / static_cast<Offset>(survival_table(options.teleport).size() + 1) - 1;
  require(options.walks >= 1 && options.walks <= most_walks, "walks: ", options.walks, ", must lie in [1, ", most_walks,
          "]");
  const Comm& comm = graph.comm();

  Index index;
  index.sources = Partition::uniform(graph.num_vertices(), comm.size());
  index.walks = options.walks;
  index.teleport = options.teleport;
  index.seed = options.seed;
  index.graph_hash = graph.hash();
  const Global first_source = index.sources.begin(comm.rank());
  const Global num_sources = index.sources.size(comm.rank());
  const auto num_vertices = static_cast<Local>(graph.num_vertices());

  comm.guard([&] {
    const Phase phase(index.timings, "walk");
    const Walker walker(graph.parts(), options);
    const auto num_walks = static_cast<std::uint32_t>(options.walks);
    const std::uint32_t half = (num_walks + 1) / 2;
    constexpr Global chunk = 1024;
    const Global num_chunks = (num_sources + chunk - 1) / chunk;
    std::vector<Rows> chunks(static_cast<std::size_t>(num_chunks));
    const auto walk_chunk = [&](Counter& counter, Offset i) {
      Rows& rows = chunks[static_cast<std::size_t>(i)];
      const Global end = std::min((i + 1) * chunk, num_sources);
      for (Global row = i * chunk; row < end; ++row) {
        const auto source = static_cast<Local>(first_source + row);
        for (std::uint32_t walk = 0; walk < num_walks; ++walk) {
          walker.walk(source, walk, [&](Local v) { counter.add(v, walk >= half); });
        }
        counter.flush(options.teleport, half, num_walks - half, rows);
      }
    };
    parallel_for(
        num_chunks, [&] { return Counter(num_vertices); }, walk_chunk,
        [&](Offset done) {
          if (options.progress) options.progress("walk", std::min(done * chunk, num_sources), num_sources);
        });

    index.visits.num_cols = num_vertices;
    for (Rows& rows : chunks) {
      for (Offset length : rows.length) index.visits.row_ptr.push_back(index.visits.row_ptr.back() + length);
      index.visits.col.insert(index.visits.col.end(), rows.col.begin(), rows.col.end());
      index.visits.val.insert(index.visits.val.end(), rows.count.begin(), rows.count.end());
      index.deviation.insert(index.deviation.end(), rows.deviation.begin(), rows.deviation.end());
      rows = Rows{};
    }
  });

  Offset visits = 0;
  for (std::int32_t count : index.visits.val) visits += count;
  index.stats["walks"] = graph.num_vertices() * options.walks;
  index.stats["visits"] = comm.sum(visits);
  index.stats["entries"] = comm.sum(index.visits.num_nonzeros());
  return index;
}

}  // namespace filigree::ppr
