#include "filigree/matrix/dist_csr.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <limits>
#include <mutex>
#include <new>
#include <numeric>
#include <optional>
#include <utility>

#include "core/index.hpp"

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

/// Rows in blocks of nearly equal entries + rows. Collective.
Partition balanced_rows(const Comm& comm, Global num_rows, Survey& found) {
  std::vector<Offset>& weight = found.run_entries;
  comm.sum(std::span<Offset>(weight));
  for (Offset& w : weight) w += found.run;
  const Partition runs = Partition::by_weight(weight, comm.size());
  std::vector<Global> begins;
  for (Global begin : runs.begins()) begins.push_back(std::min(begin * found.run, num_rows));
  return Partition::from_begins(std::move(begins));
}

/// Brings every entry to the owner of its row. Arrival order: by rank, on a rank by position.
template <class V>
Entries<V> send_to_owners(const Comm& comm, const Partition& rows, Entries<V> entries, bool rows_ascend) {
  if (comm.size() == 1) return entries;
  const bool has_values = comm.max(static_cast<int>(!entries.val.empty())) != 0;
  std::vector<Offset> counts(z(comm.size()), 0);
  const auto route_all = [&](auto route) {
    route(entries.row);
    route(entries.col);
    if (has_values) route(entries.val);
  };
  if (rows_ascend) {
    // What stays is one block; a file in order of rows has little else.
    auto begin = entries.row.begin();
    for (int r = 0; r < comm.size(); ++r) {
      const auto end = std::lower_bound(begin, entries.row.end(), rows.end(r));
      counts[z(r)] = end - begin;
      begin = end;
    }
    const Offset staying = std::exchange(counts[z(comm.rank())], 0);
    const Offset below = std::accumulate(counts.begin(), counts.begin() + comm.rank(), Offset{0});
    route_all([&]<class T>(std::vector<T>& values) {
      std::vector<T> leaving(values.begin(), values.begin() + below);
      leaving.insert(leaving.end(), values.begin() + below + staying, values.end());
      const Received<T> arrived = comm.all_to_all(std::span<const T>(leaving), counts);
      const auto from_below = arrived.values.begin() +
                              std::accumulate(arrived.counts.begin(), arrived.counts.begin() + comm.rank(), Offset{0});
      values.resize(z(below + staying));
      values.insert(values.end(), from_below, arrived.values.end());
      values.insert(values.erase(values.begin(), values.begin() + below), arrived.values.begin(), from_below);
    });
    return entries;
  }
  std::vector<int> owner(entries.size());
  for (std::size_t k = 0; k < entries.size(); ++k) ++counts[z(owner[k] = rows.owner(entries.row[k]))];
  std::vector<Offset> start(counts.size(), 0);
  std::exclusive_scan(counts.begin(), counts.end(), start.begin(), Offset{0});
  route_all([&]<class T>(std::vector<T>& values) {
    std::vector<T> sorted(values.size());
    std::vector<Offset> next = start;
    for (std::size_t k = 0; k < values.size(); ++k) sorted[z(next[z(owner[k])]++)] = values[k];
    std::vector<T>().swap(values);
    values = comm.all_to_all(std::span<const T>(sorted), counts).values;
  });
  return entries;
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
  std::vector<V> val;
};

/// Stable counting sort of owned entries by row.
template <class V>
GlobalRows<V> sort_by_row(Global first_row, Global num_rows, Entries<V> entries) {
  GlobalRows<V> sorted;
  sorted.row_ptr.assign(z(num_rows) + 1, 0);
  bool ascend = true;
  Global previous = first_row;
  for (Global row : entries.row) {
    ++sorted.row_ptr[z(row - first_row) + 1];
    ascend = ascend && previous <= row;
    previous = row;
  }
  std::partial_sum(sorted.row_ptr.begin(), sorted.row_ptr.end(), sorted.row_ptr.begin());
  if (ascend) {
    sorted.col = std::move(entries.col);
    sorted.val = std::move(entries.val);
    return sorted;
  }
  std::vector<Offset> next(sorted.row_ptr.begin(), sorted.row_ptr.end() - 1);
  sorted.col.resize(entries.col.size());
  sorted.val.resize(entries.val.size());
  for (std::size_t k = 0; k < entries.size(); ++k) {
    const Offset at = next[z(entries.row[k] - first_row)]++;
    sorted.col[z(at)] = entries.col[k];
    if (!entries.val.empty()) sorted.val[z(at)] = entries.val[k];
  }
  return sorted;
}

/// Sorts a row by column (stable) and merges what shares a position, in place. Returns the length that is left.
/// `pairs` is room to work in.
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
      if (policy == Duplicates::sum) val[out - 1] += value;
    } else {
      col[out] = column;
      val[out++] = value;
    }
  }
  return static_cast<Offset>(out);
}

/// The same for every row. Returns the number merged away.
template <class V>
Offset merge_duplicates(GlobalRows<V>& rows, Global first_row, Duplicates policy) {
  const auto num_rows = static_cast<std::int64_t>(rows.row_ptr.size()) - 1;
  const bool has_values = !rows.val.empty();
  std::vector<Offset> kept(z(num_rows));
  // An exception must not leave a parallel region: remember the smallest row at fault, and that memory ran out.
  std::int64_t fault_row = num_rows;
  bool no_memory = false;
#pragma omp parallel
  {
    std::vector<std::pair<Global, V>> pairs;
#pragma omp for schedule(dynamic, 512) reduction(min : fault_row) reduction(|| : no_memory)
    for (std::int64_t row = 0; row < num_rows; ++row) {
      const std::size_t begin = z(rows.row_ptr[z(row)]);
      const std::size_t length = z(rows.row_ptr[z(row) + 1]) - begin;
      const auto values = has_values ? std::span<V>(rows.val).subspan(begin, length) : std::span<V>();
      try {
        kept[z(row)] = merge_row(std::span<Global>(rows.col).subspan(begin, length), values, policy, pairs);
      } catch (const std::bad_alloc&) {
        no_memory = true;
        continue;
      }
      if (policy == Duplicates::error && z(kept[z(row)]) < length) fault_row = std::min(fault_row, row);
    }
  }
  if (no_memory) throw std::bad_alloc();
  require(fault_row == num_rows, "row ", first_row + fault_row, " names a column twice, and duplicates are refused");

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

/// Throws unless this rank can number `count` rows or columns.
void check_local(const Comm& comm, Offset count, const char* what) {
  constexpr Offset most = std::numeric_limits<Local>::max();
  require(count <= most, "rank ", comm.rank(), " of ", comm.size(), " would number ", count, " ", what, ", at most ",
          most, ": use more ranks");
}

/// Columns that a rank names and does not own, ascending, and the position of each: a bit for every column of the
/// matrix where that is less memory than the entries, else a sorted list.
class Ghosts {
 public:
  Ghosts(std::span<const Global> columns, Global num_cols, Global first, Global last) {
    const auto is_ghost = [&](Global column) { return column < first || column >= last; };
    if (num_cols / 64 <= std::ssize(columns)) {
      bits_.assign(z(num_cols / 64) + 1, 0);
      for (Global column : columns) {
        if (is_ghost(column)) bits_[z(column / 64)] |= std::uint64_t{1} << (column % 64);
      }
      before_.reserve(bits_.size());
      for (std::size_t word = 0; word < bits_.size(); ++word) {
        before_.push_back(std::ssize(ids));
        for (std::uint64_t left = bits_[word]; left != 0; left &= left - 1)
          ids.push_back(static_cast<Global>(word) * 64 + std::countr_zero(left));
      }
    } else {
      std::copy_if(columns.begin(), columns.end(), std::back_inserter(ids), is_ghost);
      std::sort(ids.begin(), ids.end());
      ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    }
    ids.shrink_to_fit();
  }

  /// The number of ghosts below any column.
  Global position(Global column) const {
    if (bits_.empty()) return std::lower_bound(ids.begin(), ids.end(), column) - ids.begin();
    const std::uint64_t below = bits_[z(column / 64)] & ((std::uint64_t{1} << (column % 64)) - 1);
    return before_[z(column / 64)] + std::popcount(below);
  }

  std::vector<Global> ids;

 private:
  std::vector<std::uint64_t> bits_;
  std::vector<Global> before_;
};

/// Numbers columns as this rank meets them: ghosts below | owned | ghosts above.
template <class V>
DistCsr<V> number_columns(const Comm& comm, const Partition& row_partition, const Partition& cols, GlobalRows<V> rows) {
  const Global first = cols.begin(comm.rank());
  const Global last = cols.end(comm.rank());
  std::vector<Global> ghost_ids;
  Csr<V> local;
  comm.guard([&] {
    Ghosts ghosts(rows.col, cols.num_items(), first, last);
    const Offset num_cols = std::ssize(ghosts.ids) + (last - first);
    check_local(comm, row_partition.size(comm.rank()), "rows");
    check_local(comm, num_cols, "columns");
    local.num_cols = static_cast<Local>(num_cols);
    local.row_ptr = std::move(rows.row_ptr);
    local.val = std::move(rows.val);
    local.col.resize(rows.col.size());
    const Global below = ghosts.position(first);
    for (std::size_t k = 0; k < rows.col.size(); ++k) {
      const Global column = rows.col[k];
      if (column >= first && column < last) {
        local.col[k] = static_cast<Local>(column - first + below);
      } else {
        local.col[k] = static_cast<Local>(ghosts.position(column) + (column < first ? 0 : last - first));
      }
    }
    ghost_ids = std::move(ghosts.ids);
  });
  return DistCsr<V>(comm, row_partition, cols, std::move(local), std::move(ghost_ids));
}

/// The matrix of entries that were surveyed. Collective.
template <class V>
DistCsr<V> build(const Comm& comm, const Partition& rows, const Partition& cols, Entries<V> entries,
                 const Survey& found, EntryPolicy policy, EntryCounts* counts) {
  if (policy.loops == Loops::drop && found.loops > 0) drop_loops(entries);
  const bool has_values = comm.max(static_cast<int>(!entries.val.empty())) != 0;
  if (has_values && entries.val.empty()) entries.val.assign(entries.size(), V{1});

  entries = send_to_owners(comm, rows, std::move(entries), found.rows_ascend);
  const Global first = rows.begin(comm.rank());
  GlobalRows<V> sorted;
  Offset merged = 0;
  comm.guard([&] {
    check_local(comm, rows.size(comm.rank()), "rows");
    sorted = sort_by_row(first, rows.size(comm.rank()), std::move(entries));
    merged = merge_duplicates(sorted, first, policy.duplicates);
  });
  Offset met[] = {merged, found.loops};
  comm.sum(std::span<Offset>(met));
  if (counts != nullptr) *counts = {met[0], met[1]};
  return number_columns(comm, rows, cols, std::move(sorted));
}

}  // namespace

template <class V>
struct DistCsr<V>::LazyHalo {
  std::once_flag built;
  std::optional<Halo> halo;
};

template <class V>
DistCsr<V>::DistCsr(Comm communicator, Partition row_partition, Partition col_partition, Csr<V> local_rows,
                    std::vector<Global> ghost_ids)
    : comm(std::move(communicator)),
      rows(std::move(row_partition)),
      cols(std::move(col_partition)),
      local(std::move(local_rows)),
      ghosts(std::move(ghost_ids)),
      first_col_(cols.begin(comm.rank())),
      num_owned_cols_(static_cast<Local>(cols.size(comm.rank()))),
      owned_begin_(
          static_cast<Local>(std::lower_bound(ghosts.begin(), ghosts.end(), cols.begin(comm.rank())) - ghosts.begin())),
      halo_(std::make_shared<LazyHalo>()) {}

template <class V>
DistCsr<V> DistCsr<V>::from_entries(const Comm& comm, Global num_rows, Global num_cols, Entries<V> entries,
                                    EntryPolicy policy, EntryCounts* counts) {
  Survey found = survey(comm, num_rows, num_cols, entries);
  const Partition rows = balanced_rows(comm, num_rows, found);
  const Partition cols = num_cols == num_rows ? rows : Partition::uniform(num_cols, comm.size());
  return build(comm, rows, cols, std::move(entries), found, policy, counts);
}

template <class V>
DistCsr<V> DistCsr<V>::from_entries(const Comm& comm, const Partition& rows, const Partition& cols, Entries<V> entries,
                                    EntryPolicy policy, EntryCounts* counts) {
  require(rows.num_parts() == comm.size() && cols.num_parts() == comm.size(), "from_entries: rows in ",
          rows.num_parts(), " parts and columns in ", cols.num_parts(), " on ", comm.size(), " ranks");
  const Survey found = survey(comm, rows.num_items(), cols.num_items(), entries);
  return build(comm, rows, cols, std::move(entries), found, policy, counts);
}

template <class V>
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

template <class V>
const Halo& DistCsr<V>::halo() const {
  std::call_once(halo_->built, [&] { halo_->halo.emplace(comm, cols, ghosts); });
  return *halo_->halo;
}

template <class V>
DistCsr<V> transpose(const DistCsr<V>& matrix) {
  if (matrix.comm.size() == 1) return {matrix.comm, matrix.cols, matrix.rows, transpose(matrix.local.view()), {}};
  Entries<V> entries;
  entries.row.reserve(matrix.local.col.size());
  entries.col.reserve(matrix.local.col.size());
  for (Local row = 0; row < matrix.num_local_rows(); ++row) {
    for (Local column : matrix.local.view().cols(row)) {
      entries.row.push_back(matrix.global_col(column));
      entries.col.push_back(matrix.first_row() + row);
    }
  }
  entries.val = matrix.local.val;
  return DistCsr<V>::from_entries(matrix.comm, matrix.cols, matrix.rows, std::move(entries),
                                  {Duplicates::error, Loops::keep});
}

template <class V>
void multiply(const DistCsr<V>& matrix, std::span<const double> x, std::span<double> y) {
  if (matrix.comm.size() == 1) return multiply(matrix.local.view(), x, y);
  const std::vector<double> all = matrix.with_ghosts(x);
  multiply(matrix.local.view(), std::span<const double>(all), y);
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
template struct DistCsr<double>;
template struct DistCsr<float>;
template struct DistCsr<std::int64_t>;
template DistCsr<double> transpose(const DistCsr<double>&);
template DistCsr<float> transpose(const DistCsr<float>&);
template DistCsr<std::int64_t> transpose(const DistCsr<std::int64_t>&);
template void multiply(const DistCsr<double>&, std::span<const double>, std::span<double>);
template void multiply(const DistCsr<float>&, std::span<const double>, std::span<double>);

}  // namespace filigree
