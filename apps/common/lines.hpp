// Lines that a user wrote: one question, or one name, each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "filigree/core/comm.hpp"

namespace filigree::app {

struct Line {
  Offset number = 0;  ///< in its file, from 1
  std::string text;   ///< without its end
};

/// All lines of a file on every rank: unpacked if it is compressed, without a byte order mark and carriage returns at
/// their ends. Throws IoError on all ranks when it cannot be read. Collective.
std::vector<Line> read_lines(const Comm& comm, const std::string& path);

/// Whether a line is neither blank nor a comment, which begins with #.
bool says_something(const std::string& line);
/// A line without the blanks and tabs around it.
std::string trimmed(const std::string& line);

/// Lines of standard input, as those of a file, when they come. For one rank.
class StandardInput {
 public:
  /// Waits for a line, and takes with it what else is there: up to `most` lines, without waiting for more. None = the
  /// input is at its end. Throws IoError when it cannot be read.
  std::vector<Line> next(std::size_t most);

 private:
  bool read(int patience_ms);
  std::optional<Line> take();

  std::string text_;  // what was read; its first `taken_` bytes have been handed out
  std::size_t taken_ = 0;
  std::size_t searched_ = 0;  // no line ends between taken_ and here
  Offset number_ = 0;
  bool is_over_ = false;
};

}  // namespace filigree::app
