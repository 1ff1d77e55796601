// Numbers of the command line: how they are read, and which are allowed.
#pragma once

#include <string>

namespace filigree::app {

/// An interval of numbers, written as in mathematics: "[1, 64]", "(0, 1)", "[0.0001, 1)", "[0, inf)".
class Interval {
 public:
  explicit Interval(const std::string& written);
  /// Of a text that is a number.
  bool holds(const std::string& text) const;
  /// What a number must be: "at least 1", "above 0", "in (0, 1)".
  std::string requirement() const;

 private:
  std::string written_;
  double least_, most_;
  bool with_least_, with_most_;
};

/// Why `text` is no T - an int, std::int64_t, std::uint64_t, or double, which must be finite - or "".
template <class T>
std::string fault_of_number(const std::string& text);

}  // namespace filigree::app
