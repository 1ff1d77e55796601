// C = A B for sparse matrices, within a rank and over ranks.
#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "filigree/core/timing.hpp"
#include "filigree/matrix/dist_csr.hpp"

#pragma GCC visibility push(default)
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

/// Which entries of C are kept: where a matrix, which must outlive the mask, has an entry of any value or, with
/// `complement`, none. Without a matrix all are.
template <class V>
struct Mask {
  std::optional<CsrView<V>> view;
  bool complement = false;
  Mask() = default;
  Mask(const CsrView<V>& of_c, bool left_out = false) : view(of_c), complement(left_out) {}
  Mask(const Csr<V>& of_c, bool left_out = false) : view(of_c), complement(left_out) {}
  Mask(const Csr<V>&& temporary, bool left_out = false) = delete;
};
/// The same for distributed matrices.
template <class V>
struct DistMask {
  const DistCsr<V>* matrix;
  bool complement;
  DistMask(const DistCsr<V>* of_c = nullptr, bool left_out = false) : matrix(of_c), complement(left_out) {}
};

/// A product, of local or distributed matrices.
template <class Matrix>
struct Product {
  Matrix c;
  Timings timings;  ///< multiply; over ranks also exchange and number
  Stats
      stats;  ///< products, nonzeros, rows by accumulator, over ranks: sums; bytes_received, messages, bytes_overlapped
};
template <class V>
using Result = Product<DistCsr<V>>;
/// The same where a sink, whose batches are counted, too, or memory of the caller takes C.
struct Work {
  Timings timings;
  Stats stats;
  [[deprecated("use .stats")]] operator Stats() const { return stats; }
};

/// Multiplies two matrices within a rank, over a semiring (+, x) with zero 0:
///
///   c_ij = 0 + a_ik b_kj + a_ik' b_k'j + ...    k < k' < ... over all k with a_ik and b_kj in the pattern
///
/// a: num_rows x num_inner; b: num_inner x num_cols; without values: of ones; mask: num_rows x num_cols
///
/// Throws InvalidArgument for shapes that do not fit, Error when C exceeds budget or address space. Cost: two
/// operations a product. Memory beyond C, at most: 8 nnz(B) + 40 rows(B) + 48 rows(A) bytes, and per thread
/// (4 sizeof(V) + 9) num_cols + 2 (4 + sizeof(V)) min(products, num_cols) of the longest row + 16 MiB; docs/spgemm.md
/// says what of it when. Determinism: products are rounded before sums: equal bits on any threads, processors and
/// rounding modes (except of NaN). Reference: K. Shivdikar, "SMASH", MS thesis, Northeastern University, 2021.
template <class V>
FILIGREE_EXPORT Product<Csr<V>> multiply(const CsrView<V>& a, const std::type_identity_t<CsrView<V>>& b,
                                         const Options& options = {}, const std::type_identity_t<Mask<V>>& mask = {});
template <class V>
Product<Csr<V>> multiply(const Csr<V>& a, const std::type_identity_t<CsrView<V>>& b, const Options& options = {},
                         const std::type_identity_t<Mask<V>>& mask = {}) {
  return multiply(a.view(), b, options, mask);
}

/// Multiplies into c, whose memory is used again. c: not a, b or mask; after an exception empty, after InvalidArgument
/// as it was.
template <class V>
FILIGREE_EXPORT Work multiply(std::type_identity_t<CsrView<V>> a, std::type_identity_t<CsrView<V>> b, Csr<V>& c,
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

/// Multiplies and passes C to a sink in batches of ascending rows, of no more than options.memory_budget_bytes by
/// min(products, columns) a row, or single ones. An exception of the sink ends the product and passes through.
template <class V>
FILIGREE_EXPORT Work multiply(const CsrView<V>& a, const std::type_identity_t<CsrView<V>>& b,
                              const std::type_identity_t<Sink<V>>& sink, const Options& options = {},
                              const std::type_identity_t<Mask<V>>& mask = {});
template <class V>
Work multiply(const Csr<V>& a, const std::type_identity_t<CsrView<V>>& b, const std::type_identity_t<Sink<V>>& sink,
              const Options& options = {}, const std::type_identity_t<Mask<V>>& mask = {}) {
  return multiply(a.view(), b, sink, options, mask);
}

/// Rows as those of a Csr, but columns come in any order: no Csr, hence no factor and no mask.
template <class V>
struct UnsortedCsr {
  Local num_cols = 0;
  std::vector<Offset> row_ptr{0};
  Array<Local> col;
  Array<V> val;
};
/// Multiplies without sorting rows, which saves about 12 % of the time; the same bits. Sinks take sorted rows only.
template <class V>
FILIGREE_EXPORT Work multiply_unsorted(std::type_identity_t<CsrView<V>> a, std::type_identity_t<CsrView<V>> b,
                                       UnsortedCsr<V>& c, const Options& options = {},
                                       const std::type_identity_t<Mask<V>>& mask = {});

/// Multiplies two distributed matrices. Each rank fetches the rows of B that its rows of A reference, in rounds
/// (Options::fetch_bytes), the next round while this one is multiplied. a, b, mask: distributed in any way, over the
/// same ranks. Rows of C are distributed as those of A, columns as those of B; ghosts are columns of its entries.
///
/// Throws on all ranks what the local product throws on any. Collective over a.comm(). Memory per rank beyond A, B, C
/// and the local product: (28 + sizeof(V)) nnz(B') + 4 nnz(A') + 17 columns(A) bytes, A' and B' being the rows of a
/// round, and (12 + 2 sizeof(V)) nnz(B') + 4 nnz(A') of the next. Determinism: equal bits on any ranks and threads.
template <class V>
FILIGREE_EXPORT Result<V> multiply(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options = {},
                                   const std::type_identity_t<DistMask<V>>& mask = {});

/// The same passed to a sink: each rank's rows, ascending. Batches end where rounds end, too, so ranks have different
/// numbers of them: the sink is not collective. An exception of one rank's sink ends the product on all ranks.
template <class V>
FILIGREE_EXPORT Work multiply(const DistCsr<V>& a, const DistCsr<V>& b, const std::type_identity_t<Sink<V>>& sink,
                              const Options& options = {}, const std::type_identity_t<DistMask<V>>& mask = {});

}  // namespace filigree::spgemm
#pragma GCC visibility pop
