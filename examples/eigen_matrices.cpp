// Eigen's sparse matrices in, and the result as one of Eigen's, without copies of columns or values.
#include <Eigen/SparseCore>
#include <cstdio>
#include <filigree/spgemm.hpp>
#include <vector>

using RowMajor = Eigen::SparseMatrix<double, Eigen::RowMajor, filigree::Local>;

int main() {
  RowMajor a(1000, 1000);  // the Laplacian of a path
  for (int i = 0; i < 1000; ++i) {
    if (i > 0) a.insert(i, i - 1) = -1;
    a.insert(i, i) = 2;
    if (i < 999) a.insert(i, i + 1) = -1;
  }
  a.makeCompressed();

  // Eigen counts with its index type, filigree with 64 bits: the begins of rows are copied, nothing else.
  const std::vector<filigree::Offset> begins(a.outerIndexPtr(), a.outerIndexPtr() + a.rows() + 1);
  const auto nonzeros = static_cast<std::size_t>(a.nonZeros());
  const filigree::CsrView<double> view{
      static_cast<filigree::Local>(a.cols()), begins, {a.innerIndexPtr(), nonzeros}, {a.valuePtr(), nonzeros}};
  filigree::Csr<double> c;
  filigree::spgemm::multiply(view, view, c);

  const std::vector<int> c_begins(c.row_ptr.begin(), c.row_ptr.end());
  const Eigen::Map<const RowMajor> square(c.num_rows(), c.num_cols, c.num_nonzeros(), c_begins.data(), c.col.data(),
                                          c.val.data());
  const RowMajor expected = a * a;
  std::printf("%ld nonzeros, differs from Eigen's product by %g\n", static_cast<long>(square.nonZeros()),
              (square - expected).norm());
}
// Prints:
// 4994 nonzeros, differs from Eigen's product by 0
