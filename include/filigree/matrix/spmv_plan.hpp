// SpmvPlan: a matrix laid out for many products with it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "filigree/matrix/csr.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// A copy of a matrix in the layout that multiplies fastest. The entries of a row block (a window of at most 4096 rows)
/// lie in three parts, and within each part the rows of equal length stand together:
///
///   blocks   four consecutive columns, one index for all: web graphs, meshes, banded matrices
///   narrow   16-bit columns, where these are half of the entries or more: the 65536 around the middle of the window's,
///            or, where degrees are skewed, the 65536 most used of all, whose x is gathered first
///   wide     all others, 32-bit columns
///
/// so loops of one length follow each other (no mispredicted branches). Without values,
/// a row equal to an earlier one of its window is computed once.
///
/// Building takes the time of five to ten products by rows. Memory: at most that of the matrix + 6 rows bytes. Const,
/// so safe from several threads.
template <class V>
class SpmvPlan {
 public:
  /// Given every window's sums while they are in cache: `sums` = y of the rows first_row, first_row + 1, ..., and may
  /// change them. Called once per window, 0 <= window < num_windows(), by any thread in any order; must not throw.
  using Finish = std::function<void(Local window, Local first_row, std::span<double> sums)>;

  /// The matrix is not needed afterwards; its invariant (CsrView::validate) must hold. Deterministic.
  explicit SpmvPlan(CsrView<V> matrix);

  Local num_rows() const { return num_rows_; }
  Local num_cols() const { return num_cols_; }
  /// They depend on the matrix alone: partial sums by window, added up in order, have the same bits on any threads.
  Local num_windows() const { return static_cast<Local>(windows_.size()); }

  /// Computes y[i] = sum over j of val(i,j) x[j]. x: num_cols values, y: num_rows values, distinct memory. OpenMP over
  /// windows. A sum runs over the parts in turn, in each over the columns in ascending order, in four interleaved
  /// partial sums or by halves. The matrix alone fixes that order (it is not that of multiply(CsrView)): same bits on
  /// any threads.
  void multiply(std::span<const double> x, std::span<double> y, const Finish& finish = {}) const;

 private:
  /// Some entries of a window's rows. An item is an index into x, of one value or of the first of four.
  template <class Index>
  struct Part {
    struct Group {
      std::int32_t num_items;  // of each row
      std::int32_t num_rows;
    };
    std::vector<Group> groups;       // ascending by num_items
    std::vector<std::uint16_t> row;  // within the window, group by group
    std::vector<Index> item;         // row by row
    std::vector<V> val;              // one per entry, or empty
  };
  struct Copy {
    std::uint16_t row, equal_row;  // within the window
  };
  struct Window {
    Local first_row = 0;
    Local num_rows = 0;
    Local narrow_base = 0;  // column of narrow item 0, without hot columns
    Part<Local> blocks;
    Part<std::uint16_t> narrow;
    Part<Local> wide;
    std::vector<Copy> copies;
  };
  class Builder;

  Local num_rows_ = 0;
  Local num_cols_ = 0;
  bool weighted_ = false;
  std::vector<Local> hot_columns_;  // most used first; empty when not worth it
  std::vector<Window> windows_;
};

}  // namespace filigree
#pragma GCC visibility pop
