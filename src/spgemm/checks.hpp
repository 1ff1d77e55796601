// What is refused: factors and masks that do not fit each other, and products that do not fit into memory.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>

#include "filigree/spgemm.hpp"

namespace filigree::spgemm {

struct Shape {
  Global rows;
  Global cols;
};

/// Throws unless a and b have a product. `call` begins the message.
inline void check_factors(const char* call, Shape a, Shape b) {
  require(a.cols == b.rows, call, ": a is ", a.rows, " x ", a.cols, " and b ", b.rows, " x ", b.cols,
          "; a must have as many columns as b has rows");
}

/// The same of all that multiply() takes.
inline void check_arguments(Shape a, Shape b, std::optional<Shape> mask, const Options& options) {
  check_factors("multiply", a, b);
  if (mask) {
    require(mask->rows == a.rows && mask->cols == b.cols, "multiply: the product is ", a.rows, " x ", b.cols,
            " and the mask ", mask->rows, " x ", mask->cols, "; they must have the same shape");
  }
  require(mask || !options.complement, "multiply: complement needs a mask");
  require(options.memory_budget >= 0, "multiply: memory_budget ", options.memory_budget, ", must be at least 0");
}

/// What rows of C take, beside their entries and with them.
template <class V>
struct ProductBytes {
  static constexpr Offset row = sizeof(Offset);
  static constexpr Offset entry = sizeof(Local) + sizeof(V);
  static constexpr Offset of(Offset num_rows, Offset num_nonzeros) {
    return row * (num_rows + 1) + entry * num_nonzeros;
  }
};

constexpr Offset unlimited = std::numeric_limits<Offset>::max();

/// Nonzeros that the budget has room for in so many rows of C; negative if the rows alone do not fit.
template <class V>
Offset most_within_budget(Offset num_rows, const Options& options) {
  if (options.memory_budget == 0) return unlimited;
  const Offset room = options.memory_budget - ProductBytes<V>::of(num_rows, 0);
  return room < 0 ? -1 : room / ProductBytes<V>::entry;
}

/// Throws if these rows of C have more. `where` they are is part of the message.
template <class V>
void check_budget(Offset num_rows, Offset num_nonzeros, const Options& options, const std::string& where = "") {
  if (num_nonzeros <= most_within_budget<V>(num_rows, options)) return;
  throw Error(text("multiply: the product takes ", ProductBytes<V>::of(num_rows, num_nonzeros), " bytes", where, ", ",
                   num_rows, " rows and ", num_nonzeros, " nonzeros; memory_budget is ", options.memory_budget));
}

}  // namespace filigree::spgemm
