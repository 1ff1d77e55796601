// BinaryFile, BinaryWriter: files of numbers in which each rank knows the offset of its part.
#pragma once

#include <algorithm>
#include <bit>
#include <span>
#include <string>
#include <vector>

#include "core/index.hpp"
#include "filigree/core/comm.hpp"
#include "io/descriptor.hpp"
#include "io/pending_file.hpp"

namespace filigree::io {

static_assert(std::endian::native == std::endian::little, "the formats are little-endian, and so must be the machine");

/// Bytes read or written at once, so that no rank holds more of a file than it has to.
constexpr Offset slice_bytes = Offset{1} << 22;

/// A file open for reading on every rank.
class BinaryFile {
 public:
  /// Throws IoError on all ranks when a rank cannot open it as a regular file. Collective.
  BinaryFile(const Comm& comm, const std::string& path);

  const std::string& path() const { return path_; }
  Offset size() const { return size_; }
  /// Fills `values` with the bytes at position `at`. Throws IoError if there are fewer. Not collective.
  template <class T>
  void read(Offset at, std::span<T> values) const {
    read_bytes(at, reinterpret_cast<char*>(values.data()), values.size_bytes());
  }
  template <class T>
  T read(Offset at) const {
    T value{};
    read(at, std::span<T>(&value, 1));
    return value;
  }

 private:
  void read_bytes(Offset at, char* to, std::size_t count) const;

  std::string path_;
  Descriptor file_;
  Offset size_ = 0;
};

/// A file that all ranks write, each its own part; it takes its name in commit().
class BinaryWriter {
 public:
  /// Throws IoError on all ranks when the directory is missing or not writable. Collective.
  BinaryWriter(const Comm& comm, const std::string& path);

  /// Throws IoError when that fails. Not collective.
  template <class T>
  void write(Offset at, std::span<const T> values) {
    write_bytes(at, reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  /// Collective.
  void commit();

 private:
  void write_bytes(Offset at, const char* from, std::size_t count);

  PendingFile pending_;
};

/// Numbers written in sequence from a position on, a slice at a time.
template <class T>
class Sequence {
 public:
  Sequence(BinaryWriter& file, Offset at) : file_(file), at_(at) {}
  void push_back(T value) {
    values_.push_back(value);
    if (static_cast<Offset>(values_.size() * sizeof(T)) >= slice_bytes) flush();
  }
  /// Must be called when all are there.
  void flush() {
    file_.write(at_, std::span<const T>(values_));
    at_ += static_cast<Offset>(values_.size() * sizeof(T));
    values_.clear();
  }

 private:
  BinaryWriter& file_;
  Offset at_;
  std::vector<T> values_;
};

}  // namespace filigree::io
