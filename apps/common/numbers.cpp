#include "numbers.hpp"

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "filigree/core/error.hpp"

namespace filigree::app {

Interval::Interval(const std::string& written)
    : written_(written), with_least_(written.front() == '['), with_most_(written.back() == ']') {
  char* end = nullptr;
  least_ = std::strtod(written.c_str() + 1, &end);
  most_ = std::strtod(end + 1, &end);
}

bool Interval::holds(const std::string& text) const {
  const char* const last = text.data() + text.size();
  std::int64_t whole = 0;
  double real = 0;
  const auto [end, error] = std::from_chars(text.data(), last, whole);
  const bool is_whole = error == std::errc() && end == last;
  if (!is_whole) std::from_chars(text.data(), last, real);
  const long double number = is_whole ? static_cast<long double>(whole) : static_cast<long double>(real);
  return (with_least_ ? number >= least_ : number > least_) && (with_most_ ? number <= most_ : number < most_);
}

std::string Interval::requirement() const {
  if (!std::isinf(most_)) return "in " + written_;
  const std::string least = written_.substr(1, written_.find(',') - 1);
  return (with_least_ ? "at least " : "above ") + least;
}

template <class T>
std::string fault_of_number(const std::string& text) {
  const char* const last = text.data() + text.size();
  T number{};
  const auto [end, error] = std::from_chars(text.data(), last, number);
  const std::string found = "'" + text + "'";
  if (error == std::errc::invalid_argument || end != last)
    return found + (std::integral<T> ? " is no whole number" : " is no number") +
           (std::unsigned_integral<T> ? " of at least 0" : "");
  if constexpr (std::integral<T>) {
    using Limits = std::numeric_limits<T>;
    if (error == std::errc::result_out_of_range)
      return filigree::text(found, " must lie between ", Limits::min(), " and ", Limits::max());
  } else {
    if (error == std::errc::result_out_of_range) return found + " is too large or too small for a number";
    if (!std::isfinite(number)) return found + " is no finite number";
  }
  return "";
}
template std::string fault_of_number<int>(const std::string&);
template std::string fault_of_number<std::int64_t>(const std::string&);
template std::string fault_of_number<std::uint64_t>(const std::string&);
template std::string fault_of_number<double>(const std::string&);

}  // namespace filigree::app
