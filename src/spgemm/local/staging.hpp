// The rows of a row block on their way to C. Where they belong is known when all row blocks before them are made: then
// they are made in C, if it has capacity for the most that they can have. Else a thread makes them in a staging buffer
// of its own, which waits while the thread goes on with the next row block, and is moved when its slot is known: a few
// lines of memory after every row that is made, so that the processor computes while it stores.
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

#include "core/index.hpp"
#include "core/simd/isa.hpp"
#include "core/simd/lanes.hpp"
#include "filigree/core/array.hpp"
#include "filigree/matrix/csr.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "spgemm/tuning.hpp"

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

/// Where rows are made that cannot be made where they belong.
template <class V>
struct RowBuffer {
  Array<Local> col;
  Array<V> val;

  void hold(Offset elements) {
    if (std::ssize(col) >= elements) return;
    col.clear();  // what is in them need not be copied when they grow
    val.clear();
    col.resize(z(elements));
    val.resize(z(elements));
  }
  void copy(Offset elements, Local* to_col, V* to_val) const {
    std::copy_n(col.data(), elements, to_col);
    std::copy_n(val.data(), elements, to_val);
  }
};

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
    best_of(stream_sse2, stream_sse2, stream_avx512)(to_, from_, bytes);
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

/// Row blocks that threads take in order, a chunk at a time, and the lengths that they turn out to have.
class RowBlockQueue {
 public:
  /// work(block): products
  template <class Work>
  RowBlockQueue(Offset num_blocks, int num_threads, Work work)
      : length_(z(num_blocks)), chunks_(cut_chunks(num_blocks, num_threads, tuning::most_blocks, work)) {
    for (auto& length : length_) length.store(unknown, std::memory_order_relaxed);
  }

  struct Chunk {
    Offset begin, end;
  };
  /// Row blocks that no thread has taken yet; none if all are.
  std::optional<Chunk> take() {
    const auto chunk = z(next_++);
    if (chunk + 1 >= chunks_.size()) return std::nullopt;
    return Chunk{chunks_[chunk], chunks_[chunk + 1]};
  }

  static constexpr Offset unknown = -1;
  void set_length(Offset block, Offset length) { length_[z(block)].store(length, std::memory_order_release); }
  Offset length(Offset block) const { return length_[z(block)].load(std::memory_order_acquire); }

 private:
  std::vector<std::atomic<Offset>> length_;
  std::vector<Offset> chunks_;  // first row blocks
  std::atomic<Offset> next_ = 0;
};

/// The rows of a row block, and where they are.
template <class V>
struct Staged {
  Offset block = 0;
  Local begin = 0, end = 0;  ///< its rows
  Offset length = 0;
  Offset slot = 0;        ///< of its first element in C, once that is known
  RowBuffer<V> elements;  ///< none if it is made in C
};

/// What a thread makes: the row block at hand, and staging buffers that wait, of which the first is on its way.
template <class V>
class WriteBack {
 public:
  /// row_length: of C, by row; becomes the end of the row when its slot is known. usual: elements that a staging buffer
  /// has capacity for, at least
  WriteBack(Csr<V>& c, Offset capacity, Offset* row_length, RowBlockQueue& queue, Offset usual,
            const std::atomic<bool>& stop)
      : c_(c), capacity_(capacity), row_length_(row_length), queue_(queue), usual_(usual), stop_(stop) {}

  struct Target {
    Local* col;
    V* val;
  };

  /// Where to make the elements of a row block, rows [begin, end): up to `most` may be written there, also some that
  /// they turn out not to have. Row blocks come in ascending order. In C no other thread writes beyond where the block
  /// begins before end_block(), with which the slot of the next one is known.
  Target begin_block(Offset block, Local begin, Local end, Offset most) {
    find_slots();
    in_place_ = num_placed_ == waiting_.size() && reach(block) && reached_ + most <= capacity_;
    if (!in_place_ && !spare_.empty()) {
      at_hand_ = std::move(spare_.back());
      spare_.pop_back();
    }
    at_hand_.block = block;
    at_hand_.begin = begin;
    at_hand_.end = end;
    most_ += most;
    if (in_place_) return {c_.col.data() + reached_, c_.val.data() + reached_};
    at_hand_.elements.hold(std::max(most, usual_));
    return {at_hand_.elements.col.data(), at_hand_.elements.val.data()};
  }

  /// Its rows are made, and have so many elements.
  void end_block(Offset length) {
    at_hand_.length = length;
    length_ += length;
    if (in_place_) {
      at_hand_.slot = reached_;
      end_rows(at_hand_);
    }
    queue_.set_length(at_hand_.block, length);
    if (in_place_) return;
    waiting_bytes_ += bytes(at_hand_);
    waiting_.push_back(std::exchange(at_hand_, {}));
    while (waiting_bytes_ > tuning::waiting_bytes && !stop_) {
      if (!advance()) std::this_thread::yield();
    }
  }

  /// So many elements were made meanwhile: moves more, so that what waits does not grow.
  void keep_up(Offset made) {
    made_ += made + made / 4;
    for (; made_ >= tuning::moved_entries; made_ -= tuning::moved_entries) {
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

  /// It has begun a page of columns and one of values at least.
  static Offset bytes(const Staged<V>& staged) { return staged.length * entry + 8192; }

  /// Whether C is so large, as the row blocks until now let expect, that a cache had better hold other things.
  bool around_cache() const {
    return static_cast<double>(length_) / static_cast<double>(most_) * static_cast<double>(capacity_ * entry) >
           static_cast<double>(tuning::far_bytes);
  }

  /// Whether all row blocks before this one are made; they have reached_ elements then.
  bool reach(Offset block) {
    for (; block_ < block; ++block_) {
      const Offset length = queue_.length(block_);
      if (length == RowBlockQueue::unknown) return false;
      reached_ += length;
    }
    return true;
  }

  /// Of the staging buffers that wait.
  void find_slots() {
    for (; num_placed_ < waiting_.size() && reach(waiting_[num_placed_].block); ++num_placed_)
      waiting_[num_placed_].slot = reached_;
  }

  void end_rows(const Staged<V>& staged) {
    Offset slot = staged.slot;
    for (Local row = staged.begin; row < staged.end; ++row) row_length_[row] = slot += row_length_[row];
  }

  /// False if there is nothing to move yet.
  bool advance() {
    if (num_placed_ == 0) find_slots();
    if (num_placed_ == 0) return false;
    Staged<V>& first = waiting_.front();
    if (!moving_) {
      end_rows(first);
      // What C has no capacity for is only counted.
      const std::size_t length = first.slot + first.length <= capacity_ ? z(first.length) : 0;
      const bool around = around_cache();
      moving_.emplace(Transfer(c_.col.data() + first.slot, first.elements.col.data(), length * sizeof(Local), around),
                      Transfer(c_.val.data() + first.slot, first.elements.val.data(), length * sizeof(V), around));
    }
    auto& [col, val] = *moving_;
    static_assert(tuning::moved_entries * sizeof(Local) % 64 == 0);
    col.advance(tuning::moved_entries * sizeof(Local));
    val.advance(tuning::moved_entries * sizeof(V));
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
  Offset capacity_;  // of C, in elements
  Offset* row_length_;
  RowBlockQueue& queue_;
  Offset usual_;
  const std::atomic<bool>& stop_;
  Offset length_ = 0;  // of the row blocks until now
  Offset most_ = 0;    // elements they could have had
  Staged<V> at_hand_;  // made in C if in_place_
  bool in_place_ = false;
  std::deque<Staged<V>> waiting_;
  std::size_t num_placed_ = 0;  // of them: these slots are known
  std::vector<Staged<V>> spare_;
  std::optional<std::pair<Transfer, Transfer>> moving_;  // columns and values of the first that waits
  Offset waiting_bytes_ = 0;
  Offset made_ = 0;
  Offset block_ = 0;  // those before it have reached_ elements
  Offset reached_ = 0;
};

}  // namespace filigree::spgemm
