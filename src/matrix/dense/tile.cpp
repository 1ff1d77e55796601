#include "matrix/dense/tile.hpp"

#include "core/simd/isa.hpp"

namespace filigree::dense {
namespace {

/// Vectors of `lanes` doubles, `Vectors` of them down and `Width` across. Products and sums stay separate operations
/// (-ffp-contract=off), so that all widths round alike.
template <int lanes, int Vectors, int Width>
FILIGREE_INLINE void tile_body(Offset depth, const double* a, const double* b, double* out) {
  typedef double Vector __attribute__((vector_size(lanes * sizeof(double))));
  typedef double Unaligned __attribute__((vector_size(lanes * sizeof(double)), aligned(8), may_alias));
  Vector sum[Width][Vectors] = {};
  for (Offset p = 0; p < depth; ++p) {
    Vector column[Vectors];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) column[v] = reinterpret_cast<const Unaligned*>(a)[v];
#pragma GCC unroll 24
    for (int j = 0; j < Width; ++j) {
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) sum[j][v] += column[v] * b[j];
    }
    a += lanes * Vectors;
    b += Width;
  }
#pragma GCC unroll 24
  for (int j = 0; j < Width; ++j) {
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) reinterpret_cast<Unaligned*>(out)[j * Vectors + v] = sum[j][v];
  }
}

using TileKernel = Kernel<tile_body<2, 2, 4>, tile_body<4, 2, 6>, tile_body<8, 3, 8>>;

}  // namespace

Tile best_tile() {
  return best_of<Tile>({4, 4, TileKernel::portable}, {8, 6, TileKernel::avx2}, {24, 8, TileKernel::avx512});
}

}  // namespace filigree::dense
