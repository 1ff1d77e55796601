// Scratch: arrays over [0, n) that are cleared in the number of touched entries, not in n.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
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

/// Where in a list of its own each of the keys [0, n) stands. A new list forgets the one before without a pass over the
/// keys: slots of earlier lists are below those of this one. Memory: 4 n bytes.
class SlotTable {
 public:
  explicit SlotTable(Offset n) : slot_(n) {}

  /// Begins a list of at most `most` keys. Returns the table: of a key in the list, first() plus its slot; less than
  /// first() for the others.
  std::uint32_t* begin_list(Offset most) {
    if (static_cast<Offset>(std::numeric_limits<std::uint32_t>::max() - first_) < most) {
      std::memset(slot_.data(), 0, slot_.size() * sizeof(std::uint32_t));
      first_ = 1;
    }
    return slot_.data();
  }
  std::uint32_t first() const { return first_; }
  void end_list(Offset length) { first_ += static_cast<std::uint32_t>(length); }

  /// The slot of a key, -1 if it is not in the list.
  Local slot(Offset key) const {
    const std::uint32_t at = slot_[z(key)];
    return at < first_ ? -1 : static_cast<Local>(at - first_);
  }
  void set(Offset key, Offset slot) { slot_[z(key)] = first_ + static_cast<std::uint32_t>(slot); }
  void prefetch(Offset key) const { __builtin_prefetch(slot_.data() + key); }
  Offset size() const { return static_cast<Offset>(slot_.size()); }

 private:
  ZeroedArray<std::uint32_t> slot_;
  std::uint32_t first_ = 1;  // that of slot 0; all below are of earlier lists
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
