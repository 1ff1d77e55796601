// Spool: what comes through a pipe, kept to be read like a file.
#pragma once

#include <string>

#include "filigree/core/comm.hpp"
#include "io/descriptor.hpp"

namespace filigree::io {

/// Whether a path is standard input, "-", or a pipe. Collective.
bool is_stream(const Comm& comm, const std::string& path);

/// The bytes of a stream, in memory of rank 0 until the spool goes.
class Spool {
 public:
  /// Rank 0 reads the stream to its end. Throws IoError on all ranks if it cannot, or if a rank on another host cannot
  /// see its memory. Collective.
  Spool(const Comm& comm, const std::string& stream);
  /// Where all ranks can open it as a regular file.
  const std::string& path() const { return path_; }

 private:
  Descriptor memory_;
  std::string path_;
};

}  // namespace filigree::io
