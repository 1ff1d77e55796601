// A side of C: C begins with a window in its midst and grows to both sides from there, so that two threads can make
// rows where they belong before anybody knows how many there will be.
#pragma once

#include <atomic>
#include <optional>
#include <vector>

#include "core/index.hpp"
#include "spgemm/rows/row_blocks.hpp"

namespace filigree::spgemm {

/// Windows, numbered from 0 on in the order in which they are made, and their elements, whose places count from the
/// middle, where C begins to grow: those of the side that grows backwards are below 0.
class Side {
 public:
  /// Windows [begin, end), forwards from the first one or backwards from the last. room: elements that C has room for
  /// on this side. work(w): products of a window
  template <class Work>
  Side(Offset begin, Offset end, bool forwards, Offset room, int num_threads, Work work)
      : begin_(begin), end_(end), forwards_(forwards), room_(room), length_(z(end - begin)) {
    for (auto& length : length_) length.store(unknown, std::memory_order_relaxed);
    turns_ = cut_turns(end - begin, num_threads, most_windows, [&](Offset number) { return work(window(number)); });
  }

  bool forwards() const { return forwards_; }
  Offset room() const { return room_; }
  Offset window(Offset number) const { return forwards_ ? begin_ + number : end_ - 1 - number; }

  struct Turn {
    Offset begin, end;
  };
  /// Numbers that no thread has taken yet, in order; none if all are.
  std::optional<Turn> take_turn() {
    const auto turn = z(next_++);
    if (turn + 1 >= turns_.size()) return std::nullopt;
    return Turn{turns_[turn], turns_[turn + 1]};
  }

  /// Lengths of windows become known.
  static constexpr Offset unknown = -1;
  void set_length(Offset number, Offset length) { length_[z(number)].store(length, std::memory_order_release); }
  Offset length(Offset number) const { return length_[z(number)].load(std::memory_order_acquire); }

  /// Of all.
  Offset length() const {
    Offset sum = 0;
    for (const auto& length : length_) sum += length;
    return sum;
  }

 private:
  Offset begin_, end_;
  bool forwards_;
  Offset room_;
  std::vector<std::atomic<Offset>> length_;
  std::vector<Offset> turns_;  // first windows by number
  std::atomic<Offset> next_ = 0;
};

}  // namespace filigree::spgemm
