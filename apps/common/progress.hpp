// What rank 0 shows while a long call works.
#pragma once

#include <string>
#include <string_view>

#include "filigree/core/timing.hpp"

namespace filigree::app {

/// "read [####....] 42 %, 5.9 M/s, 12 s, 17 s left" in at most `columns` characters: with share, rate, time since the
/// phase began and time left as far as they fit. 0 < total, 0 <= done.
std::string progress_bar(std::string_view phase, Offset done, Offset total, double seconds, std::size_t columns);

class ProgressDisplay {
 public:
  enum class Style {
    off,
    lines,  ///< a line every two seconds, for a log; none for what is done sooner
    bar     ///< a bar redrawn in place, for a terminal; erased before other output
  };
  void set_style(Style style) { style_ = style; }
  void report(std::string_view phase, Offset done, Offset total);
  /// Before anything else goes to the terminal.
  void clear();

 private:
  Style style_ = Style::off;
  std::string phase_;
  Offset done_ = 0;
  Stopwatch since_;  // the last report
  Stopwatch begin_;  // of the phase
  bool visible_ = false;
};

}  // namespace filigree::app
