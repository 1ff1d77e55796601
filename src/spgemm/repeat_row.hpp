// Repeat: rows of C that follow one another and have the same columns but for a shift, as those of a stencil do, are
// made eight at a time, a row in every lane.
//
//   shape    what a row of B looks like: its columns, less its first one
//   pattern  what a row of C is made from: the shapes of the rows of B that the row of A names, and where these begin,
//            less where the first does. Rows of one pattern have the same columns but for a shift, and the n-th product
//            of the one goes to the same place as the n-th product of the other.
//
// These places are looked up once per pattern. With them, eight rows are additions of registers to a short array that
// has a register for every nonzero; products come in ascending k as ever. No column is looked at. AVX-512 only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "spgemm/lanes.hpp"
#include "spgemm/list_row.hpp"
#include "spgemm/tile_row.hpp"

namespace filigree::spgemm {

/// Whether two rows have the same columns but for a shift.
inline bool shifted(std::span<const Local> a, std::span<const Local> b) {
  if (a.size() != b.size()) return false;
  Local different = 0;
  for (std::size_t i = 1; i < a.size(); ++i) different |= (b[i] - b[0]) ^ (a[i] - a[0]);
  return different == 0;
}

/// Whether most rows of a sample are followed by rows of the same shape, of several nonzeros.
template <class V>
bool rows_repeat(const CsrView<V>& matrix) {
  constexpr Local sample = 256;
  constexpr Local apart = 4;  // longer than the unknowns of a node, which have the same columns unshifted
  const Local step = matrix.num_rows() / sample + 1;
  Offset rows = 0;
  Offset repeated = 0;
  for (Offset row = 0; row + apart < matrix.num_rows(); row += step) {
    const auto cols = matrix.cols(static_cast<Local>(row));
    ++rows;
    repeated += cols.size() > 1 && shifted(cols, matrix.cols(static_cast<Local>(row + apart))) ? 1 : 0;
  }
  return 5 * repeated > 3 * rows;
}

/// The shapes of all rows of B.
class Shapes {
 public:
  template <class V>
  explicit Shapes(const CsrView<V>& b) : key_(std::make_unique_for_overwrite<std::uint64_t[]>(z(b.num_rows()))) {
    constexpr Offset chunk = 1024;
    constexpr std::uint64_t like_last = 0;
    const Offset num_rows = b.num_rows();
#pragma omp parallel for schedule(dynamic)
    for (Offset first = 0; first < num_rows; first += chunk) {
      for (auto row = static_cast<Local>(first); row < std::min(num_rows, first + chunk); ++row) {
        const bool repeats = row > first && shifted(b.cols(row - 1), b.cols(row));
        key_[z(row)] = repeats ? like_last : hash(b.cols(row)) | 1;
      }
    }
    std::unordered_map<std::uint64_t, Local> first_of_shape;
    std::uint64_t shape = 0;
    for (Local row = 0; row < b.num_rows(); ++row) {
      const auto cols = b.cols(row);
      if (key_[z(row)] != like_last) {
        const Local other = first_of_shape.try_emplace(key_[z(row)], row).first->second;
        shape = z(shifted(b.cols(other), cols) ? other : row);
      }
      key_[z(row)] = shape << 32 | (cols.empty() ? 0 : z(cols[0]));
    }
  }

  /// By row: a number of its shape, times 2^32, and its first column. Rows have the same shape if their keys differ by
  /// less than 2^31, and then that is the shift.
  const std::uint64_t* keys() const { return key_.get(); }
  static Local first_column(std::uint64_t key) { return static_cast<Local>(key & 0xFFFFFFFF); }

 private:
  static std::uint64_t hash(std::span<const Local> cols) {
    std::uint64_t hash = cols.size();
    for (const Local column : cols) {
      hash = (hash ^ z(column - cols[0])) * 0x9E3779B97F4A7C15;
      hash ^= hash >> 29;
    }
    return hash;
  }

  std::unique_ptr<std::uint64_t[]> key_;
};

/// A pattern of rows of C.
struct Pattern {
  static constexpr Offset most_factors = 512;
  static constexpr Offset most_products = 4096;
  static constexpr std::uint32_t most_nonzeros = 512;  ///< their sums stay in the first level of cache

  /// A row of B: where its places begin, and how many they are.
  struct Part {
    std::uint32_t first_place;
    std::uint32_t length;
  };
  std::vector<std::uint64_t> keys;    ///< of the rows of B, less the first one's first column
  std::vector<Part> parts;            ///< by row of B
  std::vector<std::uint16_t> places;  ///< by product
  std::vector<Local> cols;            ///< less the first column of the first row of B; and room for a line more
  Offset length = 0;                  ///< nonzeros of the row; 0 if they are too many
};

/// What a thread needs to repeat rows.
template <class V>
struct RepeatRoom {
  explicit RepeatRoom(Local num_cols) : listed(num_cols) {}

  static constexpr int pattern_bits = 5;
  Pattern patterns[std::size_t{1} << pattern_bits];  ///< the last ones, by hash
  const Pattern* last = patterns;
  std::vector<std::uint64_t> keys;  ///< of the row at hand, as in Pattern
  Places listed;
  OrderRoom<std::uint32_t> order;
  std::uint32_t at[Pattern::most_nonzeros];  ///< where in the list is what belongs here
  std::uint16_t place_of[Pattern::most_nonzeros];
  alignas(64) V sum[Pattern::most_nonzeros * num_lanes];
};

/// The pattern of a row whose keys are in `room`.
template <class V>
void find_places(const Factors<V>& f, Local row, Local first_column, RepeatRoom<V>& room, Pattern& pattern) {
  pattern.keys = room.keys;
  pattern.parts.clear();
  pattern.places.clear();
  pattern.length = 0;
  std::uint32_t* const listed = room.listed.begin_row(Pattern::most_products);
  const std::uint32_t first = room.listed.first();
  std::uint32_t length = 0;
  for (const Local k : f.a.cols(row)) {
    const std::size_t part = pattern.parts.size();
    if (part > 0 && pattern.keys[part] == pattern.keys[part - 1]) {
      pattern.parts.push_back(pattern.parts.back());
      continue;
    }
    const auto cols = f.b.cols(k);
    pattern.parts.push_back(
        {static_cast<std::uint32_t>(pattern.places.size()), static_cast<std::uint32_t>(cols.size())});
    for (const Local column : cols) {
      std::uint32_t& at = listed[column];
      if (at < first) {
        if (length == Pattern::most_nonzeros) return room.listed.end_row(length);
        room.order.col[length] = column;
        room.order.val[length] = length;
        at = first + length++;
      }
      pattern.places.push_back(static_cast<std::uint16_t>(at - first));
    }
  }
  room.listed.end_row(length);
  pattern.cols.resize(length + z(num_lanes));
  room.order.last_length = 0;
  order_list(room.order, length, f.b.num_cols, pattern.cols.data(), room.at);
  for (std::uint32_t i = 0; i < length; ++i) room.place_of[room.at[i]] = static_cast<std::uint16_t>(i);
  for (std::uint16_t& place : pattern.places) place = room.place_of[place];
  for (Local& column : std::span(pattern.cols).first(length)) column -= first_column;
  pattern.length = length;
}

template <class V>
const Pattern& pattern_of_row(const Factors<V>& f, const Shapes& shapes, Local row, RepeatRoom<V>& room) {
  const auto ks = f.a.cols(row);
  const Local first_column = Shapes::first_column(shapes.keys()[ks[0]]);
  room.keys.resize(ks.size());
  std::ranges::transform(ks, room.keys.begin(), [&](Local k) { return shapes.keys()[k] - z(first_column); });
  if (room.last->keys == room.keys) return *room.last;
  constexpr std::uint64_t factor = 0x9E3779B97F4A7C15;
  std::uint64_t hash = 0;
  for (const std::uint64_t key : room.keys) {
    hash = (hash ^ key) * factor;
    hash ^= hash >> 32;
  }
  Pattern& pattern = room.patterns[hash * factor >> (64 - RepeatRoom<V>::pattern_bits)];
  if (pattern.keys != room.keys) find_places(f, row, first_column, room, pattern);
  room.last = &pattern;
  return pattern;
}

#if defined(__x86_64__)

template <class V>
struct QuadOf {
  typedef V Type __attribute__((vector_size(4 * sizeof(V))));
};
template <class V>
using Quad = typename QuadOf<V>::Type;

/// The first `count` of four values.
template <class V>
FILIGREE_AVX512_INLINE Quad<V> load_quad(const V* memory, int count) {
  Quad<V> quad;
  const auto mask = static_cast<__mmask8>((1U << count) - 1);
  if (count == 4) {
    std::memcpy(&quad, memory, sizeof quad);
  } else if constexpr (sizeof(V) == 8) {
    quad = reinterpret_cast<Quad<V>>(_mm256_maskz_loadu_epi64(mask, memory));
  } else {
    quad = reinterpret_cast<Quad<V>>(_mm_maskz_loadu_epi32(mask, memory));
  }
  return quad;
}

/// column[j], lane i = row[i][first + j], of the first `count` of four columns
template <class V>
FILIGREE_AVX512_INLINE void load_columns(const V* const* row, Offset first, int count, Lanes<V>* column) {
  Lanes<V> halves[4];
  for (int i = 0; i < 4; ++i) {
    halves[i] = __builtin_shufflevector(load_quad(row[i] + first, count), load_quad(row[i + 4] + first, count), 0, 1, 2,
                                        3, 4, 5, 6, 7);
  }
  const Lanes<V> even01 = __builtin_shufflevector(halves[0], halves[1], 0, 8, 2, 10, 4, 12, 6, 14);
  const Lanes<V> even23 = __builtin_shufflevector(halves[2], halves[3], 0, 8, 2, 10, 4, 12, 6, 14);
  const Lanes<V> odd01 = __builtin_shufflevector(halves[0], halves[1], 1, 9, 3, 11, 5, 13, 7, 15);
  const Lanes<V> odd23 = __builtin_shufflevector(halves[2], halves[3], 1, 9, 3, 11, 5, 13, 7, 15);
  column[0] = __builtin_shufflevector(even01, even23, 0, 1, 8, 9, 4, 5, 12, 13);
  column[1] = __builtin_shufflevector(odd01, odd23, 0, 1, 8, 9, 4, 5, 12, 13);
  column[2] = __builtin_shufflevector(even01, even23, 2, 3, 10, 11, 6, 7, 14, 15);
  column[3] = __builtin_shufflevector(odd01, odd23, 2, 3, 10, 11, 6, 7, 14, 15);
}

/// How many rows from `row` on, before `end`, have its pattern: at most one a lane.
template <class V>
FILIGREE_AVX512 Local count_alike(const Factors<V>& f, const std::uint64_t* keys, Local row, Local end) {
  const auto ks = f.a.cols(row);
  const auto last = static_cast<Local>(std::min<Offset>(end, Offset{row} + num_lanes));
  Local other = row + 1;
  for (; other < last; ++other) {
    const auto other_ks = f.a.cols(other);
    if (other_ks.size() != ks.size()) break;
    const std::uint64_t shift = keys[other_ks[0]] - keys[ks[0]];
    std::uint64_t different = (shift + 0x80000000) >> 32;
    for (std::size_t t = 0; t < ks.size(); ++t) different |= (keys[other_ks[t]] - keys[ks[t]]) ^ shift;
    if (different != 0) break;
  }
  return other - row;
}

/// A product more for the sum at a place.
template <class Semiring, class V>
FILIGREE_AVX512_INLINE void add_lanes(Lanes<V> left, Lanes<V> right, V* sums, std::uint16_t place) {
  V* const memory = sums + Offset{place} * num_lanes;
  Lanes<V> sum;
  std::memcpy(&sum, memory, sizeof sum);
  sum = Semiring::plus(sum, Semiring::times(left, right));
  std::memcpy(memory, &sum, sizeof sum);
}

/// Adds the products with a row of B each. row[i]: that of lane i
template <class Semiring, class V>
FILIGREE_AVX512_INLINE void add_rows(Lanes<V> left, const V* const* row, const std::uint16_t* places, Offset length,
                                     V* sums) {
  Lanes<V> right[4];
  Offset j = 0;
  for (; j + 4 <= length; j += 4) {
    load_columns(row, j, 4, right);
    for (int i = 0; i < 4; ++i) add_lanes<Semiring, V>(left, right[i], sums, places[j + i]);
  }
  if (j == length) return;
  load_columns(row, j, static_cast<int>(length - j), right);
  add_lanes<Semiring, V>(left, right[0], sums, places[j]);
  if (j + 1 < length) add_lanes<Semiring, V>(left, right[1], sums, places[j + 1]);
  if (j + 2 < length) add_lanes<Semiring, V>(left, right[2], sums, places[j + 2]);
}

/// Adds the products of eight rows of a pattern. begin[i]: of the row in lane i, among the nonzeros of A
template <class Semiring, class V>
FILIGREE_AVX512 void add_products(const Factors<V>& f, const Pattern& pattern, const Offset* begin, V* sums) {
  constexpr Offset ahead = 2 * num_lanes;  // rows, which are asked for before they are needed
  constexpr Offset line = 8;               // elements
  const auto degree = static_cast<Offset>(pattern.parts.size());
  const Lanes<V> zeros = broadcast<V>(Semiring::zero());
  for (Offset place = 0; place < pattern.length; ++place) std::memcpy(sums + place * num_lanes, &zeros, sizeof zeros);
  Lanes<V> left[4];
  for (Lanes<V>& lanes : left) lanes = broadcast<V>(V{1});
  for (Offset t = 0; t < degree; ++t) {
    if (t % line == 0) {
      for (int i = 0; i < num_lanes; ++i) {
        const Offset later = begin[i] + t + ahead * degree;
        if (later >= std::ssize(f.a.col)) break;
        __builtin_prefetch(f.a.col.data() + later);
        if (!f.a.val.empty()) __builtin_prefetch(f.a.val.data() + later);
      }
    }
    if (t % 4 == 0 && !f.a.val.empty()) {
      const V* left_row[num_lanes];
      for (int i = 0; i < num_lanes; ++i) left_row[i] = f.a.val.data() + begin[i];
      load_columns(left_row, t, static_cast<int>(std::min<Offset>(4, degree - t)), left);
    }
    const Pattern::Part part = pattern.parts[z(t)];
    const V* right_row[num_lanes];
    Offset q = 0;
    for (int i = 0; i < num_lanes; ++i) {
      q = f.b.row_ptr[z(f.a.col[z(begin[i] + t)])];
      right_row[i] = f.b_values(q);
    }
    if (t == degree - 1) {
      // Rows of B before this one have been there for the rows of A before.
      const Offset last = std::min(std::ssize(f.b.val), q + ahead * Offset{part.length});
      for (q += ahead / 2 * Offset{part.length}; q < last; q += line) __builtin_prefetch(f.b.val.data() + q);
    }
    add_rows<Semiring>(left[t % 4], right_row, pattern.places.data() + part.first_place, part.length, sums);
  }
}

/// Sums of the first `count` lanes into col and val, row after row. shift: of the rows' columns
template <class V>
FILIGREE_AVX512 void write_rows(const Pattern& pattern, const V* sums, const Local* shift, Local count, Local* col,
                                V* val) {
  const Offset length = pattern.length;
  // From back to front: what is written behind the end of a row belongs to rows that come later.
  for (Offset place = (length - 1) / num_lanes * num_lanes; place >= 0; place -= num_lanes) {
    Lanes<Local> cols;
    std::memcpy(&cols, pattern.cols.data() + place, sizeof cols);
    const V* sum[num_lanes];
    for (int i = 0; i < num_lanes; ++i) sum[i] = sums + (place + i) * num_lanes;
    Lanes<V> values[num_lanes];
    load_columns(sum, 0, 4, values);
    load_columns(sum, 4, 4, values + 4);
    for (Local i = 0; i < count; ++i) {
      const Lanes<Local> columns = cols + shift[i];
      std::memcpy(col + i * length + place, &columns, sizeof columns);
      std::memcpy(val + i * length + place, &values[i], sizeof values[i]);
    }
  }
}

/// A row of a pattern.
template <class Semiring, class V>
void repeat_one(const Factors<V>& f, const Pattern& pattern, Local row, Local shift, Local* col, V* val) {
  for (Offset place = 0; place < pattern.length; ++place) col[place] = pattern.cols[z(place)] + shift;
  std::fill_n(val, pattern.length, Semiring::zero());
  const Pattern::Part* part = pattern.parts.data();
  for_each_factor(f, row, [&](const Factor<V>& factor) FILIGREE_INLINE_LAMBDA {
    const std::uint16_t* const place = pattern.places.data() + part->first_place;
    Offset j = 0;
    // All products of a stretch before any sum: the compiler cannot know that these are not those.
    constexpr Offset stretch = 4;
    for (; j + stretch <= factor.length; j += stretch) {
      V product[stretch];
      for (Offset i = 0; i < stretch; ++i) product[i] = Semiring::times(factor.left, factor.val[j + i]);
      for (Offset i = 0; i < stretch; ++i) val[place[j + i]] = Semiring::plus(val[place[j + i]], product[i]);
    }
    for (; j < factor.length; ++j)
      val[place[j]] = Semiring::plus(val[place[j]], Semiring::times(factor.left, factor.val[j]));
    ++part;
  });
}

/// Row `row` and those after it, before `end`, that have its pattern, into col and val one after the other. None if the
/// row is too long, or none follows it and it shall not be made `alone`. Room for a line more than they have.
template <class Semiring, class V>
Made repeat_rows(const Factors<V>& f, const Shapes& shapes, Local row, Local end, bool alone, RepeatRoom<V>& room,
                 Local* col, V* val) {
  constexpr Local least = 3;
  const Local count = count_alike(f, shapes.keys(), row, end);
  if ((count < least && !alone) || f.a.degree(row) > Pattern::most_factors) return {0, 0};
  const Pattern& pattern = pattern_of_row(f, shapes, row, room);
  if (pattern.length == 0) return {0, 0};
  if (count < least) {
    const Local first_column = Shapes::first_column(shapes.keys()[f.a.cols(row)[0]]);
    repeat_one<Semiring>(f, pattern, row, first_column, col, val);
    return {1, pattern.length};
  }
  // Lanes without a row of their own repeat the last one.
  Offset begin[num_lanes];
  Local shift[num_lanes];
  for (Local i = 0; i < num_lanes; ++i) {
    begin[i] = f.a.row_ptr[z(row + std::min(i, count - 1))];
    shift[i] = Shapes::first_column(shapes.keys()[f.a.col[z(begin[i])]]);
  }
  add_products<Semiring>(f, pattern, begin, room.sum);
  write_rows(pattern, room.sum, shift, count, col, val);
  return {count, pattern.length};
}

#endif

}  // namespace filigree::spgemm
