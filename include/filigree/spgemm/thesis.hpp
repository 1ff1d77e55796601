// The three versions of the SMASH thesis, for reproduction: all threads merge products in one hash table, by atomic
// instructions.
#pragma once

#include "filigree/spgemm/multiply.hpp"

namespace filigree::spgemm {

enum class Variant {
  v1,  ///< rows distributed over threads in blocks, slots by high-order bits of (row, column)
  v2,  ///< rows taken one at a time, slots by low-order bits
  v3,  ///< as v2; entries outside of the table, written back while the next ones are made
};

/// Multiplies two matrices within a rank as a version of the thesis does: arguments, exceptions and bits of multiply().
///
/// @return  products, nonzeros; probes (slots looked at), hash_windows, critical_products (sum over windows of the most
///          products of a thread) and bytes_moved, which docs/spgemm.md defines. With several threads all but products
///          and nonzeros vary from run to run
///
/// Memory: 2^15 slots of 8 + sizeof(V) bytes (v3: 12), or up to four for each entry of the longest row, and
/// 8 + sizeof(V) (v3: twice) an entry of a window. Never faster than multiply().
/// Reference: K. Shivdikar, "SMASH: Sparse Matrix Atomic Scratchpad Hashing", MS thesis, Northeastern University, 2021.
template <class V>
Stats multiply_as_in_thesis(Variant variant, std::type_identity_t<CsrView<V>> a, std::type_identity_t<CsrView<V>> b,
                            Csr<V>& c, const Options& options = {}, const std::type_identity_t<Mask<V>>& mask = {});

/// Multiplies two distributed matrices, every rank's rows as above; else as multiply(). critical_products is that of
/// the busiest rank. Collective over a.comm().
template <class V>
Result<V> multiply_as_in_thesis(Variant variant, const DistCsr<V>& a, const DistCsr<V>& b, const Options& options = {},
                                const std::type_identity_t<DistMask<V>>& mask = {});
/// The same handed to a sink in batches.
template <class V>
Work multiply_as_in_thesis(Variant variant, const DistCsr<V>& a, const DistCsr<V>& b,
                           const std::type_identity_t<Sink<V>>& sink, const Options& options = {},
                           const std::type_identity_t<DistMask<V>>& mask = {});

}  // namespace filigree::spgemm
