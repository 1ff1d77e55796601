// Halo: values of columns, and rows, that other ranks own.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "filigree/core/array.hpp"
#include "filigree/core/comm.hpp"
#include "filigree/core/exchange.hpp"
#include "filigree/matrix/csr.hpp"
#include "filigree/matrix/partition.hpp"

#pragma GCC visibility push(default)
namespace filigree {

template <MatrixValue V>
class DistCsr;

/// Rows of a distributed matrix that a rank holds for a while, columns by global id; and what they cost.
template <class V>
struct FetchedRows {
  std::vector<Offset> row_ptr{0};
  Array<Global> col;          ///< strictly increasing within a row
  Array<V> val;               ///< as long as col, or empty if values did not travel
  Offset bytes_received = 0;  ///< by this rank from others
  Offset messages = 0;        ///< that brought them
};

/// Rows that are on their way: what Halo::start_fetch_rows() returns.
template <class V>
class RowFetch {
 public:
  RowFetch(RowFetch&&) = default;
  RowFetch& operator=(RowFetch&&) = delete;  // it could free what is still written to
  /// Bytes of columns and values that come from other ranks until wait() returns.
  Offset bytes_on_the_way() const { return bytes_on_the_way_; }
  /// The rows, when they are there; once. Not collective.
  FetchedRows<V> wait();

 private:
  friend class Halo;
  RowFetch() = default;
  FetchedRows<V> rows_;
  Offset bytes_on_the_way_ = 0;
  Array<Local> narrow_sent_;  // columns as they travel: of 4 bytes, where these do
  Array<Local> narrow_;
  Array<Global> wide_sent_;
  Array<V> val_sent_;
  Exchange columns_;  // behind the memory that they use
  Exchange values_;
};

/// The exchange plan between the owners of a vector's elements and the ranks that see some of them as ghosts.
///
///   rank 1 of 3 sees   | ghosts below (rank 0's) | owned | ghosts above (rank 2's) |     all ascending by global id
///
/// Bytes of a gather: sizeof(T) per ghost, in at most size() - 1 messages per rank.
class Halo {
 public:
  /// `ghosts`: global ids that this rank needs and does not own, strictly increasing. Collective.
  Halo(const Comm& comm, const Partition& owners, std::span<const Global> ghosts);

  Offset num_ghosts() const { return num_ghosts_; }
  /// Ranks that own some of them.
  int num_owners() const { return num_owners_; }
  /// Owned elements, counted once for every rank that wants them.
  Offset num_sent() const { return static_cast<Offset>(sent_.size()); }

  /// Fills `ghosts` (num_ghosts() values) from the `owned` values of their owners. Collective.
  template <Elements R, Elements S>
  void gather(const R& owned, S&& ghosts) const {
    std::vector<ElementOf<R>> packed(sent_.size());
    for (std::size_t i = 0; i < sent_.size(); ++i) packed[i] = owned[static_cast<std::size_t>(sent_[i])];
    comm_.all_to_all(packed, send_counts_, ghosts, ghost_counts_);
  }

  /// The same for rows of `width` values, the same on all ranks: row i of `owned` begins at i * width. Collective.
  template <Elements R, Elements S>
  void gather_rows(const R& owned, Offset width, S&& ghosts) const {
    Array<ElementOf<R>> packed(sent_.size() * static_cast<std::size_t>(width));
    for (std::size_t i = 0; i < sent_.size(); ++i) {
      std::copy_n(std::ranges::data(owned) + sent_[i] * width, width, packed.data() + static_cast<Offset>(i) * width);
    }
    const auto times_width = [&](std::vector<Offset> counts) {
      for (Offset& count : counts) count *= width;
      return counts;
    };
    comm_.all_to_all(packed, times_width(send_counts_), ghosts, times_width(ghost_counts_));
  }

  /// The way back: combine(owned value, ghost value) at the owner for every ghost, by rank of the sender and then by
  /// global id, so the result's bits are repeatable. Collective.
  template <Elements R, Elements S, class Combine>
  void scatter(const R& ghosts, S&& owned, Combine combine) const {
    std::vector<ElementOf<R>> arrived(sent_.size());
    comm_.all_to_all(ghosts, ghost_counts_, arrived, send_counts_);
    for (std::size_t i = 0; i < sent_.size(); ++i) {
      auto& value = owned[static_cast<std::size_t>(sent_[i])];
      value = combine(value, arrived[i]);
    }
  }

  /// A row of `matrix` for every ghost, ascending by global id. The owners of this halo are matrix.rows().
  ///
  /// own          local numbers of rows of this rank that come along in their places, strictly increasing; may be empty
  /// with_values  whether values travel; the same on all ranks, false for a matrix that has none
  ///
  /// Bytes received: 4 a ghost, 4 a column (8 in a matrix of 2^31 columns or more), sizeof(V) a value; in a message
  /// each per owner with something to send. Peak bytes per rank: 12 + sizeof(V) an entry received, and 4 (8) +
  /// sizeof(V) an entry sent. To fetch less at a time, make a halo of fewer ghosts. Collective.
  template <class V>
  FetchedRows<V> fetch_rows(const DistCsr<V>& matrix, std::span<const Local> own, bool with_values) const {
    return start_fetch_rows(matrix, own, with_values).wait();
  }
  /// The same, returning as soon as lengths of rows have been exchanged, while columns and values are on their way.
  /// `matrix` and this halo need not live until they are there. Collective.
  template <class V>
  RowFetch<V> start_fetch_rows(const DistCsr<V>& matrix, std::span<const Local> own, bool with_values) const;

  /// The values of such rows again, where the pattern of the matrix, which has values, is as it was then; row_ptr: of
  /// the rows fetched. The result has values and counts only. Bytes received: sizeof(V) a value. Collective.
  template <class V>
  FetchedRows<V> fetch_values(const DistCsr<V>& matrix, std::span<const Local> own,
                              std::span<const Offset> row_ptr) const;

 private:
  Comm comm_;
  Offset num_ghosts_ = 0;
  int num_owners_ = 0;
  std::vector<Local> sent_;           // owned positions, grouped by the rank that wants them
  std::vector<Offset> send_counts_;   // by rank
  std::vector<Offset> ghost_counts_;  // by rank
};

}  // namespace filigree
#pragma GCC visibility pop
