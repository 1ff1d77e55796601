#include "io/descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "filigree/core/error.hpp"

namespace filigree::io {

Offset open_regular(const std::string& path, Descriptor& file) {
  struct stat status {};
  const auto expect_regular = [&](bool known) {
    if (!known) throw IoError(text(path, ": cannot be opened: ", std::strerror(errno)));
    if (S_ISDIR(status.st_mode)) throw IoError(text(path, ": is a directory"));
    if (!S_ISREG(status.st_mode)) throw IoError(text(path, ": is not a regular file; ranks read it at several places"));
  };
  expect_regular(stat(path.c_str(), &status) == 0);  // to open a pipe and close it would end its writer
  // Non-blocking, not to wait for the writer of a pipe that replaced the file.
  if (!file.take(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)))
    throw IoError(text(path, ": cannot be opened: ", std::strerror(errno)));
  expect_regular(fstat(file, &status) == 0);
  return status.st_size;
}

}  // namespace filigree::io
