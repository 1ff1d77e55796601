#include "io/spool.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "filigree/core/error.hpp"

namespace filigree::io {
namespace {

[[noreturn]] void fail(const std::string& stream, const char* what) {
  throw IoError(text(stream, ": ", what, ": ", std::strerror(errno)));
}

void copy(const std::string& stream, int from, int to) {
  std::string block(std::size_t{1} << 20, '\0');
  for (;;) {
    const ssize_t got = ::read(from, block.data(), block.size());
    if (got == 0) return;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(stream, "cannot be read");
    for (ssize_t written = 0; written < got;) {
      const ssize_t done = ::write(to, block.data() + written, static_cast<std::size_t>(got - written));
      if (done < 0 && errno != EINTR) fail(stream, "cannot be kept in memory");
      if (done > 0) written += done;
    }
  }
}

/// The identity of an open file.
using Identity = std::array<std::int64_t, 5>;

Identity identity_of(const std::string& stream, int file) {
  struct stat status {};
  if (fstat(file, &status) != 0) fail(stream, "cannot be read");
  return {static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino), status.st_size,
          status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

}  // namespace

bool is_stream(const Comm& comm, const std::string& path) {
  if (path == "-") return true;
  struct stat status {};
  const bool here = comm.is_root() && stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
  return comm.broadcast(static_cast<int>(here)) != 0;
}

Spool::Spool(const Comm& comm, const std::string& stream) {
  Identity kept{};
  comm.guard([&] {
    if (!comm.is_root()) return;
    Descriptor opened;
    if (stream != "-" && !opened.take(open(stream.c_str(), O_RDONLY | O_CLOEXEC))) fail(stream, "cannot be opened");
    if (!memory_.take(memfd_create("filigree", MFD_CLOEXEC))) fail(stream, "cannot be kept in memory");
    copy(stream, stream == "-" ? STDIN_FILENO : static_cast<int>(opened), memory_);
    path_ = text("/proc/", getpid(), "/fd/", static_cast<int>(memory_));
    kept = identity_of(stream, memory_);
  });
  path_ = comm.broadcast(path_);
  kept = comm.broadcast(kept);
  comm.guard([&] {
    Descriptor seen;
    // On another host the path may lead to another file.
    if (!seen.take(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) || identity_of(stream, seen) != kept)
      throw IoError(text(stream, ": a pipe is read on one host only, and rank ", comm.rank(),
                         " is on another than rank 0; write it to a file that all can read"));
  });
}

}  // namespace filigree::io
