#include <algorithm>
#include <limits>

#include "core/index.hpp"
#include "filigree/core/error.hpp"
#include "filigree/ppr_rows.hpp"

namespace filigree::ppr {
namespace {

constexpr std::size_t longest_leb = 5;  // of 32 bits

std::uint8_t* write_leb(std::uint8_t* to, std::uint32_t value) {
  for (; value >= 128; value >>= 7) *to++ = static_cast<std::uint8_t>(value | 128U);
  *to++ = static_cast<std::uint8_t>(value);
  return to;
}

/// read_leb for bytes that may be damaged: false when they end early or hold more than 31 bits.
bool checked_leb(const std::uint8_t*& at, const std::uint8_t* end, std::uint32_t& value) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < longest_leb && at != end; ++i) {
    const std::uint8_t byte = *at++;
    bits |= std::uint64_t{byte & 127U} << (7 * i);
    if ((byte & 128U) != 0) continue;
    value = static_cast<std::uint32_t>(bits);
    return bits <= std::numeric_limits<std::int32_t>::max();
  }
  return false;
}

}  // namespace

void VisitRows::begin_row(Offset begin) {
  if (start_.size() % rows_per_base == 0) base_.push_back(begin);
  const Offset start = begin - base_.back();
  if (start > std::numeric_limits<std::uint32_t>::max()) throw Error("64 rows of an index exceed 4 GiB");
  start_.push_back(static_cast<std::uint32_t>(start));
}

void VisitRows::append(std::span<const Local> vertices, std::span<const std::int32_t> counts) {
  const std::size_t begin = bytes_.size() - padding;
  begin_row(static_cast<Offset>(begin));
  // Room for the longest row there could be; what is not used goes again.
  bytes_.resize(begin + longest_leb + vertices.size() * (1 + 4) + padding);
  std::uint8_t* tag = write_leb(bytes_.data() + begin, static_cast<std::uint32_t>(vertices.size()));
  std::uint8_t* entry = tag + vertices.size();
  std::uint32_t previous = 0;
  for (std::size_t k = 0; k < vertices.size(); ++k) {
    const auto vertex = static_cast<std::uint32_t>(vertices[k]);
    const std::uint32_t delta = vertex - previous;
    previous = vertex;
    const auto length = static_cast<std::uint32_t>(std::bit_width(delta | 1U) + 7) / 8;
    const auto count = static_cast<std::uint32_t>(counts[k]);
    *tag++ = static_cast<std::uint8_t>(std::min(count, escape) << 2 | (length - 1));
    std::memcpy(entry, &delta, sizeof delta);
    entry += length;
    if (count < escape) continue;
    // Long counts are rare; each makes room for itself.
    const std::ptrdiff_t tag_at = tag - bytes_.data();
    const std::ptrdiff_t entry_at = entry - bytes_.data();
    bytes_.resize(bytes_.size() + longest_leb);
    tag = bytes_.data() + tag_at;
    entry = write_leb(bytes_.data() + entry_at, count - escape);
  }
  bytes_.resize(static_cast<std::size_t>(entry - bytes_.data()));
  bytes_.resize(bytes_.size() + padding, 0);
  num_entries_ += std::ssize(vertices);
}

void VisitRows::append(const VisitRows& behind) {
  const auto moved = static_cast<Offset>(bytes_.size() - padding);
  for (Local row = 0; row < behind.num_rows(); ++row) {
    begin_row(moved + (behind.row_begin(row) - behind.bytes_.data()));
  }
  bytes_.resize(bytes_.size() - padding);
  bytes_.insert(bytes_.end(), behind.bytes_.begin(), behind.bytes_.end());
  num_entries_ += behind.num_entries_;
}

void VisitRows::reserve(Offset num_rows, Offset num_row_bytes) {
  bytes_.reserve(z(num_row_bytes) + padding);
  start_.reserve(z(num_rows));
  base_.reserve(z(num_rows / rows_per_base + 1));
}

std::vector<std::uint32_t> VisitRows::row_bytes() const {
  std::vector<std::uint32_t> lengths(start_.size());
  for (std::size_t row = 0; row < lengths.size(); ++row) {
    const std::uint8_t* end =
        row + 1 < lengths.size() ? row_begin(static_cast<Local>(row) + 1) : bytes_.data() + bytes_.size() - padding;
    lengths[row] = static_cast<std::uint32_t>(end - row_begin(static_cast<Local>(row)));
  }
  return lengths;
}

VisitRows VisitRows::from_bytes(std::vector<std::uint8_t> bytes, std::span<const std::uint32_t> row_bytes,
                                Local num_vertices) {
  VisitRows rows;
  rows.bytes_ = std::move(bytes);
  rows.reserve(std::ssize(row_bytes), std::ssize(rows.bytes_));
  rows.bytes_.resize(rows.bytes_.size() + padding, 0);
  const std::uint8_t* at = rows.bytes_.data();
  const std::uint8_t* const end_of_rows = rows.bytes_.data() + rows.bytes_.size() - padding;
  for (std::size_t row = 0; row < row_bytes.size(); ++row) {
    const auto check = [&](bool holds, const auto&... what) { require(holds, "row ", row, " ", what...); };
    check(end_of_rows - at >= std::ptrdiff_t{row_bytes[row]}, "ends behind the last byte");
    const std::uint8_t* const end = at + row_bytes[row];
    rows.begin_row(at - rows.bytes_.data());
    std::uint32_t num_entries = 0;
    check(checked_leb(at, end, num_entries) && end - at >= std::ptrdiff_t{num_entries}, "has no room for its entries");
    const std::uint8_t* tag = at;
    at += num_entries;
    std::uint64_t vertex = 0;
    for (std::uint32_t k = 0; k < num_entries; ++k) {
      const std::uint32_t length = 1 + (tag[k] & 3U);
      check(end - at >= std::ptrdiff_t{length}, "is cut short in entry ", k);
      std::uint32_t delta = 0;
      std::memcpy(&delta, at, length);
      at += length;
      check(k == 0 || delta > 0, "has vertices that do not rise in entry ", k);
      vertex += delta;
      check(vertex < static_cast<std::uint64_t>(num_vertices), "visits vertex ", vertex, " of ", num_vertices);
      const std::uint32_t count = tag[k] >> 2;
      std::uint32_t more = 0;
      check(count != 0, "has a count of 0 in entry ", k);
      check(count < escape || (checked_leb(at, end, more) && more <= std::numeric_limits<std::int32_t>::max() - escape),
            "has a broken count in entry ", k);
    }
    check(at == end, "has bytes behind its last entry");
    rows.num_entries_ += num_entries;
  }
  require(at == end_of_rows, end_of_rows - at, " bytes follow the last row");
  return rows;
}

}  // namespace filigree::ppr
