// A product of matrices in the program's own arrays, without a copy: spans in, arrays out. No ranks, no MPI.
#include <cstdio>
#include <filigree/spgemm.hpp>
#include <vector>

int main() {
  // 1 -> 2 -> 3 -> 0 in minutes, and a way from 0 to 1 and 2: a compressed matrix of any program.
  const std::vector<filigree::Offset> row_ptr{0, 2, 3, 4, 5};
  const std::vector<filigree::Local> col{1, 2, 2, 3, 0};
  const std::vector<double> minutes{5, 9, 3, 1, 7};
  const filigree::CsrView<double> roads{4, row_ptr, col, minutes};
  roads.validate();  // throws, and names the row, where columns do not ascend

  // The quickest ways over two roads.
  filigree::Csr<double> two;
  filigree::spgemm::multiply(roads, roads, two, {.semiring = filigree::spgemm::Semiring::min_plus});
  for (filigree::Local from = 0; from < two.num_rows(); ++from) {
    for (filigree::Offset k = two.row_ptr[from]; k < two.row_ptr[from + 1]; ++k) {
      std::printf("%d to %d: %g minutes\n", from, two.col[k], two.val[k]);
    }
  }
}
// Prints:
// 0 to 2: 8 minutes
// 0 to 3: 10 minutes
// 1 to 3: 4 minutes
// 2 to 0: 8 minutes
// 3 to 1: 12 minutes
// 3 to 2: 16 minutes
