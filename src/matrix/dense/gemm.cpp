// Products of dense matrices: panels packed in the order in which the kernel reads them (Goto, van de Geijn, Anatomy of
// high-performance matrix multiplication, TOMS 2008).
#include <omp.h>

#include <algorithm>
#include <cassert>
#include <vector>

#include "core/index.hpp"
#include "filigree/matrix/small_dense.hpp"
#include "matrix/dense/tile.hpp"

namespace filigree {
namespace {

using dense::Tile;

constexpr Offset depth_block = 256;
constexpr Offset height_block = 192;  // a multiple of every tile's height: 192 x 256 doubles fit L2
constexpr Offset width_block = 4032;  // a multiple of 8, 6 and 4

Offset panels(Offset length, Offset size) { return (length + size - 1) / size; }

/// Packs rows [row, row + height) x [k, k + depth) of op(A) into panels of `tile` rows, zeros below the last row.
/// op(B) is packed the same way: its columns are the rows of its transpose.
void pack(DenseView a, bool transposed, Offset row, Offset height, Offset k, Offset depth, Offset tile, double* to) {
  for (Offset begin = 0; begin < height; begin += tile) {
    const Offset count = std::min(tile, height - begin);
    if (transposed) {
      if (count < tile) std::fill_n(to, tile * depth, 0.0);
      for (Offset i = 0; i < count; ++i) {
        const double* const from = a.data + k + (row + begin + i) * a.stride;
        for (Offset p = 0; p < depth; ++p) to[p * tile + i] = from[p];
      }
      to += tile * depth;
      continue;
    }
    for (Offset p = 0; p < depth; ++p) {
      const double* const from = a.data + row + begin + (k + p) * a.stride;
      for (Offset i = 0; i < count; ++i) to[i] = from[i];
      for (Offset i = count; i < tile; ++i) to[i] = 0;
      to += tile;
    }
  }
}

void scale(double beta, DenseSpan<double> c) {
  if (beta == 1) return;
  for (Offset j = 0; j < c.cols; ++j) {
    for (double& x : c.col(j)) x = beta == 0 ? 0 : beta * x;
  }
}

void add_tile(double alpha, const double* tile, Offset height, DenseSpan<double> c) {
  for (Offset j = 0; j < c.cols; ++j) {
    double* const to = c.data + j * c.stride;
    for (Offset i = 0; i < c.rows; ++i) to[i] += alpha * tile[j * height + i];
  }
}

/// C = alpha op(A) op(B) + beta C, leaving out tiles in which every element has row < col - below_diagonal_of: 0 leaves
/// the strict upper triangle undefined, the number of columns computes everything.
void multiply_tiles(double alpha, DenseView a, Op op_a, DenseView b, Op op_b, double beta, DenseSpan<double> c,
                    Offset below_diagonal_of) {
  const bool a_transposed = op_a == Op::transpose;
  const bool b_transposed = op_b == Op::transpose;
  const Offset depth = a_transposed ? a.rows : a.cols;
  assert((a_transposed ? a.cols : a.rows) == c.rows && (b_transposed ? b.rows : b.cols) == c.cols);
  assert((b_transposed ? b.cols : b.rows) == depth);
  const Tile tile = dense::best_tile();
  scale(beta, c);
  if (alpha == 0 || c.rows == 0 || c.cols == 0) return;
  const double work = 2.0 * static_cast<double>(c.rows) * static_cast<double>(c.cols) * static_cast<double>(depth);
  const int threads = work < 4e6 || omp_in_parallel() ? 1 : omp_get_max_threads();
  std::vector<double> packed_a(
      z(panels(std::min(height_block, c.rows), tile.height) * tile.height * std::min(depth_block, depth)));
  std::vector<double> packed_b(
      z(panels(std::min(width_block, c.cols), tile.width) * tile.width * std::min(depth_block, depth)));
  for (Offset col = 0; col < c.cols; col += width_block) {
    const Offset width = std::min(width_block, c.cols - col);
    for (Offset k = 0; k < depth; k += depth_block) {
      const Offset d = std::min(depth_block, depth - k);
      pack(b, !b_transposed, col, width, k, d, tile.width, packed_b.data());
      for (Offset row = 0; row < c.rows; row += height_block) {
        const Offset height = std::min(height_block, c.rows - row);
        pack(a, a_transposed, row, height, k, d, tile.height, packed_a.data());
        const Offset num_panels = panels(width, tile.width);
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
        for (Offset panel = 0; panel < num_panels; ++panel) {
          alignas(64) double out[dense::max_tile_size];
          const Offset j = panel * tile.width;
          const Offset w = std::min(tile.width, width - j);
          for (Offset i = 0; i < height; i += tile.height) {
            const Offset h = std::min(tile.height, height - i);
            if (row + i + h <= col + j - below_diagonal_of) continue;  // only above the diagonal
            tile.multiply(d, packed_a.data() + i * d, packed_b.data() + j * d, out);
            add_tile(alpha, out, tile.height, c.block(row + i, col + j, h, w));
          }
        }
      }
    }
  }
}

}  // namespace

void gemm(double alpha, DenseView a, Op op_a, DenseView b, Op op_b, double beta, DenseSpan<double> c) {
  multiply_tiles(alpha, a, op_a, b, op_b, beta, c, c.cols);
}

Dense multiply(DenseView a, DenseView b, Op op_a, Op op_b) {
  Dense c(op_a == Op::transpose ? a.cols : a.rows, op_b == Op::transpose ? b.rows : b.cols);
  gemm(1, a, op_a, b, op_b, 0, c);
  return c;
}

Dense gram(DenseView a) {
  Dense c(a.cols, a.cols);
  multiply_tiles(1, a, Op::transpose, a, Op::none, 0, c, 0);
  for (Offset j = 1; j < c.cols; ++j) {
    for (Offset i = 0; i < j; ++i) c(i, j) = c(j, i);
  }
  return c;
}

double squared_norm(DenseView a) {
  double sum = 0;
  for (Offset j = 0; j < a.cols; ++j) {
    double of_lane[4] = {};
    const double* const x = a.data + j * a.stride;
    Offset i = 0;
    for (; i + 4 <= a.rows; i += 4) {
      for (Offset lane = 0; lane < 4; ++lane) of_lane[lane] += x[i + lane] * x[i + lane];
    }
    for (; i < a.rows; ++i) of_lane[0] += x[i] * x[i];
    sum += (of_lane[0] + of_lane[1]) + (of_lane[2] + of_lane[3]);
  }
  return sum;
}

Dense::Dense(DenseView from) : Dense(from.rows, from.cols) {
  for (Offset j = 0; j < cols; ++j) std::copy_n(from.data + j * from.stride, rows, values.data() + j * rows);
}

}  // namespace filigree
