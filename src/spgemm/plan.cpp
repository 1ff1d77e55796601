// Products whose pattern repeats: where they go is found once, and then there is nothing to do but multiply and add.
#define XXH_INLINE_ALL
#include <omp.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "core/parallel_for.hpp"
#include "core/zeroed_array.hpp"
#include "spgemm/checks.hpp"
#include "spgemm/local.hpp"
#include "spgemm/plan_rows.hpp"
#include "spgemm/semirings.hpp"

namespace filigree::spgemm {
namespace {

// ---- The plan

/// Nonzeros of C in a window with positions; one place more is for what a mask leaves out.
constexpr Offset most_nonzeros = std::numeric_limits<std::uint16_t>::max();
/// Positions a nonzero of C. Beyond, an array over all columns serves: it takes no memory by products, reads 4 bytes of
/// B's columns instead of 2 for a product, and what it takes to empty it does not matter with so many.
constexpr Offset most_positions = 24;

using Rows = Plan::Rows;

/// Packs consecutive rows into windows.
void cut_windows(CsrView<float> a, CsrView<float> b, Rows& rows) {
  std::vector<Offset> products(z(a.num_rows()));
  count_products(a, b, std::span<Offset>(products));
  const CsrView<float> c = rows.c;
  Offset num_products = 0;
  Offset num_nonzeros = 0;
  for (Local row = 0; row < a.num_rows(); ++row) {
    if (row == 0 || num_products + products[z(row)] > window_products || num_nonzeros + c.degree(row) > most_nonzeros) {
      rows.windows.push_back({.first_row = row});
      num_products = 0;
      num_nonzeros = 0;
    }
    num_products += products[z(row)];
    num_nonzeros += c.degree(row);
    rows.num_products += products[z(row)];
  }
  rows.windows.push_back({.first_row = a.num_rows()});
}

Offset num_nonzeros(const Rows& rows, Offset w) {
  const auto first_row = [&](Offset window) { return z(rows.windows[z(window)].first_row); };
  return rows.c.row_ptr[first_row(w + 1)] - rows.c.row_ptr[first_row(w)];
}

/// Factors of a window, and how many products they make. last_window, of this thread: by row of B, one more than the
/// window that read it last; 0 if none did
Offset find_factors(CsrView<float> a, CsrView<float> b, ZeroedArray<std::uint32_t>& last_window, Rows& rows, Offset w) {
  constexpr std::uint32_t kept = 4;  // windows whose rows of B the second level of cache still holds
  Rows::Window& window = rows.windows[z(w)];
  const auto now = static_cast<std::uint32_t>(w) + 1;
  const auto is_kept = [&](Local k) { return k >= 0 && last_window[z(k)] > 0 && last_window[z(k)] + kept > now; };
  Offset num_products = 0;
  Offset surprises = 0;
  const Offset begin = a.row_ptr[z(window.first_row)];
  const Offset end = a.row_ptr[z(rows.windows[z(w) + 1].first_row)];
  for (Offset p = begin; p < end; ++p) {
    const Local k = a.col[z(p)];
    rows.factors[z(p)] = b.row_ptr[z(k)];
    num_products += b.degree(k);
    // Processors follow rows in their order by themselves.
    surprises += is_kept(k) || is_kept(k - 1) || is_kept(k - 2) ? 0 : 1;
    last_window[z(k)] = now;
  }
  constexpr Offset near_nonzeros = Offset{1} << 19;  // of B, values of which are in a cache from the product before
  window.asks_ahead = b.num_nonzeros() > near_nonzeros && 16 * surprises > end - begin;
  return num_products;
}

/// Teams and groups of a window, of so many rows and factors at most; returns how many positions these have.
Offset find_groups(CsrView<float> a, CsrView<float> b, Local most_rows, Local most_factors, Rows& rows, Offset w) {
  Rows::Window& window = rows.windows[z(w)];
  const Local end_row = rows.windows[z(w) + 1].first_row;
  window.num_groups = 0;
  Offset num_positions = 0;
  for (Local row = window.first_row; row < end_row; row += rows.teams[z(row)].num_rows) {
    Local num_rows = 1;
    while (num_rows < most_rows && row + num_rows < end_row &&
           std::ranges::equal(a.cols(row), a.cols(row + num_rows))) {
      ++num_rows;
    }
    Local num_groups = 0;
    const Offset end = a.row_ptr[z(row) + 1];
    for (Offset p = a.row_ptr[z(row)]; p < end; ++num_groups) {
      const auto cols = b.cols(a.col[z(p)]);
      Local num_factors = 1;
      while (num_factors < most_factors && p + num_factors < end &&
             std::ranges::equal(b.cols(a.col[z(p + num_factors)]), cols)) {
        ++num_factors;
      }
      rows.groups[z(p)] = {static_cast<Local>(cols.size()), num_factors};
      num_positions += std::ssize(cols);
      p += num_factors;
    }
    rows.teams[z(row)] = {num_rows, num_groups};
    window.num_groups += num_groups;
  }
  return num_positions;
}

/// What a window is made of, but for the positions.
void find_parts(CsrView<float> a, CsrView<float> b, ZeroedArray<std::uint32_t>& last_window, Rows& rows, Offset w) {
  Rows::Window& window = rows.windows[z(w)];
  const Offset num_products = find_factors(a, b, last_window, rows, w);
  Offset num_positions = find_groups(a, b, rows.masked ? 1 : Rows::most_rows, Rows::most_factors, rows, w);
  // A few of several rows or factors are not worth that all are looked at.
  window.is_plain = 4 * num_positions >= 3 * num_products;
  if (window.is_plain) num_positions = find_groups(a, b, 1, 1, rows, w);
  const Offset nonzeros = num_nonzeros(rows, w);
  window.has_positions = nonzeros <= most_nonzeros && num_positions <= most_positions * std::max<Offset>(nonzeros, 1);
  window.num_positions = window.has_positions ? num_positions : 0;
}

/// use(row) for the first rows of the teams of a window.
template <class Use>
void for_each_team(const Rows& rows, Offset w, Use use) {
  const Local end = rows.windows[z(w) + 1].first_row;
  for (Local row = rows.windows[z(w)].first_row; row < end; row += rows.teams[z(row)].num_rows) use(row);
}

/// use(p, group) for the groups of a team, by its first row; p: their first factors.
template <class Use>
FILIGREE_INLINE void for_each_group(const Rows& rows, Local row, Use use) {
  Offset p = rows.first_factor[z(row)];
  for (Local i = rows.teams[z(row)].num_groups; i > 0; --i) {
    const Rows::Group group = rows.groups[z(p)];
    use(p, group);
    p += group.num_factors;
  }
}

/// position: by column of B.
void find_positions(CsrView<float> b, ZeroedArray<std::uint16_t>& position, Rows& rows, Offset w) {
  const Rows::Window& window = rows.windows[z(w)];
  if (!window.has_positions) return;
  const CsrView<float> c = rows.c;
  const Offset first = c.row_ptr[z(window.first_row)];
  const auto nowhere = static_cast<std::uint16_t>(num_nonzeros(rows, w));
  std::uint16_t* next = rows.positions.data() + window.first_position;
  for_each_team(rows, w, [&](Local row) {
    const auto for_each_column = [&](auto use) {
      for_each_group(rows, row, [&](Offset p, Rows::Group group) {
        for (const Local column : b.col.subspan(z(rows.factors[z(p)]), z(group.length))) use(z(column));
      });
    };
    if (rows.masked) for_each_column([&](std::size_t column) { position[column] = nowhere; });
    for (Offset k = c.row_ptr[z(row)]; k < c.row_ptr[z(row) + 1]; ++k)
      position[z(c.col[z(k)])] = static_cast<std::uint16_t>(k - first);
    for_each_column([&](std::size_t column) { *next++ = position[column]; });
  });
}

}  // namespace

std::uint64_t fingerprint(Local num_cols, std::span<const Offset> row_ptr, std::span<const Local> col) {
  const auto hash = [](auto values) {
    constexpr Offset block = Offset{1} << 15;
    const Offset count = std::ssize(values);
    std::uint64_t sum = 0;
#pragma omp parallel for schedule(static) reduction(+ : sum)
    for (Offset begin = 0; begin < count; begin += block) {
      sum += XXH3_64bits_withSeed(values.data() + begin, z(std::min(block, count - begin)) * sizeof values[0],
                                  static_cast<XXH64_hash_t>(begin));
    }
    return sum;
  };
  const std::uint64_t words[] = {static_cast<std::uint64_t>(num_cols), row_ptr.size(), hash(row_ptr), hash(col)};
  return XXH3_64bits(words, sizeof words);
}

Rows plan_rows(CsrView<float> a, CsrView<float> b, const Options& options, const CsrView<float>* mask) {
  Rows rows;
  rows.semiring = options.semiring;
  rows.masked = mask != nullptr;
  rows.num_inner = a.num_cols;
  rows.b_nonzeros = b.num_nonzeros();
  for (Local k = 0; k < b.num_rows(); ++k)
    rows.longest_b_row = std::max(rows.longest_b_row, static_cast<Local>(b.degree(k)));
  const Options pattern_only{
      .semiring = Semiring::or_and, .complement = options.complement, .progress = options.progress};
  multiply(a, b, rows.c, pattern_only, mask);
  rows.c.val = {};

  rows.first_factor.assign(a.row_ptr.begin(), a.row_ptr.end());
  rows.factors.resize(a.col.size());
  rows.teams.resize(z(a.num_rows()));
  rows.groups.resize(a.col.size());
  cut_windows(a, b, rows);
  const Offset num_windows = std::ssize(rows.windows) - 1;
  parallel_for(
      num_windows, [&] { return ZeroedArray<std::uint32_t>(a.num_cols); },
      [&](ZeroedArray<std::uint32_t>& last_window, Offset w) { find_parts(a, b, last_window, rows, w); },
      [](Offset) {});
  Offset num_positions = 0;
  for (Offset w = 0; w < num_windows; ++w) {
    Rows::Window& window = rows.windows[z(w)];
    window.first_position = num_positions;
    num_positions += window.num_positions;
    if (window.has_positions)
      rows.longest_window = std::max(rows.longest_window, num_nonzeros(rows, w));
    else
      rows.needs_columns = true;
  }
  rows.positions.resize(z(num_positions));
  parallel_for(
      num_windows, [&] { return ZeroedArray<std::uint16_t>(b.num_cols); },
      [&](ZeroedArray<std::uint16_t>& position, Offset w) { find_positions(b, position, rows, w); }, [](Offset) {});
  return rows;
}

Offset Rows::num_bytes() const {
  const auto bytes = [](const auto& values) { return std::ssize(values) * static_cast<Offset>(sizeof values[0]); };
  return bytes(c.row_ptr) + bytes(c.col) + bytes(first_factor) + bytes(factors) + bytes(teams) + bytes(groups) +
         bytes(positions) + bytes(windows);
}

// ---- The product

namespace {

/// Products made at a time, before any is added.
constexpr int stretch = 8;

/// What a window's products are made of.
template <class V>
struct Reader {
  const Rows& rows;
  const PlanValues<V>& values;
  const V* ones;  ///< as many as the longest row of B has; null when B has values

  V left(Offset p) const { return values.a.empty() ? V{1} : values.a[z(p)]; }
  const V* right(Offset p) const { return ones != nullptr ? ones : values.b.data() + rows.factors[z(p)]; }
  /// Asks for what comes after p, for windows that do so. Inlined: compilers take a function that does nothing else for
  /// one that does nothing.
  FILIGREE_INLINE void prefetch(Offset p, bool asks_ahead) const {
    constexpr Offset ahead = 16;
    if (!asks_ahead || ones != nullptr || p + ahead >= std::ssize(rows.factors)) return;
    const V* const coming = right(p + ahead);
    __builtin_prefetch(coming);
    __builtin_prefetch(coming + stretch - 1);
  }
};

/// Elements that are written soon: asked for in about equal steps while others are computed, so that the first store to
/// a line need not wait for it.
class Coming {
 public:
  Coming() = default;
  template <class V>
  Coming(const V* elements, Offset count, Offset num_steps)
      : next_(reinterpret_cast<const char*>(elements)),
        left_(count * Offset{sizeof(V)} / line),
        lines_(left_ / std::max<Offset>(num_steps, 1) + 1) {}

  void step() {
    for (Offset i = std::min(lines_, left_); i > 0; --i, --left_, next_ += line) __builtin_prefetch(next_, 1);
  }

 private:
  static constexpr Offset line = 64;
  const char* next_ = nullptr;
  Offset left_ = 0;   // lines
  Offset lines_ = 0;  // a step
};

/// Of each row of a team.
struct TeamRows {
  Offset degree = 0;  ///< of A
  Offset length = 0;  ///< of C
};

/// Adds the products of `count` factors from p on, for `num_rows` rows. position: of each column, from sum on
template <int num_rows, int count, class Semiring, class V>
FILIGREE_INLINE void add_group(const Reader<V>& reader, Offset p, TeamRows team, bool asks_ahead, Local length,
                               const std::uint16_t* position, V* sum) {
  V left[num_rows][count];
  const V* right[count];
  for (int i = 0; i < count; ++i) {
    reader.prefetch(p + i + (num_rows - 1) * team.degree, asks_ahead);
    for (int r = 0; r < num_rows; ++r) left[r][i] = reader.left(p + i + r * team.degree);
    right[i] = reader.right(p + i);
  }
  if constexpr (num_rows == 1 && count == 1) {
    add_at<Semiring, stretch>(left[0][0], right[0], length, position, sum);
    return;
  }
  for (Local j = 0; j < length; ++j) {
    V* const first = sum + position[j];
    V result[num_rows];
    for (int r = 0; r < num_rows; ++r) result[r] = first[r * team.length];
    for (int i = 0; i < count; ++i) {
      const V factor = right[i][j];
      for (int r = 0; r < num_rows; ++r) result[r] = Semiring::plus(result[r], Semiring::times(left[r][i], factor));
    }
    for (int r = 0; r < num_rows; ++r) first[r * team.length] = result[r];
  }
}

/// The rows of a team by positions, into sum. Returns the positions of the next.
template <int num_rows, class Semiring, class V>
const std::uint16_t* add_team(const Reader<V>& reader, Local row, bool asks_ahead, const std::uint16_t* position,
                              V* sum, Coming& coming) {
  const Rows& rows = reader.rows;
  const TeamRows team{rows.first_factor[z(row) + 1] - rows.first_factor[z(row)],
                      rows.c.row_ptr[z(row) + 1] - rows.c.row_ptr[z(row)]};
  for_each_group(rows, row, [&](Offset p, Rows::Group group) FILIGREE_INLINE_LAMBDA {
    const Local length = group.length;
    coming.step();
    switch (group.num_factors) {
      case 1: add_group<num_rows, 1, Semiring>(reader, p, team, asks_ahead, length, position, sum); break;
      case 2: add_group<num_rows, 2, Semiring>(reader, p, team, asks_ahead, length, position, sum); break;
      case 3: add_group<num_rows, 3, Semiring>(reader, p, team, asks_ahead, length, position, sum); break;
      default: add_group<num_rows, Rows::most_factors, Semiring>(reader, p, team, asks_ahead, length, position, sum);
    }
    position += length;
  });
  return position;
}

/// The rows of a plain window by positions, into sum.
template <bool asks_ahead, class Semiring, class V>
void add_factors(const Reader<V>& reader, Offset w, const std::uint16_t* position, V* sum, Coming coming) {
  const Rows& rows = reader.rows;
  const Offset begin = rows.first_factor[z(rows.windows[z(w)].first_row)];
  const Offset end = rows.first_factor[z(rows.windows[z(w) + 1].first_row)];
  const Rows::Group* group = rows.groups.data() + begin;
  for (Offset p = begin; p < end; ++p, ++group) {
    const Local length = group->length;
    coming.step();
    add_group<1, 1, Semiring>(reader, p, {}, asks_ahead, length, position, sum);
    position += length;
  }
}

/// The rows of a window by positions, into sum.
template <class Semiring, class V>
void add_window(const Reader<V>& reader, Offset w, V* sum, Coming coming) {
  const Rows& rows = reader.rows;
  const Rows::Window& window = rows.windows[z(w)];
  const std::uint16_t* position = rows.positions.data() + window.first_position;
  if (window.is_plain) {
    return window.asks_ahead ? add_factors<true, Semiring>(reader, w, position, sum, coming)
                             : add_factors<false, Semiring>(reader, w, position, sum, coming);
  }
  for_each_team(rows, w, [&](Local row) {
    switch (rows.teams[z(row)].num_rows) {
      case 1: position = add_team<1, Semiring>(reader, row, window.asks_ahead, position, sum, coming); break;
      case 2: position = add_team<2, Semiring>(reader, row, window.asks_ahead, position, sum, coming); break;
      default: position = add_team<Rows::most_rows, Semiring>(reader, row, window.asks_ahead, position, sum, coming);
    }
  });
}

/// The rows of a window by columns. by_column: all zero() before and after; val: of C
template <class Semiring, class V>
void add_by_column(const Reader<V>& reader, Offset w, V* by_column, V* val) {
  const Rows& rows = reader.rows;
  const auto add_row = [&](Local row, Local first_of_team) {
    const Offset others = rows.first_factor[z(row)] - rows.first_factor[z(first_of_team)];
    const auto for_each_factor = [&](auto use) {
      for_each_group(rows, first_of_team, [&](Offset p, Rows::Group group) {
        for (Offset q = p; q < p + group.num_factors; ++q)
          use(q + others, group.length, reader.values.b_col.data() + rows.factors[z(q)]);
      });
    };
    for_each_factor([&](Offset p, Local length, const Local* col) {
      reader.prefetch(p, true);
      add_at<Semiring, stretch>(reader.left(p), reader.right(p), length, col, by_column);
    });
    for (Offset k = rows.c.row_ptr[z(row)]; k < rows.c.row_ptr[z(row) + 1]; ++k)
      val[k] = std::exchange(by_column[rows.c.col[z(k)]], Semiring::zero());
    if (!rows.masked) return;
    for_each_factor([&](Offset, Local length, const Local* col) {
      for (Local j = 0; j < length; ++j) by_column[col[j]] = Semiring::zero();
    });
  };
  for_each_team(rows, w, [&](Local first) {
    for (Local row = first; row < first + rows.teams[z(first)].num_rows; ++row) add_row(row, first);
  });
}

/// Values of C that a cache may still hold from the last time.
constexpr Offset near_bytes = Offset{16} << 20;

/// What a thread has of its own.
template <class V>
struct Room {
  Array<V> window;           // masked: a window's nonzeros and a place for all that is left out
  ZeroedArray<V> by_column;  // and one place more
};

template <class Semiring, class V>
void fill(const Rows& rows, const PlanValues<V>& values, V* val) {
  std::vector<V> ones;
  if (values.b.empty()) ones.assign(z(rows.longest_b_row), V{1});
  const Reader<V> reader{rows, values, values.b.empty() ? ones.data() : nullptr};
  const auto make_room = [&] {
    Room<V> room;
    if (rows.masked) room.window.resize(z(rows.longest_window) + 1);
    if (rows.needs_columns) {
      room.by_column = ZeroedArray<V>(Offset{rows.c.num_cols} + 1);
      std::fill_n(room.by_column.data(), room.by_column.size(), Semiring::zero());
    }
    return room;
  };
  const Offset num_windows = std::ssize(rows.windows) - 1;
  const std::vector<Offset> turns = cut_turns(num_windows, omp_get_max_threads(), most_windows, [&](Offset w) {
    const Rows::Window& window = rows.windows[z(w)];
    return window.has_positions ? window.num_positions : Offset{8} * window_products;
  });
  const bool is_far = rows.c.num_nonzeros() * Offset{sizeof(V)} > near_bytes;
  const auto make_window = [&](Room<V>& room, Offset w, bool next_is_ours) {
    const Rows::Window& window = rows.windows[z(w)];
    if (!window.has_positions) return add_by_column<Semiring>(reader, w, room.by_column.data(), val);
    V* const of_window = val + rows.c.row_ptr[z(window.first_row)];
    const Offset length = num_nonzeros(rows, w);
    V* const sum = rows.masked ? room.window.data() : of_window;
    std::fill_n(sum, length + (rows.masked ? 1 : 0), Semiring::zero());
    Coming coming;
    if (is_far && next_is_ours && rows.windows[z(w + 1)].has_positions)
      coming = {of_window + length, num_nonzeros(rows, w + 1), window.num_groups};
    add_window<Semiring>(reader, w, sum, coming);
    if (rows.masked) std::copy_n(sum, length, of_window);
  };
  const auto make_windows = [&](Room<V>& room, Offset turn) {
    const StandardArithmetic arithmetic;
    const Offset end = turns[z(turn) + 1];
    for (Offset w = turns[z(turn)]; w < end; ++w) make_window(room, w, w + 1 < end);
  };
  parallel_for(std::ssize(turns) - 1, make_room, make_windows, [](Offset) {});
}

/// Lengths of all rows are compared, columns at the begins of windows.
template <class V>
bool has_pattern(const Csr<V>& c, const Csr<float>& pattern, std::span<const Rows::Window> windows) {
  if (c.num_cols != pattern.num_cols || c.row_ptr != pattern.row_ptr || c.col.size() != pattern.col.size() ||
      c.val.size() != pattern.col.size())
    return false;
  return std::ranges::all_of(windows, [&](const Rows::Window& window) {
    const auto first = z(pattern.row_ptr[z(window.first_row)]);
    return first == pattern.col.size() || c.col[first] == pattern.col[first];
  });
}

}  // namespace

template <class V>
void multiply_planned(const Rows& rows, const PlanValues<V>& values, Csr<V>& c) {
  if (!has_pattern(c, rows.c, rows.windows)) {
    c.num_cols = rows.c.num_cols;
    c.row_ptr = rows.c.row_ptr;
    c.col = rows.c.col;
    c.val.clear();
    c.val.resize(c.col.size());
  }
  with_semiring<V>(rows.semiring, [&](auto semiring) { fill<decltype(semiring)>(rows, values, c.val.data()); });
}

// ---- For users

Plan::Plan(std::shared_ptr<const Rows> rows) : rows_(std::move(rows)) {}
Offset Plan::num_products() const { return rows_->num_products; }
Offset Plan::num_nonzeros() const { return rows_->c.num_nonzeros(); }
Offset Plan::num_bytes() const { return rows_->num_bytes(); }

template <class V>
Plan plan(CsrView<V> a, CsrView<V> b, const Options& options, const CsrView<V>* mask) {
  check_arguments("plan", a, b, mask, options);
  const CsrView<float> mask_pattern = mask != nullptr ? pattern_of(*mask) : CsrView<float>();
  Rows rows = plan_rows(pattern_of(a), pattern_of(b), options, mask != nullptr ? &mask_pattern : nullptr);
  rows.a_fingerprint = fingerprint(a.num_cols, a.row_ptr, a.col);
  rows.b_fingerprint = fingerprint(b.num_cols, b.row_ptr, b.col);
  return Plan(std::make_shared<const Rows>(std::move(rows)));
}

template <class V>
Stats multiply(const Plan& plan, CsrView<V> a, CsrView<V> b, Csr<V>& c) {
  const Rows& rows = plan.rows();
  const auto check = [](const char* name, CsrView<V> matrix, Local num_rows, Local num_cols, Offset num_nonzeros,
                        std::uint64_t planned) {
    require(matrix.num_rows() == num_rows && matrix.num_cols == num_cols && matrix.num_nonzeros() == num_nonzeros,
            "multiply: ", name, " is ", matrix.num_rows(), " x ", matrix.num_cols, " with ", matrix.num_nonzeros(),
            " nonzeros, the plan is for ", num_rows, " x ", num_cols, " with ", num_nonzeros);
    require(fingerprint(matrix.num_cols, matrix.row_ptr, matrix.col) == planned, "multiply: the nonzeros of ", name,
            " are not where they were when the plan was made");
  };
  check("a", a, rows.num_rows(), rows.num_inner, rows.a_nonzeros(), rows.a_fingerprint);
  const bool same = a.col.data() == b.col.data() && a.row_ptr.data() == b.row_ptr.data() && a.num_cols == b.num_cols &&
                    rows.a_fingerprint == rows.b_fingerprint;
  if (!same) check("b", b, rows.num_inner, rows.c.num_cols, rows.b_nonzeros, rows.b_fingerprint);
  multiply_planned(rows, PlanValues<V>{a.val, b.val, b.col}, c);
  return {{"products", rows.num_products}, {"nonzeros", rows.c.num_nonzeros()}};
}

template void multiply_planned(const Rows&, const PlanValues<double>&, Csr<double>&);
template void multiply_planned(const Rows&, const PlanValues<float>&, Csr<float>&);
template void multiply_planned(const Rows&, const PlanValues<std::int64_t>&, Csr<std::int64_t>&);
template Plan plan(CsrView<double>, CsrView<double>, const Options&, const CsrView<double>*);
template Plan plan(CsrView<float>, CsrView<float>, const Options&, const CsrView<float>*);
template Plan plan(CsrView<std::int64_t>, CsrView<std::int64_t>, const Options&, const CsrView<std::int64_t>*);
template Stats multiply(const Plan&, CsrView<double>, CsrView<double>, Csr<double>&);
template Stats multiply(const Plan&, CsrView<float>, CsrView<float>, Csr<float>&);
template Stats multiply(const Plan&, CsrView<std::int64_t>, CsrView<std::int64_t>, Csr<std::int64_t>&);

}  // namespace filigree::spgemm
