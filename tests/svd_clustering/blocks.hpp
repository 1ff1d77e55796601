// Collections of matrices for tests, and what is true of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "filigree/svd_clustering.hpp"
#include "support/dense.hpp"

namespace filigree::testing {

/// The columns of all matrices side by side.
inline Dense side_by_side(const std::vector<Dense>& parts) {
  Dense all(parts.front().rows, 0);
  for (const Dense& part : parts) {
    all.cols += part.cols;
    all.values.insert(all.values.end(), part.values.begin(), part.values.end());
  }
  return all;
}

/// A list that every rank holds, distributed.
inline DenseBlocks distributed(const Comm& comm, const std::vector<Dense>& all) {
  DenseBlocks blocks{comm, {}, all.empty() ? 0 : all.front().rows, {}, {}, {}};
  for (const Dense& block : all) {
    blocks.names.push_back("b" + std::to_string(blocks.cols.size()));
    blocks.cols.push_back(block.cols);
  }
  blocks.blocks = Partition::by_weight(blocks.cols, comm.size());
  for (Global i = blocks.blocks.begin(comm.rank()); i < blocks.blocks.end(comm.rank()); ++i)
    blocks.local.push_back(all[static_cast<std::size_t>(i)]);
  return blocks;
}

/// `count` blocks, block i from space i mod `groups`, of dimension `dim`, with noise.
inline std::vector<Dense> grouped_blocks(Offset rows, Offset cols, int count, int groups, Offset dim, double noise,
                                         std::uint64_t seed) {
  std::vector<Dense> spaces;
  for (int g = 0; g < groups; ++g)
    spaces.push_back(qr(random_dense(rows, dim, seed + static_cast<std::uint64_t>(g))).q);
  std::vector<Dense> blocks;
  for (int i = 0; i < count; ++i) {
    const auto key = seed + 1000 + static_cast<std::uint64_t>(i);
    Dense block = multiply(spaces[static_cast<std::size_t>(i % groups)], random_dense(dim, cols, key));
    const Dense rest = random_dense(rows, cols, key + 5000);
    for (std::size_t e = 0; e < block.values.size(); ++e) block.values[e] += noise * rest.values[e];
    blocks.push_back(std::move(block));
  }
  return blocks;
}

/// sqrt(sum of the squares of all but the first `rank`).
inline double rest_of(const std::vector<double>& s, Offset rank) {
  double sum = 0;
  for (Offset k = std::ssize(s); k-- > rank;) sum += s[static_cast<std::size_t>(k)] * s[static_cast<std::size_t>(k)];
  return std::sqrt(sum);
}

/// |M - U U^T M|_F.
inline double residual_of(DenseView m, DenseView u) {
  Dense rest(m);
  gemm(-1, u, Op::none, multiply(u, m, Op::transpose), Op::none, 1, rest);
  return std::sqrt(squared_norm(rest));
}

}  // namespace filigree::testing
