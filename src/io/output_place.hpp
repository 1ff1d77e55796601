// OutputPlace: where the bytes of an output go, behind links.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

namespace filigree::io {

struct OutputPlace {
  /// No symbolic link itself. Need not exist.
  std::string path;
  /// The regular file that is there now.
  std::optional<struct stat> replaced;
  /// A device, a pipe, or an open file of the process, as /dev/stdout: it takes bytes from front to back, and no other
  /// file can take its name.
  bool is_stream = false;
};

/// Follows `path` over symbolic links to the file that they mean, which need not exist. Throws IoError("path: why")
/// when that can be no output: a folder, a circle of links, or a link that another user put into a folder that all may
/// write (as Linux refuses it, where fs.protected_symlinks is on). Not collective.
OutputPlace find_output(const std::string& path);

/// Whether what has this status may have been put into `folder` to deceive: by another user, where all may write.
bool is_planted(const struct stat& status, const std::string& folder);

bool is_folder(const std::string& path);

/// The folder in which `path` lies; "." for a bare name.
std::string folder_of(const std::string& path);

}  // namespace filigree::io
