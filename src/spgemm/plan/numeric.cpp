// Products with a plan: all that is left to do is to multiply and to add.
#include <omp.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "core/arithmetic.hpp"
#include "core/parallel_for.hpp"
#include "core/zeroed_array.hpp"
#include "spgemm/plan/plan_rows.hpp"
#include "spgemm/rows/lane_rows.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "spgemm/rows/semirings.hpp"

namespace filigree::spgemm {
namespace {

using Rows = PlanRows;

constexpr Offset line = 8;  // elements

/// Products made at a time, before any is added.
constexpr int stretch = 8;

/// What a row block's products are made of.
template <class V>
struct Reader {
  const Rows& rows;
  const PlanValues<V>& values;
  const V* ones;  ///< as many as the longest row of B has; null when B has values

  V left(Offset p) const { return values.a.empty() ? V{1} : values.a[z(p)]; }
  const V* right(Offset p) const { return ones != nullptr ? ones : values.b.data() + rows.factors[z(p)]; }
  /// Prefetches what comes after p, for row blocks that do so. Inlined: compilers take a function that does nothing
  /// else for one that does nothing.
  FILIGREE_INLINE void prefetch(Offset p, bool prefetches) const {
    constexpr Offset ahead = 16;
    if (!prefetches || ones != nullptr || p + ahead >= std::ssize(rows.factors)) return;
    const V* const coming = right(p + ahead);
    __builtin_prefetch(coming);
    __builtin_prefetch(coming + stretch - 1);
  }
  /// Prefetches a value of A, and where its row of B begins.
  FILIGREE_INLINE void prefetch_factor(Offset p) const {
    if (p >= std::ssize(rows.factors)) return;
    __builtin_prefetch(rows.factors.data() + p);
    if (!values.a.empty()) __builtin_prefetch(values.a.data() + p);
  }
  /// Prefetches values of B, from `from` to `to` behind the first of a factor.
  FILIGREE_INLINE void prefetch_values(Offset p, Offset from, Offset to) const {
    if (ones != nullptr) return;
    const Offset q = rows.factors[z(p)];
    for (Offset i = q + from; i < std::min(rows.b_nonzeros, q + to); i += line) __builtin_prefetch(values.b.data() + i);
  }
};

/// Elements that are written soon: prefetched in about equal steps while others are computed, so that the first store
/// to a line need not wait for it.
class Coming {
 public:
  Coming() = default;
  template <class V>
  Coming(const V* elements, Offset count, Offset num_steps)
      : next_(reinterpret_cast<const char*>(elements)),
        left_(count * Offset{sizeof(V)} / line_bytes),
        lines_(left_ / std::max<Offset>(num_steps, 1) + 1) {}

  void step() {
    for (Offset i = std::min(lines_, left_); i > 0; --i, --left_, next_ += line_bytes) __builtin_prefetch(next_, 1);
  }

 private:
  static constexpr Offset line_bytes = 64;
  const char* next_ = nullptr;
  Offset left_ = 0;   // lines
  Offset lines_ = 0;  // a step
};

/// Adds the products of `count` factors of a row from p on. position: of each column, from sum on
template <int count, class Semiring, class V>
FILIGREE_INLINE void add_group(const Reader<V>& reader, Offset p, bool prefetches, Local length,
                               const std::uint16_t* position, V* sum) {
  V left[count];
  const V* right[count];
  for (int i = 0; i < count; ++i) {
    reader.prefetch(p + i, prefetches);
    left[i] = reader.left(p + i);
    right[i] = reader.right(p + i);
  }
  if constexpr (count == 1) {
    add_at<Semiring, stretch>(left[0], right[0], length, position, sum);
    return;
  }
  for (Local j = 0; j < length; ++j) {
    V result = sum[position[j]];
    for (int i = 0; i < count; ++i) result = Semiring::plus(result, Semiring::times(left[i], right[i][j]));
    sum[position[j]] = result;
  }
}

/// add(integral_constant) for the number of factors of a group.
template <class Add>
FILIGREE_INLINE void with_num_factors(Rows::Group group, Add add) {
  static_assert(Rows::most_factors == 4);
  switch (group.num_factors) {
    case 1: add(std::integral_constant<int, 1>()); break;
    case 2: add(std::integral_constant<int, 2>()); break;
    case 3: add(std::integral_constant<int, 3>()); break;
    default: add(std::integral_constant<int, 4>());
  }
}

// Loops over many factors are functions by themselves, so that nothing around them takes registers.

/// A row by positions, into sum, which is all zero(). Returns the positions of the next.
template <class Semiring, class V>
[[gnu::noinline]] const std::uint16_t* add_row(const Reader<V>& reader, Local row, bool prefetches,
                                               const std::uint16_t* position, V* sum, Coming& coming) {
  reader.rows.for_each_group(row, [&](Offset p, Rows::Group group) FILIGREE_INLINE_LAMBDA {
    coming.step();
    with_num_factors(group, [&](auto count) FILIGREE_INLINE_LAMBDA {
      add_group<count.value, Semiring>(reader, p, prefetches, group.length, position, sum);
    });
    position += group.length;
  });
  return position;
}

/// Adds the products of `count` factors from p on with each of the rows of a row group. degree: of these; sums: of a
/// position of all rows side by side
template <int count, class Semiring, class V>
FILIGREE_INLINE void add_group_of_alike(const Reader<V>& reader, Offset p, Local num_rows, Offset degree,
                                        bool prefetches, Local length, const std::uint16_t* position, V* sums) {
  constexpr int most = most_in_group;
  V left[count][most] = {};  // in memory, of which compilers make registers with a value for each row
  const V* right[count];
  for (int i = 0; i < count; ++i) {
    reader.prefetch(p + i + (num_rows - 1) * degree, prefetches);
    for (Local r = 0; r < num_rows; ++r) left[i][r] = reader.left(p + i + r * degree);
    right[i] = reader.right(p + i);
  }
  for (Local j = 0; j < length; ++j) {
    V* const sum = sums + Offset{position[j]} * most;
    V result[most];
    for (int r = 0; r < most; ++r) result[r] = sum[r];
    for (int i = 0; i < count; ++i) {
      const V factor = right[i][j];
      for (int r = 0; r < most; ++r) result[r] = Semiring::plus(result[r], Semiring::times(left[i][r], factor));
    }
    for (int r = 0; r < most; ++r) sum[r] = result[r];
  }
}

/// Rows of A that have equal columns, by positions, one after the other into val. sums: workspace for the row group.
/// Returns the positions of the next.
template <class Semiring, class V>
FILIGREE_INLINE const std::uint16_t* add_alike_rows(const Reader<V>& reader, Local row, bool prefetches,
                                                    const std::uint16_t* position, V* sums, V* val, Coming& coming) {
  const Rows& rows = reader.rows;
  const Local num_rows = rows.row_groups[z(row)].num_rows;
  const Offset degree = rows.first_factor[z(row) + 1] - rows.first_factor[z(row)];
  const Offset length = rows.c.row_ptr[z(row) + 1] - rows.c.row_ptr[z(row)];
  std::fill_n(sums, length * most_in_group, Semiring::zero());
  rows.for_each_group(row, [&](Offset p, Rows::Group group) FILIGREE_INLINE_LAMBDA {
    coming.step();
    with_num_factors(group, [&](auto count) FILIGREE_INLINE_LAMBDA {
      add_group_of_alike<count.value, Semiring>(reader, p, num_rows, degree, prefetches, group.length, position, sums);
    });
    position += group.length;
  });
  for (Local r = 0; r < num_rows; ++r, val += length) {
    for (Offset j = 0; j < length; ++j) val[j] = sums[j * most_in_group + r];
  }
  return position;
}

#if defined(__x86_64__)
/// Rows that repeat each other, by positions, one after the other into val. sums: workspace for the row group. Returns
/// the positions of the next.
template <class Semiring, class V>
FILIGREE_AVX512 const std::uint16_t* add_repeated_rows(const Reader<V>& reader, Local row,
                                                       const std::uint16_t* position, V* sums, V* val, Coming& coming) {
  constexpr Offset ahead = 2 * num_lanes;  // rows, which are prefetched before they are needed
  const Rows& rows = reader.rows;
  const Rows::RowGroup row_group = rows.row_groups[z(row)];
  const Offset degree = row_group.num_groups;
  const Offset length = rows.c.row_ptr[z(row) + 1] - rows.c.row_ptr[z(row)];
  const bool a_is_ones = reader.values.a.empty();
  // Lanes without a row of their own repeat the last one.
  Offset begin[num_lanes];
  const V* left_row[num_lanes];
  for (Local i = 0; i < num_lanes; ++i) {
    begin[i] = rows.first_factor[z(row + std::min(i, row_group.num_rows - 1))];
    left_row[i] = a_is_ones ? nullptr : reader.values.a.data() + begin[i];
  }
  const auto rows_of = [&](Offset t) FILIGREE_INLINE_LAMBDA {
    coming.step();
    const Local products = rows.groups[z(begin[0] + t)].length;
    if (t % line == 0) {
      for (const Offset first : begin) reader.prefetch_factor(first + t + ahead * degree);
    }
    if (t == degree - 1) {
      // Rows of B before this one have been there for the rows of A before.
      reader.prefetch_values(begin[num_lanes - 1] + t, ahead / 2 * Offset{products}, ahead * Offset{products});
    }
    LaneRows<V> of_b{{}, position, products};
    for (int i = 0; i < num_lanes; ++i) of_b.row[i] = reader.right(begin[i] + t);
    position += products;
    return of_b;
  };
  add_lane_products<Semiring>(degree, a_is_ones ? nullptr : left_row, rows_of, length, sums);

  for (Offset slot = 0; slot < length; slot += num_lanes) {
    const auto mask = static_cast<__mmask8>(0xFF >> std::max<Offset>(0, slot + num_lanes - length));
    Lanes<V> values[num_lanes];
    load_rows(sums + slot * num_lanes, values);
    for (Local i = 0; i < row_group.num_rows; ++i) store_lanes<V>(mask, values[i], val + i * length + slot);
  }
  return position;
}
#endif

/// The ways to add up row groups that gain from wider registers.
template <class Semiring, class V>
struct Kernels {
  using Positions = const std::uint16_t*;
  Positions (*add_alike)(const Reader<V>&, Local row, bool prefetches, Positions, V* sums, V* val, Coming&);
  Positions (*add_repeated)(const Reader<V>&, Local row, Positions, V* sums, V* val, Coming&) = nullptr;

  static Kernels best() {
    using AddAlike = Kernel<add_alike_rows<Semiring, V>>;
    Kernels avx512{AddAlike::avx2};
#if defined(__x86_64__)
    avx512.add_repeated = add_repeated_rows<Semiring, V>;
#endif
    return best_of<Kernels>({AddAlike::portable}, {AddAlike::avx2}, avx512);
  }
};

/// The rows of a plain row block by positions, into sum, which is all zero().
template <bool prefetches, class Semiring, class V>
[[gnu::noinline]] void add_factors(const Reader<V>& reader, Offset w, const std::uint16_t* position, V* sum,
                                   Coming coming) {
  const Rows& rows = reader.rows;
  const Offset begin = rows.first_factor[z(rows.blocks[z(w)].first_row)];
  const Offset end = rows.first_factor[z(rows.blocks[z(w) + 1].first_row)];
  const Rows::Group* group = rows.groups.data() + begin;
  for (Offset p = begin; p < end; ++p, ++group) {
    const Local length = group->length;
    coming.step();
    add_group<1, Semiring>(reader, p, prefetches, length, position, sum);
    position += length;
  }
}

/// The rows of a row block by positions, into val. masked: val has a slot more; sums: workspace for a row group
template <class Semiring, class V>
void make_by_position(const Reader<V>& reader, const Kernels<Semiring, V>& kernels, Offset w, V* sums, V* val,
                      Coming coming) {
  const Rows& rows = reader.rows;
  const Rows::Block& block = rows.blocks[z(w)];
  const std::uint16_t* position = block.positions.data();
  const Offset first = rows.c.row_ptr[z(block.first_row)];
  if (block.is_plain || rows.masked) std::fill_n(val, rows.num_nonzeros(w) + (rows.masked ? 1 : 0), Semiring::zero());
  if (block.is_plain) {
    return block.prefetches ? add_factors<true, Semiring>(reader, w, position, val, coming)
                            : add_factors<false, Semiring>(reader, w, position, val, coming);
  }
  rows.for_each_row_group(w, [&](Local row) {
    const Rows::RowGroup row_group = rows.row_groups[z(row)];
    V* const of_row = val + (rows.c.row_ptr[z(row)] - first);
    if (row_group.repeats) {
      position = kernels.add_repeated(reader, row, position, sums, of_row, coming);
    } else if (row_group.num_rows > 1) {
      position = kernels.add_alike(reader, row, block.prefetches, position, sums, of_row, coming);
    } else {
      if (!rows.masked) std::fill_n(of_row, rows.c.view().degree(row), Semiring::zero());
      position = add_row<Semiring>(reader, row, block.prefetches, position, of_row, coming);
    }
  });
}

/// The rows of a row block by columns. by_column: all zero() before and after; val: of C
template <class Semiring, class V>
[[gnu::noinline]] void add_by_column(const Reader<V>& reader, Offset w, V* by_column, V* val) {
  const Rows& rows = reader.rows;
  const auto add_row = [&](Local row, Local first_of_group) {
    const Offset others = rows.first_factor[z(row)] - rows.first_factor[z(first_of_group)];
    const auto for_each_factor = [&](auto use) {
      rows.for_each_group(first_of_group, [&](Offset p, Rows::Group group) {
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
  rows.for_each_row_group(w, [&](Local first) {
    for (Local row = first; row < first + rows.row_groups[z(first)].num_rows; ++row) add_row(row, first);
  });
}

/// Values of C that a cache may still hold from the last time.
constexpr Offset near_bytes = Offset{16} << 20;

/// What a thread has of its own.
template <class V>
struct Workspace {
  ZeroedArray<V> sums;       // of a row group
  Array<V> block;            // masked: a row block's nonzeros and a slot for all that is left out
  ZeroedArray<V> by_column;  // and one slot more
};

template <class Semiring, class V>
void fill(const Rows& rows, const PlanValues<V>& values, V* val) {
  std::vector<V> ones;
  if (values.b.empty()) ones.assign(z(rows.longest_b_row), V{1});
  const Reader<V> reader{rows, values, values.b.empty() ? ones.data() : nullptr};
  const auto kernels = Kernels<Semiring, V>::best();
  const auto make_workspace = [&] {
    Workspace<V> workspace;
    workspace.sums = ZeroedArray<V>(rows.most_sums);
    if (rows.masked) workspace.block.resize(z(rows.longest_block) + 1);
    if (rows.needs_columns) {
      workspace.by_column = ZeroedArray<V>(Offset{rows.c.num_cols} + 1);
      std::fill_n(workspace.by_column.data(), workspace.by_column.size(), Semiring::zero());
    }
    return workspace;
  };
  const Offset num_blocks = std::ssize(rows.blocks) - 1;
  const std::vector<Offset> chunks = cut_chunks(num_blocks, omp_get_max_threads(), most_blocks, [&](Offset w) {
    const Rows::Block& block = rows.blocks[z(w)];
    return block.has_positions ? std::ssize(block.positions) : Offset{8} * block_products;
  });
  const bool is_far = rows.c.num_nonzeros() * Offset{sizeof(V)} > near_bytes;
  const auto make_block = [&](Workspace<V>& workspace, Offset w, bool next_is_ours) {
    const Rows::Block& block = rows.blocks[z(w)];
    if (!block.has_positions) return add_by_column<Semiring>(reader, w, workspace.by_column.data(), val);
    V* const of_block = val + rows.c.row_ptr[z(block.first_row)];
    const Offset length = rows.num_nonzeros(w);
    V* const made = rows.masked ? workspace.block.data() : of_block;
    Coming coming;
    if (is_far && next_is_ours && rows.blocks[z(w + 1)].has_positions)
      coming = {of_block + length, rows.num_nonzeros(w + 1), block.num_groups};
    make_by_position(reader, kernels, w, workspace.sums.data(), made, coming);
    if (rows.masked) std::copy_n(made, length, of_block);
  };
  const auto make_chunk = [&](Workspace<V>& workspace, Offset chunk) {
    const StandardArithmetic arithmetic;
    const Offset end = chunks[z(chunk) + 1];
    for (Offset w = chunks[z(chunk)]; w < end; ++w) make_block(workspace, w, w + 1 < end);
  };
  parallel_for(std::ssize(chunks) - 1, make_workspace, make_chunk, [](Offset) {});
}

/// Lengths of all rows are compared, columns at the begins of row blocks.
template <class V>
bool has_pattern(const Csr<V>& c, const Csr<float>& pattern, std::span<const Rows::Block> blocks) {
  if (c.num_cols != pattern.num_cols || c.row_ptr != pattern.row_ptr || c.col.size() != pattern.col.size() ||
      c.val.size() != pattern.col.size())
    return false;
  return std::ranges::all_of(blocks, [&](const Rows::Block& block) {
    const auto first = z(pattern.row_ptr[z(block.first_row)]);
    return first == pattern.col.size() || c.col[first] == pattern.col[first];
  });
}

}  // namespace

template <class V>
void multiply_planned(const Rows& rows, const PlanValues<V>& values, Csr<V>& c) {
  if (!has_pattern(c, rows.c, rows.blocks)) {
    c.num_cols = rows.c.num_cols;
    c.row_ptr = rows.c.row_ptr;
    c.col = rows.c.col;
    c.val.clear();
    c.val.resize(c.col.size());
  }
  with_semiring<V>(rows.semiring, [&](auto semiring) { fill<decltype(semiring)>(rows, values, c.val.data()); });
}

template void multiply_planned(const Rows&, const PlanValues<double>&, Csr<double>&);
template void multiply_planned(const Rows&, const PlanValues<float>&, Csr<float>&);
template void multiply_planned(const Rows&, const PlanValues<std::int64_t>&, Csr<std::int64_t>&);

}  // namespace filigree::spgemm
