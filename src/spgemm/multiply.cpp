// The product within a rank. Rows are packed into windows of about equal work, which threads take in order. A thread
// makes a window's rows in memory of its own, small enough to stay in cache; as soon as the lengths of all windows
// before are known it copies them to where they belong: no row is counted in advance, and C is written once.
#include <omp.h>

#include <atomic>
#include <exception>
#include <optional>
#include <thread>

#include "core/cpu.hpp"
#include "filigree/spgemm.hpp"
#include "spgemm/row_kernels.hpp"
#include "spgemm/semirings.hpp"
#include "spgemm/thesis.hpp"

namespace filigree::spgemm {
namespace {

/// Products of a window: its rows stay in the second level of cache. A row alone may have more.
constexpr Offset window_products = Offset{1} << 14;

/// The kernels that gain from wider registers.
template <class Semiring, class V>
struct Kernels {
  Offset (*sort)(const Factors<V>&, Local row, Offset products, SortRoom<V>&, Local* col, V* val);
  Gathered (*collect)(ScatterRoom<V>&, Reach, Local* col, V* val);

  static Offset sort_portable(const Factors<V>& f, Local row, Offset products, SortRoom<V>& room, Local* col, V* val) {
    return sort_row<Semiring>(f, row, products, room, col, val);
  }
  static Gathered collect_portable(ScatterRoom<V>& room, Reach reach, Local* col, V* val) {
    return gather<Semiring>(room, reach, col, val);
  }
#if defined(__x86_64__)
  [[gnu::target("avx2")]] static Offset sort_avx2(const Factors<V>& f, Local row, Offset products, SortRoom<V>& room,
                                                  Local* col, V* val) {
    return sort_row<Semiring>(f, row, products, room, col, val);
  }
  [[gnu::target("avx2")]] static Gathered collect_avx2(ScatterRoom<V>& room, Reach reach, Local* col, V* val) {
    return gather<Semiring>(room, reach, col, val);
  }
  [[gnu::target("avx512f,avx512dq")]] static Offset sort_avx512(const Factors<V>& f, Local row, Offset products,
                                                                SortRoom<V>& room, Local* col, V* val) {
    return sort_row<Semiring>(f, row, products, room, col, val);
  }
#endif
  static Kernels for_this_cpu() {
#if defined(__x86_64__)
    if (cpu_has_avx512()) return {sort_avx512, gather_avx512<Semiring, V>};
    if (cpu_has_avx2()) return {sort_avx2, collect_avx2};
#endif
    return {sort_portable, collect_portable};
  }
};

struct Counts {
  Offset scaled_rows = 0;
  Offset sorted_rows = 0;
  Offset scattered_rows = 0;
};

/// What a thread has of its own: room to make the rows of a window in.
template <class Semiring, class V>
class Scratchpad {
 public:
  /// most: the longest that a window can get
  Scratchpad(const Factors<V>& factors, const CsrView<V>* mask, bool complement, Offset most)
      : factors_(factors),
        mask_(mask),
        complement_(complement),
        kernels_(Kernels<Semiring, V>::for_this_cpu()),
        sort_room_(std::make_unique_for_overwrite<SortRoom<V>>()),
        col_(z(most) + slack),
        val_(z(most) + slack) {}

  /// Rows [begin, end), whose numbers of products stand in products[row]; their lengths take their place.
  Offset make(Local begin, Local end, Offset* products) {
    length_ = 0;
    // Neighbouring rows are alike: whether scattering pays is seen from the last row that was scattered.
    bool far_apart = false;
    Local look_again = 0;
    for (Local row = begin; row < end; ++row) {
      const Offset before = length_;
      const Offset num_products = products[row];
      if (num_products > 0) {
        if (mask_ == nullptr && factors_.a.degree(row) == 1) {
          length_ += scaled_row<Semiring>(factors_, row, col_.data() + length_, val_.data() + length_);
          ++counts.scaled_rows;
        } else if (mask_ == nullptr && keys_fit(num_products, factors_.b.num_cols) &&
                   (num_products <= always_sorted || (far_apart && row < look_again))) {
          length_ +=
              kernels_.sort(factors_, row, num_products, *sort_room_, col_.data() + length_, val_.data() + length_);
          ++counts.sorted_rows;
        } else if (mask_ != nullptr && !complement_) {
          length_ += masked_row<Semiring>(factors_, row, mask_->cols(row), scatter_room(), col_.data() + length_,
                                          val_.data() + length_);
          ++counts.scattered_rows;
        } else {
          const Reach reach = scatter<Semiring>(factors_, row, scatter_room());
          if (mask_ != nullptr) strike<Semiring>(mask_->cols(row), scatter_room());
          const Gathered made = kernels_.collect(scatter_room(), reach, col_.data() + length_, val_.data() + length_);
          length_ += made.length;
          far_apart = sorting_pays(num_products, reach, made);
          look_again = row + stay_sorted;
          ++counts.scattered_rows;
        }
      }
      products[row] = length_ - before;
    }
    return length_;
  }

  void write_back(Offset at, Csr<V>& c) const {
    std::copy_n(col_.begin(), length_, c.col.begin() + at);
    std::copy_n(val_.begin(), length_, c.val.begin() + at);
  }

  Counts counts;

 private:
  /// Made when it is first needed: over very many columns it is large, and short rows do without.
  ScatterRoom<V>& scatter_room() {
    if (!scatter_room_) scatter_room_.emplace(factors_.b.num_cols, Semiring::zero());
    return *scatter_room_;
  }

  /// Nanoseconds of both ways for rows like this one, as measured: sorting takes longer the longer a row is; scattering
  /// takes its time by blocks.
  static bool sorting_pays(Offset products, const Reach& reach, const Gathered& made) {
    const auto count = static_cast<double>(products);
    const double sorting = count * (2.5 + 0.25 * static_cast<double>(std::bit_width(z(products))));
    const Offset bytes = Offset{reach.last_block - reach.first_block} * ScatterRoom<V>::block * (sizeof(V) + 1);
    const double a_block = bytes < near_bytes ? 4 : 10;
    const double scattering =
        1.2 * count + static_cast<double>(made.length) + a_block * static_cast<double>(made.num_blocks);
    return sorting < scattering;
  }

  static constexpr std::size_t slack = 64;
  static constexpr Offset near_bytes = Offset{1} << 19;  ///< reaches of which the second level of cache holds
  static constexpr Offset always_sorted = 16;
  static constexpr Local stay_sorted = 64;

  const Factors<V>& factors_;
  const CsrView<V>* mask_;
  bool complement_;
  Kernels<Semiring, V> kernels_;
  std::unique_ptr<SortRoom<V>> sort_room_;
  std::optional<ScatterRoom<V>> scatter_room_;
  Array<Local> col_;
  Array<V> val_;
  Offset length_ = 0;
};

struct Windows {
  std::vector<Local> begin;  ///< first rows and, last, the number of rows
  Offset products = 0;
  Offset most_nonzeros = 0;
  Offset largest = 0;  ///< most nonzeros of a window
};

/// Counts the products of every row, into products[row], and packs rows.
template <class V>
Windows pack(CsrView<V> a, CsrView<V> b, const CsrView<V>* mask, bool complement, Offset* products) {
  const Local num_rows = a.num_rows();
#pragma omp parallel for schedule(static)
  for (Local row = 0; row < num_rows; ++row) {
    Offset count = 0;
    for (const Local k : a.cols(row)) count += b.degree(k);
    products[row] = count;
  }
  Windows windows;
  Offset in_window = 0;
  Offset most_in_window = 0;
  windows.begin.push_back(0);
  for (Local row = 0; row < num_rows; ++row) {
    const Offset count = products[row];
    Offset most = std::min<Offset>(count, b.num_cols);
    if (mask != nullptr && !complement) most = std::min(most, mask->degree(row));
    if (in_window > 0 && in_window + count > window_products) {
      windows.begin.push_back(row);
      in_window = 0;
      most_in_window = 0;
    }
    in_window += count;
    most_in_window += most;
    windows.products += count;
    windows.most_nonzeros += most;
    windows.largest = std::max(windows.largest, most_in_window);
  }
  windows.begin.push_back(num_rows);
  return windows;
}

template <class Semiring, class V>
Stats multiply(CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options, const CsrView<V>* mask) {
  const Local num_rows = a.num_rows();
  c.num_cols = b.num_cols;
  c.row_ptr.resize(z(num_rows) + 1);
  c.row_ptr[0] = 0;
  // Products, then lengths, then begins of rows.
  Offset* const of_row = c.row_ptr.data() + 1;
  const Windows windows = pack(a, b, mask, options.complement, of_row);
  const Offset num_windows = std::ssize(windows.begin) - 1;
  // Cleared first: what is in them need not be copied when they grow.
  c.col.clear();
  c.val.clear();
  try {
    c.col.resize(z(windows.most_nonzeros));
    c.val.resize(z(windows.most_nonzeros));
  } catch (const std::bad_alloc&) {
    c = Csr<V>();
    throw Error(text("multiply: no room for a product of up to ", windows.most_nonzeros, " nonzeros, ",
                     windows.most_nonzeros * static_cast<Offset>(sizeof(Local) + sizeof(V)), " bytes"));
  }

  Factors<V> factors{a, b, nullptr};
  std::vector<V> ones;
  if (!b.has_values()) {
    Offset longest = 0;
    for (Local k = 0; k < b.num_rows(); ++k) longest = std::max(longest, b.degree(k));
    ones.assign(z(longest + stretch), V{1});
    factors.ones = ones.data();
  }

  constexpr Offset unknown = -1;
  std::vector<std::atomic<Offset>> end_of(z(num_windows));
  for (auto& end : end_of) end.store(unknown, std::memory_order_relaxed);
  std::atomic<Offset> next = 0;
  std::atomic<Offset> products_done = 0;
  std::atomic<bool> stop = false;
  std::exception_ptr failure;
  Counts counts;
  const auto num_threads = static_cast<int>(std::clamp<Offset>(num_windows, 1, omp_get_max_threads()));
#pragma omp parallel num_threads(num_threads)
  {
    try {
      Scratchpad<Semiring, V> scratchpad(factors, mask, options.complement, windows.largest);
      for (Offset w = next++; w < num_windows && !stop; w = next++) {
        const Local first = windows.begin[z(w)];
        const Local last = windows.begin[z(w) + 1];
        Offset products = 0;
        if (options.progress) {
          for (Local row = first; row < last; ++row) products += of_row[row];
        }
        const Offset length = scratchpad.make(first, last, of_row);
        // The windows before were taken before, so somebody is at work on them.
        Offset at = w == 0 ? 0 : end_of[z(w) - 1].load(std::memory_order_acquire);
        while (at == unknown && !stop) {
          std::this_thread::yield();
          at = end_of[z(w) - 1].load(std::memory_order_acquire);
        }
        if (stop) break;
        end_of[z(w)].store(at + length, std::memory_order_release);
        scratchpad.write_back(at, c);
        for (Local row = first; row < last; ++row) {
          at += of_row[row];
          of_row[row] = at;
        }
        products_done += products;
        if (options.progress && omp_get_thread_num() == 0) {
          const Offset done = products_done.load();
          if (done < windows.products) options.progress("multiply", done, windows.products);
        }
      }
#pragma omp critical(filigree_spgemm)
      {
        counts.scaled_rows += scratchpad.counts.scaled_rows;
        counts.sorted_rows += scratchpad.counts.sorted_rows;
        counts.scattered_rows += scratchpad.counts.scattered_rows;
      }
    } catch (...) {
      stop = true;
#pragma omp critical(filigree_spgemm)
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) {
    c = Csr<V>();
    std::rethrow_exception(failure);
  }
  c.col.resize(z(c.row_ptr.back()));
  c.val.resize(z(c.row_ptr.back()));
  if (options.progress) options.progress("multiply", windows.products, windows.products);
  return {{"products", windows.products},
          {"nonzeros", c.num_nonzeros()},
          {"scaled_rows", counts.scaled_rows},
          {"sorted_rows", counts.sorted_rows},
          {"scattered_rows", counts.scattered_rows}};
}

}  // namespace

template <class V>
Stats multiply(CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options, const CsrView<V>* mask) {
  require(a.num_cols == b.num_rows(), "multiply: a is ", a.num_rows(), " x ", a.num_cols, " and b ", b.num_rows(),
          " x ", b.num_cols, "; a must have as many columns as b has rows");
  require(mask == nullptr || (mask->num_rows() == a.num_rows() && mask->num_cols == b.num_cols),
          "multiply: the product is ", a.num_rows(), " x ", b.num_cols, " and the mask ",
          mask == nullptr ? 0 : mask->num_rows(), " x ", mask == nullptr ? 0 : mask->num_cols,
          "; they must have the same shape");
  require(mask != nullptr || !options.complement, "multiply: complement needs a mask");
  if (options.variant != Variant::automatic) return multiply_as_in_thesis(a, b, c, options, mask);
  return with_semiring<V>(options.semiring,
                          [&](auto semiring) { return multiply<decltype(semiring)>(a, b, c, options, mask); });
}

template Stats multiply(CsrView<double>, CsrView<double>, Csr<double>&, const Options&, const CsrView<double>*);
template Stats multiply(CsrView<float>, CsrView<float>, Csr<float>&, const Options&, const CsrView<float>*);
template Stats multiply(CsrView<std::int64_t>, CsrView<std::int64_t>, Csr<std::int64_t>&, const Options&,
                        const CsrView<std::int64_t>*);

}  // namespace filigree::spgemm
