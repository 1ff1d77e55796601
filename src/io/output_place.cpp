#include "io/output_place.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "filigree/core/error.hpp"
#include "filigree/io/unfinished.hpp"

namespace filigree::io {
namespace {

/// Links there stand for open files; their texts need be no paths.
bool is_on_proc(const std::string& folder) {
  struct statfs system {};
  return statfs(folder.c_str(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

}  // namespace

bool is_planted(const struct stat& status, const std::string& folder) {
  struct stat around {};
  return stat(folder.c_str(), &around) == 0 && (around.st_mode & S_ISVTX) != 0 && (around.st_mode & S_IWOTH) != 0 &&
         status.st_uid != geteuid() && status.st_uid != around.st_uid;
}

bool is_folder(const std::string& path) {
  std::error_code failed;
  return std::filesystem::is_directory(path, failed);
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

OutputPlace find_output(const std::string& path) {
  OutputPlace place{path, {}, false};
  constexpr int most_links = 40;  // as in Linux
  for (int links = 0;; ++links) {
    struct stat status {};
    if (lstat(place.path.c_str(), &status) != 0) {
      if (errno != ENOENT) throw IoError(text(path, ": cannot be written: ", std::strerror(errno)));
      return place;
    }
    if (S_ISREG(status.st_mode)) {
      place.replaced = status;
      return place;
    }
    if (S_ISCHR(status.st_mode) || S_ISFIFO(status.st_mode)) {
      place.is_stream = true;
      return place;
    }
    if (!S_ISLNK(status.st_mode)) throw IoError(text(path, ": exists and is not a regular file"));
    const std::string folder = folder_of(place.path);
    if (is_on_proc(folder)) {
      place.is_stream = true;
      return place;
    }
    if (is_planted(status, folder))
      throw IoError(text(path, ": ", place.path, " is a link of another user in a folder that all may write"));
    if (links == most_links) throw IoError(text(path, ": cannot be written: ", std::strerror(ELOOP)));
    place.path = std::filesystem::path(place.path).parent_path() / std::filesystem::read_symlink(place.path);
  }
}

void expect_writable(const std::string& path) {
  if (is_folder(path)) return;
  const OutputPlace place = find_output(path);
  if (place.is_stream && access(path.c_str(), W_OK) != 0)
    throw IoError(text(path, ": cannot be written: ", std::strerror(errno)));
  if (!place.is_stream && access(folder_of(place.path).c_str(), W_OK) != 0)
    throw IoError(text(path, ": cannot be written: its folder is missing or not writable"));
}

}  // namespace filigree::io
