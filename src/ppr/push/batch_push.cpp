#include "ppr/push/batch_push.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

namespace filigree::ppr {

BatchPush::BatchPush(const QueryTables& tables)
    : graph_(tables.graph), view_(graph_.arcs()), slot_of_(view_.num_rows()), lanes_(z(view_.num_rows())) {}

void BatchPush::start(double teleport, const float* limit, const float* weight) {
  slot_of_.end_list(std::ssize(vertex_));
  slot_of_.begin_list(slot_of_.size());
  vertex_.clear();
  arcs_.clear();
  to_.clear();
  lanes_.clear();
  num_pushes_ = num_arcs_pushed_ = num_index_entries_ = 0;
  teleport_ = teleport;
  limit_ = limit;
  weight_ = weight;
}

std::size_t BatchPush::slot_of(Local v) {
  Local slot = slot_of_.slot(v);
  if (slot < 0) {
    slot = static_cast<Local>(lanes_.add_slot(limit_[v], weight_ == nullptr ? 1.0F : weight_[v]));
    vertex_.push_back(v);
    arcs_.emplace_back();
    slot_of_.set(v, slot);  // last: a list that could not grow must not name slots beyond its end
    __builtin_prefetch(view_.row_ptr.data() + v);
  }
  return z(slot);
}

const BatchPush::Arcs& BatchPush::arcs_of(std::size_t slot) {
  if (arcs_[slot].begin < 0) {
    const Local v = vertex_[slot];
    const auto neighbours = view_.cols(v);
    const double weight = graph_.out_weight(v);
    arcs_[slot] = {std::ssize(to_), std::ssize(neighbours), weight == 0 ? 0 : (1 - teleport_) / weight,
                   view_.has_values() ? view_.vals(v).data() : nullptr};
    to_.resize(to_.size() + neighbours.size());
    Local* const to = to_.data() + to_.size() - neighbours.size();
    for (std::size_t k = 0; k < neighbours.size(); ++k) {
      if (k + tuning::slots_ahead < neighbours.size()) slot_of_.prefetch(neighbours[k + tuning::slots_ahead]);
      to[k] = static_cast<Local>(slot_of(neighbours[k]));
    }
  }
  return arcs_[slot];
}

void BatchPush::add(const Query& query, std::size_t lane) {
  double total = 0;
  for (const Seed& seed : query) total += seed.weight;
  for (const Seed& seed : query) lanes_.add(slot_of(static_cast<Local>(seed.vertex)), lane, seed.weight / total);
}

void BatchPush::add_pushed(Local v, std::size_t lane) {
  const std::size_t slot = slot_of(v);
  const Arcs& arcs = arcs_of(slot);
  lanes_.pushed()[slot * batch_width + lane] += 1;
  for (Offset k = 0; k < arcs.count; ++k)
    lanes_.add(z(to_[z(arcs.begin + k)]), lane, arcs.rate * (arcs.weight == nullptr ? 1 : arcs.weight[k]));
  ++num_pushes_;
  num_arcs_pushed_ += arcs.count;
}

void BatchPush::push(std::size_t slot) {
  const Arcs& arcs = arcs_of(slot);
  lanes_.push(slot, arcs.rate, to_.data() + arcs.begin, arcs.weight, arcs.count);
  ++num_pushes_;
  num_arcs_pushed_ += arcs.count;
}

bool BatchPush::run(const std::array<double, batch_width>& goals, Offset most_arcs) {
  const auto push_slot = [&](std::size_t slot) {
    push(slot);
    return num_arcs_pushed_ <= most_arcs;
  };
  const auto expect = [&](std::size_t slot) {
    if (arcs_[slot].begin < 0) __builtin_prefetch(view_.col.data() + view_.row_ptr[z(vertex_[slot])]);
  };
  return lanes_.run(goals, tuning::batch_threshold_fall, push_slot, expect);
}

void BatchPush::push_level() {
  lanes_.push_level([&](std::size_t slot) { push(slot); });
}

void BatchPush::add_index_rows(const Index& index, Global first) {
  const Global end = first + index.visits.num_rows();
  std::vector<std::size_t> slots = slots_by_vertex();
  std::erase_if(slots, [&](std::size_t slot) {
    const double* const residual = lanes_.residual().data() + slot * batch_width;
    return vertex_[slot] < first || vertex_[slot] >= end ||
           std::all_of(residual, residual + batch_width, [](double x) { return x == 0; });
  });
  constexpr std::size_t ahead = tuning::rows_ahead;
  std::vector<Local> to;
  std::vector<double> counts;
  for (std::size_t k = 0; k < slots.size(); ++k) {
    if (k + ahead < slots.size()) index.visits.prefetch(static_cast<Local>(vertex_[slots[k + ahead]] - first));
    const auto row = static_cast<Local>(vertex_[slots[k]] - first);
    to.clear();
    counts.clear();
    index.visits.for_each(row, [&](Local v, std::int32_t count) {
      to.push_back(static_cast<Local>(slot_of(v)));
      counts.push_back(count);
    });
    num_index_entries_ += std::ssize(to);
    // An entry settles scale x count; pushed, it settles the share c of that.
    const double scale = index.scale(row) / teleport_;
    alignas(64) double share[batch_width];
    for (std::size_t l = 0; l < batch_width; ++l)
      share[l] = scale * std::exchange(lanes_.residual()[slots[k] * batch_width + l], 0.0);
    add_lanes(lanes_.pushed().data(), to.data(), counts.data(), std::ssize(to), share);
  }
}

std::vector<std::size_t> BatchPush::slots_by_vertex() const {
  std::vector<std::uint64_t> is_there(z(slot_of_.size()) / 64 + 1, 0);
  for (Local v : vertex_) is_there[z(v) / 64] |= std::uint64_t{1} << (z(v) % 64);
  std::vector<std::size_t> slots;
  slots.reserve(vertex_.size());
  for (std::size_t word = 0; word < is_there.size(); ++word) {
    for (std::uint64_t left = is_there[word]; left != 0; left &= left - 1)
      slots.push_back(z(slot_of_.slot(static_cast<Offset>(word) * 64 + std::countr_zero(left))));
  }
  return slots;
}

}  // namespace filigree::ppr
