// Eigen: serial, a dense accumulator a row.
//
// C = A * B of row-major matrices accumulates rows in the order of first touch and then sorts them by transposing C
// twice. Unsorted rows are not for users to have: they are what Eigen's internal kernel leaves before.
#include <Eigen/SparseCore>

#include "core/index.hpp"
#include "spgemm.hpp"

namespace filigree::bench {
namespace {

using Matrix = Eigen::SparseMatrix<double, Eigen::RowMajor, int>;

Matrix converted(CsrView<double> from) {
  Matrix to(from.num_rows(), from.num_cols);
  to.resizeNonZeros(from.num_nonzeros());
  for (Offset i = 0; i <= from.num_rows(); ++i) to.outerIndexPtr()[i] = static_cast<int>(from.row_ptr[z(i)]);
  std::copy(from.col.begin(), from.col.end(), to.innerIndexPtr());
  std::copy(from.val.begin(), from.val.end(), to.valuePtr());
  return to;
}

class EigenPeer : public Peer {
 public:
  explicit EigenPeer(Rows rows) : rows_(rows) {}

  void prepare(const DistCsr<double>& a, const DistCsr<double>& b) override {
    a_ = converted(a.local());
    b_ = converted(b.local());
  }
  void multiply() override {
    if (rows_ == Rows::sorted) {
      c_ = a_ * b_;
    } else {
      // Written for column-major matrices, so the factors change places.
      c_ = Matrix(a_.rows(), b_.cols());
      Eigen::internal::conservative_sparse_sparse_product_impl<Matrix, Matrix, Matrix>(b_, a_, c_);
    }
  }
  Offset num_nonzeros() override { return c_.nonZeros(); }
  Csr<double> result() override {
    Csr<double> c;
    c.num_cols = static_cast<Local>(c_.cols());
    c.row_ptr.assign(c_.outerIndexPtr(), c_.outerIndexPtr() + c_.rows() + 1);
    c.col.assign(c_.innerIndexPtr(), c_.innerIndexPtr() + c_.nonZeros());
    c.val.assign(c_.valuePtr(), c_.valuePtr() + c_.nonZeros());
    return c;
  }
  void release() override { c_ = Matrix(); }

 private:
  Rows rows_;
  Matrix a_, b_, c_;
};

}  // namespace

std::unique_ptr<Peer> make_eigen(Rows rows) { return std::make_unique<EigenPeer>(rows); }

}  // namespace filigree::bench
