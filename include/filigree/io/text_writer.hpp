// TextWriter: one text file written by all ranks.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "filigree/core/comm.hpp"

#pragma GCC visibility push(default)
namespace filigree::io {

/// Writes a text file, compressed if `path` ends in .gz or .zst, or to standard output when it is "-", or to a device
/// or a pipe (/dev/null, /dev/stdout, a named pipe), which rank 0 opens. A file grows under a temporary name beside
/// `path` and takes its name in commit(); without commit() nothing is left. All members but the destructor are
/// collective.
class TextWriter {
 public:
  /// Throws IoError on all ranks when the directory is missing or not writable.
  TextWriter(const Comm& comm, const std::string& path);
  TextWriter(const TextWriter&) = delete;
  TextWriter& operator=(const TextWriter&) = delete;
  ~TextWriter();

  /// Appends the ranks' texts one after the other. The text does not depend on how it is spread over ranks and calls,
  /// only its compressed form does: each piece is compressed by itself.
  void write(std::string_view mine);
  /// Renames the file to `path`, replacing what was there.
  void commit();

 private:
  struct Output;
  struct File;
  struct Screen;
  std::unique_ptr<Output> output_;
};

}  // namespace filigree::io
#pragma GCC visibility pop
