// Fragments: the rows of a window, made by a thread in memory of its own. Where they belong in C is known when all
// windows before them are made; until then they wait, and the thread goes on with another window. Then they are moved,
// a few lines of memory after every row that is made, so that the processor computes while it stores. A window whose
// place is known before it is made needs no fragment: its rows are made in C, if there is room for the most they can
// have. One thread alone knows all places.
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
#include "filigree/matrix/csr.hpp"
#include "spgemm/lanes.hpp"

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
  Offset window = 0;
  Local begin = 0, end = 0;  ///< its rows
  Offset length = 0;
  Offset place = 0;  ///< of its first element in C, once that is known
  Array<Local> col;  ///< both empty if it is made in C
  Array<V> val;
};

/// Lengths of windows, as they become known.
class WindowLengths {
 public:
  explicit WindowLengths(Offset num_windows) : length_(z(num_windows)) {
    for (auto& length : length_) length.store(unknown, std::memory_order_relaxed);
  }
  static constexpr Offset unknown = -1;

  void set(Offset window, Offset length) { length_[z(window)].store(length, std::memory_order_release); }
  Offset at(Offset window) const { return length_[z(window)].load(std::memory_order_acquire); }

 private:
  std::vector<std::atomic<Offset>> length_;
};

/// What a thread makes: the window at hand, and fragments that wait, of which the first is on its way.
template <class V>
class WriteBack {
 public:
  /// Bytes that may wait.
  static constexpr Offset most_waiting = Offset{8} << 20;

  /// row_length: of C, by row; becomes the end of the row in C when its place is known
  WriteBack(Csr<V>& c, Offset* row_length, WindowLengths& lengths, const std::atomic<bool>& stop)
      : c_(c), row_length_(row_length), lengths_(lengths), stop_(stop) {}

  /// Where to make elements.
  struct Target {
    Local* col;
    V* val;
  };

  /// For a window, rows [begin, end), while which are made `most` elements may be written, also some that they have
  /// not. Windows come in ascending order. In C nobody else writes behind where it begins before end_window(), with
  /// which the place of the next window is known.
  Target begin_window(Offset window, Local begin, Local end, Offset most) {
    find_places();
    in_place_ = num_placed_ == waiting_.size() && reach(window) && begin_ + most <= std::ssize(c_.col);
    if (!in_place_ && !spare_.empty()) {
      at_hand_ = std::move(spare_.back());
      spare_.pop_back();
    }
    at_hand_.window = window;
    at_hand_.begin = begin;
    at_hand_.end = end;
    at_hand_.place = begin_;
    most_ += most;
    if (in_place_) return {c_.col.data() + begin_, c_.val.data() + begin_};
    if (std::ssize(at_hand_.col) < most) {
      at_hand_.col.clear();  // what is in them need not be copied when they grow
      at_hand_.val.clear();
      at_hand_.col.resize(z(most));
      at_hand_.val.resize(z(most));
    }
    return {at_hand_.col.data(), at_hand_.val.data()};
  }

  /// Its rows are made, and have so many elements.
  void end_window(Offset length) {
    at_hand_.length = length;
    length_ += length;
    if (in_place_) end_rows(at_hand_);
    lengths_.set(at_hand_.window, length);
    if (in_place_) return;
    waiting_bytes_ += bytes(at_hand_);
    waiting_.push_back(std::exchange(at_hand_, {}));
    while (waiting_bytes_ > most_waiting && !stop_) {
      if (!advance()) std::this_thread::yield();
    }
  }

  /// So many elements were made meanwhile: moves as many.
  void keep_up(Offset made) {
    made_ += made;
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
    constexpr auto near_bytes = static_cast<double>(Offset{4} << 20);
    return static_cast<double>(length_) / static_cast<double>(most_) * static_cast<double>(std::ssize(c_.col) * entry) >
           near_bytes;
  }

  /// Whether the place of a window is known; it is begin_ then.
  bool reach(Offset window) {
    for (; window_ < window; ++window_) {
      const Offset length = lengths_.at(window_);
      if (length == WindowLengths::unknown) return false;
      begin_ += length;
    }
    return true;
  }

  /// Of the fragments that wait.
  void find_places() {
    for (; num_placed_ < waiting_.size() && reach(waiting_[num_placed_].window); ++num_placed_)
      waiting_[num_placed_].place = begin_;
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
      const std::size_t length = first.place + first.length <= std::ssize(c_.col) ? z(first.length) : 0;
      const bool around = around_cache();
      moving_.emplace(Transfer(c_.col.data() + first.place, first.col.data(), length * sizeof(Local), around),
                      Transfer(c_.val.data() + first.place, first.val.data(), length * sizeof(V), around));
    }
    auto& [col, val] = *moving_;
    static_assert(step * sizeof(Local) % 64 == 0);
    col.advance(step * sizeof(Local));
    val.advance(step * sizeof(V));
    if (col.done() && val.done()) {
      moving_.reset();
      waiting_bytes_ -= bytes(first);
      if (first.col.size() < huge) spare_.push_back(std::move(first));
      waiting_.pop_front();
      --num_placed_;
    }
    return true;
  }

  static constexpr std::size_t huge = std::size_t{1} << 18;  ///< elements of a fragment that is not kept

  Csr<V>& c_;
  Offset* row_length_;
  WindowLengths& lengths_;
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
  Offset window_ = 0;  ///< it begins in C at begin_
  Offset begin_ = 0;
};

}  // namespace filigree::spgemm
