// Files for tests: a folder that goes when the test ends.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "filigree/core/comm.hpp"

namespace filigree::testing {

/// A new folder, the same on all ranks. Construction, destruction and write() are collective.
class TempFolder {
 public:
  explicit TempFolder(const Comm& comm) : comm_(comm) {
    std::string pattern = (std::filesystem::temp_directory_path() / "filigree-test-XXXXXX").string();
    if (comm.is_root() && mkdtemp(pattern.data()) == nullptr) pattern.clear();
    path_ = comm.broadcast(pattern);
    require(!path_.empty(), "cannot make a temporary folder");
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    comm_.barrier();
    if (comm_.is_root()) std::filesystem::remove_all(path_);
  }

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  /// Makes a file with this content and returns its path.
  std::string write(std::string_view name, std::string_view content) const {
    const std::string file = *this / name;
    if (comm_.is_root()) std::ofstream(file, std::ios::binary) << content;
    comm_.barrier();
    return file;
  }

 private:
  Comm comm_;
  std::string path_;
};

inline std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace filigree::testing
