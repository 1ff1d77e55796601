// Reading collections of dense matrices, and writing one.
#pragma once

#include <string>
#include <vector>

#include "filigree/core/timing.hpp"
#include "filigree/matrix/dense_blocks.hpp"
#include "filigree/matrix/dist_dense.hpp"

#pragma GCC visibility push(default)
namespace filigree::io {

/// Treatment of NaN and infinity: refused with file and position; 0; the mean of the finite elements in the same row
/// of the block, 0 if it has none.
enum class NotFinite { refuse, zero, impute };

struct DenseOptions {
  NotFinite not_finite = NotFinite::refuse;
  bool pad = false;        ///< add rows of zeros below blocks that have fewer than others, instead of refusing them
  Progress progress = {};  ///< phase "read", columns of this rank; may throw
};

struct DenseFile {
  DenseBlocks blocks;
  Offset num_replaced = 0;  ///< elements that were not finite
  Offset num_padded = 0;    ///< blocks that were given rows
};

/// Reads a collection of dense matrices of equal row counts.
///
/// paths    .npy; .h5, .hdf5, .nc: every two-dimensional dataset of numbers; .mtx; a folder of .npy files, in natural
///          order; a .txt list of paths. docs/file_formats.md has the details of each
/// options  what becomes of NaN, infinity and blocks with fewer rows
/// returns  each matrix whole on one rank, contiguous blocks of them with about equal numbers of columns on each
///
/// Throws IoError("path: what") on all ranks, also for a block of more than 2^40 elements. Collective over comm. Memory
/// per rank: its blocks, and one more. The same blocks on any number of ranks.
DenseFile read_dense(const Comm& comm, const std::vector<std::string>& paths, const DenseOptions& options = {});

struct DenseRowsFile {
  DistDense<double> matrix;        ///< all blocks side by side, rows over ranks in equal numbers
  std::vector<Offset> cols;        ///< of the blocks
  std::vector<std::string> names;  ///< of the blocks
  Offset num_replaced = 0;
  Offset num_padded = 0;
};

/// Reads the same files with the rows of all blocks distributed, for matrices that are too tall for one rank.
/// Collective. Peak memory: the rows of this rank, and those of one block more (all rows of a .mtx).
DenseRowsFile read_dense_rows(const Comm& comm, const std::vector<std::string>& paths,
                              const DenseOptions& options = {});

/// Writes a matrix from one rank as .npy, float64, by columns. Not collective; throws IoError. The file takes its name
/// when it is complete.
void write_dense_npy(const std::string& path, DenseView matrix);

}  // namespace filigree::io
#pragma GCC visibility pop
