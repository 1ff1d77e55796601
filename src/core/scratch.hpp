// Scratch: arrays over [0, n) that are cleared in the number of touched entries, not in n.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "core/zeroed_array.hpp"

namespace filigree {

/// Values of positions [0, n), zero (T{}) until they are touched. Memory: n (sizeof(T) + 4) bytes, aligned, and 4 a
/// touched position. Between two clear() at most 2^31 positions may be touched.
template <class T>
class Scratch {
 public:
  Scratch() = default;
  explicit Scratch(Offset n) : slot_(n) {}

  Offset size() const { return static_cast<Offset>(slot_.size()); }
  bool contains(Offset i) const { return slot_[z(i)].epoch == epoch_; }
  /// The value at i; the first touch since clear() makes it zero.
  T& operator[](Offset i) {
    Slot& slot = slot_[z(i)];
    if (slot.epoch != epoch_) {
      slot = {T{}, epoch_};
      touched_.push_back(static_cast<Local>(i));
    }
    return slot.value;
  }
  /// The value at i, zero if it was not touched; touches nothing.
  T get(Offset i) const { return contains(i) ? slot_[z(i)].value : T{}; }
  /// Starts to load what [i] will need.
  void prefetch(Offset i) const { __builtin_prefetch(slot_.data() + i); }

  /// Touched positions in the order of their first touch.
  std::span<const Local> touched() const { return touched_; }
  /// The same in ascending order from now on.
  std::span<const Local> sort_touched() {
    std::sort(touched_.begin(), touched_.end());
    return touched_;
  }
  /// Forgets everything. O(1); O(n) once in 2^32 times.
  void clear() {
    touched_.clear();
    if (++epoch_ != 0) return;
    std::fill_n(slot_.data(), slot_.size(), Slot{});
    epoch_ = 1;
  }

 private:
  struct Slot {
    T value{};
    std::uint32_t epoch = 0;
  };
  ZeroedArray<Slot> slot_;
  std::uint32_t epoch_ = 1;
  std::vector<Local> touched_;
};

/// A set of positions in [0, n). Memory: n bytes and 4 an element.
class ScratchSet {
 public:
  ScratchSet() = default;
  explicit ScratchSet(Offset n) : flag_(n) {}

  Offset size() const { return static_cast<Offset>(flag_.size()); }
  bool contains(Offset i) const { return flag_[z(i)] != 0; }
  /// Whether i is new to the set.
  bool insert(Offset i) {
    if (contains(i)) return false;
    flag_[z(i)] = 1;
    elements_.push_back(static_cast<Local>(i));
    return true;
  }
  /// Elements in the order of insertion.
  std::span<const Local> touched() const { return elements_; }
  /// The same in ascending order from now on.
  std::span<const Local> sort_touched() {
    std::sort(elements_.begin(), elements_.end());
    return elements_;
  }
  /// O(elements).
  void clear() {
    for (const Local i : elements_) flag_[z(i)] = 0;
    elements_.clear();
  }

 private:
  ZeroedArray<char8_t> flag_;  // char8_t may stand for nothing else: writing one lets no other value be read anew
  std::vector<Local> elements_;
};

}  // namespace filigree
