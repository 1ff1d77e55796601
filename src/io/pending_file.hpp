// PendingFile: an output that takes its name only when it is complete.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "filigree/core/comm.hpp"
#include "filigree/core/error.hpp"
#include "filigree/core/types.hpp"
#include "io/descriptor.hpp"
#include "io/temporary_file.hpp"

namespace filigree::io {

/// A file being written by all ranks under a temporary name beside its final one. Only commit() gives it that name, so
/// a run that fails or is killed leaves nothing under it, and of jobs that write the same file at the same time, the
/// last to commit leaves all of its own. Where `path` is a symbolic link, the file that it means is replaced, and the
/// link stays; mode and owner of a file that is replaced are kept as far as they may be.
class PendingFile {
 public:
  /// Creates the temporary file, empty. Throws IoError on all ranks when that fails, when `path` is something other
  /// than a regular file, or when not all ranks see the same file there. Collective.
  PendingFile(const Comm& comm, const std::string& path);

  const std::string& path() const { return path_; }
  const std::string& temporary_path() const { return temporary_->name(); }
  /// The temporary file, open for writing.
  const Descriptor& file() const { return file_; }
  /// Asks the file system for `bytes` further ones, so that a disk that is too full is known at once. Throws
  /// failure(). Not collective: rank 0 calls it.
  void reserve(Offset bytes);
  /// What to throw if writing failed with this errno; `end`: bytes that the file would have had, if known.
  IoError failure(int error, Offset end = 0) const;
  /// Renames the temporary file to path(), replacing what was there, once its bytes are on disk. Everything must have
  /// been written. Collective.
  void commit();

 private:
  Comm comm_;
  std::string path_;
  std::string place_;  // that of the file to be replaced, behind links
  std::optional<TemporaryFile> temporary_;
  Descriptor file_;
  Offset reserved_ = 0;
  mode_t mode_ = 0;  // that it will have; rank 0 only
};

}  // namespace filigree::io
