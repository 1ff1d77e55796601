// PendingFile: an output that takes its name only when it is complete.
#pragma once

#include <string>

#include "filigree/core/comm.hpp"

namespace filigree::io {

/// A file being written by all ranks under a temporary name beside its final one. Only commit() gives it that name, so
/// a run that fails or is killed leaves nothing under it.
class PendingFile {
 public:
  /// Creates the temporary file, empty. Throws IoError on all ranks when that fails, or when `path` is something
  /// other than a regular file. Collective.
  PendingFile(const Comm& comm, const std::string& path);
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  /// Removes the temporary file unless committed. Not collective: a rank may unwind alone.
  ~PendingFile();

  const std::string& path() const { return path_; }
  const std::string& temporary_path() const { return temporary_path_; }
  /// Renames the temporary file to path(), replacing what was there. Everything must have been written. Collective.
  void commit();

 private:
  Comm comm_;
  std::string path_;
  std::string temporary_path_;
  bool committed_ = false;
};

}  // namespace filigree::io
