// spgemm: the product of two sparse matrices, row by row, merging partial products in cache.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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

/// Who merges products, and how.
enum class Variant {
  automatic,  ///< every thread on its own, by what suits a row: the fast way
  // Those of the thesis, for reproduction: all threads in one hash table, by atomic instructions. C is the same,
  // sorted.
  v1,  ///< rows dealt out in blocks, slots by high-order bits of (row, column)
  v2,  ///< rows taken one at a time, slots by low-order bits
  v3,  ///< as v2; entries outside of the table, written back while the next ones are made
};

/// How the products of a row are merged: all ways give the same bits, and differ in what they are quick for.
enum class Accumulator {
  automatic,  ///< chosen row by row
  sort,       ///< products side by side, sorted by column, added up
  list,       ///< columns listed as they are met, found again in an array over all columns; then sorted
  hash,       ///< the same, found again in a hash table
  scatter,    ///< an array over all columns, read in order
  tile,       ///< the same, runs of neighbouring columns at a time; with AVX-512 only
  repeat,     ///< consecutive rows with the same columns but for a shift together, others scattered; with AVX-512 only
};

struct Options {
  Semiring semiring = Semiring::plus_times;
  bool complement = false;  ///< the mask tells what is left out
  /// false: columns of a row may come in any order (local products only). Such a C is no factor and no mask: kernels
  /// count on ascending columns.
  bool sorted = true;
  /// To compare them. Rows that it is not made for are scattered: lists of more than 1024 products to be sorted, tables
  /// of more than 4096, products to be sorted of which there are more than 1024 or whose number and column fit no 32
  /// bits, tiles and repeated rows without AVX-512; rows of one factor, and under a mask, have ways of their own.
  Accumulator accumulator = Accumulator::automatic;
  Variant variant = Variant::automatic;
  /// >= 1: a rank takes as many of its rows at a time as name rows of B on other ranks of this size (as they travel),
  /// so that memory stays bounded; at least one row. A row of B that two rounds name travels twice. Not on one rank.
  Offset fetch_bytes = Offset{256} << 20;
  /// >= 0: most bytes of C on a rank, 8 a row (and 8) and 4 + sizeof(V) a nonzero; 0 = no limit. A product that a call
  /// returns is refused if it has more: none is kept then, but it is counted to the end, so that the message can tell.
  /// A sink gets batches of no more. Plans pay no heed to it.
  Offset memory_budget = 0;
  Progress progress = {};  ///< phase "multiply": products done, of all
};

/// C = A B within one rank, over a semiring (+, x) with zero 0:
///
///   c_ij = 0 + a_ik b_kj + a_ik' b_k'j + ...    k < k' < ... over all k with a_ik and b_kj in the pattern
///
/// c_ij is in the pattern of C exactly if there is such a k, whatever the value, and if the mask lets it: if m_ij is in
/// the pattern of the mask (with `complement`, if not). Each product is rounded before it is added, in ascending k, so
/// the bits of C depend on A and B alone: not on threads, processor, mask or the caller's rounding (of a NaN, that it
/// is one). NaN and infinity propagate; also through min and max. A matrix without values has ones.
///
/// a       num_rows x num_inner
/// b       num_inner x num_cols
/// mask    num_rows x num_cols, its values do not matter; null = no mask
/// c       overwritten; memory that it has is used again. It must not be a, b or mask.
/// returns counted work: products, nonzeros, and rows with products by the way they were made (see
///         src/spgemm/rows/row_kernels.hpp): scaled_rows, sorted_rows, listed_rows, tiled_rows, repeated_rows,
///         scattered_rows (all that a mask meets). Which way a row goes can depend on the number of threads, which C
///         does not
///         v1, v2, v3 instead of rows, but for products not the same on every run with several threads:
///           probes             slots looked at to find the place of a product
///           hash_windows       of rows that meet in the table
///           critical_products  sum over these of the most products that one thread made, while others waited at the
///                              end: critical_products x threads / products = largest over mean work, 1 at best
///           bytes_moved        between threads and memory or caches, as the algorithm asks for them: of A 8 a row and
///                              4 + sizeof(V) a nonzero, of B 16 a row that is named and 4 + sizeof(V) a product
///                              (sizeof(V) if there are values), of the table 8 a probe, 2 sizeof(V) a product (v3: and
///                              4), 8 + sizeof(V) an entry and, v1, 8 a slot that write-back looks at, of C 8 a row and
///                              4 + sizeof(V) a nonzero
///
/// Throws InvalidArgument when shapes do not fit, and for `complement` without a mask; Error, which names the size,
/// when C exceeds the memory budget or there is no address space for it. A call that fails on its way leaves c empty.
/// Cost: two operations a product (`products` = sum over a_ik of the length of row k of B), and reading A, B and
/// writing C once. Peak bytes beyond C: per thread sizeof(V) + 1 a column (4 sizeof(V) + 1 if rows are tiled and those
/// of A come with equal columns) and, up to 2^19 columns (or where lists are asked for, or rows unsorted), 4 more; 4 +
/// sizeof(V) for each of 16384 products, twice (four times as many where rows of A come with equal columns), or of the
/// longest row of C; and, of several threads, 8 MiB of rows that wait for those before them. 28 for every 16384
/// products, longer row or 2048 rows. 8 a nonzero and 12 a row of B if rows are tiled; 16 a row of B, 1 a row of A,
/// some 40 a different shape of them and, per thread, 4 a column and up to 5 MiB if they repeat. C reserves address
/// space, not memory, for the most entries there could be, but where several threads make tiled or repeated rows only
/// for the last ones: the others are counted before, by the patterns alone. OpenMP over windows of rows.
/// v1, v2, v3: per call 2^15 slots of 8 + sizeof(V) (v3: 12), or two to four for each entry of the longest row, and 8 +
/// sizeof(V) (v3: twice) an entry of a window; a mask saves none of it. Their time hangs on the columns: where these
/// are close together (v1) or have low-order bits in common (v2, v3), a product may take hundreds of probes.
///
///   Csr<double> c;
///   spgemm::multiply(a.view(), b.view(), c, {.semiring = spgemm::Semiring::min_plus});
///
/// Source: K. Shivdikar, "SMASH: Sparse Matrix Atomic Scratchpad Hashing", MS thesis, Northeastern University 2021
/// (windows, merging in cache, fragments written back in order, if they are not made where they belong); but for v1, v2
/// and v3 every thread has a scratchpad of its own and no atomics, see src/spgemm/.
template <class V>
Stats multiply(CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options = {}, const CsrView<V>* mask = nullptr);

/// Rows first_row, first_row + 1, ... of C, for as long as a sink looks at them.
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

/// C = A B within one rank, handed out in batches of rows, ascending, each of at least one row: the same bits, and no
/// more of it in memory at a time than options.memory_budget has room for (a single row may take more). Rows are
/// counted as if no products fell together, sum over rows of min(products, columns), so batches may come out smaller.
///
/// sink    what it throws ends the product and passes through
/// returns what the product returns, and `batches`
///
/// Cost: as above, and for every batch what a thread has by column, and B's tiles and shapes, are set up again. Peak
/// bytes: 8 a row of A, a batch instead of C, else as above. The memory of C is the same for all batches.
///
///   spgemm::multiply(a.view(), b.view(), [&](const auto& batch) { write(batch); }, {.memory_budget = Offset{1} <<
///   30});
template <class V>
Stats multiply(CsrView<V> a, CsrView<V> b, const std::type_identity_t<Sink<V>>& sink, const Options& options = {},
               const CsrView<V>* mask = nullptr);

template <class V>
struct Result {
  DistCsr<V> c;
  Timings timings;  ///< exchange, multiply, number
  Stats stats;      ///< those of the local product over all ranks; bytes_received, messages, rounds,
                    ///< bytes_overlapped
};

/// The same over distributed matrices: rows of C are dealt out like the rows of A, columns like those of B. Equal bits
/// on any number of ranks. C has values, and no ghosts but the columns that its rows name.
///
///   rank p of 3, a round of its rows       A'  =  its columns of A, numbered 0, 1, ... in ascending order
///                                          B'  =  these rows of B, fetched from ranks 0, 1 (a copy), 2 into one Csr;
///                                                 columns numbered 0, 1, ... as they occur, ascending
///                                          C'  =  A' B' by the local product
///
/// Each rank fetches the rows of B that its rows of A name, once per round (see Options::fetch_bytes; all ranks take
/// part in as many rounds as the slowest, `rounds` in the stats). Columns and values of the next round are on their way
/// while this one is multiplied: `bytes_overlapped`, of `bytes_received`. On one rank nothing is copied.
///
/// a, b, mask  dealt out in any way, over communicators of the same ranks. Rows of the mask travel if others own them.
/// options     sorted must be true
/// returns     stats over all ranks: sums, but the largest critical_products;
///             bytes_received and messages count, over all ranks, the rows fetched: 12 bytes for the number and the
///             length of a row before all else, 4 (4 + 8 if there are several rounds) when it comes, 4 a column (8 in
///             a matrix of 2^31 columns or more), sizeof(V) a value if B has values; the same for the mask
///
/// Throws on all ranks what the local product throws on any, and InvalidArgument when an option is out of range.
/// Collective over a.comm.
/// Peak bytes per rank beyond A, B, C and what the local product takes: 28 + sizeof(V) a nonzero of B', 4 a nonzero of
/// A', 17 a local column of A, and C' if there are several rounds; what others receive from it, at most fetch_bytes (or
/// one row's) each; and in several rounds, for the next one, 12 + 2 sizeof(V) a nonzero of its B' and 4 of its A'.
template <class V>
Result<V> multiply(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options = {},
                   const DistCsr<V>* mask = nullptr);

/// What a product took.
struct Work {
  Timings timings;  ///< exchange, multiply (with what the sink spends), number
  Stats stats;      ///< those of Result, and batches
};

/// The product of distributed matrices handed out: each rank's sink gets the rows of C that the rank owns, ascending.
/// Batches end where rounds end, too, so ranks have different numbers of them: the sink is not collective. What it
/// throws on one rank ends the product on all of them, as Comm::guard tells. Else as both forms above.
template <class V>
Work multiply(const DistCsr<V>& a, const DistCsr<V>& b, const std::type_identity_t<Sink<V>>& sink,
              const Options& options = {}, const DistCsr<V>* mask = nullptr);

/// What is known of C = A B when the patterns of A and B (and of the mask) are: the pattern of C, and where each
/// product of two values goes. Values of any type may follow. Const, so safe from several threads; copies share all.
class Plan {
 public:
  Offset num_products() const;
  Offset num_nonzeros() const;  ///< of C
  /// Memory it takes: 4 a nonzero and 8 a row of C; 16 a nonzero and 20 a row of A; 2 a product, but as little as 2 for
  /// sixteen where up to four consecutive rows of A have equal columns, and up to four consecutive ones of these name
  /// rows of B with equal columns, and 2 for eight where up to eight consecutive rows of C come from products alike, as
  /// those of a stencil do (without a mask; the latter where there is AVX-512), if that saves a quarter in a window
  /// (some ten thousand products); no more than 48 a nonzero of C for the products of a window, because else, and in
  /// rows of C with 65536 nonzeros or more, products are added by column.
  Offset num_bytes() const;

  struct Rows;  // see src/spgemm/plan/plan_rows.hpp
  explicit Plan(std::shared_ptr<const Rows> rows);
  const Rows& rows() const { return *rows_; }

 private:
  std::shared_ptr<const Rows> rows_;
};

/// Plans the product of two matrices; values do not matter. Arguments as those of multiply() are; rows of C come out
/// sorted; options.progress is told of the product that finds the pattern of C. Takes the time of two or three
/// products, in memory beyond the plan 4 bytes a nonzero of C, 8 a row of A, per thread 2 a column and 4 a row of B
/// and up to 3 MiB, and what multiply() takes.
template <class V>
Plan plan(CsrView<V> a, CsrView<V> b, const Options& options = {}, const CsrView<V>* mask = nullptr);

/// C = A B as planned, with the values that A and B have now: the bits that multiply() gives, on any threads.
///
/// a, b     with the patterns of the plan: shapes and a hash of each pattern are compared, which takes a few percent of
///          the time. Either may have values or none, whatever it had then.
/// c        if it has the pattern of the plan, because a product with this plan or of these matrices was made in it,
///          only values are written. That is seen by the lengths of all rows and one column in some thousand; one with
///          all these equal and others not must be cleared before. Else it is overwritten. It must not be a or b.
/// returns  products, nonzeros
///
/// Throws InvalidArgument when a or b do not fit the plan, and leaves c as it was. Per product one addition in cache,
/// reads of 2 bytes of the plan at most and of a value of B; nothing is searched or sorted. Peak bytes beyond C: per
/// thread up to 4 sizeof(V) a nonzero of the longest row of C (with a mask, sizeof(V) a nonzero of the largest window,
/// less than 2^16), and sizeof(V) a column where products are added by column. OpenMP over windows of rows.
///
///   const spgemm::Plan plan = spgemm::plan(a.view(), a.view());
///   for (...) { change(a.val); spgemm::multiply(plan, a.view(), a.view(), c); }
template <class V>
Stats multiply(const Plan& plan, CsrView<V> a, CsrView<V> b, Csr<V>& c);

/// A Plan over ranks: what each rank's rows need. It keeps the numbers and lengths of the rows of B that a rank names,
/// the exchange of them, and the numbers that columns of C have there. Copies share all; the last one to go is
/// collective, as with a Halo.
class DistPlan {
 public:
  /// On this rank: a Plan for its rows, 4 to 8 a row of B that they name, 4 a nonzero of these rows if any of its
  /// products are added by column.
  Offset num_bytes() const;

  struct Parts;  // see src/spgemm/distributed/plan.cpp
  explicit DistPlan(std::shared_ptr<const Parts> parts);
  const Parts& parts() const { return *parts_; }

 private:
  std::shared_ptr<const Parts> parts_;
};

/// Plans the product of two distributed matrices. Arguments as those of multiply() are, but fetch_bytes does not
/// matter: a plan is for all rows at once, and a product with it holds all values of B that a rank's rows of A name.
/// Collective over a.comm. Moves what multiply() moves, but no values.
template <class V>
DistPlan plan(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options = {}, const DistCsr<V>* mask = nullptr);

/// C = A B as planned, with the values that A and B have now: the bits that multiply() gives, on any number of ranks.
///
/// a, b     of the patterns, and dealt out as, the plan's; each rank compares a hash of its rows
/// again    an earlier product with this plan whose memory is to be used again: then only values are written
/// returns  products, nonzeros, bytes_received, messages: sizeof(V) for every value of B that a rank names and another
///          has, in one message from each rank that has any; nothing if B has no values
///
///   auto c = spgemm::multiply(plan, a, b).c;
///   c = spgemm::multiply(plan, a, b, std::move(c)).c;
///
/// Throws InvalidArgument on all ranks when a or b do not fit the plan. Collective over a.comm. Peak bytes per rank
/// beyond the plan and C: sizeof(V) a value received and a value sent.
template <class V>
Result<V> multiply(const DistPlan& plan, const DistCsr<V>& a, const DistCsr<V>& b,
                   std::type_identity_t<std::optional<DistCsr<V>>> again = {});

/// What a product would take, before anything of its size is allocated.
struct Estimate {
  Offset products = 0;        ///< pairs a_ik, b_kj: half the floating point operations
  Offset most_nonzeros = 0;   ///< of C: sum over rows of min(products, columns)
  Offset bytes_received = 0;  ///< by all ranks, as multiply() counts them without mask; exact
};

/// Of the options fetch_bytes matters. Collective over a.comm. Work O(nonzeros of A), one gather of row lengths.
template <class V>
Estimate estimate(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options = {});

/// Bytes that all ranks together would receive for C = A B in three layouts. A nonzero counts as a column (4 bytes, 8
/// in a matrix of 2^31 columns or more) and a value (sizeof(V), none in a matrix without values); memory is no limit.
struct Prediction {
  Offset bytes_1d = 0;
  Offset bytes_2d = 0;
  Offset bytes_3d = 0;
  int layers = 1;  ///< of the 3-D layout: the divisor > 1 of `ranks` that moves least
};

/// Predicts them for P = `ranks` ranks, however many there are now.
///
///   1D  multiply() in one round: P blocks of rows; a block receives every row of B that it names and does not own,
///       as multiply() counts it. Counted from the pattern, so exact. Rows lie as they do if P is the present number of
///       ranks, else in blocks of nearly equal nonzeros + rows.
///   2D  SUMMA on the squarest r x s grid, r s = P: a block of A goes to the s - 1 others of its grid row, a block of B
///       to the r - 1 others of its grid column.                   (s - 1) bytes(A) + (r - 1) bytes(B)
///       (A. Buluc, J. R. Gilbert, "Parallel sparse matrix-matrix multiplication and indexing", SIAM J. Sci. Comput.
///       34(4), 2012: sparse SUMMA)
///   3D  c layers of r x s grids, r s c = P. A layer has a c-th of the inner dimension and does 2D there; then its
///       partial products, (c - 1)/c of them, go to the rank of another layer that adds them up.
///                                                                  2D on r x s + (c - 1)/c bytes(C_1 + ... + C_c)
///       nonzeros(C_1) + ... + nonzeros(C_c) is taken as its upper bound, sum over rows of min(products, c columns).
///       (A. Azad et al., "Exploiting multiple levels of parallelism in sparse matrix-matrix multiplication", SIAM J.
///       Sci. Comput. 38(6), 2016: Split-3D-SpGEMM)
///
/// ranks  in [1, 2^20]. Collective over a.comm. Work O(nonzeros of A log) and one exchange of at most 16 bytes for
///        each.
template <class V>
Prediction predict(const DistCsr<V>& a, const DistCsr<V>& b, int ranks);

}  // namespace filigree::spgemm
