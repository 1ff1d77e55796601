// RowMethod: which accumulator rows go to. Callers get the automatic choice; others are for tests, benchmarks and the
// thesis.
#pragma once

#include <optional>

#include "filigree/spgemm/thesis.hpp"

namespace filigree::spgemm {

/// All give the same bits. Rows outside of the range of one are scattered: lists of more than 1024 products if they are
/// to be sorted, hash tables of more than 4096, sorts of more than 1024 products or of products whose number and column
/// do not fit into 32 bits, tiles and repeated rows without AVX-512. Rows of one factor, and rows under a mask, have
/// kernels of their own.
enum class Accumulator {
  automatic,  ///< chosen row by row
  sort,       ///< products side by side, sorted by column, added up
  list,       ///< columns listed as they are met, found again in an array over all columns; then sorted
  hash,       ///< the same, found again in a hash table
  scatter,    ///< an array over all columns, read in order
  tile,       ///< the same, runs of neighbouring columns at a time; with AVX-512 only
  repeat,     ///< consecutive rows with the same columns up to a shift together, others scattered; with AVX-512 only
};

struct RowMethod {
  Accumulator accumulator = Accumulator::automatic;
  bool sorted = true;
  std::optional<Variant> variant = {};  ///< then all rows by that one, sorted

  friend bool operator==(const RowMethod&, const RowMethod&) = default;
};

}  // namespace filigree::spgemm
