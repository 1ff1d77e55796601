// Characters of UTF-8.
#pragma once

#include <string_view>

#pragma GCC visibility push(default)
namespace filigree {

/// How many bytes the first character of a text has; 0 if its first byte begins none. For texts that are not empty.
inline std::size_t num_bytes_of_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : 4;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Longer than need be, surrogates, beyond the last character.
  const bool is_wrong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
                        (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
  return is_wrong ? 0 : size;
}

/// Whether the first character of a text is a control character, which a terminal may obey: U+0000 to U+001F and U+007F
/// to U+009F. For texts that are not empty.
inline bool begins_with_control(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first == 0xC2 && text.size() > 1) {
    const auto second = static_cast<unsigned char>(text[1]);
    return second >= 0x80 && second < 0xA0;
  }
  return first < 0x20 || first == 0x7F;
}

/// Whether a text is UTF-8 from its first to its last byte.
inline bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = num_bytes_of_character(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace filigree
#pragma GCC visibility pop
