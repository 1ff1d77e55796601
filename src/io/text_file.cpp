#include "io/text_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace filigree::io {
namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20;

}  // namespace

TextFile::TextFile(const Comm& comm, const std::string& path) : path_(path) {
  comm.guard([&] {
    // Non-blocking, not to wait for the writer of a pipe.
    if (!file_.take(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)))
      throw IoError(text(path, ": cannot be opened: ", std::strerror(errno)));
    struct stat status {};
    if (fstat(file_, &status) != 0) throw IoError(text(path, ": cannot be opened: ", std::strerror(errno)));
    if (S_ISDIR(status.st_mode)) throw IoError(text(path, ": is a directory"));
    if (!S_ISREG(status.st_mode)) throw IoError(text(path, ": is not a regular file; ranks read it at several places"));
    size_ = status.st_size;
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    char first[3] = {};
    if (std::string_view(first, read_at(0, first, sizeof first)) == byte_order_mark) begin_ = sizeof first;
  });
}

/// Reads `most` bytes, or up to the end of the file.
std::size_t TextFile::read_at(Offset at, char* to, std::size_t most) const {
  std::size_t done = 0;
  while (done < most) {
    const ssize_t got = pread(file_, to + done, most - done, at + static_cast<Offset>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw IoError(text(path_, ": cannot be read: ", std::strerror(errno)));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

/// The first begin of a line at or behind `at`, else the end of the file.
Offset TextFile::line_begin_from(Offset at) const {
  std::string buffer(4096, '\0');
  for (Offset from = at - 1; from < size_;) {
    const std::string_view bytes(buffer.data(), read_at(from, buffer.data(), buffer.size()));
    if (bytes.empty()) break;
    const std::size_t newline = bytes.find('\n');
    if (newline != std::string_view::npos) return from + static_cast<Offset>(newline) + 1;
    from += static_cast<Offset>(bytes.size());
  }
  return size_;
}

TextFile::Range TextFile::share(const Comm& comm, Offset from) const {
  const Offset length = size_ - from;
  const auto cut = [&](int rank) {
    const Offset at = from + length / comm.size() * rank + length % comm.size() * rank / comm.size();
    return at == from ? from : line_begin_from(at);
  };
  return {cut(comm.rank()), cut(comm.rank() + 1)};
}

/// The lines from `at`, about block_bytes of them but at least one; nothing when `at` is the end.
std::string_view TextFile::next_lines(Offset end, Offset at, std::string& buffer) const {
  if (at >= end) return {};
  for (std::size_t want = std::max(buffer.size(), block_bytes);; want *= 2) {
    buffer.resize(want);
    const std::size_t most = static_cast<std::size_t>(std::min<Offset>(static_cast<Offset>(want - 1), end - at));
    if (read_at(at, buffer.data(), most) < most) throw IoError(text(path_, ": became shorter while it was read"));
    const std::string_view bytes(buffer.data(), most);
    const std::size_t newline = bytes.rfind('\n');
    if (newline != std::string_view::npos) return bytes.substr(0, newline + 1);
    if (at + static_cast<Offset>(most) == end) {
      buffer[most] = '\n';
      return {buffer.data(), most + 1};
    }
  }
}

void TextFile::fail(Offset at, const std::string& what) const {
  Offset line = 1;
  std::string buffer(block_bytes, '\0');
  for (Offset from = 0; from < at;) {
    const std::size_t most = static_cast<std::size_t>(std::min<Offset>(static_cast<Offset>(buffer.size()), at - from));
    const std::size_t got = read_at(from, buffer.data(), most);
    if (got == 0) break;
    line += std::count(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got), '\n');
    from += static_cast<Offset>(got);
  }
  throw IoError(text(path_, ":", line, ": ", what));
}

}  // namespace filigree::io
