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
    for (Local column : matrix.local.view().cols(row)) packed.push_back(static_cast<I>(matrix.global_col(column)));
  }
  return packed;
}

}  // namespace

template <class V>
RowFetch<V> Halo::start_fetch_rows(const DistCsr<V>& matrix, std::span<const Local> own, bool with_values) const {
  const CsrView<V> local = matrix.local.view();
  // Rows of this rank's own travel with the others, to itself: so they arrive in their place.
  const int me = comm_.rank();
  std::vector<Offset> rows_sent = send_counts_;
  std::vector<Offset> rows_received = ghost_counts_;
  rows_sent[z(me)] = rows_received[z(me)] = std::ssize(own);
  std::vector<Local> sent;
  std::vector<Local> lengths_sent;
  std::vector<Local> lengths;
  comm_.guard([&] {
    const auto before = std::accumulate(rows_sent.begin(), rows_sent.begin() + me, Offset{0});
    sent.reserve(sent_.size() + own.size());
    sent.insert(sent.end(), sent_.begin(), sent_.begin() + before);
    sent.insert(sent.end(), own.begin(), own.end());
    sent.insert(sent.end(), sent_.begin() + before, sent_.end());
    lengths_sent.reserve(sent.size());
    for (Local row : sent) lengths_sent.push_back(static_cast<Local>(local.degree(row)));
    lengths.resize(z(num_ghosts_) + own.size());
  });
  comm_.all_to_all(std::span<const Local>(lengths_sent), rows_sent, std::span<Local>(lengths), rows_received);
  const std::vector<Offset> entries_sent = sums_by_rank(lengths_sent, rows_sent);
  const std::vector<Offset> entries_received = sums_by_rank(lengths, rows_received);

  RowFetch<V> fetch;
  FetchedRows<V>& rows = fetch.rows_;
  rows.bytes_received = num_ghosts_ * static_cast<Offset>(sizeof(Local));
  rows.messages = num_owners_;
  const auto start = [&]<class T>(const Array<T>& packed, Array<T>& arrived) {
    for (int rank = 0; rank < comm_.size(); ++rank) {
      if (rank == me || entries_received[z(rank)] == 0) continue;
      fetch.bytes_on_the_way_ += entries_received[z(rank)] * static_cast<Offset>(sizeof(T));
      ++rows.messages;
    }
    return Exchange(comm_, std::span<const T>(packed), entries_sent, std::span<T>(arrived), entries_received);
  };
  const bool narrow = matrix.num_cols() <= std::numeric_limits<Local>::max();
  comm_.guard([&] {
    const Offset num_sent = std::accumulate(entries_sent.begin(), entries_sent.end(), Offset{0});
    rows.row_ptr.assign(lengths.size() + 1, 0);
    std::inclusive_scan(lengths.begin(), lengths.end(), rows.row_ptr.begin() + 1, std::plus<>(), Offset{0});
    rows.col.resize(z(rows.row_ptr.back()));
    if (narrow) {
      fetch.narrow_sent_ = pack_columns<Local>(matrix, sent, num_sent);
      fetch.narrow_.resize(rows.col.size());
    } else {
      fetch.wide_sent_ = pack_columns<Global>(matrix, sent, num_sent);
    }
    if (!with_values) return;
    rows.val.resize(rows.col.size());
    fetch.val_sent_.reserve(z(num_sent));
    for (Local row : sent) {
      const auto values = local.vals(row);
      fetch.val_sent_.insert(fetch.val_sent_.end(), values.begin(), values.end());
    }
  });
  fetch.columns_ = narrow ? start(fetch.narrow_sent_, fetch.narrow_) : start(fetch.wide_sent_, rows.col);
  if (with_values) fetch.values_ = start(fetch.val_sent_, rows.val);
  rows.bytes_received += fetch.bytes_on_the_way_;
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

}  // namespace filigree
