// Repeat: rows of C that follow one another and have the same columns up to a shift, as those of a stencil do, are
// made eight at a time, a row in every lane.
//
//   row pattern    the columns of a row of B, less its first one
//   pattern class  what a row of C is made from: the row patterns of the rows of B that the row of A references, and
//                  where these begin, less where the first does. Rows of one pattern class have the same columns up to
//                  a shift, and the n-th product of the one goes to the same slot as the n-th product of the other.
//
// These slots are looked up once per pattern class. With them, eight rows are additions of registers to a short array
// that has a register for every nonzero; products come in ascending k as ever. No column is looked at. AVX-512 only.
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
#include "spgemm/rows/lane_rows.hpp"
#include "spgemm/rows/list_row.hpp"
#include "spgemm/rows/shifts.hpp"
#include "spgemm/rows/tile_row.hpp"

namespace filigree::spgemm {

/// A hash with a word more; its highest bits are the best.
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
  /// Consecutive rows of a row pattern.
  struct Run {
    Local first_row;
    std::size_t row_pattern;
  };
  struct Chunk {
    std::vector<Run> runs;
    std::vector<RowPattern> row_patterns;  ///< a row pattern may be there twice
  };

  template <class V>
  void find_row_patterns(const CsrView<V>& b) {
    constexpr Offset rows_of_chunk = 1024;
    const Offset num_rows = b.num_rows();
    std::vector<Chunk> chunks(z((num_rows + rows_of_chunk - 1) / rows_of_chunk));
    const auto for_chunks = [&](auto use) {
      parallel_for(std::ssize(chunks), [&](Offset i) {
        const Offset begin = i * rows_of_chunk;
        use(static_cast<Local>(begin), static_cast<Local>(std::min(num_rows, begin + rows_of_chunk)), chunks[z(i)]);
      });
    };
    for_chunks([&](Local begin, Local end, Chunk& chunk) {
      constexpr int known_bits = 6;
      std::array<std::size_t, std::size_t{1} << known_bits> known = {};  // by hash: a row pattern, if it has one
      for (Local row = begin; row < end; ++row) {
        const auto cols = b.cols(row);
        if (row > begin && shifted(b.cols(row - 1), cols)) continue;
        const std::uint64_t hash_of_row = hash(cols);
        std::size_t& row_pattern = known[hash_of_row >> (64 - known_bits)];
        if (row_pattern >= chunk.row_patterns.size() ||
            !shifted(b.cols(chunk.row_patterns[row_pattern].first_row), cols)) {
          row_pattern = chunk.row_patterns.size();
          chunk.row_patterns.push_back({row, hash_of_row, row});
        }
        chunk.runs.push_back({row, row_pattern});
      }
    });
    std::unordered_map<std::uint64_t, Local> first_of_pattern;
    for (Chunk& chunk : chunks) {
      for (RowPattern& row_pattern : chunk.row_patterns) {
        const Local other = first_of_pattern.try_emplace(row_pattern.hash, row_pattern.first_row).first->second;
        if (shifted(b.cols(other), b.cols(row_pattern.first_row))) row_pattern.number = other;
      }
    }
    for_chunks([&](Local, Local end, const Chunk& chunk) {
      for (std::size_t i = 0; i < chunk.runs.size(); ++i) {
        const std::uint64_t key = z(chunk.row_patterns[chunk.runs[i].row_pattern].number) << 32;
        const Local next = i + 1 < chunk.runs.size() ? chunk.runs[i + 1].first_row : end;
        for (Local row = chunk.runs[i].first_row; row < next; ++row) {
          const auto cols = b.cols(row);
          key_[z(row)] = key | (cols.empty() ? 0 : z(cols[0]));
        }
      }
    });
  }

  template <class V>
  void find_repeats(const CsrView<V>& a) {
    constexpr Offset rows_of_chunk = 1024;
    const Offset num_rows = a.num_rows();
    parallel_for((num_rows + rows_of_chunk - 1) / rows_of_chunk, [&](Offset chunk) {
      const auto end = static_cast<Local>(std::min(num_rows, (chunk + 1) * rows_of_chunk));
      for (auto row = static_cast<Local>(chunk * rows_of_chunk); row < end; ++row)
        repeats_[z(row)] = row > 0 && have_one_class(a.cols(row - 1), a.cols(row));
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
  static constexpr Offset most_factors = 512;
  static constexpr Offset most_products = 4096;
  static constexpr std::uint32_t most_nonzeros = most_lane_slots;

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

  static constexpr int pattern_class_bits = 8;
  PatternClass pattern_classes[std::size_t{1} << pattern_class_bits];  ///< the last ones, by hash
  const PatternClass* last = pattern_classes;
  Local next_row = 0;               ///< the row behind those that `last` was for
  std::vector<std::uint64_t> keys;  ///< of the row at hand, as in Recipe
  SlotTable listed;
  OrderWorkspace<std::uint32_t> order;
  std::uint32_t at[PatternClass::most_nonzeros];  ///< where in the list is what belongs here
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
  std::uint32_t* const listed = workspace.listed.begin_list(PatternClass::most_products);
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
  PatternClass& pattern = workspace.pattern_classes[hash >> (64 - RepeatWorkspace<V>::pattern_class_bits)];
  if (pattern.keys != workspace.keys) make_pattern_class(f, row, first_column, workspace, pattern);
  workspace.last = &pattern;
  return pattern;
}

#if defined(__x86_64__)

/// Adds the products of eight rows of a pattern class. begin[i]: of the row in lane i, among the nonzeros of A
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
      // Rows of B before this one have been there for the rows of A before.
      const Offset last = std::min(std::ssize(f.b.val), q + ahead * Offset{part.length});
      for (q += ahead / 2 * Offset{part.length}; q < last; q += line) __builtin_prefetch(f.b.val.data() + q);
    }
    return rows;
  };
  add_lane_products<Semiring>(degree, a_is_ones ? nullptr : left_row, rows_of, pattern.length, sums);
}

/// Sums of the first `count` lanes into col and val, row after row. shift: of the rows' columns
template <class V>
FILIGREE_AVX512 void write_rows(const PatternClass& pattern, const V* sums, const Local* shift, Local count, Local* col,
                                V* val) {
  const Offset length = pattern.length;
  // From back to front: what is written behind the end of a row belongs to rows that come later.
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

/// A row of a pattern class.
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

/// Row `row` and those after it, before `end`, that have its pattern class, one a lane at most, into col and val one
/// after the other; without col all of them are only counted. None if the row is too long, or none follows it and it
/// shall not be made `alone`. Room for a line more than they have.
template <class Semiring, class V>
Made repeat_rows(const Factors<V>& f, const RowPatterns& row_patterns, Local row, Local end, bool alone,
                 RepeatWorkspace<V>& workspace, Local* col, V* val) {
  const Local most = col == nullptr ? end - row : std::min(end - row, num_lanes);
  Local count = 1;
  while (count < most && row_patterns.repeats(row + count)) ++count;
  if ((count < least_lanes && !alone) || f.a.degree(row) > PatternClass::most_factors) return {0, 0};
  const PatternClass& pattern = pattern_class_of_row(f, row_patterns, row, workspace);
  if (count < least_lanes) count = 1;
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
