// Eigen's matrices to filigree's and back, over ranks.
#include <Eigen/SparseCore>
#include <cstdio>
#include <filigree/eigen.hpp>
#include <filigree/filigree.hpp>
#include <vector>

namespace {

using namespace filigree;

bool failed = false;

void expect(bool holds, const char* what) {
  if (!holds) std::fprintf(stderr, "not so: %s\n", what);
  failed = failed || !holds;
}

template <class F>
bool is_refused(const F& f) {
  try {
    f();
  } catch (const InvalidArgument&) {
    return true;
  }
  return false;
}

template <class Matrix>
void fill(Matrix& matrix) {
  using V = typename Matrix::Scalar;
  for (int i = 0; i < matrix.rows(); ++i) {
    for (int j = (3 * i) % 7; j < matrix.cols(); j += 7) matrix.insert(i, j) = static_cast<V>(i + 10 * j + 1);
  }
}

void sparse() {
  eigen::SparseRows<double> rows(20, 30);
  fill(rows);
  expect(is_refused([&] { eigen::View<double> refused(rows); }), "a matrix with gaps has no view");
  const Csr<double> copied = eigen::to_csr(rows);  // with gaps
  rows.makeCompressed();
  const eigen::View view(rows);
  expect(view.view().col.data() == rows.innerIndexPtr() && view.view().val.data() == rows.valuePtr(), "no copy");
  view.view().validate();
  expect(eigen::to_csr(rows) == copied, "equal with and without gaps");
  expect(std::ranges::equal(view.view().col, copied.col) && std::ranges::equal(view.view().val, copied.val) &&
             std::ranges::equal(view.view().row_ptr, copied.row_ptr),
         "the view equals the copy");

  Eigen::SparseMatrix<double, Eigen::ColMajor, long> columns(20, 30);
  fill(columns);
  expect(eigen::to_csr(columns) == copied, "by columns");
  Eigen::SparseMatrix<float> floats(20, 30);
  fill(floats);
  const Csr<float> of_floats = eigen::to_csr(floats);
  expect(std::ranges::equal(of_floats.val, copied.val), "of floats");

  const eigen::Map map(copied);
  expect(map.matrix().valuePtr() == copied.val.data(), "no copy back");
  expect((map.matrix() - rows).norm() == 0, "the same back");
  Csr<double> pattern = copied;
  pattern.val = {};
  expect(eigen::Map(pattern).matrix().sum() == static_cast<double>(rows.nonZeros()), "ones without values");
}

void distributed(const Comm& comm) {
  // Rank r has r rows: the first none.
  Eigen::SparseMatrix<double> rows(comm.rank(), 5);
  fill(rows);
  const DistCsr<double> matrix = eigen::to_dist_csr(comm, rows);
  expect(matrix.num_rows() == comm.size() * (comm.size() - 1) / 2 && matrix.num_cols() == 5, "shape");
  expect(std::ranges::equal(matrix.local().val, eigen::to_csr(rows).val), "values of rows");
  const Eigen::SparseMatrix<double> odd(1, comm.rank() == 0 ? 4 : 5);
  expect(is_refused([&] { eigen::to_dist_csr(comm, odd); }) == (comm.size() > 1), "refused on all ranks");

  const Eigen::MatrixXd dense = Eigen::MatrixXd::Random(comm.rank() + 1, 3);
  DistDense<double> block = eigen::to_dist_dense(comm, dense);
  expect(eigen::map(block) == dense && block.row(comm.rank())[2] == dense(comm.rank(), 2), "dense rows");
  eigen::map(block) *= 2;
  const Dense gram_matrix = gram(block, block);
  const Eigen::MatrixXd own = 4 * dense.transpose() * dense;
  std::vector<double> sum(own.data(), own.data() + own.size());
  comm.sum(sum);
  expect((eigen::map(gram_matrix) - Eigen::Map<Eigen::MatrixXd>(sum.data(), 3, 3)).norm() < 1e-12, "products");
  expect(
      multiply(eigen::view(own), eigen::view(own)).values == multiply(Dense(eigen::view(own)), eigen::view(own)).values,
      "a view");
}

}  // namespace

int main(int argc, char** argv) {
  Runtime runtime(argc, argv);
  return runtime.run([&] {
    sparse();
    distributed(runtime.comm());
    const bool any = runtime.comm().max(static_cast<int>(failed)) != 0;
    if (runtime.comm().is_root() && !any) std::printf("Eigen's matrices came and went\n");
    return any ? 1 : 0;
  });
}
