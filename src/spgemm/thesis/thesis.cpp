// The product as K. Shivdikar's thesis makes it: all threads merge the products of a window of rows in one hash table,
// by atomic instructions.
//
//   1. window      consecutive rows whose entries fit in the table, if no two products of theirs met; a row with more
//                  gets a window, and a larger table, of its own
//   2. hashing     key = (row in window, column); a product claims the first free slot from hash(key) on, or is added
//                  to the slot that has its key
//   3. write-back  sorts the rows, leaves out what the mask does, and appends them to C
//
//        rows of a window        hash(key)         table            write-back
//   v1   a block each thread     high-order bits   tag -> value     scans slots, which are nearly in order: little is
//                                                                   left to sort
//   v2   one at a time           low-order bits    tag -> value     goes through the slots that were claimed
//   v3   one at a time           low-order bits    tag -> offset    takes the entries, which stand side by side in the
//                                                                   order of their claims, into two lists in turn: one
//                                                                   thread writes one back while others fill the other
//
// A row is in one thread's hands, so sums have the same bits as everywhere. Keys of many rows compete for slots, hence
// the atomic claim; the addition to an entry could do without, but what it costs is part of the thesis.
#include "spgemm/thesis/thesis.hpp"

#include <omp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <numeric>
#include <utility>

#include "core/arithmetic.hpp"
#include "core/parallel_for.hpp"
#include "spgemm/rows/checks.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "spgemm/rows/semirings.hpp"
#include "spgemm/tuning.hpp"

namespace filigree::spgemm {
namespace {

using Key = std::uint64_t;
constexpr Key free_slot = ~Key{0};

template <class V>
struct Entry {
  Key key;
  V value;
};

/// Rows of a window that a thread has merged, one after the other.
template <class V>
struct MergedRows {
  struct End {
    Local row;
    Offset end;  ///< of its entries
  };
  std::vector<Entry<V>> entries;
  std::vector<End> ends;
};

/// Of numbers in [0, n).
int bits(Offset n) { return n <= 1 ? 0 : static_cast<int>(std::bit_width(z(n - 1))); }

struct HashWindow {
  Local begin;
  Local end;
  Offset most_entries;
};

/// Consecutive rows that fit in the usual table, or single ones. products: of each row.
std::vector<HashWindow> pack(std::span<const Offset> products, Local num_cols) {
  constexpr Offset capacity = tuning::usual_slots / tuning::slots_per_entry;
  std::vector<HashWindow> windows;
  HashWindow window{0, 0, 0};
  for (const Offset count : products) {
    const Offset entries = std::min<Offset>(count, num_cols);
    const bool full = window.most_entries + entries > capacity || window.end - window.begin == capacity;
    if (window.end > window.begin && full) {
      windows.push_back(window);
      window = {window.end, window.end, 0};
    }
    ++window.end;
    window.most_entries += entries;
  }
  if (window.end > window.begin) windows.push_back(window);
  return windows;
}

/// What a thread has of its own.
template <class V>
struct alignas(64) Worker {
  std::vector<std::uint32_t> claimed;  ///< slots of the window at work
  std::array<MergedRows<V>, 2> rows;
  Offset products = 0;  ///< of the window at work
  Offset probes = 0;
  Offset scanned = 0;  ///< slots, by write-back
  Offset merged = 0;   ///< entries before the mask
};

template <class Semiring, class V>
class HashProduct {
 public:
  HashProduct(Variant variant, Offset most_nonzeros, CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options,
              const Mask<V>& mask)
      : variant_(variant),
        most_nonzeros_(most_nonzeros),
        a_(a),
        b_(b),
        c_(c),
        options_(options),
        mask_(mask),
        column_bits_(bits(b.num_cols)),
        workers_(z(omp_get_max_threads())) {}

  Stats make() {
    c_.num_cols = b_.num_cols;
    c_.row_ptr.assign(a_.row_ptr.size(), 0);
    const std::span<Offset> products(of_row(), z(a_.num_rows()));
    count_products(a_, b_, products);
    const Offset num_products = std::accumulate(products.begin(), products.end(), Offset{0});
    const std::vector<HashWindow> windows = pack(products, b_.num_cols);
    reserve(windows);
    Offset done = 0;
    Offset critical = 0;
    for (const HashWindow& window : windows) {
      start(window);
      if (variant_ == Variant::v3)
        hash_over_write_back();
      else
        hash_then_write_back();
      Offset most = 0;
      for (Worker<V>& worker : workers_) {
        most = std::max(most, worker.products);
        done += std::exchange(worker.products, 0);
      }
      critical += most;
      if (options_.progress && done < num_products) options_.progress("multiply", done, num_products);
    }
    if (variant_ == Variant::v3) write_back(window_, turn_);
    if (options_.progress) options_.progress("multiply", num_products, num_products);
    return stats(num_products, critical, std::ssize(windows));
  }

 private:
  /// By row: products, then lengths, then ends.
  Offset* of_row() { return c_.row_ptr.data() + 1; }

  /// Makes the table, and capacity for C.
  void reserve(const std::vector<HashWindow>& windows) {
    Offset all = 0;
    Offset largest = 0;
    for (const HashWindow& window : windows) {
      all += window.most_entries;
      largest = std::max(largest, window.most_entries);
    }
    const Offset capacity = std::clamp<Offset>(most_nonzeros_, 0, all);
    // Cleared first: what is in them need not be copied when they grow.
    c_.col.clear();
    c_.val.clear();
    reserve_product<V>(capacity, [&] {
      c_.col.resize(z(capacity));
      c_.val.resize(z(capacity));
      tags_.assign(z(num_slots(largest)), free_slot);
      if (variant_ == Variant::v3)
        offsets_.resize(tags_.size());
      else
        values_.assign(tags_.size(), Semiring::zero());
    });
  }

  static Offset num_slots(Offset entries) {
    return std::max(tuning::usual_slots, static_cast<Offset>(std::bit_ceil(z(tuning::slots_per_entry * entries))));
  }

  void start(const HashWindow& window) {
    before_ = std::exchange(window_, window);
    turn_ = 1 - turn_;
    const Offset slots = num_slots(window.most_entries);
    last_slot_ = z(slots - 1);
    const int key_bits = column_bits_ + bits(window.end - window.begin);
    const int slot_bits = bits(slots);
    shift_ = variant_ == Variant::v1 ? std::max(key_bits - slot_bits, 0) : 0;
    next_row_ = window.begin;
  }

  void hash_then_write_back() {
    on_all_threads([&](Worker<V>& worker) {
      if (variant_ == Variant::v1) {
        const auto [first, last] = block(worker);
        for (Local row = first; row < last; ++row) hash(row, worker);
      } else {
        hash_what_is_left(worker);
      }
    });
    on_all_threads([&](Worker<V>& worker) {
      MergedRows<V>& rows = worker.rows[turn_];
      if (variant_ == Variant::v1)
        scan(worker, rows);
      else
        for (const std::uint32_t slot : worker.claimed) rows.entries.push_back({tags_[slot], values_[slot]});
      arrange(rows);
    });
    place(window_);
    on_all_threads([&](Worker<V>& worker) {
      copy(worker.rows[turn_]);
      for (const std::uint32_t slot : worker.claimed) values_[slot] = Semiring::zero();
      clear(worker);
    });
  }

  void hash_over_write_back() {
    std::atomic<bool> taken = false;
    on_all_threads([&](Worker<V>& worker) {
      if (!taken.exchange(true)) write_back(before_, 1 - turn_);
      hash_what_is_left(worker);
    });
    on_all_threads([&](Worker<V>& worker) { clear(worker); });
  }

  /// f(worker) for all of them at once; what one of them throws first is thrown here.
  template <class F>
  void on_all_threads(F f) {
    on_each_thread(static_cast<int>(workers_.size()), [&](int i) {
      const StandardArithmetic arithmetic;
      f(workers_[z(i)]);
    });
  }

  // ------------------------------------------------------------------------------------------------ hashing

  /// Rows of the window that v1 assigns to a thread.
  std::pair<Local, Local> block(const Worker<V>& worker) const {
    const Offset rows = window_.end - window_.begin;
    const Offset thread = &worker - workers_.data();
    const auto begin = [&](Offset i) { return window_.begin + static_cast<Local>(rows * i / std::ssize(workers_)); };
    return {begin(thread), begin(thread + 1)};
  }

  void hash_what_is_left(Worker<V>& worker) {
    for (Local row = next_row_++; row < window_.end; row = next_row_++) hash(row, worker);
  }

  Key key_of(Local row, Local column) const {
    return static_cast<Key>(row - window_.begin) << column_bits_ | static_cast<Key>(column);
  }
  std::size_t home(Key key) const { return (key >> shift_) & last_slot_; }

  void hash(Local row, Worker<V>& worker) {
    if (of_row()[row] == 0) return;
    MergedRows<V>& rows = worker.rows[turn_];
    for (Offset p = a_.row_ptr[z(row)]; p < a_.row_ptr[z(row) + 1]; ++p) {
      const V left = a_.has_values() ? a_.val[z(p)] : V{1};
      const Local k = a_.col[z(p)];
      for (Offset q = b_.row_ptr[z(k)]; q < b_.row_ptr[z(k) + 1]; ++q) {
        const V right = b_.has_values() ? b_.val[z(q)] : V{1};
        add(sum_of(key_of(row, b_.col[z(q)]), worker, rows), Semiring::times(left, right));
      }
      worker.products += b_.degree(k);
    }
    rows.ends.push_back({row, std::ssize(worker.claimed)});
  }

  /// Where the products of an entry are added up: zero() if it is new.
  V& sum_of(Key key, Worker<V>& worker, MergedRows<V>& rows) {
    const auto [slot, is_new] = find(key, worker);
    if (is_new) worker.claimed.push_back(static_cast<std::uint32_t>(slot));
    if (variant_ != Variant::v3) return values_[slot];
    if (is_new) {
      offsets_[slot] = static_cast<std::uint32_t>(rows.entries.size());
      rows.entries.push_back({key, Semiring::zero()});
    }
    return rows.entries[offsets_[slot]].value;
  }

  /// The slot of a key; whether it was claimed just now.
  std::pair<std::size_t, bool> find(Key key, Worker<V>& worker) {
    for (std::size_t slot = home(key);; slot = (slot + 1) & last_slot_) {
      ++worker.probes;
      const std::atomic_ref<Key> tag(tags_[slot]);
      Key found = tag.load(std::memory_order_relaxed);
      if (found == free_slot && tag.compare_exchange_strong(found, key, std::memory_order_relaxed)) return {slot, true};
      if (found == key) return {slot, false};
    }
  }

  static void add(V& sum, V product) {
    const std::atomic_ref<V> shared(sum);
    V before = shared.load(std::memory_order_relaxed);
    while (!shared.compare_exchange_weak(before, Semiring::plus(before, product), std::memory_order_relaxed)) {
    }
  }

  // ------------------------------------------------------------------------------------------------ write-back

  /// v1: collects the entries of a thread's rows in the order of their slots, which is that of their keys except for
  /// displaced ones, and inserts each where it belongs. An entry is out of order only with those that it had to pass
  /// when it was hashed, so this takes no more steps than there were probes.
  void scan(Worker<V>& worker, MergedRows<V>& rows) {
    const auto [first_row, last_row] = block(worker);
    if (first_row == last_row || b_.num_cols == 0) return;
    const Key first = key_of(first_row, 0);
    const Key last = key_of(last_row - 1, b_.num_cols - 1);
    std::vector<Entry<V>>& entries = rows.entries;
    // On from the last slot there may be entries that were displaced, around the end of the table too.
    const std::size_t end = home(last);
    for (std::size_t at = home(first); at <= end || tags_[at & last_slot_] != free_slot; ++at) {
      ++worker.scanned;
      const std::size_t slot = at & last_slot_;
      const Key found = tags_[slot];
      if (found < first || found > last) continue;
      const bool came_around = home(found) > slot;
      if (came_around != (at > last_slot_)) continue;
      auto place = entries.size();
      entries.push_back({found, values_[slot]});
      for (; place > 0 && entries[place - 1].key > found; --place) std::swap(entries[place - 1], entries[place]);
    }
  }

  /// Sorts the rows and leaves out what the mask does; tells their lengths.
  void arrange(MergedRows<V>& rows) {
    Offset begin = 0;
    Offset kept = 0;
    for (auto& [row, end] : rows.ends) {
      const std::span<Entry<V>> entries = std::span(rows.entries).subspan(z(begin), z(end - begin));
      if (variant_ != Variant::v1) {
        std::sort(entries.begin(), entries.end(), [](const auto& x, const auto& y) { return x.key < y.key; });
      }
      Entry<V>* const to = rows.entries.data() + kept;
      const Offset length = !mask_.view ? std::ssize(entries) : move_unmasked(entries, row, to);
      of_row()[row] = length;
      begin = end;
      kept += length;
      end = kept;
    }
  }

  Offset move_unmasked(std::span<const Entry<V>> entries, Local row, Entry<V>* to) const {
    const Entry<V>* const begin = to;
    const auto in_mask = mask_.view->cols(row);
    auto next = in_mask.begin();
    for (const Entry<V>& entry : entries) {
      const Local column = column_of(entry.key);
      next = std::lower_bound(next, in_mask.end(), column);
      if ((next != in_mask.end() && *next == column) != mask_.complement) *to++ = entry;
    }
    return to - begin;
  }

  Local column_of(Key key) const { return static_cast<Local>(key & ((Key{1} << column_bits_) - 1)); }

  /// Lengths of the rows of a window become ends.
  void place(const HashWindow& window) {
    Offset at = c_.row_ptr[z(window.begin)];
    for (Local row = window.begin; row < window.end; ++row) {
      at += of_row()[row];
      of_row()[row] = at;
    }
  }

  void copy(MergedRows<V>& rows) {
    Offset from = 0;
    for (const auto& [row, end] : rows.ends) {
      // What C has no capacity for is only counted.
      if (c_.row_ptr[z(row) + 1] > std::ssize(c_.col)) from = end;
      for (Offset to = c_.row_ptr[z(row)]; from < end; ++from, ++to) {
        c_.col[z(to)] = column_of(rows.entries[z(from)].key);
        c_.val[z(to)] = rows.entries[z(from)].value;
      }
    }
    rows.entries.clear();
    rows.ends.clear();
  }

  /// All of a window, by one thread.
  void write_back(const HashWindow& window, std::size_t turn) {
    for (Worker<V>& worker : workers_) arrange(worker.rows[turn]);
    place(window);
    for (Worker<V>& worker : workers_) copy(worker.rows[turn]);
  }

  void clear(Worker<V>& worker) {
    for (const std::uint32_t slot : worker.claimed) tags_[slot] = free_slot;
    worker.merged += std::ssize(worker.claimed);
    worker.claimed.clear();
  }

  // ------------------------------------------------------------------------------------------------ counts

  Stats stats(Offset products, Offset critical, Offset num_windows) const {
    Offset probes = 0;
    Offset scanned = 0;
    Offset merged = 0;
    for (const Worker<V>& worker : workers_) {
      probes += worker.probes;
      scanned += worker.scanned;
      merged += worker.merged;
    }
    constexpr Offset index = sizeof(Local);
    constexpr Offset value = sizeof(V);
    constexpr Offset pointer = sizeof(Offset);
    constexpr Offset tag = sizeof(Key);
    const Offset of_a = pointer * a_.num_rows() + (index + (a_.has_values() ? value : 0)) * a_.num_nonzeros();
    const Offset of_b = 2 * pointer * a_.num_nonzeros() + (index + (b_.has_values() ? value : 0)) * products;
    const Offset of_offsets = variant_ == Variant::v3 ? index * products : 0;
    const Offset of_table = tag * (probes + scanned) + 2 * value * products + of_offsets + (tag + value) * merged;
    const Offset of_c = pointer * c_.num_rows() + (index + value) * c_.num_nonzeros();
    return {
        {"products", products},        {"nonzeros", c_.num_nonzeros()}, {"probes", probes},
        {"hash_windows", num_windows}, {"critical_products", critical}, {"bytes_moved", of_a + of_b + of_table + of_c}};
  }

  Variant variant_;
  Offset most_nonzeros_;
  CsrView<V> a_;
  CsrView<V> b_;
  Csr<V>& c_;
  const Options& options_;
  const Mask<V>& mask_;
  int column_bits_;
  std::vector<Worker<V>> workers_;

  std::vector<Key> tags_;
  std::vector<V> values_;               // zero() where no key is
  std::vector<std::uint32_t> offsets_;  // v3: among the entries of the thread that has the row
  std::size_t last_slot_ = 0;           // number of slots in use, a power of two, less one
  int shift_ = 0;

  HashWindow window_{0, 0, 0};
  HashWindow before_{0, 0, 0};
  std::size_t turn_ = 0;  // which rows of a thread are filled
  std::atomic<Local> next_row_ = 0;
};

}  // namespace

template <class V>
Stats make_as_in_thesis(Variant variant, Offset most_nonzeros, CsrView<V> a, CsrView<V> b, Csr<V>& c,
                        const Options& options, const Mask<V>& mask) {
  return with_semiring<V>(options.semiring, [&](auto semiring) {
    return HashProduct<decltype(semiring), V>(variant, most_nonzeros, a, b, c, options, mask).make();
  });
}

#define FILIGREE_THESIS_OF(V) \
  template Stats make_as_in_thesis(Variant, Offset, CsrView<V>, CsrView<V>, Csr<V>&, const Options&, const Mask<V>&);
FILIGREE_FOR_VALUES(FILIGREE_THESIS_OF)

}  // namespace filigree::spgemm
