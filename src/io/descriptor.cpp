#include "io/descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "filigree/core/error.hpp"

namespace filigree::io {

Offset open_regular(const std::string& path, Descriptor& file) {
  // Non-blocking, not to wait for the writer of a pipe.
  if (!file.take(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)))
    throw IoError(text(path, ": cannot be opened: ", std::strerror(errno)));
  struct stat status {};
  if (fstat(file, &status) != 0) throw IoError(text(path, ": cannot be opened: ", std::strerror(errno)));
  if (S_ISDIR(status.st_mode)) throw IoError(text(path, ": is a directory"));
  if (!S_ISREG(status.st_mode)) throw IoError(text(path, ": is not a regular file; ranks read it at several places"));
  return status.st_size;
}

}  // namespace filigree::io
