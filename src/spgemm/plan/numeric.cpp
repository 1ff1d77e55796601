// The numeric phase of a plan: products are multiplied and added where the plan says.
#include <omp.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "core/arithmetic.hpp"
#include "core/parallel_for.hpp"
#include "core/zeroed_array.hpp"
#include "spgemm/plan/plan_rows.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "spgemm/rows/semirings.hpp"
#include "spgemm/tuning.hpp"

namespace filigree::spgemm {
namespace {

using Rows = PlanRows;

/// The factors of products.
template <class V>
struct Reader {
  const Rows& rows;
  const PlanValues<V>& values;
  const V* ones;  ///< as many as the longest row of B has; null when B has values

  V left(Offset p) const { return values.a.empty() ? V{1} : values.a[z(p)]; }
  const V* right(Offset p) const { return ones != nullptr ? ones : values.b.data() + rows.factors[z(p)]; }
  /// Prefetches a later row of B than that of p. Inlined, because compilers drop calls of functions that only prefetch.
  FILIGREE_INLINE void prefetch(Offset p, bool prefetches) const {
    constexpr Offset ahead = tuning::factors_ahead;
    if (!prefetches || ones != nullptr || p + ahead >= std::ssize(rows.factors)) return;
    const V* const coming = right(p + ahead);
    __builtin_prefetch(coming);
    __builtin_prefetch(coming + tuning::stretch - 1);
  }
};

/// Adds the products of `count` factors of a row from p on to sum[position[j]].
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
    add_at<Semiring, tuning::stretch>(left[0], right[0], length, position, sum);
    return;
  }
  for (Local j = 0; j < length; ++j) {
    V result = sum[position[j]];
    for (int i = 0; i < count; ++i) result = Semiring::plus(result, Semiring::times(left[i], right[i][j]));
    sum[position[j]] = result;
  }
}

/// Calls add(integral_constant) with the number of factors of a group.
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

/// Adds up a row by positions into sum, which is all zero(). Returns the positions of the next row.
template <class Semiring, class V>
[[gnu::noinline]] const std::uint16_t* add_row(const Reader<V>& reader, Local row, bool prefetches,
                                               const std::uint16_t* position, V* sum) {
  reader.rows.for_each_group(row, [&](Offset p, Rows::Group group) FILIGREE_INLINE_LAMBDA {
    with_num_factors(group, [&](auto count) FILIGREE_INLINE_LAMBDA {
      add_group<count.value, Semiring>(reader, p, prefetches, group.length, position, sum);
    });
    position += group.length;
  });
  return position;
}

/// Adds the products of `count` factors from p on, for all rows of a row group. degree: nonzeros of each row of A;
/// sums: those of a position in all rows side by side
template <int count, class Semiring, class V>
FILIGREE_INLINE void add_group_of_alike(const Reader<V>& reader, Offset p, Local num_rows, Offset degree,
                                        bool prefetches, Local length, const std::uint16_t* position, V* sums) {
  constexpr int most = tuning::most_in_group;
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

/// Adds up the rows of a row group by positions, one after the other into val. sums: workspace. Returns the positions
/// of the next row group.
template <class Semiring, class V>
FILIGREE_INLINE const std::uint16_t* add_alike_rows(const Reader<V>& reader, Local row, bool prefetches,
                                                    const std::uint16_t* position, V* sums, V* val) {
  const Rows& rows = reader.rows;
  const Local num_rows = rows.row_groups[z(row)].num_rows;
  const Offset degree = rows.first_factor[z(row) + 1] - rows.first_factor[z(row)];
  const Offset length = rows.c.row_ptr[z(row) + 1] - rows.c.row_ptr[z(row)];
  std::fill_n(sums, length * tuning::most_in_group, Semiring::zero());
  rows.for_each_group(row, [&](Offset p, Rows::Group group) FILIGREE_INLINE_LAMBDA {
    with_num_factors(group, [&](auto count) FILIGREE_INLINE_LAMBDA {
      add_group_of_alike<count.value, Semiring>(reader, p, num_rows, degree, prefetches, group.length, position, sums);
    });
    position += group.length;
  });
  for (Local r = 0; r < num_rows; ++r, val += length) {
    for (Offset j = 0; j < length; ++j) val[j] = sums[j * tuning::most_in_group + r];
  }
  return position;
}

/// Adds up a plain row block by positions into sum, which is all zero().
template <bool prefetches, class Semiring, class V>
[[gnu::noinline]] void add_factors(const Reader<V>& reader, Offset w, const std::uint16_t* position, V* sum) {
  const Rows& rows = reader.rows;
  const Offset begin = rows.first_factor[z(rows.blocks[z(w)].first_row)];
  const Offset end = rows.first_factor[z(rows.blocks[z(w) + 1].first_row)];
  const Rows::Group* group = rows.groups.data() + begin;
  for (Offset p = begin; p < end; ++p, ++group) {
    const Local length = group->length;
    add_group<1, Semiring>(reader, p, prefetches, length, position, sum);
    position += length;
  }
}

/// Makes a row block by positions into val, which has one more slot under a mask. sums: workspace for a row group
template <class Semiring, class V, class AddAlike>
void make_by_position(const Reader<V>& reader, AddAlike add_alike, Offset w, V* sums, V* val) {
  const Rows& rows = reader.rows;
  const Rows::Block& block = rows.blocks[z(w)];
  const std::uint16_t* position = block.positions.data();
  const Offset first = rows.c.row_ptr[z(block.first_row)];
  if (block.is_plain || rows.masked) std::fill_n(val, rows.num_nonzeros(w) + (rows.masked ? 1 : 0), Semiring::zero());
  if (block.is_plain) {
    return block.prefetches ? add_factors<true, Semiring>(reader, w, position, val)
                            : add_factors<false, Semiring>(reader, w, position, val);
  }
  rows.for_each_row_group(w, [&](Local row) {
    const Rows::RowGroup row_group = rows.row_groups[z(row)];
    V* const of_row = val + (rows.c.row_ptr[z(row)] - first);
    if (row_group.num_rows > 1) {
      position = add_alike(reader, row, block.prefetches, position, sums, of_row);
    } else {
      if (!rows.masked) std::fill_n(of_row, rows.c.view().degree(row), Semiring::zero());
      position = add_row<Semiring>(reader, row, block.prefetches, position, of_row);
    }
  });
}

/// Makes a row block without positions. by_column: all zero() before and after; val: the values of C
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
      add_at<Semiring, tuning::stretch>(reader.left(p), reader.right(p), length, col, by_column);
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
  using AddAlike = Kernel<add_alike_rows<Semiring, V>>;
  const auto add_alike = best_of(AddAlike::portable, AddAlike::avx2, AddAlike::avx2);  // four values fill a register
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
  const std::vector<Offset> chunks = cut_chunks(num_blocks, omp_get_max_threads(), tuning::most_blocks, [&](Offset w) {
    const Rows::Block& block = rows.blocks[z(w)];
    return block.has_positions ? std::ssize(block.positions) : Offset{8} * tuning::block_products;
  });
  const auto make_block = [&](Workspace<V>& workspace, Offset w) {
    const Rows::Block& block = rows.blocks[z(w)];
    if (!block.has_positions) return add_by_column<Semiring>(reader, w, workspace.by_column.data(), val);
    V* const of_block = val + rows.c.row_ptr[z(block.first_row)];
    const Offset length = rows.num_nonzeros(w);
    V* const made = rows.masked ? workspace.block.data() : of_block;
    make_by_position<Semiring>(reader, add_alike, w, workspace.sums.data(), made);
    if (rows.masked) std::copy_n(made, length, of_block);
  };
  const auto make_chunk = [&](Workspace<V>& workspace, Offset chunk) {
    const StandardArithmetic arithmetic;
    const Offset end = chunks[z(chunk) + 1];
    for (Offset w = chunks[z(chunk)]; w < end; ++w) make_block(workspace, w);
  };
  parallel_for(std::ssize(chunks) - 1, make_workspace, make_chunk, [](Offset) {});
}

/// Compares the lengths of all rows, and the first column of every row block.
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
