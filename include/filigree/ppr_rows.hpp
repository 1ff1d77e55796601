// VisitRows: what the walks of an index visited, packed.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "filigree/core/types.hpp"

#pragma GCC visibility push(default)
namespace filigree::ppr {

static_assert(std::endian::native == std::endian::little, "rows are little-endian bytes, and so must be the machine");

/// Rows of (vertex, count), vertices rising, counts >= 1. A row of k entries is
///
///   | k | tag 0 | tag 1 | .. | tag k-1 | entry 0 | entry 1 | .. | entry k-1 |
///
///   k      LEB128: seven bits a byte, the low ones first, the top bit of a byte says that another follows
///   tag    one byte: count << 2 | (length of the delta - 1), count 63 standing for 63 and more
///   entry  1 to 4 bytes, the low ones first: how far the vertex is above the previous one (the first: above 0),
///          and for a count of 63 and more LEB128 of count - 63
///
/// The tags stand together so that reading one needs not wait for the length in the one before. Bytes beside the rows:
/// 4 1/8 a row (starts, relative to a 64-bit base every 64 rows).
class VisitRows {
 public:
  Local num_rows() const { return static_cast<Local>(start_.size()); }
  Offset num_entries() const { return num_entries_; }
  /// Bytes of the rows and of their starts.
  Offset num_bytes() const {
    return std::ssize(bytes()) + std::ssize(start_) * Offset{sizeof(std::uint32_t)} +
           std::ssize(base_) * Offset{sizeof(Offset)};
  }
  Offset num_entries(Local row) const {
    const std::uint8_t* at = row_begin(row);
    return read_leb(at);
  }

  /// Sends for the memory of a row that is wanted soon.
  void prefetch(Local row) const {
    const std::uint8_t* const begin = row_begin(row);
    __builtin_prefetch(begin);
    __builtin_prefetch(begin + 64);
  }

  /// Calls f(vertex, count), Local and std::int32_t, for the entries of a row, ascending. 1.2 to 1.4 ns an entry on one
  /// core of a 2.6 GHz server.
  template <class F>
  void for_each(Local row, F f) const {
    const std::uint8_t* tag = row_begin(row);
    const std::uint32_t count_entries = read_leb(tag);
    const std::uint8_t* entry = tag + count_entries;
    std::uint32_t vertex = 0;
    for (const std::uint8_t* const end = entry; tag != end; ++tag) {
      std::uint32_t delta = 0;
      std::memcpy(&delta, entry, sizeof delta);  // reads at most 3 bytes behind the row: bytes_ is padded
      vertex += delta & bytes_mask[*tag & 3U];
      entry += 1 + (*tag & 3U);
      std::uint32_t count = *tag >> 2;
      if (count == escape) [[unlikely]]
        count += read_leb(entry);
      f(static_cast<Local>(vertex), static_cast<std::int32_t>(count));
    }
  }

  /// One row more. vertices: rising, >= 0; counts: as many, >= 1. Throws Error when 64 rows pass 4 GiB.
  void append(std::span<const Local> vertices, std::span<const std::int32_t> counts);
  /// The rows of another one, behind these.
  void append(const VisitRows& behind);
  /// Room for so many rows and bytes in all, so that appending them moves nothing.
  void reserve(Offset num_rows, Offset num_row_bytes);

  /// The rows as they are in memory, for files.
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), bytes_.size() - padding}; }
  /// Bytes of every row.
  std::vector<std::uint32_t> row_bytes() const;
  /// The way back. Throws InvalidArgument, naming the row, unless these are rows over [0, num_vertices); reads nothing
  /// outside `bytes` whatever they hold. Vectors with room for `room_behind` bytes more are not copied.
  static VisitRows from_bytes(std::vector<std::uint8_t> bytes, std::span<const std::uint32_t> row_bytes,
                              Local num_vertices);

  static constexpr std::size_t room_behind = 8;

  friend bool operator==(const VisitRows&, const VisitRows&) = default;

 private:
  static constexpr std::uint32_t escape = 63;
  static constexpr std::uint32_t bytes_mask[] = {0xff, 0xffff, 0xffffff, 0xffffffff};
  static constexpr std::size_t padding = room_behind;  // zeros behind the last row: reading a delta takes four bytes
  static constexpr Local rows_per_base = 64;

  const std::uint8_t* row_begin(Local row) const {
    const auto r = static_cast<std::size_t>(row);
    return bytes_.data() + base_[r / rows_per_base] + start_[r];
  }
  static std::uint32_t read_leb(const std::uint8_t*& at) {
    std::uint32_t value = *at & 127U;
    for (int shift = 7; (*at++ & 128U) != 0; shift += 7) value |= (*at & 127U) << shift;
    return value;
  }
  /// The next row begins at byte `begin`.
  void begin_row(Offset begin);

  std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(padding);
  std::vector<Offset> base_;          // where every 64th row begins
  std::vector<std::uint32_t> start_;  // where each row begins, from its base
  Offset num_entries_ = 0;
};

}  // namespace filigree::ppr
#pragma GCC visibility pop
