// Where the blocks of a collection of dense matrices lie, and how each is read: what read_dense() and read_dense_rows()
// share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "filigree/io/hdf5.hpp"
#include "filigree/io/read_dense.hpp"

namespace filigree::io {

/// Where a block lies and how large it is.
struct Source {
  enum class Kind { npy, hdf5, hdf5_rows, matrix_market } kind;
  std::string path;
  std::string dataset;  ///< HDF5
  Offset first = 0;     ///< HDF5: its first column, or row if the dataset holds columns as rows
  Offset rows = 0;
  Offset cols = 0;
  Offset part = -1;  ///< which block of its dataset; -1 if it is all of it

  std::string name() const {
    if (dataset.empty()) return path;
    return part < 0 ? text(path, ":", dataset) : text(path, ":", dataset, "[", part, "]");
  }
};

/// The blocks of all paths, and the number of rows that they have or are given. Collective.
std::vector<Source> find_sources(const Comm& comm, const std::vector<std::string>& paths, bool pad, Offset& rows);

/// Rows of a block that a rank wants.
struct Rows {
  Offset begin = 0;
  Offset count = 0;
};

/// Reads blocks one after another; keeps an HDF5 file open from one to the next. Not collective.
class BlockReader {
 public:
  /// `self`: the calling rank alone.
  explicit BlockReader(const Comm& self) : self_(self) {}
  Dense read(const Source& source, Rows rows);

 private:
  const Comm& self_;
  std::unique_ptr<Hdf5Reader> file_;
};

/// Returns how many elements were replaced. Throws if they are refused, calling the first row `first_row`.
Offset replace_not_finite(Dense& block, const std::string& name, NotFinite how, Offset first_row = 0);

}  // namespace filigree::io
