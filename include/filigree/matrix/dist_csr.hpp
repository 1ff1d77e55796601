// DistCsr: a sparse matrix, or a graph, whose rows are spread over ranks.
#pragma once

#include <memory>
#include <span>
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

/// Adds (j, i) right behind every (i, j) off the diagonal, so that with any policy for duplicates the matrix comes out
/// symmetric.
template <class V>
void symmetrize(Entries<V>& entries);

/// What becomes of entries at the same position. Without values they are one entry.
enum class Duplicates { first, sum, error };
/// What becomes of entries on the diagonal.
enum class Loops { keep, drop };

struct EntryPolicy {
  Duplicates duplicates = Duplicates::sum;
  Loops loops = Loops::keep;
};
/// What from_entries met, over all ranks.
struct EntryCounts {
  Offset duplicates = 0;  ///< entries beyond the first at their position, merged or dropped by policy
  Offset loops = 0;       ///< entries on the diagonal, kept or dropped by policy
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
/// Columns that no row of p names and p does not own have no local number. A graph is square: row v = out-neighbours of
/// v.
template <class V>
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

  /// From entries spread over the ranks in any way. Their order counts where `policy` meets duplicates: rank by rank,
  /// on a rank by position; so entries read in file order give the same matrix on any number of ranks. Rows are dealt
  /// out in blocks of nearly equal nonzeros; a square matrix has cols = rows. Throws on all ranks when an entry lies
  /// outside, and with Duplicates::error when two share a position. Peak bytes per entry beyond the result: 40.
  /// Collective.
  static DistCsr from_entries(const Comm& comm, Global num_rows, Global num_cols, Entries<V> entries,
                              EntryPolicy policy = {}, EntryCounts* counts = nullptr);
  /// The same with the partitions given.
  static DistCsr from_entries(const Comm& comm, const Partition& rows, const Partition& cols, Entries<V> entries,
                              EntryPolicy policy = {}, EntryCounts* counts = nullptr);
  /// From compressed rows: each rank passes its rows (row_ptr from 0), with global columns, strictly increasing within
  /// a row; `val` may be empty. The row partition follows from what each rank passes. Collective.
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
  template <class T>
  std::vector<T> with_ghosts(std::span<const T> owned) const {
    build_halo();
    std::vector<T> all(static_cast<std::size_t>(local_.num_cols));
    update_ghosts(owned, std::span<T>(all));
    return all;
  }
  /// The same into an existing vector of local().num_cols values, with the halo that build_halo() made. Collective.
  template <class T>
  void update_ghosts(std::span<const T> owned, std::span<T> all) const {
    require(std::ssize(owned) == num_owned_cols() && std::ssize(all) == local_.num_cols,
            "update_ghosts: ", owned.size(), " owned of ", all.size(), " values, must be ", num_owned_cols(), " of ",
            local_.num_cols);
    const auto below = static_cast<std::size_t>(owned_begin_);
    std::vector<T> arrived(ghosts_.size());
    halo().gather(owned, std::span<T>(arrived));
    std::copy(arrived.begin(), arrived.begin() + owned_begin_, all.begin());
    std::copy(owned.begin(), owned.end(), all.begin() + owned_begin_);
    std::copy(arrived.begin() + owned_begin_, arrived.end(),
              all.begin() + static_cast<std::ptrdiff_t>(below + owned.size()));
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

/// The transpose: columns become rows, dealt out as `matrix.cols()`. Collective. Moves each nonzero once.
template <class V>
DistCsr<V> transpose(const DistCsr<V>& matrix);

/// y = A x. x: the owned elements of a vector over columns, y: the owned rows. Collective; a gather of the ghosts and
/// one pass over the nonzeros. Sums run over ascending columns: same bits on any number of ranks and threads.
template <class V>
void multiply(const DistCsr<V>& matrix, std::span<const double> x, std::span<double> y);

}  // namespace filigree
#pragma GCC visibility pop
