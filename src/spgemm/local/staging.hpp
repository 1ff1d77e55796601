// Fragments: the rows of a window, made by a thread in memory of its own. Where they belong in C is known when all
// windows of their side before them are made; until then they wait, and the thread goes on with another window. Then
// they are moved, a few lines of memory after every row that is made, so that the processor computes while it stores. A
// window whose place is known before it is made needs no fragment: its rows are made in C, if there is room for the
// most they can have. Two threads, each on a side of its own, know all places until one helps the other.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/cpu.hpp"
#include "core/index.hpp"
#include "core/simd/lanes.hpp"
#include "filigree/matrix/csr.hpp"
#include "spgemm/local/two_ended.hpp"
#include "spgemm/rows/scratch.hpp"

#if defined(__x86_64__)
#define FILIGREE_STORES_AROUND_CACHE 1
#else
#define FILIGREE_STORES_AROUND_CACHE 0
#endif

namespace filigree::spgemm {

#if FILIGREE_STORES_AROUND_CACHE
/// Copies so many bytes, all of full lines of the target, around the cache: where the processor can, a line by one
/// store, which does not wait for others to fill it.
FILIGREE_AVX512 inline void stream_avx512(char* to, const char* from, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; i += sizeof(__m512i))
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to + i), _mm512_loadu_si512(from + i));
}
inline void stream_sse2(char* to, const char* from, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; i += sizeof(__m128i)) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + i), _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i)));
  }
}
#endif

/// Bytes on their way from one place to another, some at a time.
class Transfer {
 public:
  /// around_cache: what arrives is not read soon, so it need not pass through the cache
  Transfer(void* to, const void* from, std::size_t bytes, bool around_cache)
      : to_(static_cast<char*>(to)),
        from_(static_cast<const char*>(from)),
        left_(bytes),
        around_cache_(around_cache && FILIGREE_STORES_AROUND_CACHE) {}

  bool done() const { return left_ == 0; }

  /// Moves about as many bytes; a multiple of 64, which is full lines.
  void advance(std::size_t bytes) {
    if (done()) return;
    if (!around_cache_) return copy(std::min(left_, bytes));
#if FILIGREE_STORES_AROUND_CACHE
    constexpr std::size_t line = 64;
    if (left_ < bytes + 2 * line) return copy(left_);
    const std::size_t before = line - reinterpret_cast<std::uintptr_t>(to_) % line;
    if (before != line) copy(before);
    static const auto stream = cpu_has_avx512() ? stream_avx512 : stream_sse2;
    stream(to_, from_, bytes);
    skip(bytes);
#endif
  }

 private:
  void copy(std::size_t bytes) {
    std::memcpy(to_, from_, bytes);
    skip(bytes);
  }
  void skip(std::size_t bytes) {
    to_ += bytes;
    from_ += bytes;
    left_ -= bytes;
  }

  char* to_;
  const char* from_;
  std::size_t left_;
  bool around_cache_;
};

/// The rows of a window, and where they are.
template <class V>
struct Fragment {
  Offset window = 0;         ///< its number on its side
  Local begin = 0, end = 0;  ///< its rows
  Offset length = 0;
  Offset place = 0;   ///< of its first element, from the middle of C, once that is known
  Aside<V> elements;  ///< none if it is made in C; those of rows made backwards are at the end
};

/// What a thread makes on a side: the window at hand, and fragments that wait, of which the first is on its way.
template <class V>
class WriteBack {
 public:
  /// Bytes that may wait.
  static constexpr Offset most_waiting = Offset{8} << 20;

  /// row_length: of C, by row; becomes the end of the row, from the middle of C, when its place is known
  /// usual: elements to make room for in a fragment, at least
  WriteBack(Csr<V>& c, Offset* row_length, Side& side, Offset usual, const std::atomic<bool>& stop)
      : c_(c), row_length_(row_length), side_(side), usual_(usual), stop_(stop) {}

  /// Where to make elements: from col and val on or, backwards, up to there.
  struct Target {
    Local* col;
    V* val;
  };

  /// For a window, rows [begin, end), while which are made `most` elements may be written, also some that they have
  /// not. Windows come in ascending order of their numbers. In C nobody else writes beyond where it begins before
  /// end_window(), with which the place of the next window is known.
  Target begin_window(Offset window, Local begin, Local end, Offset most) {
    find_places();
    in_place_ = num_placed_ == waiting_.size() && reach(window) && reached_ + most <= side_.room();
    if (!in_place_ && !spare_.empty()) {
      at_hand_ = std::move(spare_.back());
      spare_.pop_back();
    }
    at_hand_.window = window;
    at_hand_.begin = begin;
    at_hand_.end = end;
    most_ += most;
    if (in_place_) {
      const Offset at = side_.forwards() ? reached_ : -reached_;
      return {c_.col.data() + at, c_.val.data() + at};
    }
    at_hand_.elements.hold(std::max(most, usual_));
    const Offset at = side_.forwards() ? 0 : std::ssize(at_hand_.elements.col);
    return {at_hand_.elements.col.data() + at, at_hand_.elements.val.data() + at};
  }

  /// Its rows are made, and have so many elements.
  void end_window(Offset length) {
    at_hand_.length = length;
    length_ += length;
    if (in_place_) {
      place(at_hand_);
      end_rows(at_hand_);
    }
    side_.set_length(at_hand_.window, length);
    if (in_place_) return;
    waiting_bytes_ += bytes(at_hand_);
    waiting_.push_back(std::exchange(at_hand_, {}));
    while (waiting_bytes_ > most_waiting && !stop_) {
      if (!advance()) std::this_thread::yield();
    }
  }

  /// So many elements were made meanwhile: moves more, so that what waits does not grow.
  void keep_up(Offset made) {
    made_ += made + made / 4;
    for (; made_ >= step; made_ -= step) {
      if (!advance()) {
        made_ = 0;
        return;
      }
    }
  }

  /// Moves all that is left.
  void finish() {
    while (!waiting_.empty() && !stop_) {
      if (!advance()) std::this_thread::yield();
    }
#if FILIGREE_STORES_AROUND_CACHE
    _mm_sfence();
#endif
  }

 private:
  static constexpr Offset entry = sizeof(Local) + sizeof(V);
  static constexpr Offset step = 128;

  /// It has begun a page of columns and one of values at least.
  static Offset bytes(const Fragment<V>& fragment) { return fragment.length * entry + 8192; }

  /// Whether C is so large, as the windows until now let expect, that a cache had better hold other things.
  bool around_cache() const {
    constexpr auto near_bytes = static_cast<double>(Offset{2} << 20);  // of a side
    return static_cast<double>(length_) / static_cast<double>(most_) * static_cast<double>(side_.room() * entry) >
           near_bytes;
  }

  /// Whether all windows before this one are made; they have reached_ elements then.
  bool reach(Offset window) {
    for (; window_ < window; ++window_) {
      const Offset length = side_.length(window_);
      if (length == Side::unknown) return false;
      reached_ += length;
    }
    return true;
  }

  /// A fragment that reached_ is known for.
  void place(Fragment<V>& fragment) const {
    fragment.place = side_.forwards() ? reached_ : -reached_ - fragment.length;
  }

  /// Of the fragments that wait.
  void find_places() {
    for (; num_placed_ < waiting_.size() && reach(waiting_[num_placed_].window); ++num_placed_)
      place(waiting_[num_placed_]);
  }

  void end_rows(const Fragment<V>& fragment) {
    Offset place = fragment.place;
    for (Local row = fragment.begin; row < fragment.end; ++row) row_length_[row] = place += row_length_[row];
  }

  /// False if there is nothing to move yet.
  bool advance() {
    if (num_placed_ == 0) find_places();
    if (num_placed_ == 0) return false;
    Fragment<V>& first = waiting_.front();
    if (!moving_) {
      end_rows(first);
      // What C has no room for is only counted.
      const bool fits = std::max(first.place + first.length, -first.place) <= side_.room();
      const std::size_t length = fits ? z(first.length) : 0;
      const Offset at = side_.forwards() ? 0 : std::ssize(first.elements.col) - first.length;
      const Local* const col = first.elements.col.data() + at;
      const V* const val = first.elements.val.data() + at;
      const bool around = around_cache();
      moving_.emplace(Transfer(c_.col.data() + first.place, col, length * sizeof(Local), around),
                      Transfer(c_.val.data() + first.place, val, length * sizeof(V), around));
    }
    auto& [col, val] = *moving_;
    static_assert(step * sizeof(Local) % 64 == 0);
    col.advance(step * sizeof(Local));
    val.advance(step * sizeof(V));
    if (col.done() && val.done()) {
      moving_.reset();
      waiting_bytes_ -= bytes(first);
      if (std::ssize(first.elements.col) <= usual_) spare_.push_back(std::move(first));
      waiting_.pop_front();
      --num_placed_;
    }
    return true;
  }

  Csr<V>& c_;
  Offset* row_length_;
  Side& side_;
  Offset usual_;
  const std::atomic<bool>& stop_;
  Offset length_ = 0;    ///< of the windows until now
  Offset most_ = 0;      ///< elements they could have had
  Fragment<V> at_hand_;  ///< made in C if in_place_
  bool in_place_ = false;
  std::deque<Fragment<V>> waiting_;
  std::size_t num_placed_ = 0;  ///< of them: these places are known
  std::vector<Fragment<V>> spare_;
  std::optional<std::pair<Transfer, Transfer>> moving_;  ///< columns and values of the first that waits
  Offset waiting_bytes_ = 0;
  Offset made_ = 0;
  Offset window_ = 0;  ///< those before it have reached_ elements
  Offset reached_ = 0;
};

}  // namespace filigree::spgemm
