// Strings: many texts in one array.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "filigree/core/types.hpp"

#pragma GCC visibility push(default)
namespace filigree::io {

/// Texts, concatenated in one array. Memory: their bytes, and 8 a text. Reads like a std::vector<std::string>.
class Strings {
 public:
  std::size_t size() const { return begins_.size() - 1; }
  std::string_view operator[](std::size_t i) const {
    const auto begin = static_cast<std::size_t>(begins_[i]);
    return std::string_view(bytes_).substr(begin, static_cast<std::size_t>(begins_[i + 1]) - begin);
  }
  void push_back(std::string_view value) {
    bytes_.append(value);
    begins_.push_back(static_cast<Offset>(bytes_.size()));
  }
  /// All texts without anything between them.
  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::vector<Offset> begins_{0};
};

}  // namespace filigree::io
#pragma GCC visibility pop
