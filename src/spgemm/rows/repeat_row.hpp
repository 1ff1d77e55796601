// Repeat: rows of C that follow one another and have the same columns but for a shift, as those of a stencil do, are
// made eight at a time, a row in every lane.
//
//   shape    what a row of B looks like: its columns, less its first one
//   recipe   what a row of C is made from: the shapes of the rows of B that the row of A names, and where these begin,
//            less where the first does. Rows of one recipe have the same columns but for a shift, and the n-th product
//            of the one goes to the same place as the n-th product of the other.
//
// These places are looked up once per recipe. With them, eight rows are additions of registers to a short array that
// has a register for every nonzero; products come in ascending k as ever. No column is looked at. AVX-512 only.
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

/// The shapes of all rows of B, and which rows of A name the same ones.
class Shapes {
 public:
  template <class V>
  Shapes(const CsrView<V>& a, const CsrView<V>& b)
      : key_(std::make_unique_for_overwrite<std::uint64_t[]>(z(b.num_rows()))),
        repeats_(std::make_unique_for_overwrite<bool[]>(z(a.num_rows()))) {
    find_shapes(b);
    find_repeats(a);
  }

  /// By row: a number of its shape, times 2^32, and its first column. Rows have the same shape if their keys differ by
  /// less than 2^31, and then that is the shift.
  const std::uint64_t* keys() const { return key_.get(); }
  static Local first_column(std::uint64_t key) { return static_cast<Local>(key & 0xFFFFFFFF); }

  /// Whether a row of A has the recipe of the row before.
  bool repeats(Local row) const { return repeats_[z(row)]; }

 private:
  struct Shape {
    Local first_row;  ///< in its chunk
    std::uint64_t hash;
    Local number;  ///< the first row of all that has it
  };
  /// Consecutive rows of a shape.
  struct Run {
    Local first_row;
    std::size_t shape;
  };
  struct Chunk {
    std::vector<Run> runs;
    std::vector<Shape> shapes;  ///< a shape may be there twice
  };

  template <class V>
  void find_shapes(const CsrView<V>& b) {
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
      std::array<std::size_t, std::size_t{1} << known_bits> known = {};  // by hash: a shape, if it has one
      for (Local row = begin; row < end; ++row) {
        const auto cols = b.cols(row);
        if (row > begin && shifted(b.cols(row - 1), cols)) continue;
        const std::uint64_t hash_of_row = hash(cols);
        std::size_t& shape = known[hash_of_row >> (64 - known_bits)];
        if (shape >= chunk.shapes.size() || !shifted(b.cols(chunk.shapes[shape].first_row), cols)) {
          shape = chunk.shapes.size();
          chunk.shapes.push_back({row, hash_of_row, row});
        }
        chunk.runs.push_back({row, shape});
      }
    });
    std::unordered_map<std::uint64_t, Local> first_of_shape;
    for (Chunk& chunk : chunks) {
      for (Shape& shape : chunk.shapes) {
        const Local other = first_of_shape.try_emplace(shape.hash, shape.first_row).first->second;
        if (shifted(b.cols(other), b.cols(shape.first_row))) shape.number = other;
      }
    }
    for_chunks([&](Local, Local end, const Chunk& chunk) {
      for (std::size_t i = 0; i < chunk.runs.size(); ++i) {
        const std::uint64_t key = z(chunk.shapes[chunk.runs[i].shape].number) << 32;
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
        repeats_[z(row)] = row > 0 && have_one_recipe(a.cols(row - 1), a.cols(row));
    });
  }

  bool have_one_recipe(std::span<const Local> ks, std::span<const Local> other_ks) const {
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

/// A recipe of rows of C.
struct Recipe {
  static constexpr Offset most_factors = 512;
  static constexpr Offset most_products = 4096;
  static constexpr std::uint32_t most_nonzeros = most_lane_places;

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

  static constexpr int recipe_bits = 8;
  Recipe recipes[std::size_t{1} << recipe_bits];  ///< the last ones, by hash
  const Recipe* last = recipes;
  Local next_row = 0;               ///< the row behind those that `last` was for
  std::vector<std::uint64_t> keys;  ///< of the row at hand, as in Recipe
  SlotTable listed;
  OrderRoom<std::uint32_t> order;
  std::uint32_t at[Recipe::most_nonzeros];  ///< where in the list is what belongs here
  std::uint16_t place_of[Recipe::most_nonzeros];
  alignas(64) V sum[Recipe::most_nonzeros * num_lanes];
};

/// The recipe of a row whose keys are in `room`.
template <class V>
void make_recipe(const Factors<V>& f, Local row, Local first_column, RepeatRoom<V>& room, Recipe& recipe) {
  recipe.keys = room.keys;
  recipe.parts.clear();
  recipe.places.clear();
  recipe.length = 0;
  std::uint32_t* const listed = room.listed.begin_list(Recipe::most_products);
  const std::uint32_t first = room.listed.first();
  std::uint32_t length = 0;
  for (const Local k : f.a.cols(row)) {
    const std::size_t part = recipe.parts.size();
    if (part > 0 && recipe.keys[part] == recipe.keys[part - 1]) {
      recipe.parts.push_back(recipe.parts.back());
      continue;
    }
    const auto cols = f.b.cols(k);
    recipe.parts.push_back({static_cast<std::uint32_t>(recipe.places.size()), static_cast<std::uint32_t>(cols.size())});
    for (const Local column : cols) {
      std::uint32_t& at = listed[column];
      if (at < first) {
        if (length == Recipe::most_nonzeros) return room.listed.end_list(length);
        room.order.col[length] = column;
        room.order.val[length] = length;
        at = first + length++;
      }
      recipe.places.push_back(static_cast<std::uint16_t>(at - first));
    }
  }
  room.listed.end_list(length);
  recipe.cols.resize(length + z(num_lanes));
  room.order.last_length = 0;
  order_list(room.order, length, f.b.num_cols, recipe.cols.data(), room.at);
  for (std::uint32_t i = 0; i < length; ++i) room.place_of[room.at[i]] = static_cast<std::uint16_t>(i);
  for (std::uint16_t& place : recipe.places) place = room.place_of[place];
  for (Local& column : std::span(recipe.cols).first(length)) column -= first_column;
  recipe.length = length;
}

template <class V>
const Recipe& recipe_of_row(const Factors<V>& f, const Shapes& shapes, Local row, RepeatRoom<V>& room) {
  if (row == room.next_row && shapes.repeats(row)) return *room.last;
  const auto ks = f.a.cols(row);
  const Local first_column = Shapes::first_column(shapes.keys()[ks[0]]);
  room.keys.resize(ks.size());
  std::ranges::transform(ks, room.keys.begin(), [&](Local k) { return shapes.keys()[k] - z(first_column); });
  if (room.last->keys == room.keys) return *room.last;
  std::uint64_t hash = 0;
  for (const std::uint64_t key : room.keys) hash = mixed(hash, key);
  Recipe& recipe = room.recipes[hash >> (64 - RepeatRoom<V>::recipe_bits)];
  if (recipe.keys != room.keys) make_recipe(f, row, first_column, room, recipe);
  room.last = &recipe;
  return recipe;
}

#if defined(__x86_64__)

/// Adds the products of eight rows of a recipe. begin[i]: of the row in lane i, among the nonzeros of A
template <class Semiring, class V>
FILIGREE_AVX512 void add_products(const Factors<V>& f, const Recipe& recipe, const Offset* begin, V* sums) {
  constexpr Offset ahead = 2 * num_lanes;  // rows, which are asked for before they are needed
  constexpr Offset line = 8;               // elements
  const auto degree = static_cast<Offset>(recipe.parts.size());
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
    const Recipe::Part part = recipe.parts[z(t)];
    LaneRows<V> rows{{}, recipe.places.data() + part.first_place, part.length};
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
  add_lane_products<Semiring>(degree, a_is_ones ? nullptr : left_row, rows_of, recipe.length, sums);
}

/// Sums of the first `count` lanes into col and val, row after row. shift: of the rows' columns
template <class V>
FILIGREE_AVX512 void write_rows(const Recipe& recipe, const V* sums, const Local* shift, Local count, Local* col,
                                V* val) {
  const Offset length = recipe.length;
  // From back to front: what is written behind the end of a row belongs to rows that come later.
  for (Offset place = (length - 1) / num_lanes * num_lanes; place >= 0; place -= num_lanes) {
    Lanes<Local> cols;
    std::memcpy(&cols, recipe.cols.data() + place, sizeof cols);
    Lanes<V> values[num_lanes];
    load_rows(sums + place * num_lanes, values);
    for (Local i = 0; i < count; ++i) {
      const Lanes<Local> columns = cols + shift[i];
      std::memcpy(col + i * length + place, &columns, sizeof columns);
      std::memcpy(val + i * length + place, &values[i], sizeof values[i]);
    }
  }
}

/// A row of a recipe.
template <class Semiring, class V>
void repeat_one(const Factors<V>& f, const Recipe& recipe, Local row, Local shift, Local* col, V* val) {
  for (Offset place = 0; place < recipe.length; ++place) col[place] = recipe.cols[z(place)] + shift;
  std::fill_n(val, recipe.length, Semiring::zero());
  const Recipe::Part* part = recipe.parts.data();
  for_each_factor(f, row, [&](const Factor<V>& factor) FILIGREE_INLINE_LAMBDA {
    add_at<Semiring, 4>(factor.left, factor.val, factor.length, recipe.places.data() + part->first_place, val);
    ++part;
  });
}

/// Row `row` and those after it, before `end`, that have its recipe, one a lane at most, into col and val one after the
/// other; without col all of them are only counted. None if the row is too long, or none follows it and it shall not be
/// made `alone`. Room for a line more than they have.
template <class Semiring, class V>
Made repeat_rows(const Factors<V>& f, const Shapes& shapes, Local row, Local end, bool alone, RepeatRoom<V>& room,
                 Local* col, V* val) {
  const Local most = col == nullptr ? end - row : std::min(end - row, num_lanes);
  Local count = 1;
  while (count < most && shapes.repeats(row + count)) ++count;
  if ((count < least_lanes && !alone) || f.a.degree(row) > Recipe::most_factors) return {0, 0};
  const Recipe& recipe = recipe_of_row(f, shapes, row, room);
  if (count < least_lanes) count = 1;
  room.next_row = row + count;
  if (recipe.length == 0) return {0, 0};
  if (col == nullptr) return {count, recipe.length};
  if (count == 1) {
    const Local first_column = Shapes::first_column(shapes.keys()[f.a.cols(row)[0]]);
    repeat_one<Semiring>(f, recipe, row, first_column, col, val);
    return {1, recipe.length};
  }
  // Lanes without a row of their own repeat the last one.
  Offset begin[num_lanes];
  Local shift[num_lanes];
  for (Local i = 0; i < num_lanes; ++i) {
    begin[i] = f.a.row_ptr[z(row + std::min(i, count - 1))];
    shift[i] = Shapes::first_column(shapes.keys()[f.a.col[z(begin[i])]]);
  }
  add_products<Semiring>(f, recipe, begin, room.sum);
  write_rows(recipe, room.sum, shift, count, col, val);
  return {count, recipe.length};
}

#endif

}  // namespace filigree::spgemm
