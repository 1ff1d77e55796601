// Head: the first bytes of a file, from which its format is detected.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filigree/core/types.hpp"

namespace filigree::io {

/// The first bytes of a file, unpacked if it is compressed by gzip or Zstandard.
class Head {
 public:
  /// `whole`: the bytes are all of the file.
  explicit Head(std::string bytes, bool whole = true);
  Head(const Head&) = delete;  // lines are views
  Head& operator=(const Head&) = delete;

  bool lacks_checksum = false;  ///< it is packed so that damage may go unnoticed

  std::string_view bytes() const { return bytes_; }
  bool starts_with(std::string_view magic) const { return bytes().starts_with(magic); }
  bool holds(std::string_view text, std::size_t at) const {
    return bytes().substr(0, at + text.size()).ends_with(text) && bytes().size() >= at + text.size();
  }

  /// The bytes in lower case behind a byte order mark and blank space.
  std::string_view text() const { return text_; }
  /// Whole lines, as they are, without blanks around them; blank lines are left out.
  const std::vector<std::string_view>& lines() const { return lines_; }
  /// The first line that begins with none of these, "" if there is none.
  std::string_view first_line_without(std::string_view comment_characters) const;

 private:
  std::string bytes_;
  std::string lower_;
  std::string_view text_;
  std::vector<std::string_view> lines_;
};

/// The first 64 KiB of the text of a file, less if its compressed data is damaged; null where no regular file can be
/// read. Not collective.
std::unique_ptr<const Head> read_head(const std::string& path);

}  // namespace filigree::io
