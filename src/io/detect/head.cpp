#include "io/detect/head.hpp"

#include <algorithm>

#include "core/index.hpp"
#include "filigree/core/error.hpp"
#include "io/descriptor.hpp"
#include "io/fields.hpp"
#include "io/packed.hpp"

namespace filigree::io {

Head::Head(std::string bytes, bool whole) : bytes_(std::move(bytes)), lower_(lower_case(bytes_)) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  std::string_view rest = bytes_;
  if (rest.starts_with(byte_order_mark)) rest.remove_prefix(byte_order_mark.size());
  rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" \t\r\n\v\f")));
  text_ = std::string_view(lower_).substr(bytes_.size() - rest.size());
  while (!rest.empty()) {
    const std::size_t end = rest.find_first_of("\r\n");
    if (end == std::string_view::npos && !whole) break;
    const std::string_view line = without_blanks(rest.substr(0, end));
    if (!line.empty()) lines_.push_back(line);
    rest.remove_prefix(std::min(rest.size(), end == std::string_view::npos ? end : end + 1));
  }
}

std::string_view Head::first_line_without(std::string_view comment_characters) const {
  const auto found = std::ranges::find_if(
      lines_, [&](std::string_view line) { return comment_characters.find(line.front()) == std::string_view::npos; });
  return found == lines_.end() ? std::string_view() : *found;
}

std::unique_ptr<const Head> read_head(const std::string& path) {
  constexpr std::size_t most = std::size_t{1} << 16;
  std::string bytes(most, '\0');
  std::size_t length = 0;
  bool may_be_damaged = false;
  try {
    Descriptor file;
    const Offset size = open_regular(path, file);
    const std::string_view first(bytes.data(), read_at(file, 0, bytes.data(), 8));
    const Packing packing = packing_of_content(first);
    may_be_damaged = lacks_checksum(first);
    const auto unpacked = unpack(packing, file, 0, size, false);
    while (length < most) {
      const std::size_t got = unpacked->read(bytes.data() + length, most - length);
      if (got == 0) break;
      length += got;
    }
  } catch (const IoError&) {
    // The reader fails at it, too, and says where.
    if (length == 0) return nullptr;
  }
  bytes.resize(length);
  auto head = std::make_unique<Head>(std::move(bytes), length < most);
  head->lacks_checksum = may_be_damaged;
  return head;
}

}  // namespace filigree::io
