// DistCsr: a sparse matrix, or a graph, whose rows are distributed over ranks.
#pragma once

#include <concepts>
#include <memory>
#include <ranges>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "filigree/core/comm.hpp"
#include "filigree/matrix/csr.hpp"
#include "filigree/matrix/halo.hpp"
#include "filigree/matrix/partition.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// Nonzeros in any order, as a file or a generator gives them: entry k is (row[k], col[k]) with value val[k].
template <class V>
struct Entries {
  std::vector<Global> row;
  std::vector<Global> col;
  std::vector<V> val;  ///< empty = every value is one

  std::size_t size() const { return row.size(); }
};

namespace detail {
template <class T>
concept Vertex = std::integral<std::remove_cvref_t<T>>;  // a weight is none
template <class E>
concept EdgeStruct = requires(const E& e) {
  { e.source } -> Vertex;
  { e.target } -> Vertex;
};
template <class E>
concept EdgeTuple = (std::tuple_size<E>::value <= 3) && requires(const E& e) {
  { std::get<0>(e) } -> Vertex;
  { std::get<1>(e) } -> Vertex;
};
}  // namespace detail

/// An edge as a program has it: a struct with members source, target and perhaps weight, or a pair or tuple of them in
/// this order.
template <class E>
concept EdgeLike = detail::EdgeStruct<E> || detail::EdgeTuple<E>;

/// Adds (j, i) right behind every (i, j) off the diagonal, so that with any policy for duplicates the matrix comes out
/// symmetric.
template <class V>
FILIGREE_EXPORT void symmetrize(Entries<V>& entries);

/// What becomes of entries at the same position. Without values they are one entry.
enum class Duplicates { first, sum, error };
/// What becomes of entries on the diagonal.
enum class Loops { keep, drop };

struct EntryPolicy {
  Duplicates duplicates = Duplicates::sum;
  Loops loops = Loops::keep;
};
/// What from_entries_counted() met, over all ranks.
struct EntryCounts {
  Offset duplicates = 0;  ///< entries beyond the first at their position, merged or dropped by policy
  Offset loops = 0;       ///< entries on the diagonal, kept or dropped by policy
};

template <MatrixValue V>
class DistCsr;
/// A matrix, and what was met among the entries that it is made of.
template <MatrixValue V>
struct CountedMatrix {
  DistCsr<V> matrix;
  EntryCounts counts;
};

/// A num_rows x num_cols matrix. Rank p owns the rows rows.begin(p) .. rows.end(p) and, of vectors over columns, the
/// elements cols.begin(p) .. cols.end(p). Its rows are a Csr whose columns are numbered as this rank meets them:
///
///                         columns, ascending by global id
///                    ghosts below | owned by p | ghosts above
///                 +---------------+------------+--------------+
///    rows of p    |  x    x       |   x    x   |        x     |    local: Csr<V> with num_cols = all three together
///                 +---------------+------------+--------------+
///
/// Local order is global order, so nothing that follows row or column order depends on the number of ranks.
/// Columns that no row of p references and p does not own have no local number. A graph is square: row v =
/// out-neighbours of v.
template <MatrixValue V>
class DistCsr {
 public:
  /// What a matrix is made of.
  struct Parts {
    Comm comm;
    Partition rows;
    Partition cols;
    Csr<V> local;                ///< columns by local number
    std::vector<Global> ghosts;  ///< global ids of the ghost columns, strictly increasing
  };

  /// Makes a matrix of entries that are distributed over the ranks in any way.
  ///
  /// entries  of this rank. Their order counts where `policy` meets duplicates: rank by rank, on a rank by position; so
  ///          entries read in file order give the same matrix on any number of ranks
  /// returns  rows distributed in blocks of nearly equal nonzeros; a square matrix has cols = rows
  ///
  /// Throws InvalidArgument on all ranks when an entry lies outside, and with Duplicates::error when two share a
  /// position. Collective. Memory beyond the result: 40 bytes an entry.
  static DistCsr from_entries(const Comm& comm, Global num_rows, Global num_cols, Entries<V> entries,
                              EntryPolicy policy = {}) {
    return from_entries_counted(comm, num_rows, num_cols, std::move(entries), policy).matrix;
  }
  /// The same with the partitions given.
  static DistCsr from_entries(const Comm& comm, const Partition& rows, const Partition& cols, Entries<V> entries,
                              EntryPolicy policy = {}) {
    return from_entries_counted(comm, rows, cols, std::move(entries), policy).matrix;
  }
  /// The same, with what was met.
  static CountedMatrix<V> from_entries_counted(const Comm& comm, Global num_rows, Global num_cols, Entries<V> entries,
                                               EntryPolicy policy = {});
  static CountedMatrix<V> from_entries_counted(const Comm& comm, const Partition& rows, const Partition& cols,
                                               Entries<V> entries, EntryPolicy policy = {});
  /// Makes the num_vertices x num_vertices matrix of the edges that each rank passes, perhaps none: as from_entries()
  /// of (source, target, weight). Edges without a weight make a graph without values, where repeated ones count once.
  /// Collective. Memory beyond the result: 72 bytes an edge.
  ///
  ///   const std::vector<std::pair<int, int>> edges{{0, 1}, {1, 2}, {2, 0}};
  ///   const Graph graph = Graph::from_edges(Comm::self(), 3, edges);
  template <std::ranges::input_range R>
  requires EdgeLike<std::ranges::range_value_t<R>>
  static DistCsr from_edges(const Comm& comm, Global num_vertices, R&& edges, EntryPolicy policy = {}) {
    Entries<V> entries;
    comm.guard([&] {
      for (const auto& edge : edges) {
        using E = std::remove_cvref_t<decltype(edge)>;
        if constexpr (detail::EdgeStruct<E>) {
          entries.row.push_back(static_cast<Global>(edge.source));
          entries.col.push_back(static_cast<Global>(edge.target));
          if constexpr (requires { edge.weight; }) entries.val.push_back(static_cast<V>(edge.weight));
        } else {
          entries.row.push_back(static_cast<Global>(std::get<0>(edge)));
          entries.col.push_back(static_cast<Global>(std::get<1>(edge)));
          if constexpr (std::tuple_size_v<E> == 3) entries.val.push_back(static_cast<V>(std::get<2>(edge)));
        }
      }
    });
    return from_entries(comm, num_vertices, num_vertices, std::move(entries), policy);
  }
  /// Makes a matrix of compressed rows: each rank passes its rows (row_ptr from 0), with global columns, strictly
  /// increasing within a row; `val` may be empty. The row partition follows from what each rank passes. Throws
  /// InvalidArgument on all ranks where that does not hold. Collective.
  static DistCsr from_csr(const Comm& comm, Global num_cols, std::span<const Offset> row_ptr,
                          std::span<const Global> col, std::span<const V> val);

  const Comm& comm() const { return comm_; }
  const Partition& rows() const { return rows_; }
  const Partition& cols() const { return cols_; }
  /// The rows of this rank, columns by local number.
  const Csr<V>& local() const { return local_; }
  /// Global ids of the ghost columns, strictly increasing.
  const std::vector<Global>& ghosts() const { return ghosts_; }
  /// The values of this rank's entries, to be changed; empty when all are one. The pattern, and with it the halo,
  /// stays.
  std::span<V> values() { return local_.val; }
  /// Replaces them: one for every entry of this rank in order, or none, so that every value is one. The same kind on
  /// all ranks. Not collective.
  void set_values(Array<V> values) {
    require(values.empty() || values.size() == local_.col.size(), "set_values: ", values.size(), " values for ",
            local_.col.size(), " entries");
    local_.val = std::move(values);
  }
  /// Moves the parts out, to be changed and made a matrix again. What is left may be destroyed or assigned to.
  Parts release() && {
    return {std::move(comm_), std::move(rows_), std::move(cols_), std::move(local_), std::move(ghosts_)};
  }

  Global num_rows() const { return rows_.num_items(); }
  Global num_cols() const { return cols_.num_items(); }
  bool is_square() const { return rows_ == cols_; }
  /// Nonzeros of all ranks. Collective.
  Offset num_nonzeros() const { return comm_.sum(local_.num_nonzeros()); }
  /// Whether entries have values of their own; a rank without entries cannot tell alone. Collective.
  bool has_values() const { return comm_.max(static_cast<int>(!local_.val.empty())) != 0; }

  /// Rows this rank owns. Not collective, like all that follows up to build_halo().
  Local num_local_rows() const { return local_.num_rows(); }
  Global first_row() const { return rows_.begin(comm_.rank()); }
  /// Local number of the first owned column: the number of ghosts below.
  Local owned_begin() const { return owned_begin_; }
  Local num_owned_cols() const { return num_owned_cols_; }
  Global global_col(Local column) const {
    if (column < owned_begin_) return ghosts_[static_cast<std::size_t>(column)];
    if (column < owned_begin_ + num_owned_cols_) return first_col_ + (column - owned_begin_);
    return ghosts_[static_cast<std::size_t>(column - num_owned_cols_)];
  }

  /// Builds the exchange plan for ghosts unless this matrix, or the one it is a copy of, has it. Collective, whatever
  /// ghosts a rank has.
  const Halo& build_halo() const;
  /// The exchange plan for ghosts. Throws InvalidArgument before build_halo(). Not collective; what it exchanges is,
  /// also on ranks without ghosts, since others may need their values.
  const Halo& halo() const;

  /// Owned values of a vector over columns -> values by local column number: the vector that a kernel on `local` reads.
  /// Builds the halo if there is none. Collective.
  template <Elements R>
  std::vector<ElementOf<R>> with_ghosts(const R& owned) const {
    build_halo();
    std::vector<ElementOf<R>> all(static_cast<std::size_t>(local_.num_cols));
    update_ghosts(owned, all);
    return all;
  }
  /// The same into an existing vector of local().num_cols values, with the halo that build_halo() made. Collective.
  template <Elements R, Elements S>
  void update_ghosts(const R& owned, S&& all) const {
    require(std::ssize(owned) == num_owned_cols() && std::ssize(all) == local_.num_cols,
            "update_ghosts: ", owned.size(), " owned of ", all.size(), " values, must be ", num_owned_cols(), " of ",
            local_.num_cols);
    std::vector<ElementOf<R>> arrived(ghosts_.size());
    halo().gather(owned, arrived);
    std::copy(arrived.begin(), arrived.begin() + owned_begin_, all.begin());
    std::copy(owned.begin(), owned.end(), all.begin() + owned_begin_);
    std::copy(arrived.begin() + owned_begin_, arrived.end(), all.begin() + owned_begin_ + std::ssize(owned));
  }

  /// The matrix from parts that fit each other; local.validate() holds. Used by constructors of every kind.
  explicit DistCsr(Parts parts);
  DistCsr(Comm comm, Partition rows, Partition cols, Csr<V> local, std::vector<Global> ghosts);

 private:
  struct LazyHalo;
  Comm comm_;
  Partition rows_;
  Partition cols_;
  Csr<V> local_;
  std::vector<Global> ghosts_;
  Global first_col_ = 0;
  Local num_owned_cols_ = 0;
  Local owned_begin_ = 0;
  std::shared_ptr<LazyHalo> halo_;
};

/// A directed, weighted graph: row v lists the out-neighbours of v, values are weights, empty = all ones.
using Graph = DistCsr<double>;

/// Returns the transpose: columns become rows, distributed as `matrix.cols()`. Collective. Moves each nonzero once.
template <class V>
FILIGREE_EXPORT DistCsr<V> transpose(const DistCsr<V>& matrix);

/// Computes y = A x. x: the owned elements of a vector over columns, y: the owned rows. Collective; a halo update and
/// one pass over the nonzeros. Sums run over ascending columns: the same bits on any number of ranks and threads.
template <class V>
FILIGREE_EXPORT void multiply(const DistCsr<V>& matrix, std::span<const double> x, std::span<double> y);

}  // namespace filigree
#pragma GCC visibility pop
