// filigree-generate blocks: collections of matrices.
#pragma once

#include "app.hpp"
#include "filigree/generate.hpp"

namespace filigree::app {

class BlocksCommand {
 public:
  explicit BlocksCommand(App& program);
  bool given() const { return command_.given(); }
  /// Makes the blocks and writes them: one HDF5 file, or a folder of .npy files. Collective.
  void run();

 private:
  App& program_;
  Command command_;
  generate::BlockCase case_ = generate::BlockCase::groups;
  Offset count_ = 0;
};

}  // namespace filigree::app
