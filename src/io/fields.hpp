// Fields of a line of text, and the numbers in them.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>

#include "filigree/core/types.hpp"

namespace filigree::io {

inline bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

inline std::string_view without_blanks(std::string_view s) {
  while (!s.empty() && is_blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_blank(s.back())) s.remove_suffix(1);
  return s;
}

/// Sizes have at most 18 digits, so that they are far from the limits of Global.
constexpr int most_digits = 18;

/// Reads an id at p, which must lie before a newline. Returns where it ends, or null unless a number below 2^63 of 1 to
/// 19 digits is there.
inline const char* parse_digits(const char* p, Global& id) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const char* const begin = p;
  std::uint64_t value = 0;
  for (; is_digit(*p); ++p) value = 10 * value + static_cast<std::uint64_t>(*p - '0');  // 19 digits do not overflow
  id = static_cast<Global>(value);
  if (p - begin <= most_digits) return p > begin ? p : nullptr;
  return id >= 0 && p - begin == most_digits + 1 ? p : nullptr;
}

/// A text as a number of type T; false unless the whole text is one. Texts out of range of T give false too, but real
/// numbers nearer to zero than any of T are zero or the nearest that there is.
template <class T>
bool parse_whole(std::string_view s, T& value) {
  if (s.size() > 1 && s.front() == '+' && s[1] != '-') s.remove_prefix(1);
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (end != s.data() + s.size()) return false;
  if constexpr (std::is_same_v<T, double>) {
    if (error == std::errc::result_out_of_range) {
      value = std::strtod(std::string(s).c_str(), nullptr);
      return std::abs(value) < 1;
    }
  }
  return error == std::errc{};
}

/// Whether a text is written in digits as a number is, be it out of range.
inline bool is_number(std::string_view s) {
  if (s.size() > 1 && s.front() == '+' && s[1] != '-') s.remove_prefix(1);
  if (s.find_first_of("0123456789") > 2) return false;  // also "nan" and "inf"
  double value = 0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  return error != std::errc::invalid_argument && end == s.data() + s.size();
}

/// Whether a text of digits is a whole number that the double which was read from it, `value`, is only near to.
inline bool is_rounded(std::string_view s, double value) {
  if (!(std::abs(value) >= 0x1p53)) return false;
  if (s.front() == '+' || s.front() == '-') s.remove_prefix(1);
  if (s.find_first_not_of("0123456789") != s.npos) return false;
  s.remove_prefix(std::min(s.find_first_not_of('0'), s.size()));
  char digits[400];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, std::abs(value), std::chars_format::fixed, 0);
  return s != std::string_view(digits, static_cast<std::size_t>(end - digits));
}
/// What is wrong with such a number.
inline const char* const only_rounded =
    " is a whole number that a double holds only rounded; with a decimal point it is read so";

inline std::string lower_case(std::string_view s) {
  std::string lower(s);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

/// The next field of a line whose fields stand between blanks; empty when there is none left.
inline std::string_view next_field(std::string_view& line) {
  line = without_blanks(line);
  const std::string_view field = line.substr(0, line.find_first_of(" \t\r"));
  line.remove_prefix(field.size());
  return field;
}

inline bool has_control_character(std::string_view s) {
  return std::any_of(s.begin(), s.end(), [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; });
}

/// A text as an error message shows it: cut when long, bytes that a terminal would not print as "?".
inline std::string quoted(std::string_view s) {
  constexpr std::size_t most = 40;
  std::string shown = "'";
  for (char c : s.substr(0, most)) shown += static_cast<unsigned char>(c) < 32 || c == 127 ? '?' : c;
  return shown + (s.size() > most ? "...'" : "'");
}

}  // namespace filigree::io
