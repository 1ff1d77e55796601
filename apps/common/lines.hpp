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

/// The lines of a file but empty ones and those that begin with #, on every rank. Throws IoError on all ranks when it
/// cannot be read. Collective.
std::vector<Line> read_lines(const Comm& comm, const std::string& path);

/// What a user wrote on the command line, the same on every rank: texts, or a file of lines.
struct Written {
  std::vector<Line> lines;
  std::string path;  ///< of the file, "" without

  /// "path:7: " of a line in a file, else "".
  std::string where(std::size_t i) const { return path.empty() ? "" : text(path, ':', lines[i].number, ": "); }
};
/// If there is one text and it is the path of a file, the lines of that, else the texts as lines without numbers.
/// Collective.
Written read_written(const Comm& comm, const std::vector<std::string>& texts);

/// A line without the blanks around it.
std::string trimmed(const std::string& line);

/// Lines as read_lines() takes them, from standard input, as they come. For one rank.
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
