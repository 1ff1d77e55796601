// The versions of the SMASH thesis.
#pragma once

#include "filigree/spgemm.hpp"

namespace filigree::spgemm {

/// multiply_at_most() for Options::variant v1, v2 and v3, but for what it does at its end: c may have room for more,
/// and rows that there is no room for have lengths only.
template <class V>
Stats multiply_as_in_thesis(Offset most_nonzeros, CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options,
                            const CsrView<V>* mask);

}  // namespace filigree::spgemm
