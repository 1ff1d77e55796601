// TemporaryFile: the name under which an output grows.
#pragma once

#include <sys/types.h>

#include <string>

#include "io/descriptor.hpp"

namespace filigree::io {

/// "OUT.filigree-3fa9c2d41b07e65a.partial", beside `path`: it cannot be guessed, and no two jobs share it.
std::string temporary_name(const std::string& path);

/// Creates a file that is not there yet; follows no link. On file systems of this machine it is locked as long as the
/// descriptor is open, which is how remove_abandoned_files() knows it to be alive. False if that fails, with errno.
bool create_temporary(const std::string& name, mode_t mode, Descriptor& file);

/// A temporary name that goes with its owner, or with the process if a signal ends that, unless it was kept.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string name);
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  const std::string& name() const { return name_; }
  /// The file has its final name now.
  void keep() { kept_ = true; }

 private:
  std::string name_;
  bool kept_ = false;
};

}  // namespace filigree::io
