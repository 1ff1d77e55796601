// Eigen's sparse matrices in, and the result as one of Eigen's, without copies of columns or values.
#include <Eigen/SparseCore>
#include <cstdio>
#include <filigree/eigen.hpp>
#include <filigree/spgemm.hpp>

int main() {
  using RowMajor = filigree::eigen::SparseRows<double>;
  RowMajor a(1000, 1000);  // the Laplacian of a path
  for (int i = 0; i < 1000; ++i) {
    if (i > 0) a.insert(i, i - 1) = -1;
    a.insert(i, i) = 2;
    if (i < 999) a.insert(i, i + 1) = -1;
  }
  a.makeCompressed();

  const filigree::eigen::View view(a);
  filigree::Csr<double> c;
  filigree::spgemm::multiply(view, view, c);

  const filigree::eigen::Map square(c);
  const RowMajor expected = a * a;
  std::printf("%ld nonzeros, differs from Eigen's product by %g\n", static_cast<long>(square.matrix().nonZeros()),
              (square.matrix() - expected).norm());
}
// Prints:
// 4994 nonzeros, differs from Eigen's product by 0
