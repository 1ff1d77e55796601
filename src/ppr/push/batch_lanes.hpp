// Residuals of up to `batch_width` queries side by side, pushed together.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "core/arithmetic.hpp"
#include "core/zeroed_array.hpp"
#include "ppr/push/kernels.hpp"
#include "ppr/push/schedule.hpp"

namespace filigree::ppr {

/// Slots with a residual for every lane. A slot is pushed for all lanes at once, when the sum of their residuals is
/// worth it; lanes that have come far enough count no more. Bytes: 272 a slot.
class Lanes {
 public:
  std::size_t num_slots() const { return num_slots_; }
  /// Of at most so many slots.
  explicit Lanes(std::size_t max_slots) : max_slots_(max_slots) {}
  /// No slot. The memory is kept.
  void clear();
  /// The same slots, with nothing.
  void reset();
  /// A slot more, without residuals. They are compared with `limit` (nothing is pushed where that is infinite) and err
  /// by weight x residual.
  std::size_t add_slot(float limit, float weight);
  void add(std::size_t slot, std::size_t lane, double x) {
    residual_[slot * batch_width + lane] += x;
    total_[slot] += x;
  }

  /// At batch_width * slot + lane: the residual, and what was pushed. Zeros make blocks whole.
  std::span<const double> residual() const { return {residual_.data(), padded()}; }
  std::span<double> residual() { return {residual_.data(), padded()}; }
  std::span<const double> pushed() const { return {pushed_.data(), padded()}; }
  std::span<double> pushed() { return {pushed_.data(), padded()}; }

  /// sum over slots of weight x residual, of every lane.
  std::array<double, batch_width> left() const;

  /// The largest values of every lane.
  struct Large {
    std::array<std::vector<std::pair<Local, double>>, batch_width> of_lane;  ///< and their slots, which ascend
    std::array<double, batch_width> total{};                                 ///< of all values
    std::array<double, batch_width> missed{};                                ///< of those that are not listed
  };
  /// Of values like residual() and pushed(), so many that all others sum up to most_missed at most in every lane; or,
  /// if `enough` > 0, at least the first `enough` by falling value.
  static Large large(std::span<const double> values, double most_missed, std::size_t enough = 0);

  /// Takes what slot has and gives `rate` of it, times the weights if there are any, to the slots `to`.
  void push(std::size_t slot, double rate, const Local* to, const double* weight, Offset count) {
    push_lanes(residual_.data(), pushed_.data(), total_.data(), static_cast<Local>(slot), rate, to, weight, count);
  }
  /// Calls push_slot(slot) for every slot with a residual, which must push it and may add slots. What arrives from
  /// other slots waits for the next level.
  template <class PushPlace>
  void push_level(PushPlace push_slot);
  /// Calls push_slot(slot), which must push it and may add slots, by falling residual over limit until every lane l
  /// errs by goals[l] at most, above 0 if it has anything; expect(slot) tells of it a little ahead. From one sweep to
  /// the next the threshold falls by `fall`. False if push_slot returned false, or all that is left is out of reach.
  template <class PushPlace, class Expect>
  bool run(const std::array<double, batch_width>& goals, double fall, PushPlace push_slot, Expect expect);

 private:
  std::size_t padded() const { return (num_slots_ * batch_width + block_size - 1) / block_size * block_size; }
  /// From now on only lanes that are above their goals count. Returns the sum of these goals.
  double count_only_off(const std::array<double, batch_width>& goals);

  std::size_t max_slots_;
  std::size_t num_slots_ = 0;
  // Of every slot, in whole blocks.
  ZeroedArray<float> limit_, weight_;
  ZeroedArray<double> total_;              // the residuals of the lanes that count
  ZeroedArray<double> residual_, pushed_;  // `batch_width` each
};

template <class PushPlace>
void Lanes::push_level(PushPlace push_slot) {
  const std::vector<double> level(residual_.data(), residual_.data() + num_slots_ * batch_width);
  const std::vector<double> totals(total_.data(), total_.data() + num_slots_);
  std::fill_n(residual_.data(), level.size(), 0.0);
  std::fill_n(total_.data(), totals.size(), 0.0);
  for (std::size_t slot = 0; slot < totals.size(); ++slot) {
    if (totals[slot] <= 0) continue;
    std::array<double, batch_width> arrived;
    std::copy_n(residual_.data() + slot * batch_width, batch_width, arrived.begin());
    std::copy_n(level.data() + slot * batch_width, batch_width, residual_.data() + slot * batch_width);
    const double arrived_total = std::exchange(total_[slot], totals[slot]);
    push_slot(slot);
    for (std::size_t l = 0; l < batch_width; ++l) residual_[slot * batch_width + l] += arrived[l];
    total_[slot] += arrived_total;
  }
}

template <class PushPlace, class Expect>
bool Lanes::run(const std::array<double, batch_width>& goals, double fall, PushPlace push_slot, Expect expect) {
  const FlushDenormals flush;
  double goal = count_only_off(goals);
  double rmax = 0;
  for (std::size_t slot = 0; slot < num_slots_; ++slot)
    rmax = std::max(rmax, total_[slot] / static_cast<double>(limit_[slot]));
  for (ThresholdSchedule thresholds(rmax, std::numeric_limits<double>::min(), fall); goal > 0; thresholds.advance()) {
    if (thresholds.is_lowest()) return false;
    for (std::size_t first = 0; first < num_slots_; first += block_size) {
      std::uint64_t found = at_least(total_.data() + first, limit_.data() + first, thresholds.threshold());
      for (std::uint64_t left = found; left != 0; left &= left - 1) expect(first + z(std::countr_zero(left)));
      for (; found != 0; found &= found - 1) {
        if (!push_slot(first + z(std::countr_zero(found)))) return false;
      }
    }
    double left_of_all = 0;
    for (std::size_t first = 0; first < num_slots_; first += block_size)
      left_of_all += weighted_sum(total_.data() + first, weight_.data() + first);
    // Together they have come far enough; some alone may have not.
    if (left_of_all <= goal) goal = count_only_off(goals);
  }
  return true;
}

}  // namespace filigree::ppr
