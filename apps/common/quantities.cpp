#include "quantities.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace filigree::app {
namespace {

/// Three significant digits, no exponent.
std::string three_digits(double number) {
  const int before = number >= 99.95 ? 0 : number >= 9.995 ? 1 : number >= 0.9995 ? 2 : 3;
  std::array<char, 64> digits{};
  std::snprintf(digits.data(), digits.size(), "%.*f", before, number);
  return digits.data();
}

/// "34.8 M": a number from 1000 on with a prefix for its powers of 1000, which stands before `unit`.
std::string with_prefix(double number, const std::string& unit) {
  constexpr std::array<const char*, 7> prefixes{"", "k", "M", "G", "T", "P", "E"};
  std::size_t power = 0;
  for (; number >= 999.5 && power + 1 < prefixes.size(); ++power) number /= 1000;
  const bool is_whole = power == 0 && std::trunc(number) == number;
  const std::string digits = is_whole ? std::to_string(static_cast<int>(number)) : three_digits(number);
  const std::string prefixed = prefixes[power] + unit;
  return prefixed.empty() ? digits : digits + " " + prefixed;
}

}  // namespace

std::string short_number(double number) { return with_prefix(number, ""); }

std::string short_count(double number, const std::string& one, const std::string& many) {
  return short_number(number) + " " + (number == 1 ? one : many);
}

std::string short_bytes(double bytes) { return with_prefix(bytes, "B"); }

std::string short_seconds(double seconds) {
  return seconds < 0.1 ? three_digits(1000 * seconds) + " ms" : three_digits(seconds) + " s";
}

}  // namespace filigree::app
