// TextFile: a text file, plain or compressed, that every rank reads a part of.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "filigree/core/comm.hpp"
#include "filigree/core/timing.hpp"
#include "filigree/matrix/dist_csr.hpp"
#include "io/descriptor.hpp"
#include "io/packed.hpp"

namespace filigree::io {

/// A text file open on every rank. Bytes are distributed evenly; a line belongs to the rank in whose bytes it begins:
///
///     rank 0        | rank 1        | rank 2
///     1 2\n 1 3\n 2 | 7 4\n 5 1\n 6 | 1\n 8 3\n          "2 7 4" is rank 0's line, "6 1" is rank 1's
///
/// Compressed text can only be unpacked from the front. Every rank does so, at ten times the speed of parsing, and
/// passes over what is not its own: nothing is sent, and no rank holds more than a block of the text.
class TextFile {
 public:
  /// Throws IoError on all ranks when a rank cannot open it as a regular file. Its first bytes show whether it is
  /// compressed; `trust` as in unpack(). Collective.
  TextFile(const Comm& comm, const std::string& path, bool trust = false);

  const std::string& path() const { return path_; }

  // Nothing below is collective; all of it may throw IoError and belongs inside Comm::guard.

  /// Lines that begin in bytes [begin, end) of the file as it is stored, and not before byte `from` of the text. A
  /// block of compressed text counts as stored where its unpacking begins.
  struct Range {
    Offset from;
    Offset begin;
    Offset end;
  };
  /// All lines.
  Range all() const { return {text_begin_, packing_ == Packing::none ? text_begin_ : 0, size_}; }
  /// Those of this rank among the lines from byte `from` of the text, itself the begin of a line, to the end.
  Range share(const Comm& comm, Offset from) const;
  /// The same, of all lines.
  Range share(const Comm& comm) const { return share(comm, text_begin_); }

  /// Some whole lines, each with its newline (the last of the file gets one if it has none).
  struct Chunk {
    std::string_view lines;
    Offset at;     ///< where they begin in the text
    bool first;    ///< of its range
    double share;  ///< of the range that has been read, with these, in (0, 1]; an estimate
  };
  /// Calls f(chunk) for the lines of a range in order, about a megabyte at a time. f returns whether it wants more.
  /// `progress` hears of bytes read.
  template <class F>
  void for_lines(Range range, const Progress& progress, F f) const {
    Lines lines(*this, range);
    while (lines.next()) {
      if (!f(lines.chunk())) return;
      if (progress) progress("read", std::min(lines.stored(), range.end) - range.begin, range.end - range.begin);
    }
  }

  /// Calls f(line, at) for the lines of a range in order, without their newlines; `at` is where a line begins in the
  /// text. f returns whether it wants more.
  template <class F>
  void for_each_line(Range range, F f) const {
    for_lines(range, {}, [&](const Chunk& chunk) {
      for (std::size_t begin = 0, end = 0; begin < chunk.lines.size(); begin = end + 1) {
        end = chunk.lines.find('\n', begin);
        if (!f(chunk.lines.substr(begin, end - begin), chunk.at + static_cast<Offset>(begin))) return false;
      }
      return true;
    });
  }

  /// Where the k-th line (from 0) of a range begins, counting those that `counts(line)` accepts; there must be one.
  template <class F>
  Offset find_line(Range range, Offset k, F counts) const {
    Offset found = range.from;
    for_each_line(range, [&](std::string_view line, Offset at) {
      if (!counts(line) || k-- > 0) return true;
      found = at;
      return false;
    });
    return found;
  }

  /// The number, from 1, of the line that holds byte `at` of the text. Only this counts lines.
  Offset line_of(Offset at) const;
  /// Throws IoError("path:line: what") for that line.
  [[noreturn]] void fail(Offset at, const std::string& what) const;
  /// The same for the last line.
  [[noreturn]] void fail_at_end(const std::string& what) const;

 private:
  /// Goes through a range.
  class Lines {
   public:
    Lines(const TextFile& file, Range range);
    /// Moves on to the next chunk; false at the end.
    bool next();
    const Chunk& chunk() const { return chunk_; }
    /// Bytes of the file that were read for it.
    Offset stored() const { return text_->stored(); }

   private:
    bool read_block();
    void drop(std::size_t bytes);
    void skip_to_range();

    const TextFile& file_;
    Range range_;
    std::unique_ptr<Unpacked> text_;
    std::size_t block_;  ///< bytes to read at a time
    std::string buffer_;
    std::size_t size_ = 0;  ///< bytes of the buffer in use
    Offset at_;             ///< where they begin in the text
    Offset stop_;           ///< lines that begin here or behind belong to others
    Chunk chunk_{};
    bool first_ = true;
  };

  Offset line_begin_from(Offset at) const;
  std::unique_ptr<Unpacked> open_text(Offset begin, Offset end) const {
    return unpack(packing_, file_, begin, end, trust_);
  }

  std::string path_;
  Descriptor file_;
  bool trust_;
  Packing packing_ = Packing::none;
  Offset text_begin_ = 0;  ///< behind a byte order mark if there is one
  char newline_ = '\n';    ///< in the file; chunks have newlines where it has carriage returns alone
  Offset size_ = 0;        ///< of the file as it is stored
};

/// What the lines of a file are called in messages.
struct Noun {
  const char* one;
  const char* many;
};

/// Throws IoError unless the ranges of all ranks together hold as many lines as the head of the file promises. `mine`:
/// those of this rank, which counts(line) accepts. Collective.
template <class F>
void check_count(const Comm& comm, const TextFile& file, TextFile::Range range, Offset mine, Offset promised, Noun noun,
                 F counts) {
  const Offset before = comm.exclusive_sum(mine);
  const Offset total = comm.sum(mine);
  comm.guard([&] {
    if (before <= promised && promised < before + mine) {
      file.fail(file.find_line(range, promised - before, counts),
                text("one ", noun.one, " more than the ", promised, " promised above"));
    }
    if (total < promised) file.fail_at_end(text("ends after ", total, " of ", promised, ' ', noun.many));
  });
}

/// Reserves capacity for the entries of a whole range, predicted from those of its first chunk: vectors that grow by
/// doubling would hold half as much again.
template <class V>
void reserve(Entries<V>& entries, const TextFile::Chunk& first) {
  const auto expected = static_cast<std::size_t>(1.05 / first.share * static_cast<double>(entries.size()));
  entries.row.reserve(expected);
  entries.col.reserve(expected);
  if (!entries.val.empty()) entries.val.reserve(expected);
}

}  // namespace filigree::io
