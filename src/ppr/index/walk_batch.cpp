#include "ppr/index/walk_batch.hpp"

#include <array>
#include <cstring>

#include "ppr/index/visit_counter.hpp"

namespace filigree::ppr {

WalkBatch::WalkBatch(const GraphData& graph, const WalkLaw& law)
    : arcs_(graph.arcs()), alias_(graph.alias.span()), law_(law) {}

void WalkBatch::add(Local source, std::uint32_t walk, std::uint32_t length, const WalkLaw::Point& point) {
  const auto begin = static_cast<std::uint32_t>(num_vertices_);
  num_vertices_ += length + 1;
  if (vertices_.size() < num_vertices_) vertices_.resize(2 * num_vertices_);
  vertices_[begin] = source;
  if (length == 0) return;
  const auto word = static_cast<std::uint32_t>(num_words_);
  states_.push_back({source, begin + 1, begin + length + 1, word});
  constexpr std::uint32_t ahead = WalkLaw::lattice_steps;
  const std::uint32_t num_blocks = length > ahead ? (length - ahead + 3) / 4 : 0;
  num_words_ += ahead + 4 * num_blocks;
  if (words_.size() < num_words_) words_.resize(2 * num_words_);
  for (std::uint32_t step = 0; step < ahead; ++step) words_[word + step] = point.word[step];
  for (std::uint32_t i = 0; i < num_blocks; ++i) {
    blocks_.push_back(WalkLaw::coordinates(source, walk, i));
    block_to_.push_back(word + ahead + 4 * i);
  }
}

void WalkBatch::run() {
  law_.stream().fill(blocks_);
  for (std::size_t b = 0; b < blocks_.size(); ++b) std::memcpy(&words_[block_to_[b]], &blocks_[b], sizeof blocks_[b]);
  if (arcs_.has_values()) return advance<true>();
  advance<false>();
}

template <bool weighted>
void WalkBatch::advance() {
  const Offset* const row_ptr = arcs_.row_ptr.data();
  const Local* const col = arcs_.col.data();
  std::array<Offset, tile> arc;
  std::array<std::uint32_t, tile> fraction;
  std::size_t alive = states_.size();
  while (alive > 0) {
    std::size_t staying = 0;
    for (std::size_t begin = 0; begin < alive; begin += tile) {
      State* const states = states_.data() + begin;
      const std::size_t count = std::min(tile, alive - begin);
      for (std::size_t i = 0; i < count; ++i) {
        State& state = states[i];
        const Offset first = row_ptr[state.at];
        const auto degree = static_cast<std::uint64_t>(row_ptr[state.at + 1] - first);
        const std::uint64_t product = words_[state.word++] * degree;
        arc[i] = degree == 0 ? -1 : first + static_cast<Offset>(product >> 32);
        __builtin_prefetch(col + first + static_cast<Offset>(product >> 32));
        if constexpr (weighted) {
          fraction[i] = static_cast<std::uint32_t>(product);
          __builtin_prefetch(alias_.data() + first + static_cast<Offset>(product >> 32));
        }
      }
      for (std::size_t i = 0; i < count; ++i) {
        State state = states[i];
        Local to = terminated;
        if (arc[i] >= 0) {
          to = col[arc[i]];
          if constexpr (weighted) {
            const AliasEntry& entry = alias_[z(arc[i])];
            to = fraction[i] < entry.keep ? to : entry.other;
          }
        }
        if (to == terminated) {
          std::fill(vertices_.begin() + state.next, vertices_.begin() + state.end, terminated);
          continue;
        }
        vertices_[state.next++] = to;
        state.at = to;
        __builtin_prefetch(row_ptr + to);
        __builtin_prefetch(row_ptr + to + 1);
        states_[staying] = state;
        staying += state.next < state.end ? 1 : 0;
      }
    }
    alive = staying;
  }
}

void WalkBatch::clear() {
  states_.clear();
  num_vertices_ = 0;
  num_words_ = 0;
  blocks_.clear();
  block_to_.clear();
}

}  // namespace filigree::ppr
