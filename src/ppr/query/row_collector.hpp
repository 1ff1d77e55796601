// Rows put together from blocks of dense values.
#pragma once

#include "ppr/push/dangling.hpp"

namespace filigree::ppr {

/// Lists in a row what blocks hold above `least`, or, if `most` > 0, the first `most` of it by falling value and rising
/// vertex, and perhaps some more. Blocks come by rising vertex; the row begins empty.
class RowCollector {
 public:
  RowCollector(Row& row, double least, std::size_t most) : row_(row), bar_(least), most_(most) {}

  /// values: of the block_size vertices from `first` on.
  void add(Global first, const double* values);
  /// After the last block: what was not listed becomes the row's rest.
  void finish();

 private:
  Row& row_;
  double bar_;
  std::size_t most_;
  double total_ = 0;
};

}  // namespace filigree::ppr
