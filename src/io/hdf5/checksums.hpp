// Checksums of a file of ours, kept behind the last byte of HDF5, which does not look there:
//
//   hashes   uint64 [blocks]         XXH3-64 of each 64 KiB of what HDF5 wrote; the last block may be shorter
//   ranges  {begin, end} [ranges]  bytes that hold elements of a dataset and nothing else, ascending
//   footer   magic, size of HDF5's part, number of ranges, XXH3-64 of all of the above
//
// Blocks that lie within a range are checked when their elements are read, so that no byte is read twice and ranks
// share the work; all others, which hold what HDF5 itself reads, before HDF5 opens the file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "filigree/core/comm.hpp"
#include "io/descriptor.hpp"

namespace filigree::io::hdf5 {

/// An attribute of the root group, by which a file that has lost its checksums is known from one that never had any.
constexpr const char* checksums_attribute = "checksums";

/// Bytes [begin, end) of a file.
struct ByteRange {
  Offset begin;
  Offset end;
};

/// Appends the checksums of a closed file to it. ranges: of its datasets, equal on all ranks. Each rank reads an equal
/// share of the file. Collective.
void append_checksums(const Comm& comm, const std::string& path, std::vector<ByteRange> ranges);

/// A file and the checksums at its end, if it has any. No member communicates.
class CheckedFile {
 public:
  /// Checks all blocks that do not lie within a range. Throws IoError when one differs from its checksum, when the
  /// checksums themselves are damaged, or when the file cannot be read.
  explicit CheckedFile(const std::string& path);

  bool has_checksums() const { return !hashes_.empty(); }
  /// Reads bytes [begin, begin + to.size()) and checks the blocks that hold them unless that was done before. Throws
  /// IoError.
  void read(Offset begin, std::span<std::byte> to);
  /// Only checks bytes [begin, end), if there are checksums.
  void check(Offset begin, Offset end);
  /// Whether `file` is the same one. Another may take its name between two openings.
  bool is_same(int file) const;
  /// Of the whole file, in bytes.
  Offset file_size() const { return file_size_; }

 private:
  void read_bytes(Offset begin, std::span<std::byte> to) const;
  void load_checksums();
  void require_inside(Offset begin, Offset end) const;
  /// Unless that was done before.
  void check_blocks(Offset first, Offset last);
  void compare(Offset block, std::span<const std::byte> bytes);

  std::string path_;
  Descriptor file_;
  Offset file_size_ = 0;
  Offset size_ = 0;  // of what HDF5 wrote
  std::vector<std::uint64_t> hashes_;
  std::vector<bool> is_checked_;
  std::vector<std::byte> buffer_;  // of one block
};

}  // namespace filigree::io::hdf5
