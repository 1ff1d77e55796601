// TextFile: a text file that every rank reads a part of.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "filigree/core/comm.hpp"
#include "filigree/core/timing.hpp"
#include "filigree/matrix/dist_csr.hpp"
#include "io/descriptor.hpp"

namespace filigree::io {

/// A text file open on every rank. Bytes are dealt out evenly; a line belongs to the rank in whose bytes it begins:
///
///     rank 0        | rank 1        | rank 2
///     1 2\n 1 3\n 2 | 7 4\n 5 1\n 6 | 1\n 8 3\n          "2 7 4" is rank 0's line, "6 1" is rank 1's
///
class TextFile {
 public:
  /// Throws IoError on all ranks when a rank cannot open it as a regular file. Collective.
  TextFile(const Comm& comm, const std::string& path);

  const std::string& path() const { return path_; }
  /// Where the text begins: behind a byte order mark if there is one.
  Offset begin() const { return begin_; }
  Offset size() const { return size_; }

  // Nothing below is collective; all of it may throw IoError and belongs inside Comm::guard.

  struct Range {
    Offset begin;
    Offset end;
  };
  /// All lines.
  Range all() const { return {begin_, size_}; }
  /// The whole lines of this rank in the bytes from `from`, itself the begin of a line, to the end of the file.
  Range share(const Comm& comm, Offset from) const;

  /// Calls f(lines, offset) for the lines of a range in order, about a megabyte at a time. `lines` holds whole lines,
  /// each with its newline (the last of the file gets one if it has none); `offset` is where they begin in the file.
  /// f returns whether it wants more. `progress` hears of bytes read.
  template <class F>
  void for_lines(Range range, const Progress& progress, F f) const {
    std::string buffer;
    Offset at = range.begin;
    for (std::string_view lines; !(lines = next_lines(range.end, at, buffer)).empty();) {
      if (!f(lines, at)) return;
      // A newline that the file lacks is no byte of it.
      at = std::min(range.end, at + static_cast<Offset>(lines.size()));
      if (progress) progress("read", at - range.begin, range.end - range.begin);
    }
  }

  /// Where the k-th line (from 0) of a range begins, counting those that `counts(line)` accepts; there must be one.
  template <class F>
  Offset find_line(Range range, Offset k, F counts) const {
    Offset found = range.begin;
    for_lines(range, {}, [&](std::string_view lines, Offset offset) {
      for (std::size_t begin = 0, end = 0; begin < lines.size(); begin = end + 1) {
        end = lines.find('\n', begin);
        if (!counts(lines.substr(begin, end - begin)) || k-- > 0) continue;
        found = offset + static_cast<Offset>(begin);
        return false;
      }
      return true;
    });
    return found;
  }

  /// Throws IoError("path:line: what") for the line that holds byte `at`. Only this counts lines.
  [[noreturn]] void fail(Offset at, const std::string& what) const;

 private:
  std::size_t read_at(Offset at, char* to, std::size_t most) const;
  Offset line_begin_from(Offset at) const;
  std::string_view next_lines(Offset end, Offset at, std::string& buffer) const;

  std::string path_;
  Descriptor file_;
  Offset begin_ = 0;
  Offset size_ = 0;
};

/// Makes room for the entries of a whole range, judging by those of its first lines: vectors that grow by doubling
/// would hold half as much again.
inline void reserve(Entries<double>& entries, TextFile::Range range, std::string_view first_lines) {
  const double parts = static_cast<double>(range.end - range.begin) / static_cast<double>(first_lines.size());
  const auto expected = static_cast<std::size_t>(1.05 * parts * static_cast<double>(entries.size()));
  entries.row.reserve(expected);
  entries.col.reserve(expected);
  if (!entries.val.empty()) entries.val.reserve(expected);
}

}  // namespace filigree::io
