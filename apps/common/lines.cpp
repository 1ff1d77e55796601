#include "lines.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <sstream>
#include <string_view>

#include "filigree/io/read_text.hpp"

namespace filigree::app {
namespace {

void cut_return(std::string& line) {
  if (line.ends_with('\r')) line.pop_back();
}

}  // namespace

std::vector<Line> read_lines(const Comm& comm, const std::string& path) {
  std::istringstream stream(io::read_text(comm, path));
  std::vector<Line> lines;
  for (Line line; std::getline(stream, line.text); lines.push_back(line)) {
    ++line.number;
    cut_return(line.text);
  }
  return lines;
}

bool says_something(const std::string& line) {
  return !line.starts_with('#') && line.find_first_not_of(" \t") != std::string::npos;
}

std::string trimmed(const std::string& line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  return begin == std::string::npos ? "" : line.substr(begin, line.find_last_not_of(" \t") + 1 - begin);
}

std::vector<Line> StandardInput::next(std::size_t most) {
  std::vector<Line> lines;
  while (lines.size() < most) {
    if (auto line = take())
      lines.push_back(std::move(*line));
    else if (is_over_ || !read(lines.empty() ? -1 : 0))
      break;
  }
  return lines;
}

/// False if nothing comes in time.
bool StandardInput::read(int patience_ms) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  int ready = 0;
  while ((ready = poll(&input, 1, patience_ms)) < 0 && errno == EINTR) continue;
  if (ready == 0) return false;
  text_.erase(0, taken_);
  searched_ -= taken_;
  taken_ = 0;
  constexpr std::size_t at_a_time = 1 << 16;
  const std::size_t before = text_.size();
  text_.resize(before + at_a_time);
  ssize_t count = 0;
  while ((count = ::read(STDIN_FILENO, text_.data() + before, at_a_time)) < 0 && errno == EINTR) continue;
  text_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(0, count)));
  if (count < 0) throw IoError(text("standard input cannot be read: ", std::strerror(errno)));
  is_over_ = count == 0;
  return true;
}

/// The next whole line; at the end of the input what is left is one.
std::optional<Line> StandardInput::take() {
  std::size_t end = text_.find('\n', searched_);
  searched_ = text_.size();
  if (end == std::string::npos) {
    if (!is_over_ || taken_ == text_.size()) return std::nullopt;
    end = text_.size();
  }
  Line line{++number_, text_.substr(taken_, end - taken_)};
  taken_ = searched_ = std::min(end + 1, text_.size());
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (number_ == 1 && line.text.starts_with(byte_order_mark)) line.text.erase(0, byte_order_mark.size());
  cut_return(line.text);
  return line;
}

}  // namespace filigree::app
