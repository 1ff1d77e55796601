// Products of sparse matrices for tests: the definition, and matrices that ask for every way of making a row.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "core/index.hpp"
#include "filigree/spgemm.hpp"
#include "spgemm/rows/definition.hpp"
#include "spgemm/rows/row_method.hpp"
#include "support/deep.hpp"
#include "support/matrices.hpp"

namespace filigree::testing {

using spgemm::Semiring;

inline constexpr std::array all_semirings{Semiring::plus_times, Semiring::min_plus, Semiring::max_times,
                                          Semiring::or_and, Semiring::plus_pair};
inline const char* name_of(Semiring semiring) {
  switch (semiring) {
    case Semiring::plus_times: return "plus_times";
    case Semiring::min_plus: return "min_plus";
    case Semiring::max_times: return "max_times";
    case Semiring::or_and: return "or_and";
    case Semiring::plus_pair: return "plus_pair";
  }
  return "unknown";
}

/// What of a product is wanted: all, what a mask has, or what it leaves out.
enum class Masking { none, mask, complement };
inline constexpr std::array all_maskings{Masking::none, Masking::mask, Masking::complement};
inline const char* name_of(Masking masking) {
  return masking == Masking::none ? "no mask" : masking == Masking::mask ? "mask" : "complement";
}

using spgemm::Accumulator;
inline constexpr std::array all_accumulators{Accumulator::automatic, Accumulator::sort,    Accumulator::list,
                                             Accumulator::hash,      Accumulator::scatter, Accumulator::tile,
                                             Accumulator::repeat};
inline const char* name_of(Accumulator accumulator) {
  switch (accumulator) {
    case Accumulator::automatic: return "automatic";
    case Accumulator::sort: return "sort";
    case Accumulator::list: return "list";
    case Accumulator::hash: return "hash";
    case Accumulator::scatter: return "scatter";
    case Accumulator::tile: return "tile";
    case Accumulator::repeat: return "repeat";
  }
  return "unknown";
}

inline const char* name_of(spgemm::Variant variant) {
  return variant == spgemm::Variant::v1 ? "v1" : variant == spgemm::Variant::v2 ? "v2" : "v3";
}

using spgemm::RowMethod;
inline std::string name_of(RowMethod method) {
  if (method.variant) return name_of(*method.variant);
  return std::string(name_of(method.accumulator)) + (method.sorted ? "" : "_unsorted");
}
/// Those that any caller can choose.
inline constexpr std::array chosen_methods{RowMethod(), RowMethod{.variant = spgemm::Variant::v1},
                                           RowMethod{.variant = spgemm::Variant::v2},
                                           RowMethod{.variant = spgemm::Variant::v3}};
inline std::vector<RowMethod> all_methods() {
  std::vector<RowMethod> methods;
  for (const Accumulator accumulator : all_accumulators) {
    for (const bool sorted : {true, false}) methods.push_back({.accumulator = accumulator, .sorted = sorted});
  }
  return methods;
}
/// Those of one of many large cases: the automatic ones and four others in turn, all of them in deep tests.
inline std::vector<RowMethod> methods_of_case(std::size_t number) {
  const std::vector<RowMethod> all = all_methods();
  std::vector<RowMethod> some{all[0], all[1]};
  for (std::size_t i = 0; i < 4; ++i) some.push_back(all[2 + (4 * number + i) % (all.size() - 2)]);
  return deep(some, all);
}

/// Those of one of many large cases: plus_times and another in turn, all of them in deep tests.
inline std::vector<Semiring> semirings_of_case(std::size_t number) {
  return deep(std::vector{Semiring::plus_times, all_semirings[1 + number % 4]},
              std::vector(all_semirings.begin(), all_semirings.end()));
}

// ------------------------------------------------------------------------------------------------ the definition

using spgemm::is_nan;
using spgemm::with_one_more;
using spgemm::without_any;

template <class V>
V value_at(const CsrView<V>& matrix, Offset k) {
  return matrix.has_values() ? matrix.val[static_cast<std::size_t>(k)] : V{1};
}

/// Rows of a product: columns ascending, and values.
template <class V>
using Rows = std::vector<std::vector<std::pair<Local, V>>>;

template <class V>
Rows<V> product_by_definition(CsrView<V> a, CsrView<V> b, Semiring semiring) {
  Rows<V> rows(static_cast<std::size_t>(a.num_rows()));
  struct Product {
    Local column;
    V left, right;
  };
  std::vector<Product> products;  // of a row, in the order of k
  for (std::size_t i = 0; i < rows.size(); ++i) {
    products.clear();
    for (Offset ik = a.row_ptr[i]; ik < a.row_ptr[i + 1]; ++ik) {
      const auto k = static_cast<std::size_t>(a.col[static_cast<std::size_t>(ik)]);
      for (Offset kj = b.row_ptr[k]; kj < b.row_ptr[k + 1]; ++kj)
        products.push_back({b.col[static_cast<std::size_t>(kj)], value_at(a, ik), value_at(b, kj)});
    }
    std::ranges::stable_sort(products, {}, &Product::column);
    for (const auto& [column, left, right] : products) {
      if (rows[i].empty() || rows[i].back().first != column) rows[i].emplace_back(column, without_any<V>(semiring));
      rows[i].back().second = with_one_more(semiring, rows[i].back().second, left, right);
    }
  }
  return rows;
}

/// The same of whole matrices, where the mask lets.
template <class V>
GlobalMatrix<V> product_by_definition(const GlobalMatrix<V>& a, const GlobalMatrix<V>& b,
                                      Semiring semiring = Semiring::plus_times, const GlobalMatrix<V>* mask = nullptr,
                                      bool complement = false) {
  GlobalMatrix<V> c;
  for (const auto& [ik, x] : a) {
    for (auto at = b.lower_bound({ik.second, 0}); at != b.end() && at->first.first == ik.second; ++at) {
      const std::pair ij(ik.first, at->first.second);
      if (mask != nullptr && mask->contains(ij) == complement) continue;
      V& sum = c.try_emplace(ij, without_any<V>(semiring)).first->second;
      sum = with_one_more(semiring, sum, x, at->second);
    }
  }
  return c;
}

/// What a mask lets through.
template <class V>
Rows<V> masked(const Rows<V>& rows, CsrView<V> mask, bool complement) {
  Rows<V> result(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto cols = mask.cols(static_cast<Local>(i));
    for (const auto& [column, value] : rows[i]) {
      const bool in_mask = std::binary_search(cols.begin(), cols.end(), column);
      if (in_mask != complement) result[i].emplace_back(column, value);
    }
  }
  return result;
}

template <class V>
bool same_bits(V a, V b) {
  return std::memcmp(&a, &b, sizeof(V)) == 0 || (is_nan(a) && is_nan(b));
}

template <class V>
Offset num_entries(const Rows<V>& rows) {
  Offset count = 0;
  for (const auto& row : rows) count += static_cast<Offset>(row.size());
  return count;
}

template <class V>
void sort_rows(Csr<V>& matrix) {
  std::vector<std::pair<Local, V>> row;
  for (std::size_t i = 0; i + 1 < matrix.row_ptr.size(); ++i) {
    const auto begin = static_cast<std::size_t>(matrix.row_ptr[i]);
    const auto end = static_cast<std::size_t>(matrix.row_ptr[i + 1]);
    row.clear();
    for (std::size_t k = begin; k < end; ++k) row.emplace_back(matrix.col[k], matrix.val[k]);
    std::stable_sort(row.begin(), row.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
    for (std::size_t k = begin; k < end; ++k) std::tie(matrix.col[k], matrix.val[k]) = row[k - begin];
  }
}

/// The first difference between a matrix and what it should be, "" if there is none.
template <class V>
std::string difference(const Csr<V>& c, const Rows<V>& expected, Local num_cols) {
  if (c.num_rows() != std::ssize(expected) || c.num_cols != num_cols)
    return text(c.num_rows(), " x ", c.num_cols, ", expected ", expected.size(), " x ", num_cols);
  if (c.num_nonzeros() != std::ssize(c.col) || c.col.size() != c.val.size())
    return text(c.num_nonzeros(), " nonzeros, but ", c.col.size(), " columns and ", c.val.size(), " values");
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto begin = static_cast<std::size_t>(c.row_ptr[i]);
    const auto end = static_cast<std::size_t>(c.row_ptr[i + 1]);
    if (end - begin != expected[i].size())
      return text("row ", i, " has ", end - begin, " entries, expected ", expected[i].size());
    for (std::size_t k = begin; const auto& [column, value] : expected[i]) {
      if (c.col[k] != column) return text("row ", i, ": column ", c.col[k], ", expected ", column);
      if (!same_bits(c.val[k], value)) return text("(", i, ", ", column, "): ", c.val[k], ", expected ", value);
      ++k;
    }
  }
  return "";
}

// ------------------------------------------------------------------------------------------------ matrices

/// Like `random_value`, and now and then zeros of both signs and, in rows that may have them, NaN and infinity; of
/// integers some that overflow.
template <class V>
V any_value(Random& random, bool special) {
  const auto kind = below(random, 24);
  if (kind == 0) return V{0};
  if constexpr (std::is_integral_v<V>) {
    if (kind == 1) return std::numeric_limits<V>::max() - below(random, 3);
    if (kind == 2) return std::numeric_limits<V>::min() + below(random, 3);
    if (kind < 8) return static_cast<V>(random());
    return below(random, 19) - 9;
  } else {
    if (kind == 1) return -V{0};
    if (special && kind == 2) return std::numeric_limits<V>::quiet_NaN();
    if (special && kind == 3) return std::numeric_limits<V>::infinity();
    if (special && kind == 4) return -std::numeric_limits<V>::infinity();
    if (special && kind == 5) return std::numeric_limits<V>::max();
    if (special && kind == 6) return std::numeric_limits<V>::denorm_min();
    return random_value<V>(random, kind < 12 ? Values::exact : Values::rounded);
  }
}

enum class Contents { none, ordinary, special };
inline const char* name_of(Contents contents) {
  return contents == Contents::none ? "no values" : contents == Contents::ordinary ? "values" : "special values";
}

template <class V>
Csr<V> matrix_of(Local num_cols, const std::vector<std::set<Local>>& rows, Contents contents, Random& random) {
  Csr<V> matrix;
  matrix.num_cols = num_cols;
  for (const std::set<Local>& row : rows) {
    const bool special = contents == Contents::special && below(random, 4) == 0;
    for (Local column : row) {
      matrix.col.push_back(column);
      if (contents != Contents::none) matrix.val.push_back(any_value<V>(random, special));
    }
    matrix.row_ptr.push_back(std::ssize(matrix.col));
  }
  matrix.validate();
  return matrix;
}

/// `count` different columns in [first, end), or all if there are fewer.
inline std::set<Local> some_columns(Random& random, Offset count, Local first, Local end) {
  std::set<Local> columns;
  if (count >= end - first) {
    for (Local column = first; column < end; ++column) columns.insert(column);
  }
  while (std::ssize(columns) < std::min<Offset>(count, end - first)) {
    columns.insert(static_cast<Local>(first + below(random, end - first)));
  }
  return columns;
}

/// Rows of very different lengths: a third is empty, most are short, some are long, a few are full.
template <class V>
Csr<V> skewed(Random& random, Local num_rows, Local num_cols, Contents contents) {
  std::vector<std::set<Local>> rows(static_cast<std::size_t>(num_rows));
  for (std::set<Local>& row : rows) {
    const auto kind = below(random, 24);
    const Offset length = kind < 8    ? 0
                          : kind < 18 ? 1 + below(random, 3)
                          : kind < 23 ? 1 + below(random, num_cols / 2 + 1)
                                      : Offset{num_cols};
    row = some_columns(random, length, 0, num_cols);
  }
  return matrix_of<V>(num_cols, rows, contents, random);
}

/// num_rows rows of `length` random columns each.
template <class V>
Csr<V> regular(Random& random, Local num_rows, Local num_cols, Offset length, Contents contents) {
  std::vector<std::set<Local>> rows(static_cast<std::size_t>(num_rows));
  for (std::set<Local>& row : rows) row = some_columns(random, length, 0, num_cols);
  return matrix_of<V>(num_cols, rows, contents, random);
}

/// A random half of where the product is, and some of where it is not.
template <class V>
Csr<V> mask_for(Random& random, const Rows<V>& product, Local num_cols) {
  std::vector<std::set<Local>> rows;
  for (const auto& row : product) {
    std::set<Local> columns;
    const auto kind = below(random, 4);  // now and then none and all
    for (const auto& [column, value] : row) {
      if (kind == 1 || (kind > 1 && below(random, 2) == 0)) columns.insert(column);
    }
    if (num_cols > 0) columns.merge(some_columns(random, below(random, 4), 0, num_cols));
    rows.push_back(std::move(columns));
  }
  return matrix_of<V>(num_cols, rows, Contents::none, random);
}

/// Equal bits, or NaN both.
template <class V>
bool same(const Csr<V>& a, const Csr<V>& b) {
  return a.num_cols == b.num_cols && a.row_ptr == b.row_ptr && a.col == b.col &&
         std::equal(a.val.begin(), a.val.end(), b.val.begin(), b.val.end(), same_bits<V>);
}

/// Equal bits, NaN too: between products of the same code there is no excuse.
template <class V>
bool identical(const Csr<V>& a, const Csr<V>& b) {
  return a.num_cols == b.num_cols && a.row_ptr == b.row_ptr && a.col == b.col && a.val.size() == b.val.size() &&
         (a.val.empty() || std::memcmp(a.val.data(), b.val.data(), a.val.size() * sizeof(V)) == 0);
}

/// Rows of which each has the columns of the one before, `step` further; a few have a column more (`spoilt`).
template <class V>
Csr<V> shifting(Random& random, Local num_rows, Local num_cols, const std::set<Local>& first, Local step, bool spoilt,
                Contents contents) {
  std::vector<std::set<Local>> rows(static_cast<std::size_t>(num_rows));
  for (Local i = 0; i < num_rows; ++i) {
    std::set<Local>& row = rows[z(i)];
    for (const Local column : first) {
      if (Offset{column} + Offset{i} * step < num_cols) row.insert(column + i * step);
    }
    if (spoilt && below(random, 40) == 0) row.merge(some_columns(random, 1, 0, num_cols));
  }
  return matrix_of<V>(num_cols, rows, contents, random);
}

/// Factors whose product has rows that repeat each other, over several row blocks, and nearly do. f(name, a, b)
template <class V, class F>
void for_repeating_cases(F&& f) {
  Random random(6);
  const auto contents = Contents::ordinary;
  const std::set<Local> near{0, 1, 2, 40, 41, 42, 80};
  const Csr<V> a = shifting<V>(random, 700, 900, near, 1, false, contents);
  for (const Contents kind : {contents, Contents::special, Contents::none}) {
    const Csr<V> b = shifting<V>(random, 900, 1000, near, 1, false, kind);
    f(text("shifted by 1, ", name_of(kind)), a, b);
    f(text(name_of(kind), " times shifted by 1"), b, shifting<V>(random, 1000, 600, near, 1, false, contents));
  }
  for (int trial = 0; trial < 3; ++trial) {
    const Csr<V> b = shifting<V>(random, 900, 1000, near, 1, false, contents);
    const Csr<V> spoilt_a = shifting<V>(random, 700, 900, near, 1, true, contents);
    const Csr<V> spoilt_b = shifting<V>(random, 900, 1000, near, 1, true, contents);
    f("a column more in A", spoilt_a, b);
    f("a column more in B", a, spoilt_b);
    f("a column more in both", spoilt_a, spoilt_b);
  }
  for (const Local length : {1, 2, 3, 4, 5, 8, 9, 13, 27}) {
    const std::set<Local> columns = some_columns(random, length, 0, 60);
    f(text("rows of ", length), shifting<V>(random, 200, 300, columns, 1, false, contents),
      shifting<V>(random, 300, 350, columns, 1, false, contents));
  }
  f("steps of 3", shifting<V>(random, 300, 950, near, 3, false, contents),
    shifting<V>(random, 950, 1000, near, 1, false, contents));
  f("not shifted", shifting<V>(random, 300, 100, near, 0, false, contents), regular<V>(random, 100, 200, 7, contents));
  f("columns of B as they please", a, regular<V>(random, 900, 400, 7, contents));
  f("too many nonzeros", shifting<V>(random, 40, 2'000, some_columns(random, 30, 0, 900), 1, false, contents),
    shifting<V>(random, 2'000, 9'000, some_columns(random, 30, 0, 5'000), 1, false, contents));
  f("too many products", shifting<V>(random, 40, 200, some_columns(random, 80, 0, 100), 1, false, contents),
    shifting<V>(random, 200, 300, some_columns(random, 60, 0, 80), 1, false, contents));
  {
    // Shapes that come back, and rows of B that are empty.
    std::vector<std::set<Local>> rows(900);
    for (Local k = 0; k < 900; ++k) {
      if (k % 3 != 0) rows[z(k)] = {k, k + 2 + k % 3, k + 50};
    }
    const Csr<V> b = matrix_of<V>(1'000, rows, contents, random);
    for (const Local first : {0, 1}) {
      f(text("every third is empty, from ", first),
        shifting<V>(random, 280, 900, {first, first + 1, first + 2, first + 31}, 3, false, contents), b);
      f(text("every third is empty, unshifted, from ", first),
        shifting<V>(random, 280, 900, {first, first + 1, first + 2, first + 31}, 0, false, contents), b);
    }
  }
  {
    // Three unknowns a point of a line.
    std::vector<std::set<Local>> rows(900);
    for (Local i = 0; i < 900; ++i) {
      for (Local j = std::max(i / 3 * 3 - 3, 0); j < std::min(i / 3 * 3 + 6, 900); ++j) rows[z(i)].insert(j);
    }
    const Csr<V> nodes = matrix_of<V>(900, rows, contents, random);
    f("several unknowns a point", nodes, nodes);
  }
}

/// Matrices of every kind that asks for another way to add up a row. f(name, a, b).
template <class V, class F>
void for_larger_cases(F&& f) {
  Random random(2);
  const auto contents = Contents::ordinary;
  // More columns than a table of slots is made for; and so many that some column and product do not fit into a key.
  constexpr Local far = deep(600'000, 10'000'000);
  constexpr Local very_far = deep(5'000'000, 10'000'000);

  // Row i has lengths[i] products, around every power of two; columns far apart, and close together.
  const std::vector<Offset> lengths{0,   1,   2,    3,    4,    5,    7,    8,    9,    15,   16,   17,  31,
                                    32,  33,  63,   64,   65,   127,  128,  129,  255,  256,  257,  511, 512,
                                    513, 800, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097, 9000};
  for (const Local num_cols : {very_far, Local{20'000}, Local{1'000}}) {
    std::vector<std::set<Local>> rows;
    for (const Offset length : lengths) rows.push_back(some_columns(random, length, 0, 9'000));
    const Csr<V> a = matrix_of<V>(9'000, rows, contents, random);
    f(text("rows around powers of two, ", num_cols, " columns"), a, regular<V>(random, 9'000, num_cols, 1, contents));
    f(text("few rows of ", num_cols, " columns"), regular<V>(random, 10, 400, 30, contents),
      regular<V>(random, 400, num_cols, 100, contents));
  }
  {
    // Clusters of columns: many products an entry within each, gaps between them.
    std::vector<std::set<Local>> rows(300);
    for (auto& row : rows) {
      for (int cluster = 0; cluster < 3; ++cluster) {
        const auto first = static_cast<Local>(below(random, 20) * (far / 20));
        row.merge(some_columns(random, 20, first, first + 100));
      }
    }
    f("clusters", regular<V>(random, 40, 300, 40, contents), matrix_of<V>(far, rows, contents, random));
  }
  {
    // One dense row among rows of one.
    std::vector<std::set<Local>> rows;
    for (Local i = 0; i < 4'000; ++i) rows.push_back(some_columns(random, i == 17 ? 4'000 : 1, 0, 4'000));
    const Csr<V> a = matrix_of<V>(4'000, rows, contents, random);
    f("one dense row", a, regular<V>(random, 4'000, 4'000, 8, contents));
    f("one dense row, columns far apart", a, regular<V>(random, 4'000, far, 8, contents));
  }
  {
    // Dense blocks on the diagonal.
    std::vector<std::set<Local>> rows;
    for (Local i = 0; i < 160; ++i) rows.push_back(some_columns(random, 32, i / 32 * 32, i / 32 * 32 + 32));
    const Csr<V> a = matrix_of<V>(160, rows, contents, random);
    f("dense blocks", a, a);
  }
  {
    // Nodes of one to five unknowns, which share their columns: runs, over the ends of lines as well.
    std::vector<std::set<Local>> rows;
    std::vector<Local> first{0};
    while (first.back() < 600) first.push_back(first.back() + 1 + static_cast<Local>(below(random, 5)));
    const Local size = first.back();
    for (std::size_t node = 0; node + 1 < first.size(); ++node) {
      std::set<Local> columns;
      for (int neighbour = 0; neighbour < 9; ++neighbour) {
        const auto other = below(random, static_cast<Offset>(first.size()) - 1);
        for (Local j = first[z(other)]; j < first[z(other) + 1]; ++j) columns.insert(j);
      }
      for (Local i = first[node]; i < first[node + 1]; ++i) rows.push_back(columns);
    }
    const Csr<V> a = matrix_of<V>(size, rows, contents, random);
    f("nodes", a, a);
    f("nodes without values", a, matrix_of<V>(size, rows, Contents::none, random));
    f("nodes of ones", matrix_of<V>(size, rows, Contents::none, random), a);
    const Csr<V> special = matrix_of<V>(size, rows, Contents::special, random);
    f("nodes of special values", special, special);
  }
  f("all dense", regular<V>(random, 30, 40, 40, contents), regular<V>(random, 40, 50, 50, contents));
  f("many products an entry", regular<V>(random, 30, 3'000, 1'000, contents),
    regular<V>(random, 3'000, 40, 5, contents));
  f("tiny rows", regular<V>(random, 9'000, 9'000, 2, contents), regular<V>(random, 9'000, 9'000, 2, contents));
  f("skewed", skewed<V>(random, 300, 400, contents), skewed<V>(random, 400, 300, contents));
  f("one column", regular<V>(random, 2'000, 2'000, 20, contents), regular<V>(random, 2'000, 1, 1, contents));
  f("one row", regular<V>(random, 1, 5'000, 4'000, contents), regular<V>(random, 5'000, far, 10, contents));
  f("patterns", skewed<V>(random, 200, 200, Contents::none), skewed<V>(random, 200, 500, Contents::none));
}

}  // namespace filigree::testing
