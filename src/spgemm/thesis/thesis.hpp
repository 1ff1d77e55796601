// The versions of the SMASH thesis.
#pragma once

#include "filigree/spgemm/thesis.hpp"

namespace filigree::spgemm {

/// multiply_at_most() by a version, without what that does at its end: c may have capacity for more, and rows that do
/// not fit have lengths only.
template <class V>
Stats make_as_in_thesis(Variant variant, Offset most_nonzeros, CsrView<V> a, CsrView<V> b, Csr<V>& c,
                        const Options& options, const Mask<V>& mask);

}  // namespace filigree::spgemm
