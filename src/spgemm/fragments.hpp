// Fragments: the rows of a window, made by a thread in memory of its own. Where they belong in C is known when all
// windows before them are made; until then they wait, and the thread goes on with another window. Then they are moved,
// a few lines of memory after every row that is made, so that the processor computes while it stores.
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

#if defined(__SSE2__)
#include <immintrin.h>
#define FILIGREE_STORES_AROUND_CACHE 1
#else
#define FILIGREE_STORES_AROUND_CACHE 0
#endif

#include "core/index.hpp"
#include "filigree/matrix/csr.hpp"

namespace filigree::spgemm {

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

  /// Moves about as many bytes, up to full lines of the target.
  void advance(std::size_t bytes) {
    if (done()) return;
    constexpr std::size_t line = 64;
    const std::size_t before = line - reinterpret_cast<std::uintptr_t>(to_) % line;
    if (!around_cache_ || before != line) copy(std::min(left_, around_cache_ ? before : bytes));
    if (!around_cache_) return;
#if FILIGREE_STORES_AROUND_CACHE
    for (std::size_t moved = 0; moved < bytes && left_ >= line; moved += line) {
      for (std::size_t i = 0; i < line; i += sizeof(__m128i)) {
        _mm_stream_si128(reinterpret_cast<__m128i*>(to_ + i),
                         _mm_loadu_si128(reinterpret_cast<const __m128i*>(from_ + i)));
      }
      skip(line);
    }
#endif
    if (left_ < line) copy(left_);
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

template <class V>
struct Fragment {
  Offset window = 0;
  Local begin = 0, end = 0;  ///< its rows
  Offset length = 0;
  Array<Local> col;
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

/// A thread's fragments that wait, and the one that is on its way.
template <class V>
class WriteBack {
 public:
  /// Bytes that may wait.
  static constexpr Offset most_waiting = Offset{8} << 20;

  /// row_length: of C, by row; becomes the end of the row in C when it is moved
  WriteBack(Csr<V>& c, Offset* row_length, WindowLengths& lengths, const std::atomic<bool>& stop)
      : c_(c),
        row_length_(row_length),
        lengths_(lengths),
        stop_(stop),
        around_cache_(std::ssize(c.col) * entry > Offset{4} << 20) {}

  /// An empty one for `most` elements.
  Fragment<V> fragment(Offset most) {
    Fragment<V> fragment;
    if (!spare_.empty()) {
      fragment = std::move(spare_.back());
      spare_.pop_back();
    }
    if (std::ssize(fragment.col) < most) {
      fragment.col.clear();  // what is in them need not be copied when they grow
      fragment.val.clear();
      fragment.col.resize(z(most));
      fragment.val.resize(z(most));
    }
    return fragment;
  }

  /// Its rows are made.
  void add(Fragment<V> fragment) {
    lengths_.set(fragment.window, fragment.length);
    waiting_bytes_ += bytes(fragment);
    waiting_.push_back(std::move(fragment));
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
  static constexpr Offset step = 64;

  /// It has begun a page of columns and one of values at least.
  static Offset bytes(const Fragment<V>& fragment) { return fragment.length * entry + 8192; }

  /// False if there is nothing to move yet.
  bool advance() {
    if (waiting_.empty()) return false;
    Fragment<V>& first = waiting_.front();
    if (!moving_) {
      for (; window_ < first.window; ++window_) {
        const Offset length = lengths_.at(window_);
        if (length == WindowLengths::unknown) return false;
        begin_ += length;
      }
      Offset at = begin_;
      for (Local row = first.begin; row < first.end; ++row) row_length_[row] = at += row_length_[row];
      // What C has no room for is only counted.
      const std::size_t length = begin_ + first.length <= std::ssize(c_.col) ? z(first.length) : 0;
      moving_.emplace(Transfer(c_.col.data() + begin_, first.col.data(), length * sizeof(Local), around_cache_),
                      Transfer(c_.val.data() + begin_, first.val.data(), length * sizeof(V), around_cache_));
    }
    auto& [col, val] = *moving_;
    col.advance(step * sizeof(Local));
    val.advance(step * sizeof(V));
    if (col.done() && val.done()) {
      moving_.reset();
      waiting_bytes_ -= bytes(first);
      if (first.col.size() < huge) spare_.push_back(std::move(first));
      waiting_.pop_front();
    }
    return true;
  }

  static constexpr std::size_t huge = std::size_t{1} << 18;  ///< elements of a fragment that is not kept

  Csr<V>& c_;
  Offset* row_length_;
  WindowLengths& lengths_;
  const std::atomic<bool>& stop_;
  bool around_cache_;
  std::deque<Fragment<V>> waiting_;
  std::vector<Fragment<V>> spare_;
  std::optional<std::pair<Transfer, Transfer>> moving_;  ///< columns and values of the first that waits
  Offset waiting_bytes_ = 0;
  Offset made_ = 0;
  Offset window_ = 0;  ///< it begins in C at begin_
  Offset begin_ = 0;
};

}  // namespace filigree::spgemm
