// A collection of matrices on the command line.
#pragma once

#include <string>
#include <vector>

#include "app.hpp"
#include "filigree/io/read_dense.hpp"

namespace filigree::app {

/// The options that name matrices, and how they are read.
class BlocksInput {
 public:
  void add_to(Command cli);
  /// Reads them, says what it met and describes them in the record. Collective.
  DenseBlocks load(App& program);
  /// The same side by side, with their rows distributed. Collective.
  DistDense<double> load_rows(App& program);

 private:
  void report(App& program, Offset rows, const std::vector<Offset>& cols, Offset num_replaced, Offset num_padded,
              std::uint64_t hash) const;

  std::vector<std::string> paths_;
  io::DenseOptions options_;
};

/// For CommandLine checks: results of these commands are HDF5.
void need_hdf5(const App& program);

}  // namespace filigree::app
