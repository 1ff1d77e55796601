// The product over ranks, and what it would cost. A window of a rank's rows names some rows of B; those are brought
// here and laid side by side, own and fetched ones in ascending order, so that the local product adds up what it would
// add up on one rank, in the same order.
#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "core/index.hpp"
#include "filigree/spgemm.hpp"
#include "matrix/local_columns.hpp"

namespace filigree::spgemm {
namespace {

struct Traffic {
  Offset bytes = 0;
  Offset messages = 0;
};

/// What building a halo takes: every ghost's number goes to its owner.
Traffic asking(const Halo& halo) {
  return {halo.num_ghosts() * static_cast<Offset>(sizeof(Global)), halo.num_owners()};
}

void add(Traffic& traffic, Traffic more) {
  traffic.bytes += more.bytes;
  traffic.messages += more.messages;
}

/// Bytes of a nonzero as it travels.
template <class V>
Offset entry_bytes(Global num_cols, bool has_values) {
  const bool narrow = num_cols <= std::numeric_limits<Local>::max();
  return static_cast<Offset>((narrow ? sizeof(Local) : sizeof(Global)) + (has_values ? sizeof(V) : 0));
}

/// Throws unless a and b have a product. The same on all ranks.
template <class V>
void check_factors(const char* call, const DistCsr<V>& a, const DistCsr<V>& b) {
  require(a.num_cols() == b.num_rows(), call, ": a is ", a.num_rows(), " x ", a.num_cols(), " and b ", b.num_rows(),
          " x ", b.num_cols(), "; a must have as many columns as b has rows");
  require(a.comm.size() == b.comm.size(), call, ": a lies on ", a.comm.size(), " ranks and b on ", b.comm.size());
}

template <class V>
void check(const char* call, const DistCsr<V>& a, const DistCsr<V>& b, const Options& options) {
  check_factors(call, a, b);
  require(options.window_bytes >= 1, call, ": window_bytes ", options.window_bytes, ", must be at least 1");
}

/// Windows of a rank's rows.
struct Windows {
  std::vector<Local> ends;  ///< rows of A
  Offset num_rows = 0;      ///< of B that they fetch, over all windows
  Offset bytes = 0;         ///< of these rows
};

/// What the rows of A on this rank ask for. Vectors are by local column of A.
struct Plan {
  Halo halo;                  ///< for the rows of B that they name and others own
  std::vector<char> remote;   ///< is it one of those?
  std::vector<Local> length;  ///< of the row of B that it names; 0 if no row of A names it
  bool b_has_values = false;
  Offset entry_bytes = 0;  ///< of a nonzero of B
  Windows windows = {};
  Offset num_windows = 0;  ///< most windows of a rank: in so many all take part
  Traffic traffic = {};    ///< of planning, on this rank
};

/// What a row of B takes beyond its nonzeros: its length.
constexpr Offset row_bytes = sizeof(Local);

/// Consecutive rows whose remote rows of B have at most window_bytes together, or single ones.
template <class V>
Windows cut_windows(CsrView<V> a, const Plan& plan, Offset window_bytes) {
  Windows windows;
  std::vector<Local> seen_in(z(a.num_cols), -1);  // the last window
  Local window = 0;
  const auto is_new = [&](Local column) { return plan.remote[z(column)] != 0 && seen_in[z(column)] != window; };
  const auto bytes_of = [&](Local column) { return row_bytes + plan.length[z(column)] * plan.entry_bytes; };
  Offset held = 0;
  for (Local row = 0; row < a.num_rows(); ++row) {
    Offset more = 0;
    for (Local column : a.cols(row)) more += is_new(column) ? bytes_of(column) : 0;
    if (held > 0 && more > 0 && held + more > window_bytes) {
      windows.ends.push_back(row);
      ++window;
      held = 0;
    }
    for (Local column : a.cols(row)) {
      if (!is_new(column)) continue;
      seen_in[z(column)] = window;
      held += bytes_of(column);
      windows.bytes += bytes_of(column);
      ++windows.num_rows;
    }
  }
  windows.ends.push_back(a.num_rows());
  return windows;
}

/// Collective.
template <class V>
Plan make_plan(const DistCsr<V>& a, const DistCsr<V>& b, Offset window_bytes) {
  const int me = a.comm.rank();
  const CsrView<V> local = a.local.view();
  std::vector<char> remote;
  std::vector<Local> length;
  std::vector<Global> ghosts;
  std::vector<Local> own_lengths;
  std::vector<Local> ghost_lengths;
  a.comm.guard([&] {
    for (Local row = 0; row < b.num_local_rows(); ++row)
      own_lengths.push_back(static_cast<Local>(b.local.view().degree(row)));
    remote.resize(z(local.num_cols), 0);
    length.resize(z(local.num_cols), 0);
    for (Local column : local.col) remote[z(column)] = 1;
    for (Local column = 0; column < local.num_cols; ++column) {
      if (remote[z(column)] == 0) continue;
      const Global row = a.global_col(column);
      if (b.rows.owns(me, row)) {
        remote[z(column)] = 0;
        length[z(column)] = own_lengths[z(row - b.first_row())];
      } else {
        ghosts.push_back(row);
      }
    }
    ghost_lengths.resize(ghosts.size());
  });
  const bool has_values = b.has_values();
  Plan plan{.halo = Halo(b.comm, b.rows, ghosts),
            .remote = std::move(remote),
            .length = std::move(length),
            .b_has_values = has_values,
            .entry_bytes = entry_bytes<V>(b.num_cols(), has_values)};
  plan.halo.gather(std::span<const Local>(own_lengths), std::span<Local>(ghost_lengths));
  auto next = ghost_lengths.begin();
  for (Local column = 0; column < local.num_cols; ++column) {
    if (plan.remote[z(column)] != 0) plan.length[z(column)] = *next++;
  }
  add(plan.traffic, asking(plan.halo));
  add(plan.traffic, {plan.halo.num_ghosts() * row_bytes, plan.halo.num_owners()});
  plan.windows = a.comm.guard([&] { return cut_windows(local, plan, window_bytes); });
  plan.num_windows = a.comm.max(static_cast<Offset>(plan.windows.ends.size()));
  return plan;
}

/// f(products) for every row of A on this rank.
template <class V, class F>
void for_each_row(const DistCsr<V>& a, const Plan& plan, F f) {
  for (Local row = 0; row < a.num_local_rows(); ++row) {
    Offset products = 0;
    for (Local column : a.local.view().cols(row)) products += plan.length[z(column)];
    f(products);
  }
}

/// Rows of a matrix in one place: those of the halo and these of this rank. Collective.
template <class V>
FetchedRows<V> fetch(const Halo& halo, const DistCsr<V>& matrix, std::span<const Local> own, bool with_values,
                     Traffic& traffic) {
  FetchedRows<V> rows = halo.fetch_rows(matrix, own, with_values);
  add(traffic, {rows.bytes_received, rows.messages});
  return rows;
}

template <class V>
FetchedRows<V> fetch(std::span<const Global> remote, const DistCsr<V>& matrix, std::span<const Local> own,
                     bool with_values, Traffic& traffic) {
  const Halo halo(matrix.comm, matrix.rows, remote);
  add(traffic, asking(halo));
  return fetch(halo, matrix, own, with_values, traffic);
}

/// The rows [first, last) of the mask. Collective.
template <class V>
FetchedRows<V> fetch_mask(const DistCsr<V>& mask, Global first, Global last, Traffic& traffic) {
  std::vector<Global> remote;
  std::vector<Local> own;
  mask.comm.guard([&] {
    for (Global row = first; row < last; ++row) {
      if (mask.rows.owns(mask.comm.rank(), row))
        own.push_back(static_cast<Local>(row - mask.first_row()));
      else
        remote.push_back(row);
    }
  });
  return fetch<V>(remote, mask, own, false, traffic);
}

/// A window of A on its own: columns numbered 0, 1, ... as they occur.
template <class V>
class Window {
 public:
  explicit Window(const DistCsr<V>& a) : a_(a), number_(z(a.local.num_cols), unnamed) {}

  void take(Local begin, Local end) {
    const CsrView<V> all = a_.local.view();
    const Offset first = all.row_ptr[z(begin)];
    const std::size_t count = z(all.row_ptr[z(end)] - first);
    const auto columns = all.col.subspan(z(first), count);
    named_.clear();
    for (Local column : columns) {
      if (std::exchange(number_[z(column)], 0) == unnamed) named_.push_back(column);
    }
    std::sort(named_.begin(), named_.end());
    for (std::size_t i = 0; i < named_.size(); ++i) number_[z(named_[i])] = static_cast<Local>(i);
    row_ptr_.clear();
    for (Local row = begin; row <= end; ++row) row_ptr_.push_back(all.row_ptr[z(row)] - first);
    col_.resize(count);
    std::transform(columns.begin(), columns.end(), col_.begin(), [&](Local column) { return number_[z(column)]; });
    for (Local column : named_) number_[z(column)] = unnamed;
    val_ = all.has_values() ? all.val.subspan(z(first), count) : std::span<const V>();
  }

  /// Columns of A, ascending.
  std::span<const Local> named() const { return named_; }
  CsrView<V> view() const { return {static_cast<Local>(named_.size()), row_ptr_, col_, val_}; }

 private:
  static constexpr Local unnamed = -1;
  const DistCsr<V>& a_;
  std::vector<Local> number_;  // by column of A
  std::vector<Local> named_;
  std::vector<Offset> row_ptr_;
  Array<Local> col_;
  std::span<const V> val_;
};

/// Leaves out the columns that no row names.
template <class V>
void drop_unnamed_columns(Csr<V>& rows, std::vector<Global>& columns) {
  std::vector<Local> number(columns.size(), 0);
  for (Local column : rows.col) number[z(column)] = 1;
  Local next = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (number[i] == 0) continue;
    columns[z(next)] = columns[i];
    number[i] = next++;
  }
  columns.resize(z(next));
  for (Local& column : rows.col) column = number[z(column)];
}

/// C as it grows by windows, each with a numbering of columns of its own.
template <class V>
class Rows {
 public:
  /// Room for so many nonzeros, which becomes memory when it is used.
  void reserve(Offset num_nonzeros) {
    rows_.col.reserve(z(num_nonzeros));
    rows_.val.reserve(z(num_nonzeros));
  }
  /// Takes the rows of a window, and perhaps its memory. columns: global ids of its columns, ascending; a row names
  /// each.
  void append(Csr<V>& window, std::vector<Global> columns) {
    if (pieces_.empty() && rows_.col.capacity() == 0) {
      std::swap(rows_, window);
    } else {
      const Offset before = rows_.num_nonzeros();
      for (std::size_t row = 1; row < window.row_ptr.size(); ++row)
        rows_.row_ptr.push_back(before + window.row_ptr[row]);
      rows_.col.insert(rows_.col.end(), window.col.begin(), window.col.end());
      rows_.val.insert(rows_.val.end(), window.val.begin(), window.val.end());
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

/// Every count over all ranks, which must have the same: their sum, but the largest of critical_products. Collective.
void add_up(const Comm& comm, Stats& stats) {
  const auto critical = stats.find("critical_products");
  const Offset longest = critical != stats.end() ? comm.max(critical->second) : 0;
  std::vector<Offset> counts;
  for (const auto& [name, count] : stats) counts.push_back(count);
  comm.sum(std::span<Offset>(counts));
  auto next = counts.begin();
  for (auto& [name, count] : stats) count = *next++;
  if (critical != stats.end()) critical->second = longest;
}

}  // namespace

template <class V>
Result<V> multiply(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options, const DistCsr<V>* mask) {
  check("multiply", a, b, options);
  require(options.sorted, "multiply: rows over ranks are always sorted, sorted must be true");
  if (mask != nullptr) {
    require(mask->num_rows() == a.num_rows() && mask->num_cols() == b.num_cols(), "multiply: the product is ",
            a.num_rows(), " x ", b.num_cols(), " and the mask ", mask->num_rows(), " x ", mask->num_cols(),
            "; they must have the same shape");
    require(mask->comm.size() == a.comm.size(), "multiply: a lies on ", a.comm.size(), " ranks and the mask on ",
            mask->comm.size());
  }
  require(mask != nullptr || !options.complement, "multiply: complement needs a mask");

  const Comm& comm = a.comm;
  Timings timings;
  Stats stats;
  if (comm.size() == 1) {
    Csr<V> c;
    {
      const Phase phase(timings, "multiply");
      const CsrView<V> mask_view = mask != nullptr ? mask->local.view() : CsrView<V>();
      stats = multiply(a.local.view(), b.local.view(), c, options, mask != nullptr ? &mask_view : nullptr);
    }
    stats.insert({{"bytes_received", 0}, {"messages", 0}, {"windows", 1}});
    return {DistCsr<V>(comm, a.rows, b.cols, std::move(c), {}), std::move(timings), std::move(stats)};
  }

  const Plan plan = [&] {
    const Phase phase(timings, "exchange");
    return make_plan(a, b, options.window_bytes);
  }();
  Offset all_products = 0;
  Offset most_nonzeros = 0;
  for_each_row(a, plan, [&](Offset products) {
    all_products += products;
    most_nonzeros += std::min(products, b.num_cols());
  });

  Options local_options = options;
  Offset products_before = 0;
  if (options.progress) {
    local_options.progress = [&](std::string_view phase, Offset done, Offset) {
      options.progress(phase, products_before + done, all_products);
    };
  }
  Traffic traffic = plan.traffic;
  Window<V> window = comm.guard([&] { return Window<V>(a); });
  Rows<V> rows;
  if (plan.num_windows > 1) comm.guard([&] { rows.reserve(most_nonzeros); });
  Csr<V> product;
  Local begin = 0;
  for (Offset w = 0; w < plan.num_windows; ++w) {
    const Local end = w < std::ssize(plan.windows.ends) ? plan.windows.ends[z(w)] : a.num_local_rows();
    FetchedRows<V> b_rows;
    FetchedRows<V> mask_rows;
    {
      const Phase phase(timings, "exchange");
      std::vector<Global> remote;
      std::vector<Local> own;
      comm.guard([&] {
        window.take(begin, end);
        for (Local column : window.named()) {
          const Global row = a.global_col(column);
          if (plan.remote[z(column)] != 0)
            remote.push_back(row);
          else
            own.push_back(static_cast<Local>(row - b.first_row()));
        }
      });
      b_rows = plan.num_windows == 1 ? fetch(plan.halo, b, own, plan.b_has_values, traffic)
                                     : fetch<V>(remote, b, own, plan.b_has_values, traffic);
      if (mask != nullptr) mask_rows = fetch_mask(*mask, a.first_row() + begin, a.first_row() + end, traffic);
    }
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
      {
        const Phase phase(timings, "multiply");
        const auto num_cols = static_cast<Local>(columns.ghosts.size());
        const std::span<const Local> col(columns.col);
        const auto b_nonzeros = z(b_rows.row_ptr.back());
        const CsrView<V> b_view{num_cols, b_rows.row_ptr, col.first(b_nonzeros), b_rows.val};
        const CsrView<V> mask_view{num_cols, mask_rows.row_ptr, col.subspan(b_nonzeros), {}};
        const Stats counts =
            multiply(window.view(), b_view, product, local_options, mask != nullptr ? &mask_view : nullptr);
        for (const auto& [name, count] : counts) stats[name] += count;
        products_before = stats["products"];
      }
      const Phase phase(timings, "number");
      if (mask != nullptr) drop_unnamed_columns(product, columns.ghosts);
      rows.append(product, std::move(columns.ghosts));
    });
    begin = end;
  }

  const Phase phase(timings, "number");
  auto [local, ghosts] =
      comm.guard([&] { return rows.finish(comm, b.cols.begin(comm.rank()), b.cols.end(comm.rank())); });
  stats["bytes_received"] = traffic.bytes;
  stats["messages"] = traffic.messages;
  add_up(comm, stats);
  stats["windows"] = plan.num_windows;
  return {DistCsr<V>(comm, a.rows, b.cols, std::move(local), std::move(ghosts)), std::move(timings), std::move(stats)};
}

template <class V>
Estimate estimate(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options) {
  check("estimate", a, b, options);
  const Plan plan = make_plan(a, b, options.window_bytes);
  // In several windows, rows are asked for once more.
  const Offset asked_again = plan.num_windows > 1 ? plan.windows.num_rows * static_cast<Offset>(sizeof(Global)) : 0;
  Offset counts[] = {0, 0, plan.traffic.bytes + plan.windows.bytes + asked_again};
  for_each_row(a, plan, [&](Offset products) {
    counts[0] += products;
    counts[1] += std::min(products, b.num_cols());
  });
  a.comm.sum(std::span<Offset>(counts));
  return {counts[0], counts[1], counts[2]};
}

namespace {

/// Rows in `parts` blocks of nearly equal nonzeros + rows; as they lie, if these are the parts there are. Collective.
template <class V>
Partition cut_rows(const DistCsr<V>& matrix, int parts) {
  if (parts == matrix.comm.size()) return matrix.rows;
  const Offset nonzeros_before = matrix.comm.exclusive_sum(matrix.local.num_nonzeros());
  const Offset total = matrix.num_nonzeros() + matrix.num_rows();
  std::vector<Global> begins(z(parts) + 1, 0);
  Global row = 0;
  for (int part = 1; part < parts; ++part) {
    // Of all ranks, the rows whose preceding weight has not reached the target yet.
    const Offset target = total / parts * part + (total % parts * part + parts - 1) / parts;
    while (row < matrix.num_local_rows() &&
           nonzeros_before + matrix.local.row_ptr[z(row)] + matrix.first_row() + row < target)
      ++row;
    begins[z(part)] = row;
  }
  matrix.comm.sum(std::span<Global>(begins));
  begins.back() = matrix.num_rows();
  return Partition::from_begins(std::move(begins));
}

/// A row of B that a block of rows of A names and does not own.
struct Want {
  Global row;
  Global block;
  friend auto operator<=>(const Want&, const Want&) = default;
};

/// Rows of B and their nonzeros that blocks of A's rows would receive, summed up over the blocks of this rank's rows of
/// B. Collective.
template <class V>
std::pair<Offset, Offset> wanted_by_blocks(const DistCsr<V>& a, const DistCsr<V>& b, int num_blocks) {
  const Partition a_blocks = cut_rows(a, num_blocks);
  const Partition b_blocks = cut_rows(b, num_blocks);
  const CsrView<V> local = a.local.view();
  // Once for every block of this rank's rows; a block may go on on the next rank.
  const auto for_each_want = [&](auto f) {
    std::vector<int> seen_in(z(local.num_cols), -1);
    for (Local row = 0; row < local.num_rows(); ++row) {
      const int block = a_blocks.owner(a.first_row() + row);
      for (Local column : local.cols(row)) {
        const Global wanted = a.global_col(column);
        if (std::exchange(seen_in[z(column)], block) != block && !b_blocks.owns(block, wanted)) f(Want{wanted, block});
      }
    }
  };
  std::vector<Offset> counts(z(b.comm.size()), 0);
  std::vector<Want> wants;
  a.comm.guard([&] {
    for_each_want([&](const Want& want) { ++counts[z(b.rows.owner(want.row))]; });
    std::vector<Offset> next(counts.size());
    std::exclusive_scan(counts.begin(), counts.end(), next.begin(), Offset{0});
    wants.resize(z(next.back() + counts.back()));
    for_each_want([&](const Want& want) { wants[z(next[z(b.rows.owner(want.row))]++)] = want; });
  });
  std::vector<Want> met = b.comm.all_to_all(std::span<const Want>(wants), counts).values;
  std::sort(met.begin(), met.end());
  met.erase(std::unique(met.begin(), met.end()), met.end());
  Offset nonzeros = 0;
  for (const Want& want : met) nonzeros += b.local.view().degree(static_cast<Local>(want.row - b.first_row()));
  return {std::ssize(met), nonzeros};
}

/// Bytes that sparse SUMMA moves on the squarest grid of so many ranks.
Offset summa_bytes(int ranks, Offset a_bytes, Offset b_bytes) {
  int grid_rows = 1;
  for (int r = 1; r <= ranks / r; ++r) {
    if (ranks % r == 0) grid_rows = r;
  }
  return (ranks / grid_rows - 1) * a_bytes + (grid_rows - 1) * b_bytes;
}

}  // namespace

template <class V>
Prediction predict(const DistCsr<V>& a, const DistCsr<V>& b, int ranks) {
  check_factors("predict", a, b);
  constexpr int most_ranks = 1 << 20;
  require(ranks >= 1 && ranks <= most_ranks, "predict: ", ranks, " ranks, must be in [1, ", most_ranks, "]");
  const Plan plan = make_plan(a, b, std::numeric_limits<Offset>::max());
  const Offset a_bytes = a.num_nonzeros() * entry_bytes<V>(a.num_cols(), a.has_values());
  const Offset b_bytes = b.num_nonzeros() * plan.entry_bytes;

  Prediction prediction;
  const auto [rows, nonzeros] = wanted_by_blocks(a, b, ranks);
  constexpr Offset asked_for = sizeof(Global) + sizeof(Local);
  prediction.bytes_1d = a.comm.sum(rows * (asked_for + row_bytes) + nonzeros * plan.entry_bytes);
  prediction.bytes_2d = summa_bytes(ranks, a_bytes, b_bytes);
  const std::vector<Offset> products_of_row = a.comm.guard([&] {
    std::vector<Offset> all;
    for_each_row(a, plan, [&](Offset products) { all.push_back(products); });
    return all;
  });
  for (int layers = 2; layers <= ranks; ++layers) {
    if (ranks % layers != 0) continue;
    Offset partial = 0;
    for (const Offset products : products_of_row) {
      partial += products / layers < b.num_cols() ? products : layers * b.num_cols();
    }
    partial = a.comm.sum(partial);
    const Offset moved = partial - partial / layers;
    const Offset bytes = summa_bytes(ranks / layers, a_bytes, b_bytes) + moved * entry_bytes<V>(b.num_cols(), true);
    if (prediction.layers == 1 || bytes < prediction.bytes_3d) {
      prediction.layers = layers;
      prediction.bytes_3d = bytes;
    }
  }
  return prediction;
}

template Result<double> multiply(const DistCsr<double>&, const DistCsr<double>&, const Options&,
                                 const DistCsr<double>*);
template Result<float> multiply(const DistCsr<float>&, const DistCsr<float>&, const Options&, const DistCsr<float>*);
template Result<std::int64_t> multiply(const DistCsr<std::int64_t>&, const DistCsr<std::int64_t>&, const Options&,
                                       const DistCsr<std::int64_t>*);
template Estimate estimate(const DistCsr<double>&, const DistCsr<double>&, const Options&);
template Estimate estimate(const DistCsr<float>&, const DistCsr<float>&, const Options&);
template Estimate estimate(const DistCsr<std::int64_t>&, const DistCsr<std::int64_t>&, const Options&);
template Prediction predict(const DistCsr<double>&, const DistCsr<double>&, int);
template Prediction predict(const DistCsr<float>&, const DistCsr<float>&, int);
template Prediction predict(const DistCsr<std::int64_t>&, const DistCsr<std::int64_t>&, int);

}  // namespace filigree::spgemm
