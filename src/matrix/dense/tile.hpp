// The inner product kernel of gemm: one tile of C from packed panels.
#pragma once

#include "filigree/core/types.hpp"

namespace filigree::dense {

/// Adds, for p = 0 .. depth - 1 in this order, a[p * height + i] * b[p * width + j] into out[j * height + i], which is
/// overwritten.
using TileFunction = void (*)(Offset depth, const double* a, const double* b, double* out);

/// A kernel and the shape of its tile.
struct Tile {
  Offset height;
  Offset width;
  TileFunction multiply;
};

/// Largest height * width of any kernel.
constexpr Offset max_tile_size = 24 * 8;

/// The kernel for isa(); all give the same bits.
Tile best_tile();

}  // namespace filigree::dense
