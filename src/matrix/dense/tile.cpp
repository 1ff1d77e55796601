#include "matrix/dense/tile.hpp"

#include "core/cpu.hpp"

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

void tile_portable(Offset depth, const double* a, const double* b, double* out) {
  tile_body<2, 2, 4>(depth, a, b, out);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void tile_avx2(Offset depth, const double* a, const double* b, double* out) {
  tile_body<4, 2, 6>(depth, a, b, out);
}
[[gnu::target("avx512f,avx512dq,avx512bw,avx512vl")]] void tile_avx512(Offset depth, const double* a, const double* b,
                                                                       double* out) {
  tile_body<8, 3, 8>(depth, a, b, out);
}
#endif

}  // namespace

Tiles available_tiles() {
  Tiles tiles{};
#if defined(__x86_64__)
  if (cpu_has_avx512()) tiles.tile[tiles.count++] = {24, 8, tile_avx512};
  if (cpu_has_avx2()) tiles.tile[tiles.count++] = {8, 6, tile_avx2};
#endif
  tiles.tile[tiles.count++] = {4, 4, tile_portable};
  return tiles;
}

}  // namespace filigree::dense
