// Tiles: runs of neighbouring columns in the rows of B, as meshes with several unknowns a node have them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/index.hpp"
#include "filigree/matrix/csr.hpp"
#include "spgemm/rows/scatter_row.hpp"
#include "spgemm/tuning.hpp"

namespace filigree::spgemm {

/// A run of a row of B, within a line of sums.
struct Tile {
  Local line;          ///< its columns over num_lanes
  std::uint32_t mask;  ///< which of the line's
};

/// use(tile) for the tiles of a row; returns how many.
template <class Use>
Local cut_tiles(std::span<const Local> cols, Use use) {
  Local count = 0;
  const std::size_t size = cols.size();
  for (std::size_t i = 0; i < size; ++count) {
    const Local line = cols[i] / num_lanes;
    std::uint32_t mask = std::uint32_t{1} << cols[i] % num_lanes;
    std::uint32_t last = mask;
    for (++i; i < size && cols[i] == cols[i - 1] + 1 && cols[i] / num_lanes == line; ++i) mask |= last <<= 1;
    use(Tile{line, mask});
  }
  return count;
}

/// What a sample of its rows says about B.
struct Runs {
  double length = 0;   ///< nonzeros over tiles
  double sharing = 1;  ///< rows over rows that differ from the one before
};

template <class V>
Runs sample_runs(const CsrView<V>& b) {
  const Local step = b.num_rows() / tuning::sampled_rows + 1;
  Offset nonzeros = 0;
  Offset tiles = 0;
  Offset rows = 0;
  Offset different = 0;
  for (Offset at = 0; at + 1 < b.num_rows(); at += step) {
    const auto row = static_cast<Local>(at);
    nonzeros += b.degree(row);
    tiles += cut_tiles(b.cols(row), [](Tile) {});
    ++rows;
    different += std::ranges::equal(b.cols(row), b.cols(row + 1)) ? 0 : 1;
  }
  if (tiles == 0) return {};
  return {static_cast<double>(nonzeros) / static_cast<double>(tiles),
          static_cast<double>(rows) / static_cast<double>(std::max<Offset>(different, 1))};
}

/// The tiles of all rows of B.
template <class V>
class Tiles {
 public:
  explicit Tiles(const CsrView<V>& b)
      : begin_(z(b.num_rows())), num_(z(b.num_rows())), tile_(std::make_unique_for_overwrite<Tile[]>(b.col.size())) {
    constexpr Offset chunk = 256;
    const Offset num_rows = b.num_rows();
#pragma omp parallel for schedule(dynamic)
    for (Offset first = 0; first < num_rows; first += chunk) {
      Offset end = b.row_ptr[z(first)];
      for (auto row = static_cast<Local>(first); row < std::min(num_rows, first + chunk); ++row) {
        const bool like_last = row > first && std::ranges::equal(b.cols(row), b.cols(row - 1));
        begin_[z(row)] = like_last ? begin_[z(row) - 1] : end;
        num_[z(row)] =
            like_last ? num_[z(row) - 1] : cut_tiles(b.cols(row), [&](Tile tile) { tile_[z(end++)] = tile; });
      }
    }
  }

  std::span<const Tile> of_row(Local row) const { return {tile_.get() + begin_[z(row)], z(num_[z(row)])}; }
  /// Whether two rows have the same columns, and share tiles.
  bool alike(Local row, Local other) const {
    return begin_[z(row)] == begin_[z(other)] && num_[z(row)] == num_[z(other)];
  }

 private:
  std::vector<Offset> begin_;  // by row of B
  std::vector<Local> num_;
  std::unique_ptr<Tile[]> tile_;  // those of a chunk of rows side by side, from where its nonzeros begin in B
};

}  // namespace filigree::spgemm
