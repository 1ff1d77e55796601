// WalkBatch: thousands of walks that advance together, so that their cache misses overlap.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "ppr/graph/replicated_graph.hpp"
#include "ppr/index/walk_law.hpp"
#include "ppr/tuning.hpp"

namespace filigree::ppr {

/// The limit first. A step reads a row start (8 bytes of 8 n) and a column (4 bytes of 4 per arc): two cache misses on
/// a large graph, at about 100 ns each and some 24 in flight on a core, so no more than about 100 M steps/s there; 2 to
/// 3 ns a step in cache. A random word costs 0.4 ns (Stream::fill). Offset and degree do not share a word: consecutive
/// row starts share a cache line seven times in eight, and the eighth time both lines are prefetched. Measured (one
/// core, 2.6 GHz, 325,557 vertices, 3.2 M arcs, 10 walks each): 5 ns a visit for lengths, words and steps, 4 ns for
/// counting, sorting and packing rows.
///
/// Usage: add() walks until full(), run(), read vertices(), clear().
class WalkBatch {
 public:
  WalkBatch(const GraphData& graph, const WalkLaw& law);

  /// Enough walks, and enough of them on their way; or so many vertices, whether of long walks or of many that stop
  /// where they begin, that room is worth more.
  bool full() const {
    return states_.size() >= most_walks || (states_.size() >= tile && num_vertices_ >= most_visits) ||
           num_vertices_ >= most_vertices;
  }
  /// Most bytes that a batch takes.
  static Offset most_bytes(const WalkLaw& law) {
    const Offset longest = law.longest();
    return 48 * (std::min<Offset>(most_vertices, std::max<Offset>(most_visits, Offset{tile} * longest)) + longest);
  }
  /// A walk of `length` steps whose first words are those of the lattice point.
  void add(Local source, std::uint32_t walk, std::uint32_t length, const WalkLaw::Point& point);
  /// Walks them all.
  void run();
  /// Room for the vertices of every walk, in order of add(): `length` + 1 of them, the source first. After run() they
  /// are there; behind the one at which a walk terminated, `terminated`.
  std::span<const Local> vertices() const { return {vertices_.data(), num_vertices_}; }
  void clear();

 private:
  static constexpr std::size_t most_walks = tuning::walks_in_flight;
  static constexpr std::size_t most_visits = tuning::visits_in_flight;
  static constexpr std::size_t most_vertices = tuning::most_visits_in_flight;
  static constexpr std::size_t tile = tuning::walk_tile;

  struct State {
    Local at;
    std::uint32_t next;  // where in vertices_ its next vertex goes
    std::uint32_t end;   // where its last vertex will stand, and one more
    std::uint32_t word;  // where in words_ the word of its next step stands
  };
  template <bool weighted>
  void advance();

  CsrView<double> arcs_;
  std::span<const AliasEntry> alias_;
  const WalkLaw& law_;
  std::vector<State> states_;
  std::vector<Local> vertices_;  // num_vertices_ of them in use; they are not cleared in between
  std::size_t num_vertices_ = 0;
  std::vector<std::uint32_t> words_;  // num_words_ of them
  std::size_t num_words_ = 0;
  std::vector<Stream::Block> blocks_;
  std::vector<std::uint32_t> block_to_;  // where in words_ each block goes
};

}  // namespace filigree::ppr
