// SliceFile: the finished part of a long build, on disk.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "ppr/index_builder.hpp"

namespace filigree::ppr {

/// One file per rank: a header that says of which build it is, then slice by slice. A slice reaches the operating
/// system before the next one is begun, so it survives the death of the process; one that was being written is known by
/// its length and hash, and not used.
class SliceFile : public SliceStore {
 public:
  /// index_bytes: what the build was given, 0 = none.
  SliceFile(std::string path, int rank, Offset index_bytes)
      : path_(std::move(path)), rank_(rank), index_bytes_(index_bytes) {}

  Offset earlier_aim(const Index& build) const override;
  Offset open(const Index& planned, Offset aim, Global slice_rows) override;
  Rows read(Offset slice) override;
  void truncate(Offset count) override;
  void keep(const Rows& slice) override;
  /// The build is complete.
  void remove();

  /// Whether open() met a file that was of another build, or damaged from the first byte on.
  bool met_another() const { return met_another_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  struct Header;
  struct Slice;
  [[noreturn]] void fail(const char* what) const;
  void write(const void* from, std::size_t bytes);
  Header header_of(const Index& build) const;
  std::optional<Header> read_header() const;
  bool read(Slice& slice);

  std::string path_;
  int rank_;
  Offset index_bytes_;
  Global num_vertices_ = 0;
  std::unique_ptr<std::FILE, Close> file_;
  long size_ = 0;           // of the file that open() found
  std::vector<long> ends_;  // of the header and of every slice
  bool met_another_ = false;
};

}  // namespace filigree::ppr
