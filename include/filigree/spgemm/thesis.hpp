// The versions of K. Shivdikar's thesis "SMASH: Sparse Matrix Atomic Scratchpad Hashing" (Northeastern University,
// 2021), where all threads merge products in one hash table, by atomic instructions; never faster than multiply().
#pragma once

#include "filigree/spgemm/multiply.hpp"

#pragma GCC visibility push(default)
namespace filigree::spgemm {

enum class Variant {
  v1,  ///< rows distributed over threads in blocks, slots by high-order bits of (row, column)
  v2,  ///< rows taken one at a time, slots by low-order bits
  v3,  ///< as v2; entries outside of the table, written back while the next ones are made
};

/// Multiplies as a version of the thesis does: arguments, results and bits of multiply(), and stats (docs/spgemm.md) of
/// which with several threads all but products and nonzeros vary from run to run. Memory: 2^15 slots of 8 + sizeof(V)
/// bytes (v3: 12), or up to four an entry of the longest row, and 8 + sizeof(V) (v3: twice) an entry of a window.
template <class V>
FILIGREE_EXPORT Work multiply_as_in_thesis(Variant variant, std::type_identity_t<CsrView<V>> a,
                                           std::type_identity_t<CsrView<V>> b, Csr<V>& c, const Options& options = {},
                                           const std::type_identity_t<Mask<V>>& mask = {});
/// The same of distributed matrices. Collective over a.comm().
template <class V>
FILIGREE_EXPORT Result<V> multiply_as_in_thesis(Variant variant, const DistCsr<V>& a, const DistCsr<V>& b,
                                                const Options& options = {},
                                                const std::type_identity_t<DistMask<V>>& mask = {});
template <class V>
FILIGREE_EXPORT Work multiply_as_in_thesis(Variant variant, const DistCsr<V>& a, const DistCsr<V>& b,
                                           const std::type_identity_t<Sink<V>>& sink, const Options& options = {},
                                           const std::type_identity_t<DistMask<V>>& mask = {});

}  // namespace filigree::spgemm
#pragma GCC visibility pop
