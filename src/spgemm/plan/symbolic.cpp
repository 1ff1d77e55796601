// The symbolic phase of a plan: the pattern of C, and where each product goes.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/parallel_for.hpp"
#include "core/zeroed_array.hpp"
#include "spgemm/plan/plan_rows.hpp"
#include "spgemm/rows/checks.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "spgemm/tuning.hpp"

namespace filigree::spgemm {
namespace {

/// Nonzeros of C in a row block with positions; one slot more is for what a mask leaves out.
constexpr Offset most_nonzeros = std::numeric_limits<std::uint16_t>::max();
using Rows = PlanRows;

/// Packs consecutive rows into row blocks.
void cut_blocks(CsrView<float> a, CsrView<float> b, Rows& rows) {
  std::vector<Offset> products(z(a.num_rows()));
  count_products(a, b, std::span<Offset>(products));
  const CsrView<float> c = rows.c;
  Offset num_products = 0;
  Offset num_nonzeros = 0;
  for (Local row = 0; row < a.num_rows(); ++row) {
    if (row == 0 || num_nonzeros + c.degree(row) > most_nonzeros ||
        block_ends(a, rows.blocks.back().first_row, row, num_products, products[z(row)])) {
      rows.blocks.push_back({.first_row = row});
      num_products = 0;
      num_nonzeros = 0;
    }
    num_products += products[z(row)];
    num_nonzeros += c.degree(row);
    rows.num_products += products[z(row)];
  }
  rows.blocks.push_back({.first_row = a.num_rows()});
}

/// Finds the factors of a row block; returns how many products they have. last_block, of this thread: by row of B, one
/// more than the row block that read it last; 0 if none did
Offset find_factors(CsrView<float> a, CsrView<float> b, ZeroedArray<std::uint32_t>& last_block, Rows& rows, Offset w) {
  Rows::Block& block = rows.blocks[z(w)];
  const auto now = static_cast<std::uint32_t>(w) + 1;
  const auto is_kept = [&](Local k) {
    return k >= 0 && last_block[z(k)] > 0 && last_block[z(k)] + tuning::kept_blocks > now;
  };
  Offset num_products = 0;
  Offset surprises = 0;
  const Offset begin = a.row_ptr[z(block.first_row)];
  const Offset end = a.row_ptr[z(rows.blocks[z(w) + 1].first_row)];
  for (Offset p = begin; p < end; ++p) {
    const Local k = a.col[z(p)];
    rows.factors[z(p)] = b.row_ptr[z(k)];
    num_products += b.degree(k);
    // Processors prefetch consecutive rows by themselves.
    surprises += is_kept(k) || is_kept(k - 1) || is_kept(k - 2) ? 0 : 1;
    last_block[z(k)] = now;
  }
  block.prefetches = b.num_nonzeros() > tuning::near_nonzeros && 16 * surprises > end - begin;
  return num_products;
}

/// Finds the row groups and groups of a row block, of so many rows and factors at most; returns how many positions they
/// have.
Offset find_groups(CsrView<float> a, CsrView<float> b, Local most_rows, Local most_factors, Rows& rows, Offset w) {
  const Local end_row = rows.blocks[z(w) + 1].first_row;
  Offset num_positions = 0;
  for (Local row = rows.blocks[z(w)].first_row; row < end_row; row += rows.row_groups[z(row)].num_rows) {
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
    rows.row_groups[z(row)] = {num_rows, num_groups};
  }
  return num_positions;
}

/// What a thread needs to make a plan.
struct Scratch {
  Scratch(CsrView<float> a, CsrView<float> b) : last_block(a.num_cols), position(b.num_cols) {}

  ZeroedArray<std::uint32_t> last_block;  ///< see find_factors()
  ZeroedArray<std::uint16_t> position;    ///< by column, in the row at hand
};

/// Positions of a row block, so many as were counted.
void find_positions(CsrView<float> b, Rows& rows, Offset w, Offset num_positions, Scratch& scratch) {
  const CsrView<float> c = rows.c;
  Rows::Block& block = rows.blocks[z(w)];
  block.positions.resize(z(num_positions));
  std::uint16_t* next = block.positions.data();
  rows.for_each_row_group(w, [&](Local row) {
    const Offset first = c.row_ptr[z(block.is_plain ? block.first_row : row)];
    const auto left_out = static_cast<std::uint16_t>(c.row_ptr[z(block.first_row)] + rows.num_nonzeros(w) - first);
    const auto for_each_column = [&](auto use) {
      rows.for_each_group(row, [&](Offset p, Rows::Group group) {
        for (const Local column : b.col.subspan(z(rows.factors[z(p)]), z(group.length))) use(z(column));
      });
    };
    if (rows.masked) for_each_column([&](std::size_t column) { scratch.position[column] = left_out; });
    for (Offset k = c.row_ptr[z(row)]; k < c.row_ptr[z(row) + 1]; ++k)
      scratch.position[z(c.col[z(k)])] = static_cast<std::uint16_t>(k - first);
    for_each_column([&](std::size_t column) { *next++ = scratch.position[column]; });
  });
}

void plan_block(CsrView<float> a, CsrView<float> b, Rows& rows, Offset w, Scratch& scratch) {
  Rows::Block& block = rows.blocks[z(w)];
  const Offset num_products = find_factors(a, b, scratch.last_block, rows, w);
  Offset num_positions = find_groups(a, b, rows.masked ? 1 : tuning::most_in_group, Rows::most_factors, rows, w);
  const Offset nonzeros = std::max<Offset>(rows.num_nonzeros(w), 1);
  const auto fits = [&] { return nonzeros <= most_nonzeros && num_positions <= tuning::most_positions * nonzeros; };
  block.has_positions = fits();
  block.is_plain = false;
  // If few rows and factors share positions, a loop over all factors is quicker.
  if (block.has_positions && 4 * num_positions >= 3 * num_products) {
    num_positions = find_groups(a, b, 1, 1, rows, w);
    block.has_positions = block.is_plain = fits();
  }
  if (block.has_positions) find_positions(b, rows, w, num_positions, scratch);
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

Rows plan_rows(CsrView<float> a, CsrView<float> b, const Options& options, const Mask<float>& mask) {
  Rows rows;
  rows.semiring = options.semiring;
  rows.masked = mask.view.has_value();
  rows.num_inner = a.num_cols;
  rows.b_nonzeros = b.num_nonzeros();
  for (Local k = 0; k < b.num_rows(); ++k)
    rows.longest_b_row = std::max(rows.longest_b_row, static_cast<Local>(b.degree(k)));
  multiply(a, b, rows.c, {.semiring = Semiring::or_and, .progress = options.progress}, mask);
  rows.c.val = {};

  rows.first_factor.assign(a.row_ptr.begin(), a.row_ptr.end());
  rows.factors.resize(a.col.size());
  rows.row_groups.resize(z(a.num_rows()));
  rows.groups.resize(a.col.size());
  cut_blocks(a, b, rows);
  const Offset num_blocks = std::ssize(rows.blocks) - 1;
  parallel_for(
      num_blocks, [&] { return Scratch(a, b); },
      [&](Scratch& scratch, Offset w) { plan_block(a, b, rows, w, scratch); }, [](Offset) {});
  for (Offset w = 0; w < num_blocks; ++w) {
    const Rows::Block& block = rows.blocks[z(w)];
    rows.needs_columns = rows.needs_columns || !block.has_positions;
    if (block.has_positions) rows.longest_block = std::max(rows.longest_block, rows.num_nonzeros(w));
    if (!block.has_positions || block.is_plain) continue;
    rows.for_each_row_group(w, [&](Local row) {
      if (rows.row_groups[z(row)].num_rows > 1)
        rows.most_sums = std::max(rows.most_sums, rows.c.view().degree(row) * tuning::most_in_group);
    });
  }
  return rows;
}

Offset Rows::num_bytes() const {
  const auto bytes = [](const auto& values) { return std::ssize(values) * static_cast<Offset>(sizeof values[0]); };
  Offset of_positions = 0;
  for (const Block& block : blocks) of_positions += bytes(block.positions);
  return bytes(c.row_ptr) + bytes(c.col) + bytes(first_factor) + bytes(factors) + bytes(row_groups) + bytes(groups) +
         bytes(blocks) + of_positions;
}

Plan::Plan(std::shared_ptr<const PlanRows> rows) : rows_(std::move(rows)) {}
Offset Plan::num_products() const { return rows_->num_products; }
Offset Plan::num_nonzeros() const { return rows_->c.num_nonzeros(); }
Offset Plan::num_bytes() const { return rows_->num_bytes(); }

template <class V>
Plan plan(const CsrView<V>& a, const std::type_identity_t<CsrView<V>>& b, const Options& options,
          const std::type_identity_t<Mask<V>>& mask) {
  check_arguments("plan", a, b, mask, options);
  Rows rows = plan_rows(pattern_of(a), pattern_of(b), options, pattern_of(mask));
  rows.a_fingerprint = fingerprint(a.num_cols, a.row_ptr, a.col);
  rows.b_fingerprint = fingerprint(b.num_cols, b.row_ptr, b.col);
  return PlanAccess::make(std::move(rows));
}

template <class V>
Work multiply(const Plan& plan, std::type_identity_t<CsrView<V>> a, std::type_identity_t<CsrView<V>> b, Csr<V>& c) {
  const Rows& rows = PlanAccess::rows(plan);
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
  return timed([&]() -> Stats {
    multiply_planned(rows, PlanValues<V>{a.val, b.val, b.col}, c);
    return {{"products", rows.num_products}, {"nonzeros", rows.c.num_nonzeros()}};
  });
}

#define FILIGREE_PLANS_OF(V)                                                                \
  template Plan plan(const CsrView<V>&, const CsrView<V>&, const Options&, const Mask<V>&); \
  template Work multiply(const Plan&, CsrView<V>, CsrView<V>, Csr<V>&);
FILIGREE_FOR_VALUES(FILIGREE_PLANS_OF)

}  // namespace filigree::spgemm
