// C = A B for sparse matrices, within a rank and over ranks.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "filigree/core/timing.hpp"
#include "filigree/matrix/dist_csr.hpp"

namespace filigree::spgemm {

/// What takes the place of + and x in a sum of products, and where the sum begins.
enum class Semiring {
  plus_times,  ///< sum of products, from 0; integers wrap around
  min_plus,    ///< least sum, from +infinity (integers: the largest): shortest paths. Integers wrap around
  max_times,   ///< largest product, from -infinity (integers: the smallest)
  or_and,      ///< 1 if both factors of any product are nonzero, else 0
  plus_pair,   ///< number of products, whatever their factors: common neighbours
};

struct Options {
  Semiring semiring = Semiring::plus_times;
  /// >= 1: bytes of remote rows of B that a rank receives in a round, at most; a round is one row of A at least.
  Offset fetch_bytes = Offset{256} << 20;
  /// >= 0: bytes of C on a rank, at most: 8 a row (and 8), 4 + sizeof(V) a nonzero; 0 = no limit. A larger product is
  /// counted and refused; a sink gets batches of no more. Plans do not use it.
  Offset memory_budget_bytes = 0;
  Progress progress = {};  ///< phase "multiply": products done, of all
};

/// Which entries of C are kept: those where the matrix has an entry, whatever its value, or, with `complement`, has
/// none. Without a matrix all are.
template <class V>
struct Mask {
  std::optional<CsrView<V>> view;
  bool complement = false;

  Mask() = default;
  Mask(const CsrView<V>& of_c, bool left_out = false) : view(of_c), complement(left_out) {}
  Mask(const Csr<V>& of_c, bool left_out = false) : view(of_c), complement(left_out) {}
};
/// The same for distributed matrices.
template <class V>
struct DistMask {
  const DistCsr<V>* matrix = nullptr;
  bool complement = false;

  DistMask() = default;
  DistMask(const DistCsr<V>* of_c, bool left_out = false) : matrix(of_c), complement(left_out) {}
};

/// Multiplies two matrices within a rank, over a semiring (+, x) with zero 0:
///
///   c_ij = 0 + a_ik b_kj + a_ik' b_k'j + ...    k < k' < ... over all k with a_ik and b_kj in the pattern
///
/// @param a     num_rows x num_inner; no values = all ones
/// @param b     num_inner x num_cols
/// @param c     overwritten, memory reused; not a, b or mask. Empty after an exception
/// @param mask  num_rows x num_cols
/// @return      products, nonzeros, rows by accumulator
///
/// Throws InvalidArgument for shapes that do not fit, Error when C exceeds budget or address space.
/// Cost: two operations a product. Memory per thread: (sizeof(V) + 5) num_cols + 8 MiB + longest row.
/// Determinism: products are rounded before sums: equal bits on any threads, processors and
/// rounding modes (except of NaN).
/// Reference: K. Shivdikar, "SMASH", MS thesis, Northeastern University, 2021.
///
///   spgemm::multiply(a, b, c, {.semiring = spgemm::Semiring::min_plus});
template <class V>
Stats multiply(std::type_identity_t<CsrView<V>> a, std::type_identity_t<CsrView<V>> b, Csr<V>& c,
               const Options& options = {}, const std::type_identity_t<Mask<V>>& mask = {});

/// Rows first_row, first_row + 1, ... of C, valid while a sink reads them.
template <class V>
struct RowBatch {
  Global first_row = 0;
  CsrView<V> rows;
  std::span<const Global> columns;  ///< global ids of the columns of `rows`, ascending; empty = they are these numbers

  Global global_col(Local column) const { return columns.empty() ? column : columns[static_cast<std::size_t>(column)]; }
};

/// Takes C batch by batch. A type of its own, which is never made from the braces of Options.
template <class V>
struct Sink : std::function<void(const RowBatch<V>&)> {
  template <std::invocable<const RowBatch<V>&> F>
  Sink(F f) : std::function<void(const RowBatch<V>&)>(std::move(f)) {}
};

/// Multiplies two matrices within a rank and hands C to a sink in batches of rows, ascending, of no more than
/// options.memory_budget_bytes (a single row may take more). Arguments, cost and bits as above.
///
/// @param sink  an exception that it throws ends the product and passes through
/// @return      as above, and batches. Rows are counted as min(products, columns), so batches may come out smaller.
template <class V>
Stats multiply(const CsrView<V>& a, const std::type_identity_t<CsrView<V>>& b,
               const std::type_identity_t<Sink<V>>& sink, const Options& options = {},
               const std::type_identity_t<Mask<V>>& mask = {});
template <class V>
Stats multiply(const Csr<V>& a, const std::type_identity_t<CsrView<V>>& b, const std::type_identity_t<Sink<V>>& sink,
               const Options& options = {}, const std::type_identity_t<Mask<V>>& mask = {}) {
  return multiply(a.view(), b, sink, options, mask);
}

/// Rows whose columns come in any order: no Csr, hence no factor and no mask.
template <class V>
class UnsortedCsr {
 public:
  Local num_rows() const { return rows_.num_rows(); }
  Local num_cols() const { return rows_.num_cols; }
  Offset num_nonzeros() const { return rows_.num_nonzeros(); }
  std::span<const Local> cols(Local row) const { return rows_.view().cols(row); }
  std::span<const V> vals(Local row) const { return rows_.view().vals(row); }

 private:
  Csr<V> rows_;
  template <class W>
  friend Stats multiply_unsorted(std::type_identity_t<CsrView<W>>, std::type_identity_t<CsrView<W>>, UnsortedCsr<W>&,
                                 const Options&, const std::type_identity_t<Mask<W>>&);
};

/// Multiplies without sorting rows, which saves about 12 % of the time. Values have the bits of multiply(); the order
/// of columns in a row is not specified.
template <class V>
Stats multiply_unsorted(std::type_identity_t<CsrView<V>> a, std::type_identity_t<CsrView<V>> b, UnsortedCsr<V>& c,
                        const Options& options = {}, const std::type_identity_t<Mask<V>>& mask = {});

template <class V>
struct Result {
  DistCsr<V> c;
  Timings timings;  ///< exchange, multiply, number
  Stats stats;      ///< of the local product over all ranks; bytes_received, messages, rounds, bytes_overlapped
};
/// The Result of a product whose C a sink took.
struct Work {
  Timings timings;  ///< multiply with what the sink spends
  Stats stats;      ///< those of Result, and batches
};

/// Multiplies two distributed matrices. Rows of C are distributed as the rows of A, columns as those of B; ghosts of C
/// are the columns that its rows have entries in. Each rank fetches the rows of B that its rows of A reference, in
/// rounds (Options::fetch_bytes), the next round while this one is multiplied.
///
/// @param a, b, mask  distributed in any way, over the same ranks
/// @param options     bytes are of each rank
/// @return            stats are sums over all ranks, except `rounds`
///
/// Throws on all ranks what the local product throws on any. Collective over a.comm(). Memory per rank beyond A, B and
/// C: (28 + sizeof(V)) nnz(B') + 4 nnz(A') + 17 columns(A) bytes, where A' and B' are the rows of a round; of the next
/// round (12 + 2 sizeof(V)) nnz(B') + 4 nnz(A'). Determinism: equal bits on any number of ranks and threads.
template <class V>
Result<V> multiply(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options = {},
                   const std::type_identity_t<DistMask<V>>& mask = {});

/// Multiplies two distributed matrices and hands each rank's rows of C to its sink, ascending. Batches end where rounds
/// end, too, so ranks have different numbers of them: the sink is not collective. An exception of one rank's sink ends
/// the product on all ranks.
template <class V>
Work multiply(const DistCsr<V>& a, const DistCsr<V>& b, const std::type_identity_t<Sink<V>>& sink,
              const Options& options = {}, const std::type_identity_t<DistMask<V>>& mask = {});

}  // namespace filigree::spgemm
