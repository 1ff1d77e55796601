// The product within a rank. Rows are packed into windows of about equal work, which threads take in order and make as
// fragments (fragments.hpp): no row is counted in advance, and C is written once.
#include <omp.h>

#include <atomic>
#include <exception>
#include <optional>

#include "core/cpu.hpp"
#include "filigree/spgemm.hpp"
#include "spgemm/checks.hpp"
#include "spgemm/fragments.hpp"
#include "spgemm/local.hpp"
#include "spgemm/row_kernels.hpp"
#include "spgemm/semirings.hpp"
#include "spgemm/thesis.hpp"
#include "spgemm/tiles.hpp"

namespace filigree::spgemm {
namespace {

/// The kernels that gain from wider registers.
template <class Semiring, class V>
struct Kernels {
  bool (*order)(OrderRoom<V>&, Offset length, Local num_cols, Local* col, V* val);
  Offset (*sort)(const Factors<V>&, Local row, Offset products, OrderRoom<V>&, Local* col, V* val);
  Gathered (*collect)(ScatterRoom<V>&, Reach, Local* col, V* val);
  Offset (*tile)(const Factors<V>&, const Tiles<V>&, Local row, int team, ScatterRoom<V>&, Local* col,
                 V* val) = nullptr;
  Made (*repeat)(const Factors<V>&, const Shapes&, Local row, Local end, bool alone, RepeatRoom<V>&, Local* col,
                 V* val) = nullptr;

  static bool order_portable(OrderRoom<V>& room, Offset length, Local num_cols, Local* col, V* val) {
    return order_list(room, length, num_cols, col, val);
  }
  static Offset sort_portable(const Factors<V>& f, Local row, Offset products, OrderRoom<V>& room, Local* col, V* val) {
    expand<Semiring>(f, row, products, room);
    return add_sorted<Semiring>(products, f.b.num_cols, room, col, val);
  }
  static Gathered collect_portable(ScatterRoom<V>& room, Reach reach, Local* col, V* val) {
    return gather<Semiring>(room, reach, col, val);
  }
#if defined(__x86_64__)
  [[gnu::target("avx2")]] static bool order_avx2(OrderRoom<V>& room, Offset length, Local num_cols, Local* col,
                                                 V* val) {
    return order_list(room, length, num_cols, col, val);
  }
  [[gnu::target("avx2")]] static Gathered collect_avx2(ScatterRoom<V>& room, Reach reach, Local* col, V* val) {
    return gather<Semiring>(room, reach, col, val);
  }
  FILIGREE_AVX512 static bool order_avx512(OrderRoom<V>& room, Offset length, Local num_cols, Local* col, V* val) {
    return order_list(room, length, num_cols, col, val);
  }
  FILIGREE_AVX512 static Gathered collect_avx512(ScatterRoom<V>& room, Reach reach, Local* col, V* val) {
    return gather_avx512<Semiring>(room, reach, col, val);
  }
  FILIGREE_AVX512 static Offset sort_avx512(const Factors<V>& f, Local row, Offset products, OrderRoom<V>& room,
                                            Local* col, V* val) {
    expand_avx512<Semiring>(f, row, products, room);
    return add_sorted<Semiring>(products, f.b.num_cols, room, col, val);
  }
#endif
  static Kernels for_this_cpu() {
#if defined(__x86_64__)
    if (cpu_has_avx512())
      return {order_avx512, sort_avx512, collect_avx512, tile_rows<Semiring, V>, repeat_rows<Semiring, V>};
    if (cpu_has_avx2()) return {order_avx2, sort_portable, collect_avx2};
#endif
    return {order_portable, sort_portable, collect_portable};
  }
};

/// What all rows are made from.
template <class Semiring, class V>
struct Task {
  Factors<V> factors;
  const CsrView<V>* mask;
  bool complement;
  bool sorted;
  Accumulator accumulator;
  Runs runs;  ///< of B
  Kernels<Semiring, V> kernels = Kernels<Semiring, V>::for_this_cpu();
  std::optional<Tiles<V>> tiles = {};
  int most_tiled = 1;  ///< rows of A that are tiled together
  std::optional<Shapes> shapes = {};
};

struct Counts {
  Offset scaled_rows = 0;
  Offset sorted_rows = 0;
  Offset listed_rows = 0;
  Offset scattered_rows = 0;
  Offset tiled_rows = 0;
  Offset repeated_rows = 0;
};

/// Makes rows: what a thread needs for it.
template <class Semiring, class V>
class RowMaker {
 public:
  explicit RowMaker(const Task<Semiring, V>& task) : task_(task), order_room_(std::make_unique<OrderRoom<V>>()) {}

  /// The row, and those after it and before `end` that are made with it, into col and val, where there is room for
  /// `slack` more elements than they can have. products: of the row
  Made make(Local row, Local end, Offset products, Local* col, V* val) {
    if (task_.shapes && products > 0 && products <= Pattern::most_products && in_vain_ < most_in_vain &&
        task_.factors.a.degree(row) > 1) {
      if (!repeat_room_) repeat_room_ = std::make_unique<RepeatRoom<V>>(task_.factors.b.num_cols);
      const Made made =
          task_.kernels.repeat(task_.factors, *task_.shapes, row, end, in_vain_ < most_alone, *repeat_room_, col, val);
      counts.repeated_rows += made.rows;
      in_vain_ = made.rows > 1 ? 0 : in_vain_ + 1;
      if (made.rows > 0) return made;
    }
    if (task_.tiles && products > 0 && task_.factors.a.degree(row) > 1) {
      const auto cols = task_.factors.a.cols(row);
      int team = 1;
      while (team < task_.most_tiled && row + team < end && std::ranges::equal(cols, task_.factors.a.cols(row + team)))
        ++team;
      counts.tiled_rows += team;
      return {team, task_.kernels.tile(task_.factors, *task_.tiles, row, team, scatter_room(), col, val)};
    }
    return {1, make_one(row, products, col, val)};
  }

  /// What is learnt about rows is forgotten, so that ways do not depend on which thread takes which window. row: its
  /// first
  void begin_window(Local row) {
    most_listed_ = is_near() || is_regular() ? 0 : task_.sorted ? most_ordered : window_products;
    look_again_ = Offset{row} + stay;
    orderly_ = is_regular();
    order_room_->last_length = 0;
    in_vain_ = 0;
    products_seen_ = 0;
    surprises_seen_ = 0;
  }

  static constexpr Offset slack = 64;
  Counts counts;

 private:
  /// A row; returns its length.
  Offset make_one(Local row, Offset products, Local* col, V* val) {
    const Factors<V>& f = task_.factors;
    if (products == 0) return 0;
    if (task_.mask != nullptr) {
      ++counts.scattered_rows;
      if (!task_.complement) return masked_row<Semiring>(f, row, task_.mask->cols(row), scatter_room(), col, val);
      const Reach reach = scatter<Semiring>(f, row, scatter_room());
      strike<Semiring>(task_.mask->cols(row), scatter_room());
      return task_.kernels.collect(scatter_room(), reach, col, val).length;
    }
    if (f.a.degree(row) == 1) {
      ++counts.scaled_rows;
      return scaled_row<Semiring>(f, row, col, val);
    }
    const Offset length = merge(row, products, col, val);
    products_seen_ += products;
    surprises_seen_ += std::min(length, products - length);
    return length;
  }

  /// A row that has several factors.
  Offset merge(Local row, Offset products, Local* col, V* val) {
    const Factors<V>& f = task_.factors;
    switch (choose(row, products)) {
      case Accumulator::sort: ++counts.sorted_rows; return task_.kernels.sort(f, row, products, *order_room_, col, val);
      case Accumulator::list: return listed<false>(row, products, col, val);
      case Accumulator::hash: return listed<true>(row, products, col, val);
      default: break;
    }
    ++counts.scattered_rows;
    const Reach reach = scatter<Semiring>(f, row, scatter_room());
    const Gathered made = task_.kernels.collect(scatter_room(), reach, col, val);
    most_listed_ = list_pays(products, reach, made) ? 4 * products : 0;
    look_again_ = Offset{row} + stay;
    return made.length;
  }

  /// The way for a row. Whether scattering pays is seen from the last row that was scattered: neighbours are alike, and
  /// where a row has more products its columns are closer.
  Accumulator choose(Local row, Offset products) const {
    const Local num_cols = task_.factors.b.num_cols;
    const bool list_fits = !task_.sorted || products <= most_ordered;
    switch (task_.accumulator) {
      case Accumulator::sort: return can_be_sorted(products, num_cols) ? Accumulator::sort : Accumulator::scatter;
      case Accumulator::list: return list_fits ? Accumulator::list : Accumulator::scatter;
      case Accumulator::hash: return list_fits && products <= most_hashed ? Accumulator::hash : Accumulator::scatter;
      case Accumulator::automatic: break;
      default: return Accumulator::scatter;
    }
    const bool sorting_pays = this->sorting_pays(products);
    if (sorting_pays && products <= always_sorted) return Accumulator::sort;
    if (!list_fits || (products > always_listed && !(products <= most_listed_ && row < look_again_)))
      return Accumulator::scatter;
    if (sorting_pays) return Accumulator::sort;
    return num_cols <= most_placed || products > most_hashed ? Accumulator::list : Accumulator::hash;
  }

  /// Whether to sort a row rather than to list it. Lists do not miss the cache where they are short, and are quick
  /// where it is easily foreseen which columns are new.
  bool sorting_pays(Offset products) const {
    return (task_.sorted || 10 * surprises_seen_ > 3 * products_seen_) && !is_regular() &&
           products <= (is_near() ? always_sorted : most_ordered) && can_be_sorted(products, task_.factors.b.num_cols);
  }
  bool is_regular() const { return task_.runs.length > 1.3; }
  bool is_near() const { return task_.factors.b.num_cols <= near_columns; }

  template <bool hashed>
  Offset listed(Local row, Offset products, Local* col, V* val) {
    ++counts.listed_rows;
    auto& places = hashed ? hash_places_ : list_places_;
    if (!places) places.emplace(hashed ? 2 * most_hashed : task_.factors.b.num_cols);
    if (!task_.sorted) return list_row<Semiring, hashed>(task_.factors, row, products, *places, col, val);
    const Offset length =
        list_row<Semiring, hashed>(task_.factors, row, products, *places, order_room_->col, order_room_->val);
    orderly_ = task_.kernels.order(*order_room_, length, task_.factors.b.num_cols, col, val);
    return length;
  }

  /// Made when it is first needed: over very many columns it is large, and short rows do without.
  ScatterRoom<V>& scatter_room() {
    if (!scatter_room_)
      scatter_room_.emplace(task_.factors.b.num_cols, task_.tiles ? Semiring::zero() : Semiring::untouched(),
                            task_.most_tiled);
    return *scatter_room_;
  }

  /// Whether a row that was scattered had better been made the other way, by nanoseconds as measured. Reading what was
  /// scattered takes its time by lines, also by those between; a list by columns of which is not foreseen whether they
  /// are new, and by sorting.
  bool list_pays(Offset products, const Reach& reach, const Gathered& made) const {
    const auto count = static_cast<double>(products);
    const auto length = static_cast<double>(made.length);
    const Offset lines = Offset{reach.last_line} - reach.first_line;
    const bool is_near = lines * num_lanes * Offset{sizeof(V)} < near_bytes;
    const double reading = (is_near ? 2.4 : 12) * static_cast<double>(made.num_lines) +
                           1.2 * static_cast<double>(lines / ScatterRoom<V>::group);
    if (sorting_pays(products))
      return count * (0.5 + 0.25 * static_cast<double>(std::bit_width(z(products)))) < reading;
    const double ordering = orderly_ ? 0.5 : 1.2 + 0.25 * static_cast<double>(std::bit_width(z(made.length)));
    const double looking = is_regular() ? 0.1 * count : 5 * std::min(length, count - length);
    return looking + (task_.sorted ? length * ordering : 0) < reading;
  }

  static constexpr Offset near_bytes = Offset{1} << 19;   ///< reaches of which the second level of cache holds
  static constexpr Local near_columns = Local{1} << 17;   ///< places of which it holds beside other things
  static constexpr Offset always_listed = 16;             ///< products
  static constexpr Offset always_sorted = 64;             ///< products
  static constexpr Offset most_hashed = Offset{1} << 12;  ///< products: the table stays in the first level of cache
  static constexpr Local most_placed = Local{1} << 19;    ///< columns: the table stays in the second
  static constexpr Local stay = 256;
  /// Rows in succession that others do not repeat: up to so many they have likely been met before, as boundaries of a
  /// grid; from so many on no more of a window are tried.
  static constexpr int most_alone = 8;
  static constexpr int most_in_vain = 32;

  const Task<Semiring, V>& task_;
  std::unique_ptr<OrderRoom<V>> order_room_;
  std::optional<Places> list_places_;
  std::optional<Places> hash_places_;
  std::optional<ScatterRoom<V>> scatter_room_;
  std::unique_ptr<RepeatRoom<V>> repeat_room_;
  Offset products_seen_ = 0;   // of rows of this window
  Offset surprises_seen_ = 0;  // products of which was not easily foreseen whether their columns were new
  int in_vain_ = 0;            // rows in succession that others do not repeat
  Offset most_listed_ = 0;     // products of rows that are listed, until row look_again_
  Offset look_again_ = 0;
  bool orderly_ = false;  // is a row listed in the order of the row before? As far as is known
};

struct Windows {
  std::vector<Local> begin;  ///< first rows and, last, the number of rows
  Offset products = 0;
  Offset most_nonzeros = 0;
};

/// Counts the products of every row, into products[row], and packs rows. most_of_row(row, products): nonzeros it can
/// have at most
template <class V, class Most>
Windows pack(CsrView<V> a, CsrView<V> b, Most most_of_row, Offset* products) {
  const Local num_rows = a.num_rows();
  count_products(a, b, std::span<Offset>(products, z(num_rows)));
  Windows windows;
  Offset in_window = 0;
  windows.begin.push_back(0);
  for (Local row = 0; row < num_rows; ++row) {
    const Offset count = products[row];
    if (in_window > 0 && in_window + count > window_products) {
      windows.begin.push_back(row);
      in_window = 0;
    }
    in_window += count;
    windows.products += count;
    windows.most_nonzeros += most_of_row(row, count);
  }
  windows.begin.push_back(num_rows);
  return windows;
}

template <class Semiring, class V>
Stats multiply(Offset most_nonzeros, CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options,
               const CsrView<V>* mask) {
  const Local num_rows = a.num_rows();
  c.num_cols = b.num_cols;
  c.row_ptr.resize(z(num_rows) + 1);
  c.row_ptr[0] = 0;
  // Products, then lengths, then ends of rows.
  Offset* const of_row = c.row_ptr.data() + 1;
  const auto most_of_row = [&](Local row, Offset products) {
    return most_in_row(row, products, b, mask, options.complement);
  };
  const Windows windows = pack(a, b, most_of_row, of_row);
  const Offset num_windows = std::ssize(windows.begin) - 1;
  const Offset room = std::clamp<Offset>(most_nonzeros, 0, windows.most_nonzeros);
  // Cleared first: what is in them need not be copied when they grow.
  c.col.clear();
  c.val.clear();
  try {
    c.col.resize(z(room));
    c.val.resize(z(room));
  } catch (const std::bad_alloc&) {
    throw Error(text("multiply: no room for a product of up to ", room, " nonzeros, ", room * ProductBytes<V>::entry,
                     " bytes"));
  }

  Task<Semiring, V> task{{a, b, nullptr},     mask,          options.complement, options.sorted,
                         options.accumulator, sample_runs(b)};
  std::vector<V> ones;
  if (!b.has_values()) {
    Offset longest = 0;
    for (Local k = 0; k < b.num_rows(); ++k) longest = std::max(longest, b.degree(k));
    ones.assign(z(longest), V{1});
    task.factors.ones = ones.data();
  }
  if (mask == nullptr && task.kernels.tile != nullptr &&
      (options.accumulator == Accumulator::tile ||
       (options.accumulator == Accumulator::automatic && windows.products > 4 * std::ssize(b.col) &&
        task.runs.length * task.runs.sharing > 3))) {
    task.tiles.emplace(b);
    task.most_tiled = sample_runs(a).sharing > 1.5 ? most_tiled : 1;
  }
  if (mask == nullptr && task.kernels.repeat != nullptr &&
      (options.accumulator == Accumulator::repeat ||
       (options.accumulator == Accumulator::automatic && windows.products > 4 * std::ssize(b.col) && rows_repeat(b) &&
        rows_repeat(a)))) {
    task.shapes.emplace(b);
  }

  WindowLengths lengths(num_windows);
  std::atomic<Offset> next = 0;
  std::atomic<Offset> products_done = 0;
  std::atomic<bool> stop = false;
  std::exception_ptr failure;
  Counts counts;
  const auto num_threads = static_cast<int>(std::clamp<Offset>(num_windows, 1, omp_get_max_threads()));
#pragma omp parallel num_threads(num_threads)
  {
    const StandardArithmetic arithmetic;
    try {
      RowMaker<Semiring, V> rows(task);
      WriteBack<V> write_back(c, of_row, lengths, stop);
      for (Offset w = next++; w < num_windows && !stop; w = next++) {
        const Local first = windows.begin[z(w)];
        const Local last = windows.begin[z(w) + 1];
        Offset products = 0;
        Offset most = 0;
        for (Local row = first; row < last; ++row) {
          products += of_row[row];
          most += most_of_row(row, of_row[row]);
        }
        Fragment<V> fragment = write_back.fragment(most + RowMaker<Semiring, V>::slack);
        fragment.window = w;
        fragment.begin = first;
        fragment.end = last;
        Offset length = 0;
        rows.begin_window(first);
        for (Local row = first; row < last;) {
          const auto [num, each] =
              rows.make(row, last, of_row[row], fragment.col.data() + length, fragment.val.data() + length);
          std::fill_n(of_row + row, num, each);
          row += num;
          length += num * each;
          write_back.keep_up(num * each);
        }
        fragment.length = length;
        write_back.add(std::move(fragment));
        products_done += products;
        if (options.progress && omp_get_thread_num() == 0) {
          const Offset done = products_done.load();
          if (done < windows.products) options.progress("multiply", done, windows.products);
        }
      }
      write_back.finish();
#pragma omp critical(filigree_spgemm)
      {
        counts.scaled_rows += rows.counts.scaled_rows;
        counts.sorted_rows += rows.counts.sorted_rows;
        counts.listed_rows += rows.counts.listed_rows;
        counts.scattered_rows += rows.counts.scattered_rows;
        counts.tiled_rows += rows.counts.tiled_rows;
        counts.repeated_rows += rows.counts.repeated_rows;
      }
    } catch (...) {
      stop = true;
#pragma omp critical(filigree_spgemm)
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
  if (options.progress) options.progress("multiply", windows.products, windows.products);
  return {{"products", windows.products},      {"nonzeros", c.num_nonzeros()},
          {"scaled_rows", counts.scaled_rows}, {"sorted_rows", counts.sorted_rows},
          {"listed_rows", counts.listed_rows}, {"scattered_rows", counts.scattered_rows},
          {"tiled_rows", counts.tiled_rows},   {"repeated_rows", counts.repeated_rows}};
}

}  // namespace

template <class V>
Stats multiply_at_most(Offset most_nonzeros, CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options,
                       const CsrView<V>* mask) {
  try {
    Stats stats = options.variant != Variant::automatic
                      ? multiply_as_in_thesis(most_nonzeros, a, b, c, options, mask)
                      : with_semiring<V>(options.semiring, [&](auto semiring) {
                          return multiply<decltype(semiring)>(most_nonzeros, a, b, c, options, mask);
                        });
    const Offset num_nonzeros = c.num_nonzeros();
    if (num_nonzeros > most_nonzeros) {
      c = Csr<V>();
    } else {
      c.col.resize(z(num_nonzeros));
      c.val.resize(z(num_nonzeros));
    }
    return stats;
  } catch (...) {
    c = Csr<V>();
    throw;
  }
}

template <class V>
Stats multiply(CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options, const CsrView<V>* mask) {
  check_arguments("multiply", a, b, mask, options);
  Stats stats = multiply_at_most(most_within_budget<V>(a.num_rows(), options), a, b, c, options, mask);
  check_budget<V>(a.num_rows(), stats["nonzeros"], options);
  return stats;
}

template Stats multiply_at_most(Offset, CsrView<double>, CsrView<double>, Csr<double>&, const Options&,
                                const CsrView<double>*);
template Stats multiply(CsrView<double>, CsrView<double>, Csr<double>&, const Options&, const CsrView<double>*);
template Stats multiply_at_most(Offset, CsrView<float>, CsrView<float>, Csr<float>&, const Options&,
                                const CsrView<float>*);
template Stats multiply(CsrView<float>, CsrView<float>, Csr<float>&, const Options&, const CsrView<float>*);
template Stats multiply_at_most(Offset, CsrView<std::int64_t>, CsrView<std::int64_t>, Csr<std::int64_t>&,
                                const Options&, const CsrView<std::int64_t>*);
template Stats multiply(CsrView<std::int64_t>, CsrView<std::int64_t>, Csr<std::int64_t>&, const Options&,
                        const CsrView<std::int64_t>*);

}  // namespace filigree::spgemm
