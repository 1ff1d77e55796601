#include "io/text_file.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/index.hpp"

namespace filigree::io {
namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20;
constexpr Offset nowhere = std::numeric_limits<Offset>::max();

/// Whether text has carriage returns and no newlines, as files of old Macs: judged by its first 64 KiB.
bool ends_lines_by_returns(std::string_view first, Unpacked& text) {
  std::string bytes(first);
  bytes.resize(first.size() + (std::size_t{1} << 16));
  try {
    bytes.resize(first.size() + text.read(bytes.data() + first.size(), bytes.size() - first.size()));
  } catch (const IoError&) {
    return false;  // the reader meets it, too, and says where
  }
  return bytes.find('\r') != std::string::npos && bytes.find('\n') == std::string::npos;
}

}  // namespace

TextFile::TextFile(const Comm& comm, const std::string& path, bool trust) : path_(path), trust_(trust) {
  comm.guard([&] {
    size_ = open_regular(path, file_);
    char first[8] = {};
    try {
      packing_ = packing_of_content({first, read_at(file_, 0, first, sizeof first)});
    } catch (const IoError& fault) {
      throw IoError(text(path, ": ", fault.what()));
    }
    if (const char* const packing = foreign_packing({first, sizeof first}); packing != nullptr)
      throw IoError(text(path, ": is compressed by ", packing, ", which filigree does not read; unpack it"));
    if (packing_ == Packing::none && packing_of(path) != Packing::none && size_ > 0)
      throw IoError(text(path, ": is not compressed as its extension says"));
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    const std::unique_ptr<Unpacked> beginning = open_text(0, size_);
    try {
      const std::size_t length = beginning->read(first, byte_order_mark.size());
      if (std::string_view(first, length) == byte_order_mark) text_begin_ = std::ssize(byte_order_mark);
    } catch (const IoError& fault) {
      fail(0, fault.what());
    }
    if (ends_lines_by_returns({first, byte_order_mark.size()}, *beginning)) newline_ = '\r';
  });
}

/// The first begin of a line at or behind `at` in plain text, else the end of the file.
Offset TextFile::line_begin_from(Offset at) const {
  std::string buffer(4096, '\0');
  for (Offset from = at - 1; from < size_;) {
    const std::string_view bytes(buffer.data(), read_at(file_, from, buffer.data(), buffer.size()));
    if (bytes.empty()) break;
    const std::size_t newline = bytes.find(newline_);
    if (newline != std::string_view::npos) return from + static_cast<Offset>(newline) + 1;
    from += static_cast<Offset>(bytes.size());
  }
  return size_;
}

TextFile::Range TextFile::share(const Comm& comm, Offset from) const {
  const bool packed = packing_ != Packing::none;
  const Offset begin = packed ? 0 : std::min(from, size_);
  const Offset length = size_ - begin;
  const auto cut = [&](int rank) {
    const Offset at = begin + length / comm.size() * rank + length % comm.size() * rank / comm.size();
    return packed || at == begin ? at : line_begin_from(at);
  };
  return {from, cut(comm.rank()), cut(comm.rank() + 1)};
}

TextFile::Lines::Lines(const TextFile& file, Range range)
    : file_(file),
      range_(range),
      text_(file.packing_ == Packing::none ? file.open_text(range.begin, range.end) : file.open_text(0, file.size_)),
      block_(file.packing_ == Packing::none ? std::min(block_bytes, z(range.end - range.begin)) : block_bytes),
      at_(file.packing_ == Packing::none ? range.begin : 0),
      stop_(nowhere) {
  if (file.packing_ != Packing::none) skip_to_range();
}

/// Adds a block to the buffer; false if there is no more. Finds out where the range ends.
bool TextFile::Lines::read_block() {
  if (stop_ == nowhere && text_->stored() >= range_.end) stop_ = at_ + static_cast<Offset>(size_);
  if (buffer_.size() < size_ + block_ + 1) buffer_.resize(std::max(size_ + block_ + 1, 2 * size_));
  try {
    const std::size_t got = text_->read(buffer_.data() + size_, block_);
    if (file_.newline_ != '\n')
      std::replace(buffer_.data() + size_, buffer_.data() + size_ + got, file_.newline_, '\n');
    size_ += got;
    return got > 0;
  } catch (const IoError& fault) {
    file_.fail(at_ + static_cast<Offset>(size_), fault.what());
  }
}

void TextFile::Lines::drop(std::size_t bytes) {
  std::memmove(buffer_.data(), buffer_.data() + bytes, size_ - bytes);
  size_ -= bytes;
  at_ += static_cast<Offset>(bytes);
}

/// Passes over blocks stored before the range, the line that reaches into it, and lines before range.from.
void TextFile::Lines::skip_to_range() {
  bool in_line = false;
  while (text_->stored() < range_.begin) {
    if (!read_block()) return;
    in_line = buffer_[size_ - 1] != '\n';
    drop(size_);
  }
  while (in_line || at_ + static_cast<Offset>(size_) <= range_.from) {
    if (!read_block()) return;
    if (!in_line) {
      drop(std::min(size_, z(std::max<Offset>(0, range_.from - at_))));
    } else if (const void* newline = std::memchr(buffer_.data(), '\n', size_)) {
      drop(z(static_cast<const char*>(newline) - buffer_.data()) + 1);
      in_line = false;
    } else {
      drop(size_);
    }
  }
  if (at_ < range_.from) drop(z(range_.from - at_));
}

bool TextFile::Lines::next() {
  drop(chunk_.lines.size() > size_ ? size_ : chunk_.lines.size());  // it may have a newline that the file lacks
  chunk_.lines = {};
  std::size_t length = 0;  // of the whole lines in the buffer
  bool more = true;
  for (std::size_t searched = 0; length == 0; searched = size_) {
    more = read_block();
    if (at_ >= stop_) return false;
    const std::string_view bytes(buffer_.data(), size_);
    // The last line of the range is the one that holds the byte before its end.
    const bool ends = stop_ < at_ + static_cast<Offset>(size_);
    const std::string_view fresh = bytes.substr(ends ? std::max(searched, z(stop_ - at_ - 1)) : searched);
    const std::size_t newline = ends ? fresh.find('\n') : fresh.rfind('\n');
    if (newline != std::string_view::npos) {
      length = z(fresh.data() - bytes.data()) + newline + 1;
    } else if (!more) {
      if (size_ == 0) return false;
      buffer_[size_] = '\n';
      length = size_ + 1;
    }
  }
  const auto all = static_cast<double>(range_.end - range_.begin);
  // The beginning of a compressed file may be much denser than the rest: no more than 12 bytes of text for one of it.
  const auto stored = static_cast<double>(text_->stored() - range_.begin);
  const double done = std::max(stored, static_cast<double>(length) / 12);
  chunk_ = {{buffer_.data(), length}, at_, first_, std::clamp(done / all, 1e-6, 1.0)};
  first_ = false;
  return true;
}

Offset TextFile::line_of(Offset at) const {
  Offset line = 1;
  std::string buffer(std::min(block_bytes, z(std::max<Offset>(at, 0))), '\0');
  const std::unique_ptr<Unpacked> text_before = open_text(0, size_);
  for (Offset left = at; left > 0;) {
    std::size_t got = 0;
    try {
      got = text_before->read(buffer.data(), std::min(buffer.size(), z(left)));
    } catch (const IoError&) {
      // Damage right behind `at`, or a file that changes: the lines so far must do.
    }
    if (got == 0) break;
    line += std::count(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got), newline_);
    left -= static_cast<Offset>(got);
  }
  return line;
}

void TextFile::fail(Offset at, const std::string& what) const {
  throw IoError(text(path_, ":", line_of(at), ": ", what));
}

void TextFile::fail_at_end(const std::string& what) const {
  std::string buffer(block_bytes, '\0');
  const std::unique_ptr<Unpacked> whole = open_text(0, size_);
  Offset length = 0;
  while (const std::size_t got = whole->read(buffer.data(), buffer.size())) length += static_cast<Offset>(got);
  fail(length - 1, what);
}

}  // namespace filigree::io
