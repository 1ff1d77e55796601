// Small text files, whole.
#pragma once

#include <string>

#include "filigree/core/comm.hpp"

#pragma GCC visibility push(default)
namespace filigree::io {

/// The text of a file or a pipe on every rank: unpacked if it is compressed by gzip or Zstandard, without a byte order
/// mark, its last line with an end. Throws IoError("path: what") on all ranks when rank 0 cannot read it. Collective.
/// For lists of names and the like: every rank holds the whole text.
std::string read_text(const Comm& comm, const std::string& path);

}  // namespace filigree::io
#pragma GCC visibility pop
