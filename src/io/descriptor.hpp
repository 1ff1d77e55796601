// Descriptor: an open file of the operating system.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>

#include "filigree/core/types.hpp"

namespace filigree::io {

/// Closes with its owner, also when the owner's constructor throws on another rank's behalf.
class Descriptor {
 public:
  Descriptor() = default;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  /// Takes what open() returned; gives false if that was a failure.
  bool take(int number) {
    number_ = number;
    return number >= 0;
  }
  operator int() const { return number_; }
  /// Gives up ownership: the caller closes it.
  int release() { return std::exchange(number_, -1); }
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_ = -1;
};

/// Opens a file for reading; returns its size in bytes. Throws IoError("path: what") unless it is a regular one.
Offset open_regular(const std::string& path, Descriptor& file);

}  // namespace filigree::io
