#include "io/compressed_rows.hpp"

#include <algorithm>

#include "core/index.hpp"
#include "filigree/core/error.hpp"

namespace filigree::io {

RowsOfEntries::RowsOfEntries(Offset first, Offset count, Offset total)
    : first_(first), end_(first + count), total_(total) {
  rows_.reserve(z(count));
}

void RowsOfEntries::add(Offset begin) {
  if (num_begins_ == 0 ? begin != 0 : begin < last_ || begin > total_)
    throw Error(text("element ", num_begins_, " is ", begin, num_begins_ == 0 ? "" : text(" after ", last_),
                     "; they must ascend from 0 to the number of entries, ", total_));
  const Offset from = std::max(first_, last_);
  const Offset to = std::min(end_, begin);
  if (from < to) rows_.insert(rows_.end(), z(to - from), num_begins_ - 1);
  last_ = begin;
  ++num_begins_;
}

std::vector<Global> RowsOfEntries::finish() {
  if (num_begins_ == 0 || last_ != total_)
    throw Error(text("its last element is ", last_, ", not the number of entries, ", total_));
  return std::move(rows_);
}

void expect_indices(const std::vector<Global>& indices, Offset first, Global end) {
  for (std::size_t k = 0; k < indices.size(); ++k) {
    if (indices[k] < 0 || indices[k] >= end)
      throw Error(text("element ", first + static_cast<Offset>(k), " is ", indices[k], ", must be in [0, ", end, ")"));
  }
}

}  // namespace filigree::io
