#include "io/temporary_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "filigree/core/error.hpp"
#include "filigree/io/unfinished.hpp"
#include "io/output_place.hpp"

namespace filigree::io {
namespace {

// -- Names -----------------------------------------------------------------------------------------------------------

constexpr std::string_view infix = ".filigree-";
constexpr std::string_view suffix = ".partial";
constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t num_digits = 16;

/// What temporary names of `path` begin with, short enough for what follows.
std::string prefix_of(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename();
  return name.substr(0, NAME_MAX - infix.size() - num_digits - suffix.size()) + std::string(infix);
}

bool is_temporary_name(std::string_view name, std::string_view prefix) {
  return name.size() == prefix.size() + num_digits + suffix.size() && name.starts_with(prefix) &&
         name.ends_with(suffix) &&
         name.substr(prefix.size(), num_digits).find_first_not_of(digits) == std::string_view::npos;
}

/// Open MPI makes "NAME.locktest.RANK" beside a file for the moment in which it opens it. Returns NAME; nothing if this
/// is no such name.
std::string_view tested_name(std::string_view name) {
  constexpr std::string_view test = ".locktest.";
  const std::size_t at = name.rfind(test);
  if (at == std::string_view::npos || at + test.size() == name.size() ||
      name.find_first_not_of("0123456789", at + test.size()) != std::string_view::npos)
    return {};
  return name.substr(0, at);
}

// -- Locks -----------------------------------------------------------------------------------------------------------

/// File systems that only this machine writes, so that a lock is known to all who could ask for it: containers, too.
/// Others may keep locks to themselves, and MPI's own locks could wait for ours there.
bool is_local(int file) {
  constexpr std::array<unsigned long, 8> local{EXT4_SUPER_MAGIC,      BTRFS_SUPER_MAGIC, TMPFS_MAGIC,
                                               OVERLAYFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,  RAMFS_MAGIC,
                                               0x58465342 /* XFS */,  0x2fc12fc1 /* ZFS */};
  struct statfs system {};
  return fstatfs(file, &system) == 0 &&
         std::find(local.begin(), local.end(), static_cast<unsigned long>(system.f_type)) != local.end();
}

/// Locks one byte that no file has: HDF5 locks whole files in another way, MPI what it writes. Goes with the
/// descriptor, however the process ends. False, with errno, if that fails; EAGAIN: another descriptor has it.
bool lock(int file) {
  struct flock byte {};
  byte.l_type = F_WRLCK;
  byte.l_whence = SEEK_SET;
  byte.l_start = off_t{1} << 62;
  byte.l_len = 1;
  return fcntl(file, F_OFD_SETLK, &byte) == 0;
}

/// Whether this is the file that is still called so.
bool is_called(int file, const std::string& name) {
  struct stat open {};
  struct stat called {};
  return fstat(file, &open) == 0 && lstat(name.c_str(), &called) == 0 && open.st_ino == called.st_ino &&
         open.st_dev == called.st_dev;
}

// -- What a signal handler removes -----------------------------------------------------------------------------------

/// Temporary paths of the files in work, where a signal handler can read them: it may take no lock and no memory.
std::array<std::atomic<const char*>, 16> unfinished{};

void replace_once(const char* old, const char* name) {
  for (auto& slot : unfinished) {
    const char* expected = old;
    if (slot.compare_exchange_strong(expected, name)) return;
  }
}

}  // namespace

std::string temporary_name(const std::string& path) {
  std::uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random)
    throw IoError(text(path, ": no random name for its temporary file: ", std::strerror(errno)));
  std::string name = prefix_of(path);
  for (std::size_t i = 0; i < num_digits; ++i) name += digits[random >> (4 * i) & 15];
  return std::filesystem::path(path).parent_path() / (name += suffix);
}

bool create_temporary(const std::string& name, mode_t mode, Descriptor& file) {
  // Another job may take the new file for an abandoned one before it is locked, and remove it: then once more.
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (!file.take(open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode))) return false;
    if (!is_local(file)) return true;
    const bool is_taken = !lock(file) && errno == EAGAIN;
    if (!is_taken && is_called(file, name)) return true;
    unlink(name.c_str());
    file.close();
  }
  errno = EAGAIN;
  return false;
}

AbandonedFiles remove_abandoned_files(const std::string& path) {
  AbandonedFiles found;
  if (is_folder(path)) return found;
  const std::string place = find_output(path).path;
  const std::string prefix = prefix_of(place);
  const auto remove_if = [&](const std::string& name, auto is_dead) {
    Descriptor file;
    struct stat status {};
    if (!file.take(open(name.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) || fstat(file, &status) != 0 ||
        !S_ISREG(status.st_mode) || status.st_uid != geteuid())
      return;
    if (!is_local(file))
      found.in_doubt.push_back(name);
    else if (is_dead(file) && is_called(file, name) && unlink(name.c_str()) == 0)
      found.removed.push_back(name);
  };
  std::vector<std::string> lock_tests;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder_of(place), failed)) {
    const std::string name = entry.path().filename();
    const std::string path_of_name = entry.path().lexically_normal();
    if (is_temporary_name(name, prefix)) remove_if(path_of_name, lock);
    if (is_temporary_name(tested_name(name), prefix)) lock_tests.push_back(path_of_name);
  }
  // The file that was tested is there as long as its job lives.
  for (const std::string& test : lock_tests)
    remove_if(test, [&](int) { return !std::filesystem::exists(tested_name(test), failed); });
  return found;
}

TemporaryFile::TemporaryFile(std::string name) : name_(std::move(name)) { replace_once(nullptr, name_.c_str()); }

TemporaryFile::~TemporaryFile() {
  if (!kept_) unlink(name_.c_str());
  replace_once(name_.c_str(), nullptr);
}

void remove_unfinished_files() noexcept {
  for (const auto& slot : unfinished) {
    if (const char* path = slot.load()) unlink(path);
  }
}

}  // namespace filigree::io
