// The product over ranks. A round of a rank's rows references some rows of B; those are brought here and laid side by
// side, own and fetched ones in ascending order, so that the local product adds up what it would add up on one rank, in
// the same order.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/scratch.hpp"
#include "filigree/spgemm/thesis.hpp"
#include "matrix/local_columns.hpp"
#include "spgemm/distributed/requests.hpp"
#include "spgemm/rows/checks.hpp"
#include "spgemm/rows/row_blocks.hpp"

namespace filigree::spgemm {
namespace {

/// Starts to bring rows of a matrix into one place. Collective.
template <class V>
RowFetch<V> fetch(const DistCsr<V>& matrix, const ReferencedRows& referenced, bool with_values, Traffic& traffic) {
  const Halo halo(matrix.comm(), matrix.rows(), referenced.remote);
  traffic.add(request_traffic(halo));
  return halo.start_fetch_rows(matrix, referenced.own, with_values);
}

/// The rows of A in a round on their own: columns numbered 0, 1, ... as they occur.
template <class V>
class RoundRows {
 public:
  explicit RoundRows(const DistCsr<V>& a) : a_(a), number_(a.local().num_cols) {}

  void take(Local begin, Local end) {
    rows_ = slice(a_.local().view(), begin, end, row_ptr_);
    referenced_.clear();
    number_.begin_list(number_.size());
    for (const Local column : rows_.col) {
      if (number_.slot(column) >= 0) continue;
      number_.set(column, 0);
      referenced_.push_back(column);
    }
    std::sort(referenced_.begin(), referenced_.end());
    for (std::size_t i = 0; i < referenced_.size(); ++i) number_.set(referenced_[i], static_cast<Offset>(i));
    col_.resize(rows_.col.size());
    std::transform(rows_.col.begin(), rows_.col.end(), col_.begin(),
                   [&](Local column) { return number_.slot(column); });
    number_.end_list(std::ssize(referenced_));
  }

  /// Columns of A, ascending.
  std::span<const Local> referenced() const { return referenced_; }
  CsrView<V> view() const { return {static_cast<Local>(referenced_.size()), row_ptr_, col_, rows_.val}; }

 private:
  const DistCsr<V>& a_;
  SlotTable number_;  // by column of A
  std::vector<Local> referenced_;
  std::vector<Offset> row_ptr_;
  CsrView<V> rows_;
  Array<Local> col_;
};

/// Leaves out the columns that no row references.
template <class V>
void drop_unreferenced_columns(Csr<V>& rows, std::vector<Global>& columns) {
  const auto [number, count] = used_columns(std::span<const Local>(rows.col), std::ssize(columns));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (number[i] >= 0) columns[z(number[i])] = columns[i];
  }
  columns.resize(z(count));
  for (Local& column : rows.col) column = number[z(column)];
}

/// C as it grows by rounds, each with a numbering of columns of its own.
template <class V>
class GrowingRows {
 public:
  /// Capacity for so many nonzeros, which becomes memory when it is used.
  void reserve(Offset num_nonzeros) {
    reserve_product<V>(num_nonzeros, [&] {
      rows_.col.reserve(z(num_nonzeros));
      rows_.val.reserve(z(num_nonzeros));
    });
  }
  bool empty() const { return pieces_.empty(); }
  /// Takes the rows of a round, and perhaps its memory. columns: global ids of its columns, ascending; a row references
  /// each.
  void append(Csr<V>& round, std::vector<Global> columns) {
    if (pieces_.empty() && rows_.col.capacity() == 0) {
      std::swap(rows_, round);
    } else {
      const Offset before = rows_.num_nonzeros();
      for (std::size_t row = 1; row < round.row_ptr.size(); ++row) rows_.row_ptr.push_back(before + round.row_ptr[row]);
      rows_.col.insert(rows_.col.end(), round.col.begin(), round.col.end());
      rows_.val.insert(rows_.val.end(), round.val.begin(), round.val.end());
    }
    pieces_.push_back({std::move(columns), rows_.num_nonzeros()});
  }

  /// Numbers columns as DistCsr does, on a rank that owns first .. last - 1; gives the rows and the ghosts away.
  std::pair<Csr<V>, std::vector<Global>> finish(const Comm& comm, Global first, Global last) {
    std::vector<Global> ghosts;
    for (const Piece& piece : pieces_) {
      for (Global column : piece.columns) {
        if (column < first || column >= last) ghosts.push_back(column);
      }
    }
    if (pieces_.size() > 1) {
      std::sort(ghosts.begin(), ghosts.end());
      ghosts.erase(std::unique(ghosts.begin(), ghosts.end()), ghosts.end());
    }
    check_local(comm, std::ssize(ghosts) + (last - first), "columns");
    rows_.num_cols = static_cast<Local>(std::ssize(ghosts) + (last - first));

    const auto below = std::lower_bound(ghosts.begin(), ghosts.end(), first) - ghosts.begin();
    Offset begin = 0;
    for (const Piece& piece : pieces_) {
      std::vector<Local> number;
      number.reserve(piece.columns.size());
      auto ghost = ghosts.begin();
      for (Global column : piece.columns) {
        if (column >= first && column < last) {
          number.push_back(static_cast<Local>(below + (column - first)));
        } else {
          while (*ghost != column) ++ghost;
          number.push_back(static_cast<Local>(ghost - ghosts.begin() + (column < first ? 0 : last - first)));
        }
      }
#pragma omp parallel for schedule(static)
      for (Offset k = begin; k < piece.end; ++k) rows_.col[z(k)] = number[z(rows_.col[z(k)])];
      begin = piece.end;
    }
    return {std::move(rows_), std::move(ghosts)};
  }

 private:
  struct Piece {
    std::vector<Global> columns;
    Offset end;  ///< of its entries
  };
  Csr<V> rows_;
  std::vector<Piece> pieces_;
};

/// What the local product takes in a round.
template <class V>
struct LocalFactors {
  Global first_row;  ///< of A
  CsrView<V> a;
  CsrView<V> b;
  Mask<V> mask;
  std::vector<Global>& columns;  ///< global ids of those of b, ascending; each is referenced there or in the mask
};

/// A round whose rows of B and of the mask are on their way to this rank.
template <class V>
struct Underway {
  Local begin;  ///< of its rows of A
  RowFetch<V> b;
  std::optional<RowFetch<V>> mask;

  Offset bytes() const { return b.bytes_on_the_way() + (mask ? mask->bytes_on_the_way() : 0); }
};

/// Starts to fetch what the rows [begin, end) of A take. Collective.
template <class V>
Underway<V> start_round(const DistCsr<V>& a, const DistCsr<V>& b, const DistMask<V>& mask, const Requests& requests,
                        Local begin, Local end, RoundRows<V>& rows_of_a, Traffic& traffic) {
  ReferencedRows of_b;
  ReferencedRows of_mask;
  a.comm().guard([&] {
    rows_of_a.take(begin, end);
    for (Local column : rows_of_a.referenced()) of_b.add(b, a.global_col(column));
    for (Local row = begin; mask.matrix != nullptr && row < end; ++row) of_mask.add(*mask.matrix, a.first_row() + row);
  });
  Underway<V> round{begin,
                    requests.num_rounds == 1 ? requests.halo.start_fetch_rows(b, of_b.own, requests.b_has_values)
                                             : fetch(b, of_b, requests.b_has_values, traffic),
                    std::nullopt};
  if (mask.matrix != nullptr) round.mask.emplace(fetch(*mask.matrix, of_mask, false, traffic));
  return round;
}

/// Fetches the rows of each round and calls f(factors) in comm.guard, while the rows of the next round are on their
/// way. Collective.
template <class V, class F>
void for_each_round(const DistCsr<V>& a, const DistCsr<V>& b, const DistMask<V>& mask, const Requests& requests,
                    Traffic& traffic, Timings& timings, F f) {
  const Comm& comm = a.comm();
  auto rows_of_a = comm.guard([&] { return std::array{RoundRows<V>(a), RoundRows<V>(a)}; });
  std::optional<Underway<V>> next;
  const auto start = [&](Offset round) {
    const auto end_of = [&](Offset index) {
      return index < 0                                  ? 0
             : index < std::ssize(requests.rounds.ends) ? requests.rounds.ends[z(index)]
                                                        : a.num_local_rows();
    };
    next.emplace(start_round(a, b, mask, requests, end_of(round - 1), end_of(round), rows_of_a[z(round % 2)], traffic));
  };
  const auto wait = [&](RowFetch<V>& fetch) {
    FetchedRows<V> rows = fetch.wait();
    traffic.add({rows.bytes_received, rows.messages});
    return rows;
  };
  for (Offset round = 0; round < requests.num_rounds; ++round) {
    Local begin = 0;
    FetchedRows<V> b_rows;
    FetchedRows<V> mask_rows;
    {
      const Phase phase(timings, "exchange");
      if (round == 0) start(0);
      begin = next->begin;
      b_rows = wait(next->b);
      if (mask.matrix != nullptr) mask_rows = wait(*next->mask);
      next.reset();
      if (round + 1 < requests.num_rounds) start(round + 1);
    }
    const CsrView<V> a_view = rows_of_a[z(round % 2)].view();
    if (next && a_view.num_nonzeros() > 0) traffic.bytes_overlapped += next->bytes();
    comm.guard([&] {
      LocalColumns columns;
      {
        const Phase phase(timings, "number");
        // B' and the mask number columns alike.
        b_rows.col.insert(b_rows.col.end(), mask_rows.col.begin(), mask_rows.col.end());
        columns = local_columns(b_rows.col, b.num_cols(), 0, 0);
        check_local(comm, std::ssize(columns.ghosts), "columns");
        b_rows.col = Array<Global>();
      }
      const auto num_cols = static_cast<Local>(columns.ghosts.size());
      const std::span<const Local> col(columns.col);
      const auto b_nonzeros = z(b_rows.row_ptr.back());
      const CsrView<V> b_view{num_cols, b_rows.row_ptr, col.first(b_nonzeros), b_rows.val};
      const CsrView<V> mask_view{num_cols, mask_rows.row_ptr, col.subspan(b_nonzeros), {}};
      f(LocalFactors<V>{a.first_row() + begin, a_view, b_view,
                        mask.matrix != nullptr ? Mask<V>(mask_view, mask.complement) : Mask<V>(), columns.ghosts});
    });
  }
}

/// Counts of what the local product returned, round after round; and its progress over all of them.
class Counting {
 public:
  Counting(const Options& options, Offset all_products) : options_(options) {
    if (!options.progress) return;
    options_.progress = [this, progress = options.progress, all_products](std::string_view phase, Offset done, Offset) {
      progress(phase, stats_["products"] + done, all_products);
    };
  }
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;

  const Options& options() const { return options_; }
  void add(const Stats& counts) {
    for (const auto& [name, count] : counts) stats_[name] += count;
  }
  /// Sums over all ranks, which have the same counts; of critical_products the largest. Collective.
  Stats finish(const Comm& comm, const Traffic& traffic, Offset num_rounds) {
    stats_["bytes_received"] = traffic.bytes;
    stats_["messages"] = traffic.messages;
    stats_["bytes_overlapped"] = traffic.bytes_overlapped;
    const auto critical = stats_.find("critical_products");
    const Offset longest = critical != stats_.end() ? comm.max(critical->second) : 0;
    std::vector<Offset> counts;
    for (const auto& [name, count] : stats_) counts.push_back(count);
    comm.sum(std::span<Offset>(counts));
    auto next = counts.begin();
    for (auto& [name, count] : stats_) count = *next++;
    if (critical != stats_.end()) critical->second = longest;
    stats_["rounds"] = num_rounds;
    return std::move(stats_);
  }

 private:
  Options options_;
  Stats stats_;
};

/// What a product on one rank counts beside the local product.
const Stats no_traffic{{"bytes_received", 0}, {"messages", 0}, {"bytes_overlapped", 0}, {"rounds", 1}};

/// Multiplies round after round. multiply_round(factors, requests, options, timings): in comm.guard; returns its
/// counts. Collective.
template <class V, class MultiplyRound>
Work make_rounds(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options, const DistMask<V>& mask,
                 MultiplyRound multiply_round) {
  Timings timings;
  const Requests requests = [&] {
    const Phase phase(timings, "exchange");
    return make_requests(a, b, options.fetch_bytes);
  }();
  Offset all_products = 0;
  for_each_row(a, requests, [&](Offset products) { all_products += products; });
  Counting counting(options, all_products);
  Traffic traffic = requests.traffic;
  for_each_round(a, b, mask, requests, traffic, timings, [&](const LocalFactors<V>& factors) {
    counting.add(multiply_round(factors, requests, counting.options(), timings));
  });
  return {std::move(timings), counting.finish(a.comm(), traffic, requests.num_rounds)};
}

template <class V>
Result<V> make_product(RowMethod method, const DistCsr<V>& a, const DistCsr<V>& b, const Options& options,
                       const DistMask<V>& mask) {
  check_arguments("multiply", a, b, mask, options);
  check_fetch_bytes("multiply", options);
  const Comm& comm = a.comm();
  Csr<V> product;
  if (comm.size() == 1) {
    auto [timings, stats] =
        timed([&] { return multiply_by(method, a.local(), b.local(), product, options, local_mask(mask)); });
    stats.insert(no_traffic.begin(), no_traffic.end());
    return {DistCsr<V>(comm, a.rows(), b.cols(), std::move(product), {}), std::move(timings), std::move(stats)};
  }

  const Offset capacity = most_within_budget<V>(a.num_local_rows(), options);
  GrowingRows<V> rows;
  Offset num_nonzeros = 0;
  auto [timings, stats] = make_rounds(
      a, b, options, mask,
      [&](const LocalFactors<V>& factors, const Requests& requests, const Options& of_round, Timings& spent) {
        Stats counts;
        {
          const Phase phase(spent, "multiply");
          counts =
              multiply_at_most(capacity - num_nonzeros, factors.a, factors.b, product, of_round, factors.mask, method);
          num_nonzeros += counts.at("nonzeros");
        }
        if (num_nonzeros > capacity) return counts;  // it goes on only to count
        const Phase phase(spent, "number");
        if (requests.num_rounds > 1 && rows.empty()) {
          Offset most = 0;
          for_each_row(a, requests, [&](Offset products) { most += std::min(products, b.num_cols()); });
          rows.reserve(std::min(capacity, most));
        }
        if (mask.matrix != nullptr) drop_unreferenced_columns(product, factors.columns);
        rows.append(product, std::move(factors.columns));
        return counts;
      });

  const Phase phase(timings, "number");
  auto [local, ghosts] = comm.guard([&] {
    check_budget<V>(a.num_local_rows(), num_nonzeros, options, text(" on rank ", comm.rank(), " of ", comm.size()));
    return rows.finish(comm, b.cols().begin(comm.rank()), b.cols().end(comm.rank()));
  });
  return {DistCsr<V>(comm, a.rows(), b.cols(), std::move(local), std::move(ghosts)), std::move(timings),
          std::move(stats)};
}

template <class V>
Work make_batches(RowMethod method, const DistCsr<V>& a, const DistCsr<V>& b, const Sink<V>& sink,
                  const Options& options, const DistMask<V>& mask) {
  check_arguments("multiply", a, b, mask, options);
  check_fetch_bytes("multiply", options);
  if (a.comm().size() == 1) {
    Work work =
        timed([&] { return multiply_in_batches<V>(method, a.local(), b.local(), sink, options, local_mask(mask)); });
    work.stats.insert(no_traffic.begin(), no_traffic.end());
    return work;
  }
  return make_rounds(a, b, options, mask,
                     [&](const LocalFactors<V>& factors, const Requests&, const Options& of_round, Timings& spent) {
                       const Phase phase(spent, "multiply");
                       const auto with_ids = [&](const RowBatch<V>& batch) {
                         sink({factors.first_row + batch.first_row, batch.rows, factors.columns});
                       };
                       return multiply_in_batches<V>(method, factors.a, factors.b, with_ids, of_round, factors.mask);
                     });
}

}  // namespace

template <class V>
Result<V> multiply(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options,
                   const std::type_identity_t<DistMask<V>>& mask) {
  return make_product({}, a, b, options, mask);
}
template <class V>
Work multiply(const DistCsr<V>& a, const DistCsr<V>& b, const std::type_identity_t<Sink<V>>& sink,
              const Options& options, const std::type_identity_t<DistMask<V>>& mask) {
  return make_batches({}, a, b, sink, options, mask);
}
template <class V>
Result<V> multiply_as_in_thesis(Variant variant, const DistCsr<V>& a, const DistCsr<V>& b, const Options& options,
                                const std::type_identity_t<DistMask<V>>& mask) {
  return make_product({.variant = variant}, a, b, options, mask);
}
template <class V>
Work multiply_as_in_thesis(Variant variant, const DistCsr<V>& a, const DistCsr<V>& b,
                           const std::type_identity_t<Sink<V>>& sink, const Options& options,
                           const std::type_identity_t<DistMask<V>>& mask) {
  return make_batches({.variant = variant}, a, b, sink, options, mask);
}

#define FILIGREE_DISTRIBUTED_PRODUCTS_OF(V)                                                                          \
  template Result<V> multiply(const DistCsr<V>&, const DistCsr<V>&, const Options&, const DistMask<V>&);             \
  template Work multiply(const DistCsr<V>&, const DistCsr<V>&, const Sink<V>&, const Options&, const DistMask<V>&);  \
  template Result<V> multiply_as_in_thesis(Variant, const DistCsr<V>&, const DistCsr<V>&, const Options&,            \
                                           const DistMask<V>&);                                                      \
  template Work multiply_as_in_thesis(Variant, const DistCsr<V>&, const DistCsr<V>&, const Sink<V>&, const Options&, \
                                      const DistMask<V>&);
FILIGREE_FOR_VALUES(FILIGREE_DISTRIBUTED_PRODUCTS_OF)

}  // namespace filigree::spgemm
