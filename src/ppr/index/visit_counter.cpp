#include "ppr/index/visit_counter.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/simd/isa.hpp"
#include "ppr/index/walk_law.hpp"

namespace filigree::ppr {
namespace {

using Lanes [[gnu::vector_size(64)]] = std::int32_t;
constexpr std::size_t lane_count = sizeof(Lanes) / sizeof(std::int32_t);

/// rank[i] = how many of the keys are smaller than keys[i]. For few keys the fastest way to sort: no branch, all
/// vector. Both arrays have room for whole vectors; what stands in the rest of the last one does not matter.
FILIGREE_INLINE void rank_keys(const Local* keys, std::size_t count, std::uint32_t* rank) {
  for (std::size_t i = 0; i < count; i += lane_count) {
    Lanes mine;
    std::memcpy(&mine, keys + i, sizeof mine);
    Lanes smaller = {};
    for (std::size_t j = 0; j < count; ++j) smaller -= mine > keys[j];  // true is -1
    std::memcpy(rank + i, &smaller, sizeof smaller);
  }
}

}  // namespace

void VisitCounter::make_room(std::size_t num_more) {
  const std::size_t num_slots = std::bit_ceil(2 * (num_used_ + num_more));
  if (num_slots <= slots_.size()) return;
  const auto old_slots = std::move(slots_);
  slots_.assign(num_slots, Slot{empty, {0, 0}});
  used_.resize(num_slots);
  shift_ = 32 - std::countr_zero(num_slots);
  for (std::size_t i = 0; i < num_used_; ++i) {
    const Slot& old = old_slots[used_[i]];
    std::size_t to = (static_cast<std::uint32_t>(old.vertex) * spread) >> shift_;
    while (slots_[to].vertex != empty) to = (to + 1) & (num_slots - 1);
    slots_[to] = old;
    used_[i] = static_cast<std::uint32_t>(to);
  }
}

void VisitCounter::add(std::span<const Local> vertices, bool second_half) {
  while (!vertices.empty()) {
    const auto now = vertices.first(std::min(batch, vertices.size()));
    vertices = vertices.subspan(now.size());
    make_room(now.size());
    // Locals, because stores through pointers could change members.
    Slot* const slots = slots_.data();
    std::uint32_t* const used = used_.data();
    const auto mask = static_cast<std::uint32_t>(slots_.size() - 1);
    const int shift = shift_;
    std::size_t num_used = num_used_;
    for (const Local vertex : now) {
      std::uint32_t at = (static_cast<std::uint32_t>(vertex) * spread) >> shift;
      // Found or free: which of them is unpredictable, that it is one of them is near certain. The product of the
      // differences is zero then, and makes one branch of both.
      const auto off = [&](Local wanted) {
        return std::uint64_t{static_cast<std::uint32_t>(slots[at].vertex ^ wanted)};
      };
      while (off(vertex) * off(empty) != 0) at = (at + 1) & mask;
      Slot& slot = slots[at];
      used[num_used] = at;  // kept if it is new
      num_used += slot.vertex == empty ? 1 : 0;
      slot.vertex = vertex;
      slot.count[second_half ? 1 : 0] += 1;
    }
    num_used_ = num_used;
  }
}

void VisitCounter::add(Local vertex, bool second_half, std::int32_t times) {
  make_room(1);
  std::size_t at = (static_cast<std::uint32_t>(vertex) * spread) >> shift_;
  while (slots_[at].vertex != vertex && slots_[at].vertex != empty) at = (at + 1) & (slots_.size() - 1);
  if (slots_[at].vertex == empty) used_[num_used_++] = static_cast<std::uint32_t>(at);
  slots_[at].vertex = vertex;
  slots_[at].count[second_half ? 1 : 0] += times;
}

void VisitCounter::sort_used() {
  const std::size_t count = num_used_;
  order_.resize(count);
  if (count <= most_ranked) {
    for (std::size_t i = 0; i < count; ++i) keys_[i] = slots_[used_[i]].vertex;
    using Rank = Kernel<rank_keys>;
    best_of(Rank::portable, Rank::portable, Rank::avx512)(keys_.data(), count, ranks_.data());
    for (std::size_t i = 0; i < count; ++i) order_[ranks_[i]] = used_[i];
    return;
  }
  // By digits, the lowest first; the top bit turned around, for `terminated` comes before all vertices.
  spare_.resize(count);
  std::copy_n(used_.begin(), count, order_.begin());
  for (int shift = 0; shift < 32; shift += 8) {
    std::array<std::uint32_t, 257> begin{};
    const auto digit = [&](std::uint32_t slot) {
      return ((static_cast<std::uint32_t>(slots_[slot].vertex) ^ 0x80000000U) >> shift) & 255U;
    };
    for (const std::uint32_t slot : order_) ++begin[digit(slot) + 1];
    if (std::find(begin.begin(), begin.end(), count) != begin.end()) continue;  // all alike in this digit
    for (std::size_t d = 0; d < 256; ++d) begin[d + 1] += begin[d];
    for (const std::uint32_t slot : order_) spare_[begin[digit(slot)]++] = slot;
    order_.swap(spare_);
  }
}

void VisitCounter::flush(double visit_weight, std::uint32_t num_walks, Rows& rows) {
  sort_used();
  num_used_ = 0;
  vertices_.resize(order_.size());
  counts_.resize(order_.size());
  const std::uint32_t first_walks = WalkLaw::first_half(num_walks);
  const std::uint32_t second_walks = num_walks - first_walks;
  const double first_share = 1.0 / std::max(1U, first_walks);
  const double second_share = 1.0 / std::max(1U, second_walks);
  double deviation = 0;
  std::size_t num_entries = 0;
  for (const std::uint32_t at : order_) {
    Slot& slot = slots_[at];
    const bool counts = slot.vertex != terminated;
    vertices_[num_entries] = slot.vertex;
    counts_[num_entries] = slot.count[0] + slot.count[1];
    rows.num_visits += counts ? counts_[num_entries] : 0;
    deviation += counts ? std::abs(slot.count[0] * first_share - slot.count[1] * second_share) : 0;
    num_entries += counts ? 1 : 0;
    slot = {empty, {0, 0}};
  }
  rows.visits.append(std::span<const Local>(vertices_).first(num_entries),
                     std::span<const std::int32_t>(counts_).first(num_entries));
  // One walk says nothing about its own error.
  rows.deviation.push_back(second_walks > 0 ? static_cast<float>(std::min(2.0, visit_weight * deviation)) : 2.0F);
}

}  // namespace filigree::ppr
