#include "progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "filigree/core/error.hpp"
#include "quantities.hpp"

namespace filigree::app {
namespace {

/// The same figures in fewer and fewer words.
std::vector<std::string> figures(Offset done, Offset total, double seconds) {
  const double share = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
  char percent[16];
  std::snprintf(percent, sizeof percent, "%3.0f %%", 100 * share);
  if (share == 0 || seconds <= 0) return {percent};
  const auto whole = [](double s) { return text(static_cast<Offset>(s + 0.5), " s"); };
  const std::string left = ", " + whole(seconds * (1 - share) / share) + " left";
  const std::string rate = ", " + short_number(static_cast<double>(done) / seconds) + "/s";
  return {percent + rate + ", " + whole(seconds) + left, percent + (", " + whole(seconds)) + left, percent + left,
          percent};
}

std::size_t terminal_columns() {
  winsize size{};
  constexpr std::size_t usual = 80;
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

}  // namespace

std::string progress_bar(std::string_view phase, Offset done, Offset total, double seconds, std::size_t columns) {
  constexpr std::size_t narrowest = 8;
  constexpr std::size_t widest = 32;
  std::string shortest;
  for (const std::string& told : figures(done, total, seconds)) {
    const std::size_t taken = phase.size() + std::string_view(" [] ").size() + told.size();
    shortest = told;
    if (taken + narrowest > columns) continue;
    const std::size_t cells = std::min(widest, columns - taken);
    std::string bar(cells, '.');
    const double share = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
    std::fill_n(bar.begin(), static_cast<std::size_t>(share * static_cast<double>(cells)), '#');
    return text(phase, " [", bar, "] ", told);
  }
  return text(phase, " ", shortest).substr(0, columns);
}

void ProgressDisplay::report(std::string_view phase, Offset done, Offset total) {
  if (style_ == Style::off) return;
  const double interval_seconds = style_ == Style::bar ? 0.1 : 2;
  if (phase != phase_ || done < done_) {  // of another phase, or of the same once more
    phase_ = phase;
    since_ = Stopwatch();
    begin_ = Stopwatch();
  }
  done_ = done;
  if (done >= total || since_.seconds() < interval_seconds) return;
  since_ = Stopwatch();
  if (style_ == Style::lines) {
    std::fprintf(stderr, "%s: %s\n", phase_.c_str(), figures(done, total, begin_.seconds()).front().c_str());
    return;
  }
  // In the last column the cursor may have moved on to the next line.
  const std::string bar = progress_bar(phase_, done, total, begin_.seconds(), terminal_columns() - 1);
  std::fprintf(stderr, "\r\033[K%s", bar.c_str());
  std::fflush(stderr);
  visible_ = true;
}

void ProgressDisplay::clear() {
  if (visible_) std::fputs("\r\033[K", stderr);
  visible_ = false;
}

}  // namespace filigree::app
