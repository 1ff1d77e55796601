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

 private:
  std::vector<std::string> paths_;
  io::DenseOptions options_;
};

}  // namespace filigree::app
