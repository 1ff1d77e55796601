// Matrices of Eigen as those of filigree, and back. Not part of filigree.hpp, as it needs Eigen 3.4.
#pragma once

#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "filigree/matrix/csr.hpp"
#include "filigree/matrix/dist_csr.hpp"
#include "filigree/matrix/dist_dense.hpp"
#include "filigree/matrix/small_dense.hpp"

#pragma GCC visibility push(default)
namespace filigree::eigen {

/// The sparse matrix of Eigen whose columns and values lie in memory as those of a Csr.
template <MatrixValue V>
using SparseRows = Eigen::SparseMatrix<V, Eigen::RowMajor, Local>;

/// A sparse matrix of Eigen as a CsrView, which kernels take: columns and values stay where they are, and the begins of
/// rows are copied, since filigree counts with 64 bits. The matrix must be compressed (makeCompressed()) and outlive
/// this.
///
///   spgemm::multiply(eigen::View(a), eigen::View(b), c);
template <MatrixValue V>
class View {
 public:
  /// Throws InvalidArgument for a matrix that is not compressed. Memory: 8 bytes a row.
  explicit View(const SparseRows<V>& matrix) : matrix_(matrix) {
    require(matrix.isCompressed(), "eigen::View: the matrix is not compressed; call makeCompressed() before");
    row_ptr_.assign(matrix.outerIndexPtr(), matrix.outerIndexPtr() + matrix.rows() + 1);
  }
  explicit View(const SparseRows<V>&& matrix) = delete;

  CsrView<V> view() const {
    const auto nonzeros = static_cast<std::size_t>(matrix_.nonZeros());
    return {static_cast<Local>(matrix_.cols()),
            row_ptr_,
            {matrix_.innerIndexPtr(), nonzeros},
            {matrix_.valuePtr(), nonzeros}};
  }
  operator CsrView<V>() const { return view(); }

 private:
  const SparseRows<V>& matrix_;
  std::vector<Offset> row_ptr_;
};

/// A CsrView as a sparse matrix of Eigen: columns and values stay where they are, and the begins of rows are copied.
/// The arrays must outlive this, and this the maps that it returns.
///
///   const eigen::Map c(product);
///   const double norm = c.matrix().norm();
template <MatrixValue V>
class Map {
 public:
  /// Throws InvalidArgument for 2^31 nonzeros or more. Memory: 4 bytes a row; of a matrix without values, also
  /// sizeof(V) a nonzero, for ones.
  explicit Map(CsrView<V> csr) : csr_(csr) {
    require(csr.num_nonzeros() <= std::numeric_limits<Local>::max(), "eigen::Map: ", csr.num_nonzeros(),
            " nonzeros, at most 2^31 - 1");
    row_ptr_.reserve(csr.row_ptr.size());
    for (const Offset begin : csr.row_ptr) row_ptr_.push_back(static_cast<Local>(begin));
    if (!csr.has_values()) ones_.assign(csr.col.size(), V{1});
  }
  explicit Map(const Csr<V>& csr) : Map(csr.view()) {}
  explicit Map(const Csr<V>&& csr) = delete;

  Eigen::Map<const SparseRows<V>> matrix() const {
    return {csr_.num_rows(), csr_.num_cols,   static_cast<Eigen::Index>(csr_.num_nonzeros()),
            row_ptr_.data(), csr_.col.data(), csr_.has_values() ? csr_.val.data() : ones_.data()};
  }

 private:
  CsrView<V> csr_;
  std::vector<Local> row_ptr_;
  std::vector<V> ones_;
};

/// Copies a sparse matrix of Eigen, of any storage order and index type, compressed or not. Throws InvalidArgument for
/// 2^31 rows or columns and more, and where a row holds a column twice. Cost: two passes over the nonzeros. Memory: the
/// result and 8 bytes a row.
template <class Derived>
Csr<typename Derived::Scalar> to_csr(const Eigen::SparseCompressedBase<Derived>& matrix) {
  constexpr Eigen::Index most = std::numeric_limits<Local>::max();
  require(matrix.rows() <= most && matrix.cols() <= most, "to_csr: ", matrix.rows(), " x ", matrix.cols(),
          ", at most 2^31 - 1 rows and columns");
  const auto for_each = [&](const auto& f) {
    for (Eigen::Index outer = 0; outer < matrix.outerSize(); ++outer) {
      for (typename Derived::InnerIterator it(matrix.derived(), outer); it; ++it) f(it);
    }
  };
  Csr<typename Derived::Scalar> csr;
  csr.num_cols = static_cast<Local>(matrix.cols());
  csr.row_ptr.assign(static_cast<std::size_t>(matrix.rows()) + 1, 0);
  for_each([&](const auto& it) { ++csr.row_ptr[static_cast<std::size_t>(it.row()) + 1]; });
  for (std::size_t row = 1; row < csr.row_ptr.size(); ++row) csr.row_ptr[row] += csr.row_ptr[row - 1];
  std::vector<Offset> next(csr.row_ptr.begin(), csr.row_ptr.end() - 1);
  csr.col.resize(static_cast<std::size_t>(csr.row_ptr.back()));
  csr.val.resize(csr.col.size());
  for_each([&](const auto& it) {
    const auto at = static_cast<std::size_t>(next[static_cast<std::size_t>(it.row())]++);
    csr.col[at] = static_cast<Local>(it.col());
    csr.val[at] = it.value();
  });
  csr.validate();
  return csr;
}

/// Copies rows that are distributed over the ranks: each rank passes the rows that it owns of a matrix, perhaps none,
/// with all columns. Returns the whole; a square matrix is a graph. Throws InvalidArgument on all ranks as to_csr(),
/// and where numbers of columns differ. Collective. Memory beyond the result: 28 bytes a nonzero, and as from_csr().
template <class Derived>
DistCsr<typename Derived::Scalar> to_dist_csr(const Comm& comm, const Eigen::SparseCompressedBase<Derived>& rows) {
  using V = typename Derived::Scalar;
  const Global num_cols = comm.max(static_cast<Global>(rows.cols()));
  std::vector<Global> col;
  const Csr<V> csr = comm.guard([&] {
    require(rows.cols() == num_cols, "to_dist_csr: ", rows.cols(), " columns, ", num_cols, " on another rank");
    Csr<V> copy = to_csr(rows);
    col.assign(copy.col.begin(), copy.col.end());
    return copy;
  });
  return DistCsr<V>::from_csr(comm, num_cols, csr.row_ptr, col, csr.val);
}

/// Looks at a dense matrix of filigree as one of Eigen, or at one of Eigen as a DenseView: no copy either way.
inline Eigen::Map<Eigen::MatrixXd> map(Dense& matrix) { return {matrix.values.data(), matrix.rows, matrix.cols}; }
inline Eigen::Map<const Eigen::MatrixXd> map(const Dense& matrix) {
  return {matrix.values.data(), matrix.rows, matrix.cols};
}
Eigen::Map<const Eigen::MatrixXd> map(const Dense&& matrix) = delete;  // of what is gone at the end of the line
DenseView view(const Eigen::MatrixXd&& matrix) = delete;               // as what other types of Eigen convert to
inline DenseView view(const Eigen::MatrixXd& matrix) {
  return {matrix.data(), matrix.rows(), matrix.cols(), matrix.rows()};
}

/// Rows of a dense matrix as a rank of a DistDense holds them.
template <class T>
using DenseRows = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Looks at the rows that this rank owns. Not collective.
template <class T>
Eigen::Map<DenseRows<T>> map(DistDense<T>& matrix) {
  return {matrix.local.data(), matrix.num_local_rows(), matrix.cols};
}
template <class T>
Eigen::Map<const DenseRows<T>> map(const DistDense<T>&& matrix) = delete;
template <class T>
Eigen::Map<const DenseRows<T>> map(const DistDense<T>& matrix) {
  return {matrix.local.data(), matrix.num_local_rows(), matrix.cols};
}

/// Copies rows that are distributed over the ranks: each rank passes those that it owns, perhaps none, with all
/// columns. Throws InvalidArgument on all ranks where numbers of columns differ. Collective.
template <class Derived>
DistDense<typename Derived::Scalar> to_dist_dense(const Comm& comm, const Eigen::MatrixBase<Derived>& rows) {
  const Offset num_cols = comm.max(static_cast<Offset>(rows.cols()));
  comm.guard([&] {
    require(rows.cols() == num_cols, "to_dist_dense: ", rows.cols(), " columns, ", num_cols, " on another rank");
  });
  std::vector<Global> begins{0};
  for (const Global size : comm.all_gather(static_cast<Global>(rows.rows()))) begins.push_back(begins.back() + size);
  DistDense<typename Derived::Scalar> result(comm, Partition::from_begins(std::move(begins)), num_cols);
  map(result) = rows;
  return result;
}

}  // namespace filigree::eigen
#pragma GCC visibility pop
