// DenseBlocks: a list of dense matrices with equal row counts, whole matrices distributed over ranks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "filigree/core/comm.hpp"
#include "filigree/matrix/dist_dense.hpp"
#include "filigree/matrix/partition.hpp"
#include "filigree/matrix/small_dense.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// Blocks A_0, A_1, ... of `rows` rows each. The rank that owns block i holds all of it; what a block is called and how
/// many columns it has is known on every rank.
struct DenseBlocks {
  Comm comm;
  Partition blocks;                ///< which rank owns which blocks
  Offset rows = 0;                 ///< of every block
  std::vector<Offset> cols;        ///< of all blocks
  std::vector<std::string> names;  ///< of all blocks
  std::vector<Dense> local;        ///< the owned blocks, ascending

  Offset num_blocks() const { return blocks.num_items(); }
  bool owns(Global block) const { return blocks.owns(comm.rank(), block); }
  /// An owned block.
  const Dense& owned(Global block) const { return local[static_cast<std::size_t>(block - blocks.begin(comm.rank()))]; }
  Offset num_columns() const {
    Offset sum = 0;
    for (const Offset n : cols) sum += n;
    return sum;
  }
};

/// Returns a hash that is equal for equal lists of matrices on any number of ranks, whatever their names; different,
/// except for a chance of 2^-64, for any others. Collective. One pass over the elements.
std::uint64_t content_hash(const DenseBlocks& blocks);
/// The same of a matrix whose rows are distributed.
std::uint64_t content_hash(const DistDense<double>& matrix);

}  // namespace filigree
#pragma GCC visibility pop
