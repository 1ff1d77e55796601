// RowMaker: the rows of C one after the other, each by the kernel that suits it (row_kernels.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <memory>
#include <optional>

#include "core/simd/isa.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "spgemm/rows/row_kernels.hpp"
#include "spgemm/rows/row_method.hpp"
#include "spgemm/rows/semirings.hpp"
#include "spgemm/rows/tiles.hpp"
#include "spgemm/tuning.hpp"

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
    const bool is_automatic =
        accumulator == Accumulator::automatic && products > tuning::structure_products * std::ssize(factors.b.col);
    if (kernels.tile != nullptr &&
        (accumulator == Accumulator::tile || (is_automatic && runs.length * runs.sharing > tuning::least_run))) {
      tiles.emplace(factors.b);
      most_tiled = sample_runs(factors.a).sharing > tuning::least_sharing ? tuning::most_in_group : 1;
    }
    if (kernels.repeat != nullptr &&
        (accumulator == Accumulator::repeat || (is_automatic && rows_repeat(factors.b) && rows_repeat(factors.a)))) {
      row_patterns.emplace(factors.a, factors.b);
    }
  }

  /// Whether rows are counted in a fraction of the time it takes to make them.
  bool counts_quickly() const { return tiles || row_patterns; }
};

/// Rows by the kernel that makes them, and their names in Stats.
struct RowKind {
  enum : std::size_t { scaled, sorted, listed, scattered, tiled, repeated };
};
constexpr std::array row_kind_names{"scaled_rows",    "sorted_rows", "listed_rows",
                                    "scattered_rows", "tiled_rows",  "repeated_rows"};
using Counts = std::array<Offset, row_kind_names.size()>;  // by RowKind

/// Makes rows: what a thread needs for it.
template <class Semiring, class V>
class RowMaker {
 public:
  explicit RowMaker(const Task<Semiring, V>& task)
      : task_(task), factors_(task.factors), order_workspace_(std::make_unique<OrderWorkspace<V>>()) {}

  /// Makes a row, and those after it and before `end` that are made with it, into col and val, where there is capacity
  /// for `slack` elements more than they can have. products: of the row
  Made make(Local row, Local end, Offset products, Local* col, V* val) {
    const Made repeated = repeat(row, end, products, col, val);
    counts[RowKind::repeated] += repeated.rows;
    if (repeated.rows > 0) return repeated;
    if (task_.tiles && products > 0 && factors_.a.degree(row) > 1) {
      const int group_size = group_size_at(row, end);
      counts[RowKind::tiled] += group_size;
      return {group_size, task_.kernels.tile(factors_, *task_.tiles, row, group_size, scatter_workspace(), col, val)};
    }
    return {1, make_one(row, products, col, val)};
  }

  /// Counts the nonzeros of the rows that make() would make; where the task counts_quickly().
  Made count(Local row, Local end, Offset products) {
    if (factors_.a.degree(row) < 2) return {1, products};
    const Made repeated = repeat(row, end, products, nullptr, nullptr);
    if (repeated.rows > 0) return repeated;
    const auto* const tiles = task_.tiles ? &*task_.tiles : nullptr;
    return {group_size_at(row, end), task_.kernels.count(factors_, tiles, row, scatter_workspace())};
  }

  /// Begins a row block. Forgets what earlier rows have shown, so that the choice of accumulators does not depend on
  /// which thread takes which row block.
  void begin_block(Local first) {
    most_listed_ = is_near() || is_regular() ? 0 : task_.sorted ? tuning::most_ordered : tuning::block_products;
    last_look_ = first;
    orderly_ = is_regular();
    order_workspace_->last_length = 0;
    in_vain_ = 0;
    products_seen_ = 0;
    surprises_seen_ = 0;
  }

  static constexpr Offset slack = 64;
  /// Elements that making a row alone may write, however many it has: sorting clears as many as there are products.
  Offset most_written(Local row, Offset products) const {
    return std::min(task_.most_in_row(row, products), tuning::most_ordered);
  }

  /// Rows made at once, at most. They write up to a line more than they have.
  Local most_at_once() const { return task_.row_patterns ? num_lanes : task_.most_tiled; }
  Counts counts{};

 private:
  /// Makes rows that repeat each other, if there are any; without col only counts them.
  Made repeat(Local row, Local end, Offset products, Local* col, V* val) {
    if (!task_.row_patterns || products == 0 || products > tuning::most_class_products ||
        in_vain_ >= tuning::most_in_vain || factors_.a.degree(row) == 1) {
      return {0, 0};
    }
    if (!repeat_workspace_) repeat_workspace_ = std::make_unique<RepeatWorkspace<V>>(factors_.b.num_cols);
    const Made made = task_.kernels.repeat(factors_, *task_.row_patterns, row, end, in_vain_ < tuning::most_alone,
                                           *repeat_workspace_, col, val);
    in_vain_ = made.rows > 1 ? 0 : in_vain_ + 1;
    return made;
  }

  /// Rows from `row` on and before `end` that have the same columns in A and are tiled together.
  int group_size_at(Local row, Local end) const {
    const auto cols = factors_.a.cols(row);
    int group_size = 1;
    while (group_size < task_.most_tiled && row + group_size < end &&
           std::ranges::equal(cols, factors_.a.cols(row + group_size)))
      ++group_size;
    return group_size;
  }

  /// Makes one row; returns its length.
  Offset make_one(Local row, Offset products, Local* col, V* val) {
    const Factors<V>& f = factors_;
    if (products == 0) return 0;
    if (task_.mask != nullptr) {
      ++counts[RowKind::scattered];
      if (!task_.complement) return masked_row<Semiring>(f, row, task_.mask->cols(row), scatter_workspace(), col, val);
      const Reach reach = scatter(row);
      strike<Semiring>(task_.mask->cols(row), scatter_workspace());
      return task_.kernels.collect(scatter_workspace(), reach, col, val).length;
    }
    if (f.a.degree(row) == 1) {
      ++counts[RowKind::scaled];
      return scaled_row<Semiring>(f, row, col, val);
    }
    const Offset length = merge(row, products, col, val);
    products_seen_ += products;
    surprises_seen_ += std::min(length, products - length);
    return length;
  }

  /// Makes a row that has several factors.
  Offset merge(Local row, Offset products, Local* col, V* val) {
    switch (choose(row, products)) {
      case Accumulator::sort:
        ++counts[RowKind::sorted];
        return task_.kernels.sort(factors_, row, products, *order_workspace_, col, val);
      case Accumulator::list: return listed<false>(row, products, col, val);
      case Accumulator::hash: return listed<true>(row, products, col, val);
      default: break;
    }
    ++counts[RowKind::scattered];
    const Reach reach = scatter(row);
    const Gathered made = task_.kernels.collect(scatter_workspace(), reach, col, val);
    most_listed_ = list_pays(products, reach, made) ? 4 * products : 0;
    last_look_ = row;
    return made.length;
  }

  /// The accumulator for a row. The last row that was scattered shows whether that pays: neighbours are alike, and
  /// columns are closer where a row has more products.
  Accumulator choose(Local row, Offset products) const {
    const Local num_cols = factors_.b.num_cols;
    const bool list_fits = !task_.sorted || products <= tuning::most_ordered;
    switch (task_.accumulator) {
      case Accumulator::sort: return can_be_sorted(products, num_cols) ? Accumulator::sort : Accumulator::scatter;
      case Accumulator::list: return list_fits ? Accumulator::list : Accumulator::scatter;
      case Accumulator::hash:
        return list_fits && products <= tuning::most_hashed ? Accumulator::hash : Accumulator::scatter;
      case Accumulator::automatic: break;
      default: return Accumulator::scatter;
    }
    const bool sorting_pays = this->sorting_pays(products);
    if (sorting_pays && products <= tuning::always_sorted) return Accumulator::sort;
    if (!list_fits || (products > tuning::always_listed &&
                       !(products <= most_listed_ && std::abs(row - last_look_) < tuning::scatter_hint_rows)))
      return Accumulator::scatter;
    if (sorting_pays) return Accumulator::sort;
    return num_cols <= tuning::most_slots || products > tuning::most_hashed ? Accumulator::list : Accumulator::hash;
  }

  /// Whether to sort a row rather than to list it. Lists do not miss the cache where they are short, and are quick
  /// where branch prediction knows which columns are new.
  bool sorting_pays(Offset products) const {
    return (task_.sorted || 100 * surprises_seen_ > tuning::surprising_percent * products_seen_) && !is_regular() &&
           products <= (is_near() ? tuning::always_sorted : tuning::most_ordered) &&
           can_be_sorted(products, factors_.b.num_cols);
  }
  bool is_regular() const { return task_.runs.length > tuning::regular_run; }
  bool is_near() const { return factors_.b.num_cols <= tuning::near_columns; }

  template <bool hashed>
  Offset listed(Local row, Offset products, Local* col, V* val) {
    ++counts[RowKind::listed];
    auto& slots = hashed ? hash_slots_ : list_slots_;
    if (!slots) slots.emplace(hashed ? 2 * tuning::most_hashed : factors_.b.num_cols);
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

  /// Made when it is first needed: with very many columns it is large, and short rows do not need it.
  ScatterWorkspace<V>& scatter_workspace() {
    if (!scatter_workspace_)
      scatter_workspace_.emplace(factors_.b.num_cols, task_.tiles ? Semiring::zero() : Semiring::untouched(),
                                 task_.most_tiled);
    return *scatter_workspace_;
  }

  /// Whether a row that was scattered would have been listed, or sorted, more quickly. Reading what was scattered costs
  /// time by lines, also by those between them; a list costs time by columns of which is not predicted whether they are
  /// new, and by sorting.
  bool list_pays(Offset products, const Reach& reach, const Gathered& made) const {
    const auto count = static_cast<double>(products);
    const auto length = static_cast<double>(made.length);
    const Offset lines = Offset{reach.last_line} - reach.first_line;
    const bool is_near = lines * num_lanes * Offset{sizeof(V)} < tuning::near_bytes;
    const double reading =
        (is_near ? tuning::near_line_cost : tuning::far_line_cost) * static_cast<double>(made.num_lines) +
        tuning::mark_group_cost * static_cast<double>(lines / ScatterWorkspace<V>::group);
    if (sorting_pays(products))
      return count * (tuning::sort_cost + tuning::compare_cost * static_cast<double>(std::bit_width(z(products)))) <
             reading;
    const double ordering =
        orderly_ ? tuning::same_order_cost
                 : tuning::order_cost + tuning::compare_cost * static_cast<double>(std::bit_width(z(made.length)));
    const double looking =
        is_regular() ? tuning::no_surprise_cost * count : tuning::surprise_cost * std::min(length, count - length);
    return looking + (task_.sorted ? length * ordering : 0) < reading;
  }

  const Task<Semiring, V>& task_;
  const Factors<V>& factors_;
  std::unique_ptr<OrderWorkspace<V>> order_workspace_;
  std::optional<SlotTable> list_slots_;
  std::optional<SlotTable> hash_slots_;
  std::optional<ScatterWorkspace<V>> scatter_workspace_;
  std::unique_ptr<RepeatWorkspace<V>> repeat_workspace_;
  Offset products_seen_ = 0;   // of rows of this row block
  Offset surprises_seen_ = 0;  // products of which it is not predicted whether their columns are new
  int in_vain_ = 0;            // rows in succession that others do not repeat
  Offset most_listed_ = 0;     // products of rows that are listed, less than scatter_hint_rows from last_look_
  Local last_look_ = 0;
  bool orderly_ = false;  // is a row listed in the order of the row before? As far as is known
};

}  // namespace filigree::spgemm
