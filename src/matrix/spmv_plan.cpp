#include "filigree/matrix/spmv_plan.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "core/index.hpp"
#include "core/parallel_for.hpp"

namespace filigree {
namespace {

constexpr Local window_rows = 4096;         // their y stays in L1
constexpr Offset window_entries = 1 << 18;  // fewer rows where they are long, so that threads share the work evenly
constexpr Local block_width = 4;
constexpr std::size_t narrow_columns = 1 << 16;  // their x, 512 KiB, stays in L2

/// Values are read once a product: they come ahead of their use, past the end of a page where the hardware stops, and
/// should not take the place of x in the caches.
template <bool weighted, class V>
[[gnu::always_inline]] inline void prefetch_values(const V* val) {
  if constexpr (weighted) __builtin_prefetch(val + 256, 0, 0);
}

/// val[k] * x, or x where the matrix has no values.
template <bool weighted, class V>
[[gnu::always_inline]] inline double term(const V* val, std::ptrdiff_t k, double x) {
  if constexpr (weighted)
    return static_cast<double>(val[k]) * x;
  else
    return x;
}

/// Sum of `count` terms by halves: short chains of additions, no loop.
template <int count, bool weighted, class Index, class V>
[[gnu::always_inline]] inline double unrolled_sum(const Index* item, const V* val, const double* x) {
  if constexpr (count == 1)
    return term<weighted>(val, 0, x[*item]);
  else
    return unrolled_sum<count / 2, weighted>(item, val, x) +
           unrolled_sum<count - count / 2, weighted>(item + count / 2, weighted ? val + count / 2 : val, x);
}

template <bool weighted, class Index, class V>
[[gnu::always_inline]] inline double looped_sum(int count, const Index* item, const V* val, const double* x) {
  double sums[4] = {};
  int k = 0;
  for (; k + 8 <= count; k += 8) {
    __builtin_prefetch(item + k + 512);
    prefetch_values<weighted>(val + k);
    for (int lane = 0; lane < 4; ++lane) {
      const int second = k + lane + 4;
      sums[lane] += term<weighted>(val, k + lane, x[item[k + lane]]) + term<weighted>(val, second, x[item[second]]);
    }
  }
  for (; k < count; ++k) sums[0] += term<weighted>(val, k, x[item[k]]);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// y[row] += sum of its terms, for the rows of one group; moves the pointers past them.
template <int fixed_count, bool weighted, class Index, class V>
[[gnu::always_inline]] inline void add_group(int count, int num_rows, const std::uint16_t*& row, const Index*& item,
                                             const V*& val, const double* x, double* y) {
  for (int i = 0; i < num_rows; ++i) {
    prefetch_values<weighted>(val);
    if constexpr (fixed_count > 0)
      y[row[i]] += unrolled_sum<fixed_count, weighted>(item, val, x);
    else
      y[row[i]] += looped_sum<weighted>(count, item, val, x);
    item += count;
    if constexpr (weighted) val += count;
  }
  row += num_rows;
}

template <bool weighted, class Part>
void add_columns(const Part& part, const double* x, double* y) {
  const std::uint16_t* row = part.row.data();
  auto item = part.item.data();
  auto val = part.val.data();
  for (const auto [count, num_rows] : part.groups) {
    switch (count) {
      case 1: add_group<1, weighted>(1, num_rows, row, item, val, x, y); break;
      case 2: add_group<2, weighted>(2, num_rows, row, item, val, x, y); break;
      case 3: add_group<3, weighted>(3, num_rows, row, item, val, x, y); break;
      case 4: add_group<4, weighted>(4, num_rows, row, item, val, x, y); break;
      case 5: add_group<5, weighted>(5, num_rows, row, item, val, x, y); break;
      case 6: add_group<6, weighted>(6, num_rows, row, item, val, x, y); break;
      case 7: add_group<7, weighted>(7, num_rows, row, item, val, x, y); break;
      case 8: add_group<8, weighted>(8, num_rows, row, item, val, x, y); break;
      default: add_group<0, weighted>(count, num_rows, row, item, val, x, y);
    }
  }
}

template <bool weighted, class Part>
void add_blocks(const Part& part, const double* x, double* y) {
  auto item = part.item.data();
  auto val = part.val.data();
  const std::uint16_t* row = part.row.data();
  for (const auto [count, num_rows] : part.groups) {
    for (int i = 0; i < num_rows; ++i) {
      double sums[block_width] = {};
      for (int k = 0; k < count; ++k) {
        const double* from = x + *item++;
        prefetch_values<weighted>(val);
        for (int lane = 0; lane < block_width; ++lane) sums[lane] += term<weighted>(val, lane, from[lane]);
        if constexpr (weighted) val += block_width;
      }
      y[*row++] += (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
  }
}

/// The columns that a sample of the entries names most often, most often first, ties by column; none unless x is far
/// larger than the cache and these columns hold at least half of another sample.
std::vector<Local> choose_hot_columns(std::span<const Local> col, Local num_cols) {
  if (z(num_cols) < 8 * narrow_columns) return {};
  constexpr std::size_t stride = 4;
  std::vector<std::uint32_t> uses(z(num_cols));
  for (std::size_t k = 0; k < col.size(); k += stride) ++uses[z(col[k])];
  std::vector<Local> columns(z(num_cols));
  std::iota(columns.begin(), columns.end(), 0);
  const auto more_used = [&](Local a, Local b) { return std::pair(uses[z(b)], a) < std::pair(uses[z(a)], b); };
  const auto cut = columns.begin() + narrow_columns;
  std::nth_element(columns.begin(), cut, columns.end(), more_used);
  columns.resize(narrow_columns);
  std::sort(columns.begin(), columns.end(), more_used);

  std::vector<char> is_hot(z(num_cols));
  for (Local column : columns) is_hot[z(column)] = 1;
  std::size_t covered = 0;
  for (std::size_t k = stride / 2; k < col.size(); k += stride) covered += z(is_hot[z(col[k])]);
  if (2 * stride * covered < col.size()) return {};
  return columns;
}

}  // namespace

/// Lays out one window after another; each thread has its own.
template <class V>
class SpmvPlan<V>::Builder {
 public:
  /// hot_index: position among the hot columns or -1, by column; empty when there are none.
  Builder(CsrView<V> matrix, std::span<const std::int32_t> hot_index)
      : matrix_(matrix), hot_index_(hot_index), slots_(matrix.has_values() ? 0 : num_slots) {}

  void build(Window& window) {
    blocks_.clear();
    narrow_.clear();
    wide_.clear();
    std::fill(slots_.begin(), slots_.end(), no_row);
    narrow_base_ = choose_narrow_base(window);
    window.narrow_base = narrow_base_.value_or(0);
    for (Local i = 0; i < window.num_rows; ++i) {
      const Local row = window.first_row + i;
      const auto local_row = static_cast<std::uint16_t>(i);
      if (!matrix_.has_values() && matrix_.degree(row) > 1) {
        const std::uint16_t equal = find_equal(window.first_row, local_row);
        if (equal != no_row) {
          window.copies.push_back({local_row, equal});
          continue;
        }
      }
      split(row, local_row);
    }
    blocks_.lay_out(window.blocks);
    narrow_.lay_out(window.narrow);
    wide_.lay_out(window.wide);
  }

 private:
  /// The entries of one part in the order of rows.
  template <class Index>
  struct Draft {
    struct Row {
      std::int32_t num_items;
      std::uint16_t row;
      std::size_t item;  // where its items begin
    };
    std::vector<Row> rows;
    std::vector<Index> item;
    std::vector<V> val;

    void clear() {
      rows.clear();
      item.clear();
      val.clear();
    }
    void add(Index index, std::span<const V> values) {
      item.push_back(index);
      val.insert(val.end(), values.begin(), values.end());
    }
    void end_row(std::uint16_t local_row) {
      const std::size_t first_item = rows.empty() ? 0 : rows.back().item + z(rows.back().num_items);
      if (item.size() == first_item) return;
      const auto num_items = static_cast<std::int32_t>(item.size() - first_item);
      rows.push_back({num_items, local_row, first_item});
    }
    void lay_out(Part<Index>& part) {
      std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.num_items < b.num_items; });
      part.row.reserve(rows.size());
      part.item.reserve(item.size());
      part.val.reserve(val.size());
      const std::size_t values_per_item = item.empty() ? 0 : val.size() / item.size();
      for (const Row& from : rows) {
        auto& groups = part.groups;
        if (groups.empty() || groups.back().num_items != from.num_items) groups.push_back({from.num_items, 0});
        ++groups.back().num_rows;
        part.row.push_back(from.row);
        const auto items = item.begin() + static_cast<std::ptrdiff_t>(from.item);
        part.item.insert(part.item.end(), items, items + from.num_items);
        const auto values = val.begin() + static_cast<std::ptrdiff_t>(from.item * values_per_item);
        part.val.insert(part.val.end(), values, values + static_cast<std::ptrdiff_t>(values_per_item) * from.num_items);
      }
    }
  };

  static constexpr std::size_t num_slots = 4 * window_rows;
  static constexpr std::uint16_t no_row = std::numeric_limits<std::uint16_t>::max();

  /// An earlier row of the window with the same columns; remembers this one otherwise.
  std::uint16_t find_equal(Local first_row, std::uint16_t row) {
    const auto cols = matrix_.cols(first_row + row);
    std::uint64_t hash = cols.size();
    for (const Local column : cols) hash = (hash ^ static_cast<std::uint64_t>(column)) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 32;
    for (std::size_t slot = hash % num_slots;; slot = (slot + 1) % num_slots) {
      if (slots_[slot] == no_row) {
        slots_[slot] = row;
        return no_row;
      }
      if (std::ranges::equal(cols, matrix_.cols(first_row + slots_[slot]))) return slots_[slot];
    }
  }

  /// Where 16 bits begin to count: half their reach below the middle one of the window's columns. None if they would
  /// reach less than half of them, or name the hot columns.
  std::optional<Local> choose_narrow_base(const Window& window) {
    if (!hot_index_.empty()) return std::nullopt;
    const auto begin = z(matrix_.row_ptr[z(window.first_row)]);
    const auto end = z(matrix_.row_ptr[z(window.first_row + window.num_rows)]);
    sample_.clear();
    for (std::size_t k = begin; k < end; k += 16) sample_.push_back(matrix_.col[k]);
    if (sample_.empty()) return std::nullopt;
    const auto middle = sample_.begin() + static_cast<std::ptrdiff_t>(sample_.size() / 2);
    std::nth_element(sample_.begin(), middle, sample_.end());
    const Local base = std::max(0, *middle - static_cast<Local>(narrow_columns / 2));
    const auto reached = std::ranges::count_if(sample_, [&](Local column) { return is_narrow(column, base); });
    if (2 * z(reached) < sample_.size()) return std::nullopt;
    return base;
  }

  static bool is_narrow(Local column, Local base) { return column >= base && z(column - base) < narrow_columns; }

  /// The column's index in the narrow part, or -1.
  std::int32_t narrow_index(Local column) const {
    if (!hot_index_.empty()) return hot_index_[z(column)];
    return narrow_base_ && is_narrow(column, *narrow_base_) ? column - *narrow_base_ : -1;
  }

  void split(Local row, std::uint16_t local_row) {
    const auto cols = matrix_.cols(row);
    const auto vals = matrix_.vals(row);
    const auto values = [&](std::size_t k, std::size_t count) { return vals.empty() ? vals : vals.subspan(k, count); };
    std::size_t k = 0;
    while (k < cols.size()) {
      const std::size_t end = k + z(block_width);
      if (end <= cols.size() && cols[end - 1] - cols[k] == block_width - 1) {
        blocks_.add(cols[k], values(k, z(block_width)));
        k = end;
        continue;
      }
      const std::int32_t narrow = narrow_index(cols[k]);
      if (narrow >= 0)
        narrow_.add(static_cast<std::uint16_t>(narrow), values(k, 1));
      else
        wide_.add(cols[k], values(k, 1));
      ++k;
    }
    blocks_.end_row(local_row);
    narrow_.end_row(local_row);
    wide_.end_row(local_row);
  }

  CsrView<V> matrix_;
  std::span<const std::int32_t> hot_index_;
  Draft<Local> blocks_;
  Draft<std::uint16_t> narrow_;
  std::optional<Local> narrow_base_;
  std::vector<Local> sample_;
  Draft<Local> wide_;
  std::vector<std::uint16_t> slots_;  // hash table of the window's rows
};

template <class V>
SpmvPlan<V>::SpmvPlan(CsrView<V> matrix)
    : num_rows_(matrix.num_rows()), num_cols_(matrix.num_cols), weighted_(matrix.has_values()) {
  hot_columns_ = choose_hot_columns(matrix.col, num_cols_);
  std::vector<std::int32_t> hot_index;
  if (!hot_columns_.empty()) hot_index.assign(z(num_cols_), -1);
  for (std::size_t h = 0; h < hot_columns_.size(); ++h) hot_index[z(hot_columns_[h])] = static_cast<std::int32_t>(h);

  Local first = 0;
  while (first < num_rows_) {
    Local last = first + 1;
    const Offset most = matrix.row_ptr[z(first)] + window_entries;
    while (last < num_rows_ && last < first + window_rows && matrix.row_ptr[z(last) + 1] <= most) ++last;
    windows_.emplace_back();
    windows_.back().first_row = first;
    windows_.back().num_rows = last - first;
    first = last;
  }
  parallel_for(
      static_cast<Offset>(windows_.size()), [&] { return Builder(matrix, hot_index); },
      [&](Builder& builder, Offset w) { builder.build(windows_[z(w)]); }, [](Offset) {});
}

template <class V>
void SpmvPlan<V>::multiply(std::span<const double> x, std::span<double> y, const Finish& finish) const {
  require(x.size() == z(num_cols_), "multiply: x has ", x.size(), " values, the matrix ", num_cols_, " columns");
  require(y.size() == z(num_rows_), "multiply: y has ", y.size(), " values, the matrix ", num_rows_, " rows");
  std::vector<double> hot_x(hot_columns_.size());
  for (std::size_t h = 0; h < hot_x.size(); ++h) hot_x[h] = x[z(hot_columns_[h])];
#pragma omp parallel for schedule(dynamic)
  for (std::size_t w = 0; w < windows_.size(); ++w) {
    const Window& window = windows_[w];
    const std::span<double> sums = y.subspan(z(window.first_row), z(window.num_rows));
    std::fill(sums.begin(), sums.end(), 0.0);
    const auto add = [&]<bool weighted>(std::bool_constant<weighted>) {
      add_blocks<weighted>(window.blocks, x.data(), sums.data());
      add_columns<weighted>(window.narrow, hot_x.empty() ? x.data() + window.narrow_base : hot_x.data(), sums.data());
      add_columns<weighted>(window.wide, x.data(), sums.data());
    };
    weighted_ ? add(std::true_type()) : add(std::false_type());
    for (const Copy& copy : window.copies) sums[copy.row] = sums[copy.equal_row];
    if (finish) finish(static_cast<Local>(w), window.first_row, sums);
  }
}

template class SpmvPlan<double>;
template class SpmvPlan<float>;

}  // namespace filigree
