#include "ppr/query/row_collector.hpp"

#include <algorithm>
#include <array>

#include "filigree/core/top_k.hpp"
#include "ppr/push/kernels.hpp"

namespace filigree::ppr {
namespace {

/// Leaves the first `most` by falling value and rising vertex, and returns the value of the last.
double keep_first(Row& row, std::size_t most) {
  const auto [last, num_equal] = kth_score(row.value, most);
  row.keep_if([&, last = last, num_equal = num_equal](std::size_t k) mutable {
    return row.value[k] > last || (row.value[k] == last && num_equal-- > 0);
  });
  return last;
}

}  // namespace

void RowCollector::add(Global first, const double* values) {
  std::array<Global, block_size + 8> vertex;
  std::array<double, block_size + 8> value;
  const int count = keep_above(values, bar_, first, vertex.data(), value.data());
  total_ += sum(values);
  row_.vertex.insert(row_.vertex.end(), vertex.begin(), vertex.begin() + count);
  row_.value.insert(row_.value.end(), value.begin(), value.begin() + count);
  // What comes later and is not above the last of the first `most` is not among them.
  if (most_ > 0 && row_.size() > 2 * most_ + 1024) bar_ = keep_first(row_, most_);
}

void RowCollector::finish() { row_.rest = total_ - row_.sum(); }

}  // namespace filigree::ppr
