// k-means: rows of a distributed block, grouped around centres.
#pragma once

#include <cstdint>
#include <vector>

#include "filigree/matrix/dist_dense.hpp"

#pragma GCC visibility push(default)
namespace filigree {

struct KmeansOptions {
  Offset num_clusters = 2;  ///< k, >= 1
  int num_starts = 10;      ///< >= 1
  int max_iterations = 100;
  Offset sample_rows = 4096;  ///< rows among which starts are tried; at least 16 k are
  std::uint64_t seed = 1;
};

struct KmeansResult {
  std::vector<Local> labels;  ///< of each owned row, in [0, k); -1 for rows of weight 0
  Dense centres;              ///< k x cols
  double inertia = 0;         ///< sum over rows of weight x squared distance from their centre
  int iterations = 0;
};

/// Groups rows x_i in k clusters that make  sum of w_i |x_i - centre of its cluster|^2  small: Lloyd's iteration, until
/// no label changes, from the best of several starts by k-means++, which are tried on a random sample of the rows.
///
/// row_weights  one >= 0 for each owned row, or empty on all ranks = ones; rows of weight 0 are left out
/// returns      clusters that nothing was nearest to keep their centre and may be empty
///
/// Throws InvalidArgument on all ranks for options out of range and rows that are not finite. Collective. Work: rows k
/// cols an iteration. The same bits on any ranks and threads. Sources: Lloyd, IEEE Trans. Inf. Theory 28, 1982; Arthur,
/// Vassilvitskii, SODA 2007.
KmeansResult kmeans(const DistDense<double>& x, const KmeansOptions& options, std::span<const double> row_weights = {});

}  // namespace filigree
#pragma GCC visibility pop
