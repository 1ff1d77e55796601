#include "io/pending_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "filigree/io/unfinished.hpp"
#include "io/descriptor.hpp"

namespace filigree::io {
namespace {

/// Temporary paths of the files in work, where a signal handler can read them: it may take no lock and no memory.
std::array<std::atomic<const char*>, 16> unfinished{};

void enlist(const char* path) {
  for (auto& slot : unfinished) {
    const char* none = nullptr;
    if (slot.compare_exchange_strong(none, path)) return;
  }
}

void strike_off(const char* path) {
  for (auto& slot : unfinished) {
    const char* expected = path;
    if (slot.compare_exchange_strong(expected, nullptr)) return;
  }
}

}  // namespace

void remove_unfinished_files() noexcept {
  for (const auto& slot : unfinished) {
    if (const char* path = slot.load()) unlink(path);
  }
}

PendingFile::PendingFile(const Comm& comm, const std::string& path) : comm_(comm), path_(path) {
  // The process id keeps two jobs that write the same path apart.
  temporary_path_ = comm.broadcast(text(path, ".", getpid(), ".partial"));
  // Every rank can remove the file before there is one: the first may be killed right after it made it.
  enlist(temporary_path_.c_str());
  comm.barrier();
  try {
    comm.guard([&] {
      if (!comm.is_root()) return;
      struct stat status {};
      if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
        throw IoError(text(path, ": exists and is not a regular file"));
      }
      Descriptor file;
      if (!file.take(open(temporary_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666))) {
        throw IoError(text(path, ": cannot be written: ", std::strerror(errno)));
      }
    });
  } catch (...) {
    strike_off(temporary_path_.c_str());
    throw;
  }
}

PendingFile::~PendingFile() {
  if (!committed_) unlink(temporary_path_.c_str());
  strike_off(temporary_path_.c_str());
}

void PendingFile::commit() {
  comm_.guard([&] {
    if (comm_.is_root() && std::rename(temporary_path_.c_str(), path_.c_str()) != 0) {
      throw IoError(text(path_, ": cannot be replaced: ", std::strerror(errno)));
    }
  });
  committed_ = true;
}

}  // namespace filigree::io
