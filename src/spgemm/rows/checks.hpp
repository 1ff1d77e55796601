// What is refused: factors and masks that do not fit each other, and products that do not fit into memory.
#pragma once

#include <algorithm>
#include <limits>
#include <new>

#include "filigree/spgemm/multiply.hpp"

/// of(V) for all types of values: explicit instantiations.
#define FILIGREE_FOR_VALUES(of) of(double) of(float) of(std::int64_t)

namespace filigree::spgemm {

template <class V>
const CsrView<V>* matrix_of(const Mask<V>& mask) {
  return mask.view ? &*mask.view : nullptr;
}
template <class V>
const DistCsr<V>* matrix_of(const DistMask<V>& mask) {
  return mask.matrix;
}

/// A distributed mask on a single rank.
template <class V>
Mask<V> local_mask(const DistMask<V>& mask) {
  return mask.matrix != nullptr ? Mask<V>(mask.matrix->local(), mask.complement) : Mask<V>();
}

/// Of a matrix, and the number of its ranks.
struct Shape {
  Global rows;
  Global cols;
  int ranks;
};

template <class V>
Shape shape_of(const CsrView<V>& matrix) {
  return {matrix.num_rows(), matrix.num_cols, 1};
}
template <class V>
Shape shape_of(const DistCsr<V>& matrix) {
  return {matrix.num_rows(), matrix.num_cols(), matrix.comm().size()};
}

/// Throws unless a and b have a product; the same on all ranks. `call` begins the message.
inline void check_factors(const char* call, Shape a, Shape b) {
  require(a.cols == b.rows, call, ": a is ", a.rows, " x ", a.cols, " and b ", b.rows, " x ", b.cols,
          "; a must have as many columns as b has rows");
  require(a.ranks == b.ranks, call, ": a lies on ", a.ranks, " ranks and b on ", b.ranks);
}

/// The same of all that multiply() and plan() take.
template <class Matrix, class MaskOf>
void check_arguments(const char* call, const Matrix& a_matrix, const Matrix& b_matrix, const MaskOf& of_c,
                     const Options& options) {
  const Matrix* const mask_matrix = matrix_of(of_c);
  const Shape a = shape_of(a_matrix);
  const Shape b = shape_of(b_matrix);
  check_factors(call, a, b);
  if (mask_matrix != nullptr) {
    const Shape mask = shape_of(*mask_matrix);
    require(mask.rows == a.rows && mask.cols == b.cols, call, ": the product is ", a.rows, " x ", b.cols,
            " and the mask ", mask.rows, " x ", mask.cols, "; they must have the same shape");
    require(mask.ranks == a.ranks, call, ": a lies on ", a.ranks, " ranks and the mask on ", mask.ranks);
  }
  require(mask_matrix != nullptr || !of_c.complement, call, ": complement needs a mask");
  require(options.memory_budget_bytes >= 0, call, ": memory_budget_bytes ", options.memory_budget_bytes,
          ", must be at least 0");
}

/// Bytes of rows of C without and with their entries.
template <class V>
struct ProductBytes {
  static constexpr Offset row = sizeof(Offset);
  static constexpr Offset entry = sizeof(Local) + sizeof(V);
  static constexpr Offset of(Offset num_rows, Offset num_nonzeros) {
    return row * (num_rows + 1) + entry * num_nonzeros;
  }
};

/// Calls reserve(), which takes memory for so many nonzeros, and says so where there is none.
template <class V, class Reserve>
void reserve_product(Offset num_nonzeros, Reserve reserve) {
  try {
    reserve();
  } catch (const std::bad_alloc&) {
    throw Error(text("multiply: no room for a product of up to ", num_nonzeros, " nonzeros, ",
                     num_nonzeros * ProductBytes<V>::entry, " bytes"));
  }
}

constexpr Offset unlimited = std::numeric_limits<Offset>::max();

/// Nonzeros that the budget has capacity for in so many rows of C; negative if the rows alone do not fit.
template <class V>
Offset most_within_budget(Offset num_rows, const Options& options) {
  if (options.memory_budget_bytes == 0) return unlimited;
  const Offset capacity = options.memory_budget_bytes - ProductBytes<V>::of(num_rows, 0);
  return capacity < 0 ? -1 : capacity / ProductBytes<V>::entry;
}

/// Throws if these rows of C have more. `where`: part of the message
template <class V>
void check_budget(Offset num_rows, Offset num_nonzeros, const Options& options, const std::string& where = "") {
  if (num_nonzeros <= most_within_budget<V>(num_rows, options)) return;
  throw Error(text("multiply: the product takes ", ProductBytes<V>::of(num_rows, num_nonzeros), " bytes", where, ", ",
                   num_rows, " rows and ", num_nonzeros, " nonzeros; memory_budget_bytes is ",
                   options.memory_budget_bytes));
}

}  // namespace filigree::spgemm
