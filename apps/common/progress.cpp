#include "progress.hpp"

#include <algorithm>
#include <cstdio>

namespace filigree::app {

void ProgressDisplay::report(std::string_view phase, Offset done, Offset total) {
  if (style_ == Style::off) return;
  const double interval_seconds = style_ == Style::bar ? 0.1 : 2;
  if (phase != phase_) {
    phase_ = phase;
    since_ = Stopwatch();
    begin_ = Stopwatch();
  }
  if (done >= total || since_.seconds() < interval_seconds) return;
  since_ = Stopwatch();
  const double share = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
  const double seconds_left = share > 0 ? begin_.seconds() * (1 - share) / share : 0;
  if (style_ == Style::lines) {
    std::fprintf(stderr, "%s: %.0f %%, %.0f s left\n", phase_.c_str(), 100 * share, seconds_left);
    return;
  }
  constexpr std::size_t width = 32;
  std::string bar(width, '.');
  std::fill_n(bar.begin(), static_cast<std::size_t>(share * width), '#');
  std::fprintf(stderr, "\r\033[K%-12s [%s] %3.0f %%, %.0f s left", phase_.c_str(), bar.c_str(), 100 * share,
               seconds_left);
  std::fflush(stderr);
  visible_ = true;
}

void ProgressDisplay::clear() {
  if (visible_) std::fputs("\r\033[K", stderr);
  visible_ = false;
}

}  // namespace filigree::app
