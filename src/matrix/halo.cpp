#include "filigree/matrix/halo.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

#include "core/index.hpp"
#include "filigree/matrix/dist_csr.hpp"

namespace filigree {

Halo::Halo(const Comm& comm, const Partition& owners, std::span<const Global> ghosts)
    : comm_(comm),
      num_ghosts_(static_cast<Offset>(ghosts.size())),
      ghost_counts_(static_cast<std::size_t>(comm.size())) {
  comm.guard([&] {
    Global previous = -1;
    for (Global ghost : ghosts) {
      require(ghost > previous && ghost < owners.num_items() && !owners.owns(comm.rank(), ghost), "Halo: ghost ", ghost,
              " after ", previous, " on rank ", comm.rank(), "; ghosts must increase and belong to others");
      previous = ghost;
      ++ghost_counts_[static_cast<std::size_t>(owners.owner(ghost))];
    }
  });
  for (Offset count : ghost_counts_) num_owners_ += count > 0 ? 1 : 0;
  const auto wanted = comm.all_to_all(ghosts, ghost_counts_);
  send_counts_ = wanted.counts;
  sent_.reserve(wanted.values.size());
  for (Global id : wanted.values) sent_.push_back(static_cast<Local>(id - owners.begin(comm.rank())));
}

namespace {

/// Sums of consecutive lengths: the first rows[0], the next rows[1], ...
std::vector<Offset> sums_by_rank(std::span<const Local> lengths, std::span<const Offset> rows) {
  std::vector<Offset> sums;
  auto at = lengths.begin();
  for (Offset count : rows) {
    sums.push_back(std::accumulate(at, at + count, Offset{0}));
    at += count;
  }
  return sums;
}

/// The columns of these rows by global id, one row after the other.
template <class I, class V>
Array<I> pack_columns(const DistCsr<V>& matrix, std::span<const Local> rows, Offset num_entries) {
  Array<I> packed;
  packed.reserve(z(num_entries));
  for (Local row : rows) {
    for (Local column : matrix.local().view().cols(row)) packed.push_back(static_cast<I>(matrix.global_col(column)));
  }
  return packed;
}

/// Their values, none if they have none.
template <class V>
Array<V> pack_values(CsrView<V> matrix, std::span<const Local> rows, Offset num_entries) {
  Array<V> packed;
  packed.reserve(z(num_entries));
  for (Local row : rows) {
    const auto values = matrix.vals(row);
    packed.insert(packed.end(), values.begin(), values.end());
  }
  return packed;
}

/// Rows on their way, grouped by the rank that wants them.
struct Outgoing {
  std::vector<Local> rows;
  std::vector<Local> lengths;
  std::vector<Offset> sent;      // rows to each rank
  std::vector<Offset> received;  // rows from each rank
};

/// Rows of this rank's own travel with the others, to itself: so they arrive in their place. sent: what others want
template <class V>
Outgoing with_own(CsrView<V> matrix, int me, std::span<const Local> own, std::span<const Local> sent,
                  std::span<const Offset> send_counts, std::span<const Offset> ghost_counts) {
  Outgoing out;
  out.sent.assign(send_counts.begin(), send_counts.end());
  out.received.assign(ghost_counts.begin(), ghost_counts.end());
  out.sent[z(me)] = out.received[z(me)] = std::ssize(own);
  const auto before = std::accumulate(out.sent.begin(), out.sent.begin() + me, Offset{0});
  out.rows.reserve(sent.size() + own.size());
  out.rows.insert(out.rows.end(), sent.begin(), sent.begin() + before);
  out.rows.insert(out.rows.end(), own.begin(), own.end());
  out.rows.insert(out.rows.end(), sent.begin() + before, sent.end());
  out.lengths.reserve(out.rows.size());
  for (Local row : out.rows) out.lengths.push_back(static_cast<Local>(matrix.degree(row)));
  return out;
}

/// Counts, in `rows`, what comes from other ranks of so many entries from each; returns its bytes.
template <class T, class V>
Offset count_arrivals(const Comm& comm, std::span<const Offset> entries, FetchedRows<V>& rows) {
  Offset bytes = 0;
  for (int rank = 0; rank < comm.size(); ++rank) {
    if (rank == comm.rank() || entries[z(rank)] == 0) continue;
    bytes += entries[z(rank)] * static_cast<Offset>(sizeof(T));
    ++rows.messages;
  }
  rows.bytes_received += bytes;
  return bytes;
}

}  // namespace

template <class V>
RowFetch<V> Halo::start_fetch_rows(const DistCsr<V>& matrix, std::span<const Local> own, bool with_values) const {
  const CsrView<V> local = matrix.local().view();
  std::vector<Local> lengths;
  const Outgoing out = comm_.guard([&] {
    lengths.resize(z(num_ghosts_) + own.size());
    return with_own(local, comm_.rank(), own, sent_, send_counts_, ghost_counts_);
  });
  comm_.all_to_all(out.lengths, out.sent, lengths, out.received);
  const std::vector<Offset> entries_sent = sums_by_rank(out.lengths, out.sent);
  const std::vector<Offset> entries_received = sums_by_rank(lengths, out.received);

  RowFetch<V> fetch;
  FetchedRows<V>& rows = fetch.rows_;
  rows.bytes_received = num_ghosts_ * static_cast<Offset>(sizeof(Local));
  rows.messages = num_owners_;
  const auto start = [&]<class T>(const Array<T>& packed, Array<T>& arrived) {
    fetch.bytes_on_the_way_ += count_arrivals<T>(comm_, entries_received, rows);
    return Exchange(comm_, packed, entries_sent, arrived, entries_received);
  };
  const bool narrow = matrix.num_cols() <= std::numeric_limits<Local>::max();
  comm_.guard([&] {
    const Offset num_sent = std::accumulate(entries_sent.begin(), entries_sent.end(), Offset{0});
    rows.row_ptr.assign(lengths.size() + 1, 0);
    std::inclusive_scan(lengths.begin(), lengths.end(), rows.row_ptr.begin() + 1, std::plus<>(), Offset{0});
    rows.col.resize(z(rows.row_ptr.back()));
    if (narrow) {
      fetch.narrow_sent_ = pack_columns<Local>(matrix, out.rows, num_sent);
      fetch.narrow_.resize(rows.col.size());
    } else {
      fetch.wide_sent_ = pack_columns<Global>(matrix, out.rows, num_sent);
    }
    if (!with_values) return;
    rows.val.resize(rows.col.size());
    fetch.val_sent_ = pack_values(local, out.rows, num_sent);
  });
  fetch.columns_ = narrow ? start(fetch.narrow_sent_, fetch.narrow_) : start(fetch.wide_sent_, rows.col);
  if (with_values) fetch.values_ = start(fetch.val_sent_, rows.val);
  return fetch;
}

template <class V>
FetchedRows<V> RowFetch<V>::wait() {
  columns_.wait();
  std::copy(narrow_.begin(), narrow_.end(), rows_.col.begin());
  values_.wait();
  return std::move(rows_);
}

template class RowFetch<double>;
template class RowFetch<float>;
template class RowFetch<std::int64_t>;
template RowFetch<double> Halo::start_fetch_rows(const DistCsr<double>&, std::span<const Local>, bool) const;
template RowFetch<float> Halo::start_fetch_rows(const DistCsr<float>&, std::span<const Local>, bool) const;
template RowFetch<std::int64_t> Halo::start_fetch_rows(const DistCsr<std::int64_t>&, std::span<const Local>,
                                                       bool) const;

template <class V>
FetchedRows<V> Halo::fetch_values(const DistCsr<V>& matrix, std::span<const Local> own,
                                  std::span<const Offset> row_ptr) const {
  FetchedRows<V> rows;
  Outgoing out;
  std::vector<Offset> entries_sent;
  std::vector<Offset> entries_received;
  const Array<V> packed = comm_.guard([&] {
    out = with_own(matrix.local().view(), comm_.rank(), own, sent_, send_counts_, ghost_counts_);
    entries_sent = sums_by_rank(out.lengths, out.sent);
    auto end = row_ptr.begin();
    for (const Offset count : out.received) {
      const Offset before = *end;
      end += count;
      entries_received.push_back(*end - before);
    }
    rows.val.resize(z(row_ptr.back()));
    return pack_values(matrix.local().view(), out.rows,
                       std::accumulate(entries_sent.begin(), entries_sent.end(), Offset{0}));
  });
  comm_.all_to_all(packed, entries_sent, rows.val, entries_received);
  count_arrivals<V>(comm_, entries_received, rows);
  return rows;
}

template FetchedRows<double> Halo::fetch_values(const DistCsr<double>&, std::span<const Local>,
                                                std::span<const Offset>) const;
template FetchedRows<float> Halo::fetch_values(const DistCsr<float>&, std::span<const Local>,
                                               std::span<const Offset>) const;
template FetchedRows<std::int64_t> Halo::fetch_values(const DistCsr<std::int64_t>&, std::span<const Local>,
                                                      std::span<const Offset>) const;

}  // namespace filigree
