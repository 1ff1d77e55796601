// RowMaker: the rows of C one after the other, each by the kernel that suits it (row_kernels.hpp).
#pragma once

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <memory>
#include <optional>

#include "core/simd/isa.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "spgemm/rows/row_kernels.hpp"
#include "spgemm/rows/scratch.hpp"
#include "spgemm/rows/semirings.hpp"
#include "spgemm/rows/tiles.hpp"
#include "spgemm/rows/way.hpp"

namespace filigree::spgemm {

/// The kernels that gain from wider registers.
template <class Semiring, class V>
struct Kernels {
  bool (*order)(OrderWorkspace<V>&, Offset length, Local num_cols, Local* col, V* val);
  Offset (*sort)(const Factors<V>&, Local row, Offset products, OrderWorkspace<V>&, Local* col, V* val);
  Gathered (*collect)(ScatterWorkspace<V>&, Reach, Local* col, V* val);
  Offset (*tile)(const Factors<V>&, const Tiles<V>&, Local row, int group_size, ScatterWorkspace<V>&, Local* col,
                 V* val) = nullptr;
  Offset (*count)(const Factors<V>&, const Tiles<V>*, Local row, ScatterWorkspace<V>&) = nullptr;
  Made (*repeat)(const Factors<V>&, const RowPatterns&, Local row, Local end, bool alone, RepeatWorkspace<V>&,
                 Local* col, V* val) = nullptr;

  using Order = Kernel<order_list<V>>;
  static Offset sort_portable(const Factors<V>& f, Local row, Offset products, OrderWorkspace<V>& workspace, Local* col,
                              V* val) {
    expand<Semiring>(f, row, products, workspace);
    return add_sorted<Semiring>(products, f.b.num_cols, workspace, col, val);
  }
  static Gathered collect_portable(ScatterWorkspace<V>& workspace, Reach reach, Local* col, V* val) {
    return gather<Semiring>(workspace, reach, col, val);
  }
  FILIGREE_AVX2 static Gathered collect_avx2(ScatterWorkspace<V>& workspace, Reach reach, Local* col, V* val) {
    return gather<Semiring>(workspace, reach, col, val);
  }
#if defined(__x86_64__)
  FILIGREE_AVX512 static Gathered collect_avx512(ScatterWorkspace<V>& workspace, Reach reach, Local* col, V* val) {
    return gather_avx512<Semiring>(workspace, reach, col, val);
  }
  FILIGREE_AVX512 static Offset sort_avx512(const Factors<V>& f, Local row, Offset products,
                                            OrderWorkspace<V>& workspace, Local* col, V* val) {
    expand_avx512<Semiring>(f, row, products, workspace);
    return add_sorted<Semiring>(products, f.b.num_cols, workspace, col, val);
  }
  static constexpr Kernels avx512() {
    return {Order::avx512, sort_avx512, collect_avx512, tile_rows<Semiring, V>, count_row<V>, repeat_rows<Semiring, V>};
  }
#else
  static constexpr Kernels avx512() { return {}; }
#endif
  static Kernels best() {
    return best_of<Kernels>({Order::portable, sort_portable, collect_portable},
                            {Order::avx2, sort_portable, collect_avx2}, avx512());
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
  Kernels<Semiring, V> kernels = Kernels<Semiring, V>::best();
  std::optional<Tiles<V>> tiles = {};
  int most_tiled = 1;  ///< rows of A that are tiled together
  std::optional<RowPatterns> row_patterns = {};

  /// Most entries that a row of C can have which has so many products.
  Offset most_in_row(Local row, Offset products) const {
    return spgemm::most_in_row(row, products, factors.b, mask, complement);
  }

  /// Finds tiles and row patterns, where it pays for so many products.
  void look_for_structure(Offset products) {
    if (mask != nullptr) return;
    const bool is_automatic = accumulator == Accumulator::automatic && products > 4 * std::ssize(factors.b.col);
    if (kernels.tile != nullptr &&
        (accumulator == Accumulator::tile || (is_automatic && runs.length * runs.sharing > 3))) {
      tiles.emplace(factors.b);
      most_tiled = sample_runs(factors.a).sharing > 1.5 ? most_in_group : 1;
    }
    if (kernels.repeat != nullptr &&
        (accumulator == Accumulator::repeat || (is_automatic && rows_repeat(factors.b) && rows_repeat(factors.a)))) {
      row_patterns.emplace(factors.a, factors.b);
    }
  }

  /// Whether rows are counted in a fraction of the time it takes to make them.
  bool counts_quickly() const { return tiles || row_patterns; }
};

struct Counts {
  Offset scaled_rows = 0;
  Offset sorted_rows = 0;
  Offset listed_rows = 0;
  Offset scattered_rows = 0;
  Offset tiled_rows = 0;
  Offset repeated_rows = 0;

  void operator+=(const Counts& other) {
    scaled_rows += other.scaled_rows;
    sorted_rows += other.sorted_rows;
    listed_rows += other.listed_rows;
    scattered_rows += other.scattered_rows;
    tiled_rows += other.tiled_rows;
    repeated_rows += other.repeated_rows;
  }
};

/// Makes rows: what a thread needs for it.
template <class Semiring, class V>
class RowMaker {
 public:
  explicit RowMaker(const Task<Semiring, V>& task)
      : task_(task), factors_(task.factors), order_workspace_(std::make_unique<OrderWorkspace<V>>()) {}

  /// The row, and those after it and before `end` that are made with it, into col and val, where there is capacity for
  /// `slack` more elements than they can have. products: of the row
  Made make(Local row, Local end, Offset products, Local* col, V* val) {
    const Made repeated = repeat(row, end, products, col, val);
    counts.repeated_rows += repeated.rows;
    if (repeated.rows > 0) return repeated;
    if (task_.tiles && products > 0 && factors_.a.degree(row) > 1) {
      const int group_size = group_size_at(row, end);
      counts.tiled_rows += group_size;
      return {group_size, task_.kernels.tile(factors_, *task_.tiles, row, group_size, scatter_workspace(), col, val)};
    }
    return {1, make_one(row, products, col, val)};
  }

  /// Rows and their lengths, not made; where the task counts_quickly().
  Made count(Local row, Local end, Offset products) {
    if (factors_.a.degree(row) < 2) return {1, products};
    const Made repeated = repeat(row, end, products, nullptr, nullptr);
    if (repeated.rows > 0) return repeated;
    const auto* const tiles = task_.tiles ? &*task_.tiles : nullptr;
    return {group_size_at(row, end), task_.kernels.count(factors_, tiles, row, scatter_workspace())};
  }

  /// The rows from `first` on are made next, by make(). What is learnt about rows is forgotten, so that ways do not
  /// depend on which thread takes which row block.
  void begin_block(Local first) {
    most_listed_ = is_near() || is_regular() ? 0 : task_.sorted ? most_ordered : block_products;
    last_look_ = first;
    orderly_ = is_regular();
    order_workspace_->last_length = 0;
    in_vain_ = 0;
    products_seen_ = 0;
    surprises_seen_ = 0;
  }

  static constexpr Offset slack = 64;
  /// Elements that making a row alone may write, whatever it has: sorting clears capacity for all products.
  Offset most_written(Local row, Offset products) const {
    return std::min(task_.most_in_row(row, products), most_ordered);
  }

  /// Rows made at once, at most. They write a line more than they have.
  Local most_at_once() const { return task_.row_patterns ? num_lanes : task_.most_tiled; }
  Counts counts;

 private:
  /// Rows that repeat, into col and val, or none; without col they are only counted.
  Made repeat(Local row, Local end, Offset products, Local* col, V* val) {
    if (!task_.row_patterns || products == 0 || products > PatternClass::most_products || in_vain_ >= most_in_vain ||
        factors_.a.degree(row) == 1) {
      return {0, 0};
    }
    if (!repeat_workspace_) repeat_workspace_ = std::make_unique<RepeatWorkspace<V>>(factors_.b.num_cols);
    const Made made = task_.kernels.repeat(factors_, *task_.row_patterns, row, end, in_vain_ < most_alone,
                                           *repeat_workspace_, col, val);
    in_vain_ = made.rows > 1 ? 0 : in_vain_ + 1;
    return made;
  }

  /// How many rows from `row` on, before `end`, have the same columns in A, and are tiled together.
  int group_size_at(Local row, Local end) const {
    const auto cols = factors_.a.cols(row);
    int group_size = 1;
    while (group_size < task_.most_tiled && row + group_size < end &&
           std::ranges::equal(cols, factors_.a.cols(row + group_size)))
      ++group_size;
    return group_size;
  }

  /// A row; returns its length.
  Offset make_one(Local row, Offset products, Local* col, V* val) {
    const Factors<V>& f = factors_;
    if (products == 0) return 0;
    if (task_.mask != nullptr) {
      ++counts.scattered_rows;
      if (!task_.complement) return masked_row<Semiring>(f, row, task_.mask->cols(row), scatter_workspace(), col, val);
      const Reach reach = scatter(row);
      strike<Semiring>(task_.mask->cols(row), scatter_workspace());
      return task_.kernels.collect(scatter_workspace(), reach, col, val).length;
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
    switch (choose(row, products)) {
      case Accumulator::sort:
        ++counts.sorted_rows;
        return task_.kernels.sort(factors_, row, products, *order_workspace_, col, val);
      case Accumulator::list: return listed<false>(row, products, col, val);
      case Accumulator::hash: return listed<true>(row, products, col, val);
      default: break;
    }
    ++counts.scattered_rows;
    const Reach reach = scatter(row);
    const Gathered made = task_.kernels.collect(scatter_workspace(), reach, col, val);
    most_listed_ = list_pays(products, reach, made) ? 4 * products : 0;
    last_look_ = row;
    return made.length;
  }

  /// The way for a row. Whether scattering pays is seen from the last row that was scattered: neighbours are alike, and
  /// where a row has more products its columns are closer.
  Accumulator choose(Local row, Offset products) const {
    const Local num_cols = factors_.b.num_cols;
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
    if (!list_fits || (products > always_listed && !(products <= most_listed_ && std::abs(row - last_look_) < stay)))
      return Accumulator::scatter;
    if (sorting_pays) return Accumulator::sort;
    return num_cols <= most_slots || products > most_hashed ? Accumulator::list : Accumulator::hash;
  }

  /// Whether to sort a row rather than to list it. Lists do not miss the cache where they are short, and are quick
  /// where it is easily foreseen which columns are new.
  bool sorting_pays(Offset products) const {
    return (task_.sorted || 10 * surprises_seen_ > 3 * products_seen_) && !is_regular() &&
           products <= (is_near() ? always_sorted : most_ordered) && can_be_sorted(products, factors_.b.num_cols);
  }
  bool is_regular() const { return task_.runs.length > 1.3; }
  bool is_near() const { return factors_.b.num_cols <= near_columns; }

  template <bool hashed>
  Offset listed(Local row, Offset products, Local* col, V* val) {
    ++counts.listed_rows;
    auto& slots = hashed ? hash_slots_ : list_slots_;
    if (!slots) slots.emplace(hashed ? 2 * most_hashed : factors_.b.num_cols);
    if (!task_.sorted) return list<hashed>(row, products, *slots, col, val);
    const Offset length = list<hashed>(row, products, *slots, order_workspace_->col, order_workspace_->val);
    orderly_ = task_.kernels.order(*order_workspace_, length, factors_.b.num_cols, col, val);
    return length;
  }

  // Kernels by themselves, so that the compiler has registers for nothing else.
  template <bool hashed>
  [[gnu::noinline]] Offset list(Local row, Offset products, SlotTable& slots, Local* col, V* val) {
    return list_row<Semiring, hashed>(factors_, row, products, slots, col, val);
  }
  [[gnu::noinline]] Reach scatter(Local row) { return spgemm::scatter<Semiring>(factors_, row, scatter_workspace()); }

  /// Made when it is first needed: over very many columns it is large, and short rows do without.
  ScatterWorkspace<V>& scatter_workspace() {
    if (!scatter_workspace_)
      scatter_workspace_.emplace(factors_.b.num_cols, task_.tiles ? Semiring::zero() : Semiring::untouched(),
                                 task_.most_tiled);
    return *scatter_workspace_;
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
                           1.2 * static_cast<double>(lines / ScatterWorkspace<V>::group);
    if (sorting_pays(products))
      return count * (0.5 + 0.25 * static_cast<double>(std::bit_width(z(products)))) < reading;
    const double ordering = orderly_ ? 0.5 : 1.2 + 0.25 * static_cast<double>(std::bit_width(z(made.length)));
    const double looking = is_regular() ? 0.1 * count : 5 * std::min(length, count - length);
    return looking + (task_.sorted ? length * ordering : 0) < reading;
  }

  static constexpr Offset near_bytes = Offset{1} << 19;   ///< reaches of which the second level of cache holds
  static constexpr Local near_columns = Local{1} << 17;   ///< slots of which it holds beside other things
  static constexpr Offset always_listed = 16;             ///< products
  static constexpr Offset always_sorted = 64;             ///< products
  static constexpr Offset most_hashed = Offset{1} << 12;  ///< products: the table stays in the first level of cache
  static constexpr Local most_slots = Local{1} << 19;     ///< columns: the table stays in the second
  static constexpr Local stay = 256;
  /// Rows in succession that others do not repeat: up to so many they have likely been met before, as boundaries of a
  /// grid; from so many on no more of a row block are tried.
  static constexpr int most_alone = 8;
  static constexpr int most_in_vain = 32;

  const Task<Semiring, V>& task_;
  const Factors<V>& factors_;
  std::unique_ptr<OrderWorkspace<V>> order_workspace_;
  std::optional<SlotTable> list_slots_;
  std::optional<SlotTable> hash_slots_;
  std::optional<ScatterWorkspace<V>> scatter_workspace_;
  std::unique_ptr<RepeatWorkspace<V>> repeat_workspace_;
  Offset products_seen_ = 0;   // of rows of this row block
  Offset surprises_seen_ = 0;  // products of which was not easily foreseen whether their columns were new
  int in_vain_ = 0;            // rows in succession that others do not repeat
  Offset most_listed_ = 0;     // products of rows that are listed, less than `stay` rows from last_look_
  Local last_look_ = 0;
  bool orderly_ = false;  // is a row listed in the order of the row before? As far as is known
};

}  // namespace filigree::spgemm
