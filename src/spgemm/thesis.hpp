// The versions of the SMASH thesis.
#pragma once

#include "filigree/spgemm.hpp"

namespace filigree::spgemm {

/// The local multiply() for Options::variant v1, v2 and v3. Shapes fit.
template <class V>
Stats multiply_as_in_thesis(CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options, const CsrView<V>* mask);

}  // namespace filigree::spgemm
