#include "io/pending_file.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "io/output_place.hpp"

namespace filigree::io {
namespace {

constexpr mode_t for_us = S_IRUSR | S_IWUSR;

/// Gives `file` the owner and group of the file that it replaces, if we may, and returns that file's mode: without what
/// it grants its group where ours is another one.
mode_t take_over(int file, const struct stat& replaced) {
  const mode_t mode = replaced.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
  struct stat now {};
  if (fstat(file, &now) != 0) return mode & S_IRWXU;
  if (now.st_uid != replaced.st_uid && fchown(file, replaced.st_uid, replaced.st_gid) == 0) return mode;
  if (now.st_gid == replaced.st_gid || fchown(file, static_cast<uid_t>(-1), replaced.st_gid) == 0) return mode;
  return mode & (S_IRWXU | S_IRWXO);
}

/// The names in a folder, made to outlive a power failure where the file system can do that.
void sync_folder(const std::string& folder) {
  Descriptor names;
  if (names.take(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))) fsync(names);
}

}  // namespace

PendingFile::PendingFile(const Comm& comm, const std::string& path) : comm_(comm), path_(path) {
  std::optional<struct stat> replaced;
  std::string name;
  comm.guard([&] {
    if (!comm.is_root()) return;
    OutputPlace place = find_output(path);
    if (place.is_stream) throw IoError(text(path, ": exists and is not a regular file"));
    place_ = place.path;
    replaced = place.replaced;
    name = temporary_name(place_);
  });
  // Every rank can remove the file before there is one: the first may be killed right after it made it.
  temporary_.emplace(comm.broadcast(name));
  comm.barrier();
  struct stat status {};
  comm.guard([&] {
    if (!comm.is_root()) return;
    if (!create_temporary(name, replaced ? for_us : 0666, file_)) throw failure(errno);
    if (fstat(file_, &status) != 0) throw failure(errno);
    mode_ = replaced ? take_over(file_, *replaced) : status.st_mode & 0777;
    // The other ranks open it too.
    fchmod(file_, mode_ | for_us);
  });
  const auto inode = comm.broadcast(static_cast<Offset>(status.st_ino));
  comm.guard([&] {
    if (comm.is_root()) return;
    const bool is_open = file_.take(open(temporary_path().c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!is_open && errno != ENOENT) throw failure(errno);
    if (!is_open || fstat(file_, &status) != 0 || static_cast<Offset>(status.st_ino) != inode)
      throw IoError(text(path, ": rank ", comm.rank(),
                         " does not see the file that rank 0 made there; its folder must be "
                         "the same on all hosts"));
  });
}

void PendingFile::reserve(Offset bytes) {
  if (bytes == 0) return;
  reserved_ += bytes;
  struct rlimit most {};
  if (getrlimit(RLIMIT_FSIZE, &most) == 0 && static_cast<rlim_t>(reserved_) > most.rlim_cur)
    throw failure(EFBIG, reserved_);
  // Not every file system can do that.
  if (fallocate(file_, FALLOC_FL_KEEP_SIZE, 0, reserved_) != 0 && (errno == ENOSPC || errno == EDQUOT))
    throw failure(errno, reserved_);
}

IoError PendingFile::failure(int error, Offset end) const {
  std::string what = text(path_, ": cannot be written: ", std::strerror(error));
  struct statvfs system {};
  struct rlimit most {};
  if ((error == ENOSPC || error == EDQUOT) && end > 0 && fstatvfs(file_, &system) == 0)
    what += text(": it needs ", end, " bytes or more, and ", system.f_bavail * system.f_frsize, " are free");
  if (error == EFBIG && getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur != RLIM_INFINITY)
    what += text(": it needs ", end, " bytes or more, and `ulimit -f` grants a file ", most.rlim_cur);
  return IoError(what);
}

void PendingFile::commit() {
  comm_.guard([&] {  // some file systems report a full disk only now
    if (fsync(file_) != 0 && errno != EINVAL && errno != ENOTSUP) throw failure(errno);
  });
  comm_.guard([&] {
    if (!comm_.is_root()) return;
    struct stat open {};
    struct stat called {};
    if (fstat(file_, &open) != 0 || lstat(temporary_path().c_str(), &called) != 0 || open.st_ino != called.st_ino)
      throw IoError(text(path_, ": cannot be written: another program removed or replaced ", temporary_path()));
    fchmod(file_, mode_);
    if (std::rename(temporary_path().c_str(), place_.c_str()) != 0)
      throw IoError(text(path_, ": cannot be replaced: ", std::strerror(errno)));
    sync_folder(folder_of(place_));
  });
  temporary_->keep();
  file_.close();
}

}  // namespace filigree::io
