#include "svd_clustering/cluster/ranking.hpp"

#include <algorithm>
#include <cmath>

#include "core/index.hpp"
#include "filigree/core/random.hpp"
#include "svd_clustering/cluster/bounds.hpp"

namespace filigree::svd_clustering {
namespace {

constexpr Offset width = 4;  ///< columns of a sketch

/// A times an n x width matrix of signs, or A itself if it is narrow; of norm 1 unless it is zero.
Dense sketch_of(DenseView a, Global block) {
  Dense sketch;
  if (a.cols <= width) {
    sketch = Dense(a);
  } else {
    static constexpr std::uint64_t purpose = 0x5ced;
    const Stream stream(1, purpose);
    Dense signs(a.cols, width);
    for (Offset j = 0; j < a.cols; ++j) {
      const Stream::Block words = stream.block(block, static_cast<std::uint32_t>(j), 0);
      for (Offset k = 0; k < width; ++k) signs(j, k) = (words[z(k)] >> 31) != 0 ? 1 : -1;
    }
    sketch = multiply(a, signs);
  }
  const double norm = frobenius_norm(sketch);
  const int exponent = norm > 0 ? std::ilogb(norm) : 0;
  for (double& x : sketch.values) x = std::ldexp(x, -exponent);
  const double rest = frobenius_norm(sketch);
  if (rest > 0) {
    for (double& x : sketch.values) x /= rest;
  }
  return sketch;
}

}  // namespace

Sketches::Sketches(const DenseBlocks& blocks) : blocks_(blocks) {
  blocks.comm.guard([&] {
    for (Global i = blocks.blocks.begin(blocks.comm.rank()); const Dense& block : blocks.local)
      local_.push_back(sketch_of(block, i++));
  });
}

std::vector<double> Sketches::relative_residuals(DenseView basis, std::span<const Global> candidates) const {
  const Comm& comm = blocks_.comm;
  const std::vector<double> mine = comm.guard([&] {
    const Global first = blocks_.blocks.begin(comm.rank());
    std::vector<Global> owned;
    Offset columns = 0;
    for (const Global i : candidates) {
      if (!blocks_.owns(i)) continue;
      owned.push_back(i);
      columns += local_[z(i - first)].cols;
    }
    Dense joined(blocks_.rows, columns);
    auto to = joined.values.begin();
    for (const Global i : owned) to = std::ranges::copy(local_[z(i - first)].values, to).out;
    const Dense inside = multiply(basis, joined, Op::transpose);
    std::vector<double> residuals;
    Offset column = 0;
    for (const Global i : owned) {
      const Offset count = local_[z(i - first)].cols;
      residuals.push_back(1 - squared_norm(inside.view().columns(column, count)));
      column += count;
    }
    return residuals;
  });
  return comm.all_gather(mine).values;
}

}  // namespace filigree::svd_clustering
