// Repeat: rows of C that follow one another and have the same columns up to a shift, as those of a stencil do, are
// made eight at a time, a row in every lane.
//
//   row pattern    the columns of a row of B, less its first one
//   pattern class  what a row of C is made from: the row patterns of the rows of B that the row of A references, and
//                  where these begin, less where the first does. Rows of one pattern class have the same columns up to
//                  a shift, and the n-th product of the one goes to the same slot as the n-th product of the other.
//
// These slots are found once per pattern class. Then eight rows are made by adding registers to a short array that has
// a register for every nonzero, in ascending k, and no column is read. AVX-512 only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/parallel_for.hpp"
#include "core/simd/lanes.hpp"
#include "spgemm/rows/list_row.hpp"
#include "spgemm/rows/tile_row.hpp"
#include "spgemm/tuning.hpp"

namespace filigree::spgemm {

/// Whether two rows have the same columns up to a shift.
inline bool shifted(std::span<const Local> a, std::span<const Local> b) {
  if (a.size() != b.size()) return false;
  Local different = 0;
  for (std::size_t i = 1; i < a.size(); ++i) different |= (b[i] - b[0]) ^ (a[i] - a[0]);
  return different == 0;
}

/// Whether most rows of a sample are followed by rows of the same shape, of several nonzeros.
template <class V>
bool rows_repeat(const CsrView<V>& matrix) {
  constexpr Local apart = 4;  // longer than the unknowns of a node, which have the same columns unshifted
  const Local step = matrix.num_rows() / tuning::sampled_rows + 1;
  Offset rows = 0;
  Offset repeated = 0;
  for (Offset row = 0; row + apart < matrix.num_rows(); row += step) {
    const auto cols = matrix.cols(static_cast<Local>(row));
    ++rows;
    repeated += cols.size() > 1 && shifted(cols, matrix.cols(static_cast<Local>(row + apart))) ? 1 : 0;
  }
  return 5 * repeated > 3 * rows;
}

/// Adds a word to a hash, the highest bits of which are the best.
inline std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  hash ^= word;
  return (hash ^ hash >> 29) * 0x9E3779B97F4A7C15;
}

/// The row patterns of all rows of B, and which rows of A reference the same ones.
class RowPatterns {
 public:
  template <class V>
  RowPatterns(const CsrView<V>& a, const CsrView<V>& b)
      : key_(std::make_unique_for_overwrite<std::uint64_t[]>(z(b.num_rows()))),
        repeats_(std::make_unique_for_overwrite<bool[]>(z(a.num_rows()))) {
    find_row_patterns(b);
    find_repeats(a);
  }

  /// By row: a number of its row pattern, times 2^32, and its first column. Rows have the same row pattern if their
  /// keys differ by less than 2^31, and then that is the shift.
  const std::uint64_t* keys() const { return key_.get(); }
  static Local first_column(std::uint64_t key) { return static_cast<Local>(key & 0xFFFFFFFF); }

  /// Whether a row of A has the pattern class of the row before.
  bool repeats(Local row) const { return repeats_[z(row)]; }

 private:
  struct RowPattern {
    Local first_row;  ///< in its chunk
    std::uint64_t hash;
    Local number;  ///< the first row of all that has it
  };

  // Threads take chunks of rows.
  static constexpr Offset chunk_rows = 1024;
  static Offset num_chunks(Offset num_rows) { return (num_rows + chunk_rows - 1) / chunk_rows; }
  template <class Use>
  static void for_rows(Offset chunk, Offset num_rows, Use use) {
    const Offset end = std::min(num_rows, (chunk + 1) * chunk_rows);
    for (Offset row = chunk * chunk_rows; row < end; ++row) use(static_cast<Local>(row));
  }

  template <class V>
  void find_row_patterns(const CsrView<V>& b) {
    auto chunks = parallel_tasks(num_chunks(b.num_rows()), [&](Offset chunk) {
      constexpr int known_bits = 6;
      std::array<std::size_t, std::size_t{1} << known_bits> known = {};  // by hash: a row pattern, if it has one
      std::vector<RowPattern> row_patterns;                              // some may be there twice
      std::size_t row_pattern = 0;
      for_rows(chunk, b.num_rows(), [&](Local row) {
        const auto cols = b.cols(row);
        if (row_patterns.empty() || !shifted(b.cols(row - 1), cols)) {
          const std::uint64_t hash_of_row = hash(cols);
          std::size_t& of_hash = known[hash_of_row >> (64 - known_bits)];
          if (of_hash >= row_patterns.size() || !shifted(b.cols(row_patterns[of_hash].first_row), cols)) {
            of_hash = row_patterns.size();
            row_patterns.push_back({row, hash_of_row, row});
          }
          row_pattern = of_hash;
        }
        key_[z(row)] = row_pattern << 32 | (cols.empty() ? 0 : z(cols[0]));
      });
      return row_patterns;
    });
    std::unordered_map<std::uint64_t, Local> first_of_pattern;
    for (std::vector<RowPattern>& row_patterns : chunks) {
      for (RowPattern& row_pattern : row_patterns) {
        const Local other = first_of_pattern.try_emplace(row_pattern.hash, row_pattern.first_row).first->second;
        if (shifted(b.cols(other), b.cols(row_pattern.first_row))) row_pattern.number = other;
      }
    }
    parallel_for(std::ssize(chunks), [&](Offset chunk) {
      for_rows(chunk, b.num_rows(), [&](Local row) {
        std::uint64_t& key = key_[z(row)];
        key = z(chunks[z(chunk)][key >> 32].number) << 32 | (key & 0xFFFFFFFF);
      });
    });
  }

  template <class V>
  void find_repeats(const CsrView<V>& a) {
    parallel_for(num_chunks(a.num_rows()), [&](Offset chunk) {
      for_rows(chunk, a.num_rows(),
               [&](Local row) { repeats_[z(row)] = row > 0 && have_one_class(a.cols(row - 1), a.cols(row)); });
    });
  }

  bool have_one_class(std::span<const Local> ks, std::span<const Local> other_ks) const {
    if (ks.size() != other_ks.size() || ks.empty()) return false;
    const std::uint64_t shift = key_[z(other_ks[0])] - key_[z(ks[0])];
    std::uint64_t different = (shift + 0x80000000) >> 32;
    for (std::size_t t = 0; t < ks.size(); ++t) different |= (key_[z(other_ks[t])] - key_[z(ks[t])]) ^ shift;
    return different == 0;
  }

  static std::uint64_t hash(std::span<const Local> cols) {
    std::uint64_t hash = cols.size();
    for (const Local column : cols) hash = mixed(hash, z(column - cols[0]));
    return hash;
  }

  std::unique_ptr<std::uint64_t[]> key_;
  std::unique_ptr<bool[]> repeats_;
};

/// A pattern class of rows of C.
struct PatternClass {
  static constexpr std::uint32_t most_nonzeros = tuning::most_lane_slots;

  /// A row of B: where its slots begin, and how many they are.
  struct Part {
    std::uint32_t first_slot;
    std::uint32_t length;
  };
  std::vector<std::uint64_t> keys;   ///< of the rows of B, less the first one's first column
  std::vector<Part> parts;           ///< by row of B
  std::vector<std::uint16_t> slots;  ///< by product
  std::vector<Local> cols;           ///< less the first column of the first row of B; and capacity for a line more
  Offset length = 0;                 ///< nonzeros of the row; 0 if they are too many
};

/// What a thread needs to repeat rows.
template <class V>
struct RepeatWorkspace {
  explicit RepeatWorkspace(Local num_cols) : listed(num_cols) {}

  PatternClass pattern_classes[std::size_t{1} << tuning::pattern_class_bits];  ///< the last ones, by hash
  const PatternClass* last = pattern_classes;
  Local next_row = 0;               ///< the row behind those that `last` was for
  std::vector<std::uint64_t> keys;  ///< of the row at hand, as in PatternClass
  SlotTable listed;
  OrderWorkspace<std::uint32_t> order;
  std::uint32_t at[PatternClass::most_nonzeros];  ///< by slot: where in the list its column is
  std::uint16_t slot_of[PatternClass::most_nonzeros];
  alignas(64) V sum[PatternClass::most_nonzeros * num_lanes];
};

/// The pattern class of a row whose keys are in `workspace`.
template <class V>
void make_pattern_class(const Factors<V>& f, Local row, Local first_column, RepeatWorkspace<V>& workspace,
                        PatternClass& pattern) {
  pattern.keys = workspace.keys;
  pattern.parts.clear();
  pattern.slots.clear();
  pattern.length = 0;
  std::uint32_t* const listed = workspace.listed.begin_list(tuning::most_class_products);
  const std::uint32_t first = workspace.listed.first();
  std::uint32_t length = 0;
  for (const Local k : f.a.cols(row)) {
    const std::size_t part = pattern.parts.size();
    if (part > 0 && pattern.keys[part] == pattern.keys[part - 1]) {
      pattern.parts.push_back(pattern.parts.back());
      continue;
    }
    const auto cols = f.b.cols(k);
    pattern.parts.push_back(
        {static_cast<std::uint32_t>(pattern.slots.size()), static_cast<std::uint32_t>(cols.size())});
    for (const Local column : cols) {
      std::uint32_t& at = listed[column];
      if (at < first) {
        if (length == PatternClass::most_nonzeros) return workspace.listed.end_list(length);
        workspace.order.col[length] = column;
        workspace.order.val[length] = length;
        at = first + length++;
      }
      pattern.slots.push_back(static_cast<std::uint16_t>(at - first));
    }
  }
  workspace.listed.end_list(length);
  pattern.cols.resize(length + z(num_lanes));
  workspace.order.last_length = 0;
  order_list(workspace.order, length, f.b.num_cols, pattern.cols.data(), workspace.at);
  for (std::uint32_t i = 0; i < length; ++i) workspace.slot_of[workspace.at[i]] = static_cast<std::uint16_t>(i);
  for (std::uint16_t& slot : pattern.slots) slot = workspace.slot_of[slot];
  for (Local& column : std::span(pattern.cols).first(length)) column -= first_column;
  pattern.length = length;
}

template <class V>
const PatternClass& pattern_class_of_row(const Factors<V>& f, const RowPatterns& row_patterns, Local row,
                                         RepeatWorkspace<V>& workspace) {
  if (row == workspace.next_row && row_patterns.repeats(row)) return *workspace.last;
  const auto ks = f.a.cols(row);
  const Local first_column = RowPatterns::first_column(row_patterns.keys()[ks[0]]);
  workspace.keys.resize(ks.size());
  std::ranges::transform(ks, workspace.keys.begin(), [&](Local k) { return row_patterns.keys()[k] - z(first_column); });
  if (workspace.last->keys == workspace.keys) return *workspace.last;
  std::uint64_t hash = 0;
  for (const std::uint64_t key : workspace.keys) hash = mixed(hash, key);
  PatternClass& pattern = workspace.pattern_classes[hash >> (64 - tuning::pattern_class_bits)];
  if (pattern.keys != workspace.keys) make_pattern_class(f, row, first_column, workspace, pattern);
  workspace.last = &pattern;
  return pattern;
}

#if defined(__x86_64__)
/// Adds a product to the sum at a slot.
template <class Semiring, class V>
FILIGREE_AVX512_INLINE void add_lanes(Lanes<V> left, Lanes<V> right, V* sums, std::uint16_t slot) {
  V* const memory = sums + Offset{slot} * num_lanes;
  Lanes<V> sum;
  std::memcpy(&sum, memory, sizeof sum);
  sum = Semiring::plus(sum, Semiring::times(left, right));
  std::memcpy(memory, &sum, sizeof sum);
}

/// A row of B for each lane, and the slots of its products.
template <class V>
struct LaneRows {
  const V* row[num_lanes];
  const std::uint16_t* slots;
  Offset length;
};

/// Adds the products with a row of B each.
template <class Semiring, class V>
FILIGREE_AVX512_INLINE void add_rows(Lanes<V> left, const LaneRows<V>& rows, V* sums) {
  Lanes<V> right[4];
  Offset j = 0;
  for (; j + 4 <= rows.length; j += 4) {
    load_columns(rows.row, j, 4, right);
    for (int i = 0; i < 4; ++i) add_lanes<Semiring, V>(left, right[i], sums, rows.slots[j + i]);
  }
  if (j == rows.length) return;
  load_columns(rows.row, j, static_cast<int>(rows.length - j), right);
  add_lanes<Semiring, V>(left, right[0], sums, rows.slots[j]);
  if (j + 1 < rows.length) add_lanes<Semiring, V>(left, right[1], sums, rows.slots[j + 1]);
  if (j + 2 < rows.length) add_lanes<Semiring, V>(left, right[2], sums, rows.slots[j + 2]);
}

/// Sums of `num_slots` slots: all products of eight rows of A with `degree` nonzeros each. left_row[i]: values of
/// that in lane i; null: all are 1. rows_of(t): of B, for the t-th nonzeros, which are added one after the other
template <class Semiring, class V, class RowsOf>
FILIGREE_AVX512_INLINE void add_lane_products(Offset degree, const V* const* left_row, RowsOf rows_of, Offset num_slots,
                                              V* sums) {
  const Lanes<V> zeros = broadcast<V>(Semiring::zero());
  for (Offset slot = 0; slot < num_slots; ++slot) std::memcpy(sums + slot * num_lanes, &zeros, sizeof zeros);
  Lanes<V> left[4];
  for (Lanes<V>& lanes : left) lanes = broadcast<V>(V{1});
  for (Offset t = 0; t < degree; ++t) {
    if (t % 4 == 0 && left_row != nullptr)
      load_columns(left_row, t, static_cast<int>(degree - t < 4 ? degree - t : 4), left);
    const LaneRows<V> rows = rows_of(t);
    add_rows<Semiring>(left[t % 4], rows, sums);
  }
}

/// Loads eight slots from `sums` on and transposes them: row[i] is lane i of all.
template <class V>
FILIGREE_AVX512_INLINE void load_rows(const V* sums, Lanes<V>* row) {
  const V* of_slot[num_lanes];
  for (int i = 0; i < num_lanes; ++i) of_slot[i] = sums + i * num_lanes;
  load_columns(of_slot, 0, 4, row);
  load_columns(of_slot, 4, 4, row + 4);
}

/// Adds the products of eight rows of a pattern class. begin[i]: the first nonzero of A of the row in lane i
template <class Semiring, class V>
FILIGREE_AVX512 void add_products(const Factors<V>& f, const PatternClass& pattern, const Offset* begin, V* sums) {
  constexpr Offset ahead = 2 * num_lanes;  // rows, which are prefetched before they are needed
  constexpr Offset line = 8;               // elements
  const auto degree = static_cast<Offset>(pattern.parts.size());
  const bool a_is_ones = f.a.val.empty();
  const V* left_row[num_lanes];
  for (int i = 0; i < num_lanes; ++i) left_row[i] = a_is_ones ? nullptr : f.a.val.data() + begin[i];
  const auto rows_of = [&](Offset t) FILIGREE_INLINE_LAMBDA {
    if (t % line == 0) {
      for (int i = 0; i < num_lanes; ++i) {
        const Offset later = begin[i] + t + ahead * degree;
        if (later >= std::ssize(f.a.col)) break;
        __builtin_prefetch(f.a.col.data() + later);
        if (!f.a.val.empty()) __builtin_prefetch(f.a.val.data() + later);
      }
    }
    const PatternClass::Part part = pattern.parts[z(t)];
    LaneRows<V> rows{{}, pattern.slots.data() + part.first_slot, part.length};
    Offset q = 0;
    for (int i = 0; i < num_lanes; ++i) {
      q = f.b.row_ptr[z(f.a.col[z(begin[i] + t)])];
      rows.row[i] = f.b_values(q);
    }
    if (t == degree - 1) {
      // Earlier rows of B are in cache since the earlier rows of A.
      const Offset last = std::min(std::ssize(f.b.val), q + ahead * Offset{part.length});
      for (q += ahead / 2 * Offset{part.length}; q < last; q += line) __builtin_prefetch(f.b.val.data() + q);
    }
    return rows;
  };
  add_lane_products<Semiring>(degree, a_is_ones ? nullptr : left_row, rows_of, pattern.length, sums);
}

/// Writes the sums of the first `count` lanes, row after row. shift: of the rows' columns
template <class V>
FILIGREE_AVX512 void write_rows(const PatternClass& pattern, const V* sums, const Local* shift, Local count, Local* col,
                                V* val) {
  const Offset length = pattern.length;
  // From back to front: what is written behind the end of a row is overwritten by the next row.
  for (Offset slot = (length - 1) / num_lanes * num_lanes; slot >= 0; slot -= num_lanes) {
    Lanes<Local> cols;
    std::memcpy(&cols, pattern.cols.data() + slot, sizeof cols);
    Lanes<V> values[num_lanes];
    load_rows(sums + slot * num_lanes, values);
    for (Local i = 0; i < count; ++i) {
      const Lanes<Local> columns = cols + shift[i];
      std::memcpy(col + i * length + slot, &columns, sizeof columns);
      std::memcpy(val + i * length + slot, &values[i], sizeof values[i]);
    }
  }
}

/// Makes one row of a pattern class.
template <class Semiring, class V>
void repeat_one(const Factors<V>& f, const PatternClass& pattern, Local row, Local shift, Local* col, V* val) {
  for (Offset slot = 0; slot < pattern.length; ++slot) col[slot] = pattern.cols[z(slot)] + shift;
  std::fill_n(val, pattern.length, Semiring::zero());
  const PatternClass::Part* part = pattern.parts.data();
  for_each_factor(f, row, [&](const Factor<V>& factor) FILIGREE_INLINE_LAMBDA {
    add_at<Semiring, 4>(factor.left, factor.val, factor.length, pattern.slots.data() + part->first_slot, val);
    ++part;
  });
}

/// Makes `row` and those after it, before `end`, that have its pattern class, one a lane at most, one after the other
/// into col and val, where there is capacity for a line more than they have; without col only counts all of them. None
/// if the row is too long, or if too few follow it and it shall not be made `alone`.
template <class Semiring, class V>
Made repeat_rows(const Factors<V>& f, const RowPatterns& row_patterns, Local row, Local end, bool alone,
                 RepeatWorkspace<V>& workspace, Local* col, V* val) {
  const Local most = col == nullptr ? end - row : std::min(end - row, num_lanes);
  Local count = 1;
  while (count < most && row_patterns.repeats(row + count)) ++count;
  if ((count < tuning::least_lanes && !alone) || f.a.degree(row) > tuning::most_class_factors) return {0, 0};
  const PatternClass& pattern = pattern_class_of_row(f, row_patterns, row, workspace);
  if (count < tuning::least_lanes) count = 1;
  workspace.next_row = row + count;
  if (pattern.length == 0) return {0, 0};
  if (col == nullptr) return {count, pattern.length};
  if (count == 1) {
    const Local first_column = RowPatterns::first_column(row_patterns.keys()[f.a.cols(row)[0]]);
    repeat_one<Semiring>(f, pattern, row, first_column, col, val);
    return {1, pattern.length};
  }
  // Lanes without a row of their own repeat the last one.
  Offset begin[num_lanes];
  Local shift[num_lanes];
  for (Local i = 0; i < num_lanes; ++i) {
    begin[i] = f.a.row_ptr[z(row + std::min(i, count - 1))];
    shift[i] = RowPatterns::first_column(row_patterns.keys()[f.a.col[z(begin[i])]]);
  }
  add_products<Semiring>(f, pattern, begin, workspace.sum);
  write_rows(pattern, workspace.sum, shift, count, col, val);
  return {count, pattern.length};
}

#endif

}  // namespace filigree::spgemm
