#include "filigree/matrix/dist_csr.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>

#include "core/mailbox.hpp"
#include "core/parallel_for.hpp"
#include "filigree/core/invalid_arc.hpp"
#include "matrix/local_columns.hpp"

namespace filigree {
namespace {

/// What one pass over a rank's entries tells.
struct Survey {
  Offset loops = 0;
  bool rows_ascend = true;
  Global run = 1;                   ///< rows counted together: 1 below 2^16 rows
  std::vector<Offset> run_entries;  ///< entries in each run of rows
};

/// Throws on all ranks unless all entries lie inside the matrix. Collective.
template <class V>
Survey survey(const Comm& comm, Global num_rows, Global num_cols, const Entries<V>& entries) {
  return comm.guard([&] {
    require(num_rows >= 0 && num_cols >= 0, "shape ", num_rows, " x ", num_cols, ", must be at least 0 x 0");
    require(entries.col.size() == entries.size() && (entries.val.empty() || entries.val.size() == entries.size()),
            "entries: ", entries.row.size(), " rows, ", entries.col.size(), " columns, ", entries.val.size(),
            " values");
    constexpr Global most_runs = Global{1} << 16;
    Survey found;
    int shift = 0;
    while (num_rows >> shift > most_runs) ++shift;
    found.run = Global{1} << shift;
    found.run_entries.assign(z((num_rows + found.run - 1) / found.run), 0);
    Global previous = 0;
    for (std::size_t k = 0; k < entries.size(); ++k) {
      const Global row = entries.row[k];
      const Global col = entries.col[k];
      require(row >= 0 && row < num_rows && col >= 0 && col < num_cols, "entry (", row, ", ", col,
              ") lies outside the ", num_rows, " x ", num_cols, " matrix");
      found.loops += row == col ? 1 : 0;
      found.rows_ascend = found.rows_ascend && previous <= row;
      previous = row;
      ++found.run_entries[z(row >> shift)];
    }
    return found;
  });
}

/// The rows as entries lie on the ranks, if they ascend over all ranks and no rank has a tenth more than its share:
/// then next to nothing has to move. Collective.
std::optional<Partition> rows_as_they_lie(const Comm& comm, Global num_rows, const Survey& found,
                                          std::span<const Global> row) {
  struct Part {
    bool ascends;
    Offset count;
    Global first, last;
  };
  const auto parts = comm.all_gather(Part{found.rows_ascend && !row.empty(), std::ssize(row),
                                          row.empty() ? 0 : row.front(), row.empty() ? 0 : row.back()});
  std::vector<Global> begins(1, 0);
  Offset total = num_rows;
  for (std::size_t r = 0; r < parts.size(); ++r) {
    if (!parts[r].ascends || (r > 0 && parts[r - 1].last > parts[r].first)) return std::nullopt;
    if (r > 0) begins.push_back(parts[r].first);
    total += parts[r].count;
  }
  begins.push_back(num_rows);
  for (std::size_t r = 0; r < parts.size(); ++r) {
    const Offset load = parts[r].count + begins[r + 1] - begins[r];
    if (static_cast<double>(load) * static_cast<double>(parts.size()) > 1.1 * static_cast<double>(total))
      return std::nullopt;
  }
  return Partition::from_begins(std::move(begins));
}

/// Rows in blocks of nearly equal entries + rows. Collective.
Partition balanced_rows(const Comm& comm, Global num_rows, Survey& found) {
  std::vector<Offset>& weight = found.run_entries;
  comm.sum(weight);
  for (Offset& w : weight) w += found.run;
  const Partition runs = Partition::by_weight(weight, comm.size());
  std::vector<Global> begins;
  for (Global begin : runs.begins()) begins.push_back(std::min(begin * found.run, num_rows));
  return Partition::from_begins(std::move(begins));
}

/// Where an entry stands, as it travels.
template <class I>
struct Position {
  I row, col;
};

/// A rank's own entries and those that other ranks sent it; in order of arrival, that is by rank and on a rank by
/// position: arrived[0, num_below), own, the rest of arrived.
template <class I, class V>
struct OwnedEntries {
  Entries<V> own;
  std::vector<Position<I>> arrived;
  std::vector<V> arrived_val;
  std::size_t num_below = 0;

  /// f(row, col, value or null) for every entry in order of arrival.
  template <class F>
  void for_each(F&& f) const {
    const auto arrivals = [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end; ++k)
        f(static_cast<Global>(arrived[k].row), static_cast<Global>(arrived[k].col),
          arrived_val.empty() ? nullptr : &arrived_val[k]);
    };
    arrivals(0, num_below);
    for (std::size_t k = 0; k < own.size(); ++k) f(own.row[k], own.col[k], own.val.empty() ? nullptr : &own.val[k]);
    arrivals(num_below, arrived.size());
  }
};

/// Brings every entry to the owner of its row; what is there already stays. I holds every row and column. Collective.
template <class I, class V>
OwnedEntries<I, V> send_to_owners(const Comm& comm, const Partition& rows, Entries<V> entries) {
  OwnedEntries<I, V> owned;
  if (comm.size() > 1) {
    const bool has_values = comm.max(static_cast<int>(!entries.val.empty())) != 0;
    const int me = comm.rank();
    int last = me;  // often the owner of the next entry too
    const auto owner = [&](Global row) { return last = rows.owns(last, row) ? last : rows.owner(row); };
    std::vector<Offset> counts(z(comm.size()), 0);
    for (Global row : entries.row) ++counts[z(owner(row))];
    counts[z(me)] = 0;
    CountedMailbox<Position<I>> leaving(comm, counts);
    CountedMailbox<V> leaving_val(comm, has_values ? counts : std::vector<Offset>(counts.size(), 0));
    if (std::ranges::count(counts, 0) < std::ssize(counts)) {
      std::size_t kept = 0;
      for (std::size_t k = 0; k < entries.size(); ++k) {
        const Global row = entries.row[k];
        const int to = owner(row);
        if (to == me) {
          entries.row[kept] = row;
          entries.col[kept] = entries.col[k];
          if (has_values) entries.val[kept] = entries.val[k];
          ++kept;
        } else {
          leaving.put(to, {static_cast<I>(row), static_cast<I>(entries.col[k])});
          if (has_values) leaving_val.put(to, entries.val[k]);
        }
      }
      entries.row.resize(kept);
      entries.col.resize(kept);
      if (has_values) entries.val.resize(kept);
    }

    Received<Position<I>> arrived = leaving.exchange();
    owned.num_below = z(std::accumulate(arrived.counts.begin(), arrived.counts.begin() + me, Offset{0}));
    owned.arrived = std::move(arrived.values);
    if (has_values) owned.arrived_val = leaving_val.exchange().values;
  }
  owned.own = std::move(entries);
  return owned;
}

template <class V>
void drop_loops(Entries<V>& entries) {
  std::size_t kept = 0;
  for (std::size_t k = 0; k < entries.size(); ++k) {
    if (entries.row[k] == entries.col[k]) continue;
    entries.row[kept] = entries.row[k];
    entries.col[kept] = entries.col[k];
    if (!entries.val.empty()) entries.val[kept] = entries.val[k];
    ++kept;
  }
  entries.row.resize(kept);
  entries.col.resize(kept);
  if (!entries.val.empty()) entries.val.resize(kept);
}

/// Rows of this rank with global columns.
template <class V>
struct GlobalRows {
  std::vector<Offset> row_ptr;
  std::vector<Global> col;
  Array<V> val;
};

/// Stable counting sort of owned entries by row.
template <class I, class V>
GlobalRows<V> sort_by_row(Global first_row, Global num_rows, OwnedEntries<I, V> entries) {
  GlobalRows<V> sorted;
  sorted.row_ptr.assign(z(num_rows) + 1, 0);
  bool ascend = true;
  Global previous = first_row;
  entries.for_each([&](Global row, Global, const V*) {
    ++sorted.row_ptr[z(row - first_row) + 1];
    ascend = ascend && previous <= row;
    previous = row;
  });
  std::partial_sum(sorted.row_ptr.begin(), sorted.row_ptr.end(), sorted.row_ptr.begin());
  if (ascend && entries.arrived.empty()) {
    sorted.col = std::move(entries.own.col);
    sorted.val.assign(entries.own.val.begin(), entries.own.val.end());
    return sorted;
  }
  std::vector<Offset> next(sorted.row_ptr.begin(), sorted.row_ptr.end() - 1);
  sorted.col.resize(z(sorted.row_ptr.back()));
  sorted.val.resize(entries.own.val.size() + entries.arrived_val.size());
  entries.for_each([&](Global row, Global col, const V* value) {
    const std::size_t at = z(next[z(row - first_row)]++);
    sorted.col[at] = col;
    if (value != nullptr) sorted.val[at] = *value;
  });
  return sorted;
}

template <class V>
void add_to(V& sum, V value) {
  if constexpr (std::is_integral_v<V>) {
    const V before = sum;
    require(!__builtin_add_overflow(sum, value, &sum), "duplicates: ", before, " + ", value, " exceeds 64 bits");
  } else {
    sum += value;
  }
}

/// Sorts a row by column (stable) and merges what shares a position, in place. Returns the length that is left.
/// `pairs` is scratch.
template <class V>
Offset merge_row(std::span<Global> col, std::span<V> val, Duplicates policy, std::vector<std::pair<Global, V>>& pairs) {
  const auto out_of_order = [](Global a, Global b) { return a >= b; };
  if (std::adjacent_find(col.begin(), col.end(), out_of_order) == col.end()) return std::ssize(col);
  if (val.empty()) {
    std::sort(col.begin(), col.end());
    return std::unique(col.begin(), col.end()) - col.begin();
  }
  pairs.clear();
  for (std::size_t k = 0; k < col.size(); ++k) pairs.emplace_back(col[k], val[k]);
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::size_t out = 0;
  for (const auto& [column, value] : pairs) {
    if (out > 0 && column == col[out - 1]) {
      if (policy == Duplicates::sum) add_to(val[out - 1], value);
    } else {
      col[out] = column;
      val[out++] = value;
    }
  }
  return static_cast<Offset>(out);
}

void refuse_duplicates(std::span<const Global> cols, Global row) {
  std::vector<Global> ascending(cols.begin(), cols.end());
  std::sort(ascending.begin(), ascending.end());
  const auto twice = std::adjacent_find(ascending.begin(), ascending.end());
  if (twice != ascending.end()) throw InvalidArc("arc ", row, *twice, " is there twice, and duplicates are refused");
}

/// Merges every row. Returns the number merged away.
template <class V>
Offset merge_duplicates(GlobalRows<V>& rows, Global first_row, Duplicates policy) {
  const auto num_rows = static_cast<std::int64_t>(rows.row_ptr.size()) - 1;
  const bool has_values = !rows.val.empty();
  std::vector<Offset> kept(z(num_rows));
  constexpr std::int64_t chunk = 512;
  parallel_for((num_rows + chunk - 1) / chunk, [] { return std::vector<std::pair<Global, V>>(); },
               [&](auto& pairs, Offset c) {
                 for (std::int64_t row = c * chunk; row < std::min(num_rows, (c + 1) * chunk); ++row) {
                   const std::size_t begin = z(rows.row_ptr[z(row)]);
                   const std::size_t length = z(rows.row_ptr[z(row) + 1]) - begin;
                   const auto values = has_values ? std::span<V>(rows.val).subspan(begin, length) : std::span<V>();
                   const auto cols = std::span<Global>(rows.col).subspan(begin, length);
                   if (policy == Duplicates::error) refuse_duplicates(cols, first_row + row);
                   kept[z(row)] = merge_row(cols, values, policy, pairs);
                 }
               },
               [](Offset) {});

  Offset at = 0;
  Offset begin = 0;
  for (std::int64_t row = 0; row < num_rows; ++row) {
    const Offset next_begin = rows.row_ptr[z(row) + 1];
    if (at != begin) {
      std::copy_n(rows.col.begin() + begin, kept[z(row)], rows.col.begin() + at);
      if (has_values) std::copy_n(rows.val.begin() + begin, kept[z(row)], rows.val.begin() + at);
    }
    at += kept[z(row)];
    begin = next_begin;
    rows.row_ptr[z(row) + 1] = at;
  }
  const Offset merged = static_cast<Offset>(rows.col.size()) - at;
  rows.col.resize(z(at));
  if (has_values) rows.val.resize(z(at));
  return merged;
}

template <class V>
DistCsr<V> number_columns(const Comm& comm, const Partition& row_partition, const Partition& cols, GlobalRows<V> rows) {
  Csr<V> local;
  std::vector<Global> ghosts;
  comm.guard([&] {
    const Global first = cols.begin(comm.rank());
    const Global last = cols.end(comm.rank());
    check_local(comm, row_partition.size(comm.rank()), "rows");
    check_local(comm, last - first, "columns");
    LocalColumns numbered = local_columns(rows.col, cols.num_items(), first, last);
    check_local(comm, std::ssize(numbered.ghosts) + (last - first), "columns");
    local.num_cols = static_cast<Local>(std::ssize(numbered.ghosts) + (last - first));
    local.row_ptr = std::move(rows.row_ptr);
    local.col = std::move(numbered.col);
    local.val = std::move(rows.val);
    ghosts = std::move(numbered.ghosts);
    ghosts.shrink_to_fit();
  });
  return DistCsr<V>(comm, row_partition, cols, std::move(local), std::move(ghosts));
}

/// The matrix of entries that were surveyed. Collective.
template <class V>
CountedMatrix<V> build(const Comm& comm, const Partition& rows, const Partition& cols, Entries<V> entries,
                       const Survey& found, EntryPolicy policy) {
  if (policy.loops == Loops::drop && found.loops > 0) drop_loops(entries);
  const bool has_values = comm.max(static_cast<int>(!entries.val.empty())) != 0;
  if (has_values && entries.val.empty()) entries.val.assign(entries.size(), V{1});

  const Global first = rows.begin(comm.rank());
  GlobalRows<V> sorted;
  Offset merged = 0;
  const auto own_rows = [&]<class I>(I) {
    OwnedEntries<I, V> owned = send_to_owners<I>(comm, rows, std::move(entries));
    comm.guard([&] {
      check_local(comm, rows.size(comm.rank()), "rows");
      sorted = sort_by_row(first, rows.size(comm.rank()), std::move(owned));
      merged = merge_duplicates(sorted, first, policy.duplicates);
    });
  };
  if (std::max(rows.num_items(), cols.num_items()) <= std::numeric_limits<std::uint32_t>::max())
    own_rows(std::uint32_t{});
  else
    own_rows(Global{});
  std::vector<Offset> met{merged, found.loops};
  comm.sum(met);
  return {number_columns(comm, rows, cols, std::move(sorted)), {met[0], met[1]}};
}

}  // namespace

template <MatrixValue V>
struct DistCsr<V>::LazyHalo {
  std::once_flag once;
  std::optional<Halo> halo;
  std::atomic<bool> built = false;
};

template <MatrixValue V>
DistCsr<V>::DistCsr(Parts parts)
    : comm_(std::move(parts.comm)),
      rows_(std::move(parts.rows)),
      cols_(std::move(parts.cols)),
      local_(std::move(parts.local)),
      ghosts_(std::move(parts.ghosts)),
      first_col_(cols_.begin(comm_.rank())),
      num_owned_cols_(static_cast<Local>(cols_.size(comm_.rank()))),
      owned_begin_(static_cast<Local>(std::lower_bound(ghosts_.begin(), ghosts_.end(), first_col_) - ghosts_.begin())),
      halo_(std::make_shared<LazyHalo>()) {}

template <MatrixValue V>
DistCsr<V>::DistCsr(Comm comm, Partition rows, Partition cols, Csr<V> local, std::vector<Global> ghosts)
    : DistCsr(Parts{std::move(comm), std::move(rows), std::move(cols), std::move(local), std::move(ghosts)}) {}

template <MatrixValue V>
CountedMatrix<V> DistCsr<V>::from_entries_counted(const Comm& comm, Global num_rows, Global num_cols,
                                                  Entries<V> entries, EntryPolicy policy) {
  Survey found = survey(comm, num_rows, num_cols, entries);
  const std::optional<Partition> lie = rows_as_they_lie(comm, num_rows, found, entries.row);
  const Partition rows = lie ? *lie : balanced_rows(comm, num_rows, found);
  const Partition cols = num_cols == num_rows ? rows : Partition::uniform(num_cols, comm.size());
  return build(comm, rows, cols, std::move(entries), found, policy);
}

template <MatrixValue V>
CountedMatrix<V> DistCsr<V>::from_entries_counted(const Comm& comm, const Partition& rows, const Partition& cols,
                                                  Entries<V> entries, EntryPolicy policy) {
  require(rows.num_parts() == comm.size() && cols.num_parts() == comm.size(), "from_entries: rows in ",
          rows.num_parts(), " parts and columns in ", cols.num_parts(), " on ", comm.size(), " ranks");
  const Survey found = survey(comm, rows.num_items(), cols.num_items(), entries);
  return build(comm, rows, cols, std::move(entries), found, policy);
}

template <MatrixValue V>
DistCsr<V> DistCsr<V>::from_csr(const Comm& comm, Global num_cols, std::span<const Offset> row_ptr,
                                std::span<const Global> col, std::span<const V> val) {
  comm.guard([&] {
    require(!row_ptr.empty() && row_ptr.front() == 0 && std::is_sorted(row_ptr.begin(), row_ptr.end()) &&
                z(row_ptr.back()) == col.size() && (val.empty() || val.size() == col.size()),
            "from_csr: row_ptr must ascend from 0 to the number of columns, and values match them");
    for (std::size_t row = 0; row + 1 < row_ptr.size(); ++row) {
      for (Offset k = row_ptr[row]; k < row_ptr[row + 1]; ++k) {
        const Global previous = k == row_ptr[row] ? -1 : col[z(k) - 1];
        require(col[z(k)] > previous && col[z(k)] < num_cols, "from_csr: local row ", row, " holds column ", col[z(k)],
                " after ", previous, "; columns must increase and stay below ", num_cols);
      }
    }
  });
  const auto counts = comm.all_gather(static_cast<Global>(row_ptr.size()) - 1);
  std::vector<Global> begins(1, 0);
  for (Global count : counts) begins.push_back(begins.back() + count);
  const Partition rows = Partition::from_begins(std::move(begins));
  const Partition cols = num_cols == rows.num_items() ? rows : Partition::uniform(num_cols, comm.size());
  GlobalRows<V> given{{row_ptr.begin(), row_ptr.end()}, {col.begin(), col.end()}, {val.begin(), val.end()}};
  if (comm.max(static_cast<int>(!val.empty())) != 0 && val.empty()) given.val.assign(col.size(), V{1});
  return number_columns(comm, rows, cols, std::move(given));
}

template <MatrixValue V>
const Halo& DistCsr<V>::build_halo() const {
  std::call_once(halo_->once, [&] {
    halo_->halo.emplace(comm_, cols_, ghosts_);
    halo_->built = true;
  });
  return *halo_->halo;
}

template <MatrixValue V>
const Halo& DistCsr<V>::halo() const {
  require(halo_->built, "halo: not built; call build_halo() on all ranks first");
  return *halo_->halo;
}

template <class V>
DistCsr<V> transpose(const DistCsr<V>& matrix) {
  if (matrix.comm().size() == 1)
    return {matrix.comm(), matrix.cols(), matrix.rows(), transpose(matrix.local().view()), {}};
  Entries<V> entries;
  entries.row.reserve(matrix.local().col.size());
  entries.col.reserve(matrix.local().col.size());
  for (Local row = 0; row < matrix.num_local_rows(); ++row) {
    for (Local column : matrix.local().view().cols(row)) {
      entries.row.push_back(matrix.global_col(column));
      entries.col.push_back(matrix.first_row() + row);
    }
  }
  entries.val.assign(matrix.local().val.begin(), matrix.local().val.end());
  return DistCsr<V>::from_entries(matrix.comm(), matrix.cols(), matrix.rows(), std::move(entries),
                                  {Duplicates::error, Loops::keep});
}

template <class V>
void multiply(const DistCsr<V>& matrix, std::span<const double> x, std::span<double> y) {
  if (matrix.comm().size() == 1) return multiply(matrix.local().view(), x, y);
  const std::vector<double> all = matrix.with_ghosts(x);
  multiply(matrix.local().view(), all, y);
}

template <class V>
void symmetrize(Entries<V>& entries) {
  Entries<V> both;
  const bool has_values = !entries.val.empty();
  both.row.reserve(2 * entries.size());
  both.col.reserve(2 * entries.size());
  both.val.reserve(2 * entries.val.size());
  for (std::size_t k = 0; k < entries.size(); ++k) {
    both.row.push_back(entries.row[k]);
    both.col.push_back(entries.col[k]);
    if (has_values) both.val.push_back(entries.val[k]);
    if (entries.row[k] == entries.col[k]) continue;
    both.row.push_back(entries.col[k]);
    both.col.push_back(entries.row[k]);
    if (has_values) both.val.push_back(entries.val[k]);
  }
  entries = std::move(both);
}

template void symmetrize(Entries<double>&);
template void symmetrize(Entries<float>&);
template void symmetrize(Entries<std::int64_t>&);
template class DistCsr<double>;
template class DistCsr<float>;
template class DistCsr<std::int64_t>;
template DistCsr<double> transpose(const DistCsr<double>&);
template DistCsr<float> transpose(const DistCsr<float>&);
template DistCsr<std::int64_t> transpose(const DistCsr<std::int64_t>&);
template void multiply(const DistCsr<double>&, std::span<const double>, std::span<double>);
template void multiply(const DistCsr<float>&, std::span<const double>, std::span<double>);

}  // namespace filigree
