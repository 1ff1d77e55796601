// C of one rank handed out in batches of rows.
#pragma once

#include "spgemm/rows/row_blocks.hpp"

namespace filigree::spgemm {

template <class V>
Stats multiply_in_batches(Way way, CsrView<V> a, CsrView<V> b, const Sink<V>& sink, const Options& options,
                          const Mask<V>& mask);

}  // namespace filigree::spgemm
