// Reading collections of dense matrices, and writing one.
#pragma once

#include <string>
#include <vector>

#include "filigree/core/timing.hpp"
#include "filigree/matrix/dense_blocks.hpp"
#include "filigree/matrix/dist_dense.hpp"

namespace filigree::io {

/// What becomes of NaN and infinity: refused with file and position; 0; the mean of the finite elements in the same row
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

/// Reads dense matrices of equal row counts, each whole on one rank, contiguous blocks of them with about equal numbers
/// of columns on each. Every path is
///
///   a folder         its .npy files, in natural order of their names
///   .npy             numbers of any type and byte order, by rows or by columns; one dimension is one column
///   .h5 .hdf5 .nc    every two-dimensional dataset of numbers, in natural order (NetCDF-4: _FillValue becomes NaN,
///                    scale_factor and add_offset are applied); beside a dataset "offsets" (first columns, and the
///                    end) "values" is cut into blocks at these columns, "columns", which holds columns as its rows,
///                    at these rows
///   .mtx [.gz .zst]  a MatrixMarket array, or coordinates, whose other elements are 0
///   .txt             a list: a path a line, relative to the list; # begins a comment
///
/// Throws IoError("path: what") on all ranks, also for a block of more than 2^40 elements. Collective. Peak memory: the
/// blocks of this rank, and one more.
DenseFile read_dense(const Comm& comm, const std::vector<std::string>& paths, const DenseOptions& options = {});

struct DenseRowsFile {
  DistDense<double> matrix;        ///< all blocks side by side, rows over ranks in equal numbers
  std::vector<Offset> cols;        ///< of the blocks
  std::vector<std::string> names;  ///< of the blocks
  Offset num_replaced = 0;
  Offset num_padded = 0;
};

/// The same files with the rows of all blocks distributed, for matrices that are too tall for one rank. Collective.
/// Peak memory: the rows of this rank, and those of one block more (all rows of a .mtx).
DenseRowsFile read_dense_rows(const Comm& comm, const std::vector<std::string>& paths,
                              const DenseOptions& options = {});

/// Writes a matrix from one rank as .npy, float64, by columns. Not collective; throws IoError. The file takes its name
/// when it is complete.
void write_dense_npy(const std::string& path, DenseView matrix);

}  // namespace filigree::io
