// Aside: memory of a thread for rows that are not made in C.
#pragma once

#include <algorithm>

#include "core/index.hpp"
#include "filigree/core/array.hpp"

namespace filigree::spgemm {

/// Where rows are made that cannot be made where they belong.
template <class V>
struct RowBuffer {
  Array<Local> col;
  Array<V> val;

  void hold(Offset elements) {
    if (std::ssize(col) >= elements) return;
    col.clear();  // what is in them need not be copied when they grow
    val.clear();
    col.resize(z(elements));
    val.resize(z(elements));
  }
  void copy(Offset elements, Local* to_col, V* to_val) const {
    std::copy_n(col.data(), elements, to_col);
    std::copy_n(val.data(), elements, to_val);
  }
};

}  // namespace filigree::spgemm
