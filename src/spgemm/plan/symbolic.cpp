// Products whose pattern repeats: where they go is found once, and then there is nothing to do but multiply and add.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/parallel_for.hpp"
#include "core/simd/isa.hpp"
#include "core/zeroed_array.hpp"
#include "spgemm/plan/plan_rows.hpp"
#include "spgemm/rows/checks.hpp"
#include "spgemm/rows/lane_rows.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "spgemm/rows/shifts.hpp"

namespace filigree::spgemm {
namespace {

// ---- The plan

/// Nonzeros of C in a row block with positions; one slot more is for what a mask leaves out.
constexpr Offset most_nonzeros = std::numeric_limits<std::uint16_t>::max();
/// Positions a nonzero of C. Beyond, an array over all columns serves: it takes no memory by products, reads 4 bytes of
/// B's columns instead of 2 for a product, and what it takes to empty it does not matter with so many.
constexpr Offset most_positions = 24;

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

/// Factors of a row block, and how many products they make. last_block, of this thread: by row of B, one more than the
/// row block that read it last; 0 if none did
Offset find_factors(CsrView<float> a, CsrView<float> b, ZeroedArray<std::uint32_t>& last_block, Rows& rows, Offset w) {
  constexpr std::uint32_t kept = 4;  // row blocks whose rows of B the second level of cache still holds
  Rows::Block& block = rows.blocks[z(w)];
  const auto now = static_cast<std::uint32_t>(w) + 1;
  const auto is_kept = [&](Local k) { return k >= 0 && last_block[z(k)] > 0 && last_block[z(k)] + kept > now; };
  Offset num_products = 0;
  Offset surprises = 0;
  const Offset begin = a.row_ptr[z(block.first_row)];
  const Offset end = a.row_ptr[z(rows.blocks[z(w) + 1].first_row)];
  for (Offset p = begin; p < end; ++p) {
    const Local k = a.col[z(p)];
    rows.factors[z(p)] = b.row_ptr[z(k)];
    num_products += b.degree(k);
    // Processors follow rows in their order by themselves.
    surprises += is_kept(k) || is_kept(k - 1) || is_kept(k - 2) ? 0 : 1;
    last_block[z(k)] = now;
  }
  constexpr Offset near_nonzeros = Offset{1} << 16;  // of B, values of which the second level of cache holds
  block.prefetches = b.num_nonzeros() > near_nonzeros && 16 * surprises > end - begin;
  return num_products;
}

/// Row groups of rows of A with equal columns, and groups, of a row block: of so many rows and factors at most. Returns
/// how many positions they have.
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
    rows.row_groups[z(row)] = {num_rows, false, num_groups};
  }
  return num_positions;
}

/// What a thread needs to make a plan.
struct Scratch {
  Scratch(CsrView<float> a, CsrView<float> b) : last_block(a.num_cols), position(b.num_cols) {}

  ZeroedArray<std::uint32_t> last_block;  ///< see find_factors()
  ZeroedArray<std::uint16_t> position;    ///< in the row at hand, by column
  std::vector<std::uint16_t> positions;   ///< of a row block
};

/// Positions of a row block. Rows that repeat each other become row groups, if they are looked for.
class PositionFinder {
 public:
  PositionFinder(CsrView<float> b, Rows& rows, Offset w, bool look_for_repeats, Scratch& scratch)
      : b_(b), rows_(rows), w_(w), look_for_repeats_(look_for_repeats), scratch_(scratch) {}

  void find() {
    scratch_.positions.clear();
    rows_.for_each_row_group(w_, [&](Local row) {
      const std::size_t begin = scratch_.positions.size();
      find_positions(row);
      if (look_for_repeats_) join_row_group(row, begin);
    });
    end_row_group(scratch_.positions.size());
  }

 private:
  void find_positions(Local row) {
    const CsrView<float> c = rows_.c;
    const Rows::Block& block = rows_.blocks[z(w_)];
    const Offset first = c.row_ptr[z(block.is_plain ? block.first_row : row)];
    const auto left_out = static_cast<std::uint16_t>(c.row_ptr[z(block.first_row)] + rows_.num_nonzeros(w_) - first);
    const auto for_each_column = [&](auto use) {
      rows_.for_each_group(row, [&](Offset p, Rows::Group group) {
        for (const Local column : b_.col.subspan(z(rows_.factors[z(p)]), z(group.length))) use(z(column));
      });
    };
    if (rows_.masked) for_each_column([&](std::size_t column) { scratch_.position[column] = left_out; });
    for (Offset k = c.row_ptr[z(row)]; k < c.row_ptr[z(row) + 1]; ++k)
      scratch_.position[z(c.col[z(k)])] = static_cast<std::uint16_t>(k - first);
    const std::size_t begin = scratch_.positions.size();
    std::size_t count = 0;
    rows_.for_each_group(row, [&](Offset, Rows::Group group) { count += z(group.length); });
    scratch_.positions.resize(begin + count);
    std::uint16_t* next = scratch_.positions.data() + begin;
    for_each_column([&](std::size_t column) { *next++ = scratch_.position[column]; });
  }

  /// A row, whose positions begin at `begin`, repeats those before it, or others may repeat it.
  void join_row_group(Local row, std::size_t begin) {
    if (repeats(row, begin)) {
      ++rows_.row_groups[z(first_)].num_rows;
      scratch_.positions.resize(begin);
    } else {
      begin_ = end_row_group(begin);
      first_ = can_be_repeated(row) ? row : none;
    }
  }

  bool can_be_repeated(Local row) const {
    const Rows::RowGroup& row_group = rows_.row_groups[z(row)];
    return row_group.num_rows == 1 &&
           row_group.num_groups == rows_.first_factor[z(row) + 1] - rows_.first_factor[z(row)] &&
           rows_.c.view().degree(row) <= most_lane_slots;
  }

  bool repeats(Local row, std::size_t begin) const {
    if (first_ == none || !can_be_repeated(row)) return false;
    const Rows::RowGroup& row_group = rows_.row_groups[z(first_)];
    const auto groups_of = [&](Local of_row) {
      return std::span(rows_.groups).subspan(z(rows_.first_factor[z(of_row)]), z(row_group.num_groups));
    };
    const auto same_length = [](Rows::Group x, Rows::Group y) { return x.length == y.length; };
    const std::span<const std::uint16_t> positions = scratch_.positions;
    return row_group.num_rows < num_lanes && row_group.num_groups == rows_.row_groups[z(row)].num_groups &&
           rows_.c.view().degree(first_) == rows_.c.view().degree(row) &&
           std::ranges::equal(groups_of(first_), groups_of(row), same_length) &&
           std::ranges::equal(positions.subspan(begin_, begin - begin_), positions.subspan(begin));
  }

  /// Repeated rows are a row group, but few have their positions one by one. end: of their positions; returns where
  /// these end then.
  std::size_t end_row_group(std::size_t end) {
    if (first_ == none) return end;
    Rows::RowGroup& row_group = rows_.row_groups[z(first_)];
    if (row_group.num_rows == 1) return end;
    row_group.repeats = row_group.num_rows >= least_lanes;
    if (row_group.repeats) return end;
    const std::vector<std::uint16_t> again(scratch_.positions.begin() + static_cast<std::ptrdiff_t>(begin_),
                                           scratch_.positions.begin() + static_cast<std::ptrdiff_t>(end));
    for (Local i = 1; i < row_group.num_rows; ++i, end += again.size())
      scratch_.positions.insert(scratch_.positions.begin() + static_cast<std::ptrdiff_t>(end), again.begin(),
                                again.end());
    row_group.num_rows = 1;
    return end;
  }

  static constexpr Local none = -1;

  CsrView<float> b_;
  Rows& rows_;
  Offset w_;
  bool look_for_repeats_;
  Scratch& scratch_;
  Local first_ = none;     // of the rows that repeat each other
  std::size_t begin_ = 0;  // of their positions
};

void plan_block(CsrView<float> a, CsrView<float> b, bool look_for_repeats, Rows& rows, Offset w, Scratch& scratch) {
  Rows::Block& block = rows.blocks[z(w)];
  const Offset num_products = find_factors(a, b, scratch.last_block, rows, w);
  Offset num_positions = find_groups(a, b, rows.masked ? 1 : most_in_group, Rows::most_factors, rows, w);
  const Offset nonzeros = std::max<Offset>(rows.num_nonzeros(w), 1);
  const auto fits = [&] { return nonzeros <= most_nonzeros && num_positions <= most_positions * nonzeros; };
  block.has_positions = fits();
  block.is_plain = false;
  if (block.has_positions && look_for_repeats) {
    PositionFinder(b, rows, w, true, scratch).find();
    num_positions = std::ssize(scratch.positions);
  }
  // A few of several rows or factors are not worth that all are looked at.
  if (block.has_positions && 4 * num_positions >= 3 * num_products) {
    num_positions = find_groups(a, b, 1, 1, rows, w);
    block.has_positions = block.is_plain = fits();
  }
  if (block.has_positions) {
    if (block.is_plain || !look_for_repeats) PositionFinder(b, rows, w, false, scratch).find();
    block.positions = scratch.positions;
  }
  rows.for_each_row_group(w, [&](Local row) { block.num_groups += rows.row_groups[z(row)].num_groups; });
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
  const bool look_for_repeats = isa() == Isa::avx512 && !mask.view && rows_repeat(a) && rows_repeat(b);
  parallel_for(
      num_blocks, [&] { return Scratch(a, b); },
      [&](Scratch& scratch, Offset w) { plan_block(a, b, look_for_repeats, rows, w, scratch); }, [](Offset) {});
  for (Offset w = 0; w < num_blocks; ++w) {
    const Rows::Block& block = rows.blocks[z(w)];
    rows.needs_columns = rows.needs_columns || !block.has_positions;
    if (block.has_positions) rows.longest_block = std::max(rows.longest_block, rows.num_nonzeros(w));
    if (!block.has_positions || block.is_plain) continue;
    rows.for_each_row_group(w, [&](Local row) {
      const Rows::RowGroup& row_group = rows.row_groups[z(row)];
      const Offset length = rows.c.view().degree(row);
      if (row_group.num_rows > 1)
        rows.most_sums =
            std::max(rows.most_sums, row_group.repeats ? (length + num_lanes) * num_lanes : length * most_in_group);
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

// ---- For users

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
Stats multiply(const Plan& plan, std::type_identity_t<CsrView<V>> a, std::type_identity_t<CsrView<V>> b, Csr<V>& c) {
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
  multiply_planned(rows, PlanValues<V>{a.val, b.val, b.col}, c);
  return {{"products", rows.num_products}, {"nonzeros", rows.c.num_nonzeros()}};
}

template Plan plan(const CsrView<double>&, const CsrView<double>&, const Options&, const Mask<double>&);
template Plan plan(const CsrView<float>&, const CsrView<float>&, const Options&, const Mask<float>&);
template Plan plan(const CsrView<std::int64_t>&, const CsrView<std::int64_t>&, const Options&,
                   const Mask<std::int64_t>&);
template Stats multiply(const Plan&, CsrView<double>, CsrView<double>, Csr<double>&);
template Stats multiply(const Plan&, CsrView<float>, CsrView<float>, Csr<float>&);
template Stats multiply(const Plan&, CsrView<std::int64_t>, CsrView<std::int64_t>, Csr<std::int64_t>&);

}  // namespace filigree::spgemm
