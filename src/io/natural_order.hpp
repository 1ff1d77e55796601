// Names as people number them: "b2" before "b10".
#pragma once

#include <string_view>

namespace filigree::io {

/// Runs of digits compare as numbers, everything else byte by byte; a total order (equal numbers: fewer zeros first).
inline bool natural_less(std::string_view a, std::string_view b) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string_view x = a;
  std::string_view y = b;
  while (!x.empty() && !y.empty()) {
    if (is_digit(x.front()) && is_digit(y.front())) {
      const auto number_of = [&](std::string_view& s) {
        while (s.size() > 1 && s.front() == '0' && is_digit(s[1])) s.remove_prefix(1);
        std::size_t length = 0;
        while (length < s.size() && is_digit(s[length])) ++length;
        const std::string_view number = s.substr(0, length);
        s.remove_prefix(length);
        return number;
      };
      const std::string_view m = number_of(x);
      const std::string_view n = number_of(y);
      if (m.size() != n.size()) return m.size() < n.size();
      if (m != n) return m < n;
    } else {
      if (x.front() != y.front()) return static_cast<unsigned char>(x.front()) < static_cast<unsigned char>(y.front());
      x.remove_prefix(1);
      y.remove_prefix(1);
    }
  }
  if (x.empty() != y.empty()) return x.empty();
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace filigree::io
