// What a plan knows of a product: where every product of two values goes, in the order in which they are made.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/index.hpp"
#include "core/simd/isa.hpp"
#include "filigree/spgemm/plan.hpp"

namespace filigree::spgemm {

/// The products of the rows of a row block, one after the other:
///
///   factors     one per nonzero of A: where a row of B begins
///   row groups  1 to 4 consecutive rows whose rows of A have equal columns, as the unknowns of a node of a mesh do:
///               they share their rows of B, and positions
///   groups      1 to 4 consecutive factors of a row group whose rows of B have equal columns: their products go to
///               equal slots
///   positions   of the products of a group, 16 bits each: in the row of C; in a plain row block, where each row group
///               is a row and each group a factor, among the nonzeros of the whole row block
///
/// All that is read or written follows from these and the number of values: the patterns of A and B are not looked at.
/// The exception are row blocks without positions, rows of which are added up in an array over all columns: rows with
/// more nonzeros than 16 bits can tell apart, and those with so many products that their positions would take several
/// times the memory of C.
struct PlanRows {
  struct RowGroup {
    Local num_rows;  ///< 1 .. tuning::most_in_group
    Local num_groups;
  };
  struct Group {
    Local length;       ///< of its rows of B
    Local num_factors;  ///< 1 .. most_factors
  };
  struct Block {
    Local first_row = 0;
    bool has_positions = true;
    bool is_plain = true;
    bool prefetches = false;  ///< rows of B are in no cache, and the processor does not predict them
    std::vector<std::uint16_t> positions = {};
  };
  static constexpr Local most_factors = 4;

  Semiring semiring = Semiring::plus_times;
  bool masked = false;
  Local num_inner = 0;
  Offset b_nonzeros = 0;
  Local longest_b_row = 0;
  std::uint64_t a_fingerprint = 0, b_fingerprint = 0;  ///< of factors that fit; plan_rows() leaves them open
  Csr<float> c;                                        ///< its pattern: without values

  std::vector<Offset> first_factor;  ///< by row, as row_ptr of A
  Array<Offset> factors;             ///< into the values of B
  Array<RowGroup> row_groups;        ///< by their first row
  Array<Group> groups;               ///< by their first factor in the first row of the row group
  std::vector<Block> blocks;         ///< and one behind the last. Masked: what is left out goes behind its nonzeros
  Offset num_products = 0;
  Offset longest_block = 0;  ///< nonzeros of C in one with positions
  Offset most_sums = 0;      ///< that a row group of several rows with positions needs capacity for
  bool needs_columns = false;

  Local num_rows() const { return c.num_rows(); }
  Offset a_nonzeros() const { return first_factor.back(); }
  /// Nonzeros of C in a row block.
  Offset num_nonzeros(Offset block) const {
    return c.row_ptr[z(blocks[z(block) + 1].first_row)] - c.row_ptr[z(blocks[z(block)].first_row)];
  }
  Offset num_bytes() const;

  /// use(row) for the first rows of the row groups of a row block.
  template <class Use>
  void for_each_row_group(Offset block, Use use) const {
    const Local end = blocks[z(block) + 1].first_row;
    for (Local row = blocks[z(block)].first_row; row < end; row += row_groups[z(row)].num_rows) use(row);
  }
  /// use(p, group) for the groups of a row group, by its first row; p: their first factors.
  template <class Use>
  FILIGREE_INLINE void for_each_group(Local row, Use use) const {
    Offset p = first_factor[z(row)];
    for (Local i = row_groups[z(row)].num_groups; i > 0; --i) {
      const Group group = groups[z(p)];
      use(p, group);
      p += group.num_factors;
    }
  }
};

/// Access to what a plan holds.
struct PlanAccess {
  static Plan make(PlanRows rows) { return Plan(std::make_shared<const PlanRows>(std::move(rows))); }
  static const PlanRows& rows(const Plan& plan) { return *plan.rows_; }
  static DistPlan make(std::shared_ptr<const DistPlanParts> parts) { return DistPlan(std::move(parts)); }
  static const DistPlanParts& parts(const DistPlan& plan) { return *plan.parts_; }
};

/// What changes from product to product, in the order of the patterns.
template <class V>
struct PlanValues {
  std::span<const V> a;
  std::span<const V> b;
  std::span<const Local> b_col;  ///< in [0, columns of C]; may be empty unless the plan needs_columns
};

/// A hash of the pattern of a matrix: equal for equal patterns, different for others except by a chance of 2^-64.
std::uint64_t fingerprint(Local num_cols, std::span<const Offset> row_ptr, std::span<const Local> col);

/// Shapes must fit.
PlanRows plan_rows(CsrView<float> a, CsrView<float> b, const Options& options, const Mask<float>& mask);

/// Makes C: the plan's pattern, copied unless c has it, and the values.
template <class V>
void multiply_planned(const PlanRows& rows, const PlanValues<V>& values, Csr<V>& c);

/// A matrix or a mask without values, as plans for values of any type take it.
template <class V>
CsrView<float> pattern_of(const CsrView<V>& matrix) {
  return {matrix.num_cols, matrix.row_ptr, matrix.col, {}};
}
template <class V>
Mask<float> pattern_of(const Mask<V>& mask) {
  return mask.view ? Mask<float>(pattern_of(*mask.view), mask.complement) : Mask<float>();
}

}  // namespace filigree::spgemm
