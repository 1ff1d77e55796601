// SliceFile: the finished part of a long build, on disk.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "ppr/index_builder.hpp"

namespace filigree::ppr {

/// One file per rank: a header that says of which build it is, then slice by slice. A slice reaches the operating
/// system before the next one is begun, so it survives the death of the process; one that was being written is known by
/// its length and hash, and not used.
class SliceFile : public SliceStore {
 public:
  SliceFile(std::string path, int rank) : path_(std::move(path)), rank_(rank) {}

  std::vector<Rows> restore(const Index& planned, Global slice_rows) override;
  void truncate(std::size_t count) override;
  void keep(const Rows& slice) override;
  /// The build is complete.
  void remove();

  /// Whether restore() met a file that was of another build, or damaged from the first byte on.
  bool met_another() const { return met_another_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  [[noreturn]] void fail(const char* what) const;
  void write(const void* from, std::size_t bytes);

  std::string path_;
  int rank_;
  std::unique_ptr<std::FILE, Close> file_;
  std::vector<long> ends_;  // of the header and of every slice
  bool met_another_ = false;
};

}  // namespace filigree::ppr
