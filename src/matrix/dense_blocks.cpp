#include "filigree/matrix/dense_blocks.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace filigree {

std::uint64_t content_hash(const DenseBlocks& blocks) {
  std::uint64_t sum = 0;
  for (Global i = blocks.blocks.begin(blocks.comm.rank()); const Dense& block : blocks.local)
    sum +=
        XXH3_64bits_withSeed(block.values.data(), block.values.size() * sizeof(double), static_cast<XXH64_hash_t>(i++));
  const std::uint64_t whole[] = {blocks.comm.sum(sum), static_cast<std::uint64_t>(blocks.rows),
                                 static_cast<std::uint64_t>(blocks.num_blocks())};
  return XXH3_64bits(whole, sizeof whole);
}

std::uint64_t content_hash(const DistDense<double>& matrix) {
  std::uint64_t sum = 0;
  const Global first = matrix.rows.begin(matrix.comm.rank());
  for (Offset i = 0; i < matrix.num_local_rows(); ++i) {
    const std::span<const double> row = matrix.row(i);
    sum += XXH3_64bits_withSeed(row.data(), row.size_bytes(), static_cast<XXH64_hash_t>(first + i));
  }
  const std::uint64_t whole[] = {matrix.comm.sum(sum), static_cast<std::uint64_t>(matrix.rows.num_items()),
                                 static_cast<std::uint64_t>(matrix.cols)};
  return XXH3_64bits(whole, sizeof whole);
}

}  // namespace filigree
