#include "filigree/matrix/csr.hpp"

#include <limits>

#include "core/index.hpp"

namespace filigree {
template <MatrixValue V>
void CsrView<V>::validate() const {
  require(!row_ptr.empty() && row_ptr.front() == 0, "Csr: row_ptr must begin with 0");
  require(row_ptr.size() - 1 <= z(std::numeric_limits<Local>::max()), "Csr: ", row_ptr.size() - 1,
          " rows, at most 2^31 - 1");
  require(num_cols >= 0, "Csr: ", num_cols, " columns, must be at least 0");
  for (Local row = 0; row < num_rows(); ++row) {
    require(degree(row) >= 0, "Csr: row_ptr descends at row ", row);
  }
  require(z(row_ptr.back()) == col.size(), "Csr: row_ptr ends with ", row_ptr.back(), " and there are ", col.size(),
          " columns");
  require(val.empty() || val.size() == col.size(), "Csr: ", val.size(), " values for ", col.size(), " columns");
  for (Local row = 0; row < num_rows(); ++row) {
    Local previous = -1;
    for (Local column : cols(row)) {
      require(column > previous && column < num_cols, "Csr: row ", row, " holds column ", column, " after ", previous,
              "; columns must increase and stay below ", num_cols);
      previous = column;
    }
  }
}

template <class V>
Csr<V> transpose(CsrView<V> matrix) {
  Csr<V> result;
  result.num_cols = matrix.num_rows();
  result.row_ptr.assign(z(matrix.num_cols) + 1, 0);
  result.col.resize(matrix.col.size());
  result.val.resize(matrix.val.size());
  for (Local column : matrix.col) ++result.row_ptr[z(column) + 1];
  for (std::size_t c = 1; c < result.row_ptr.size(); ++c) result.row_ptr[c] += result.row_ptr[c - 1];
  std::vector<Offset> next(result.row_ptr.begin(), result.row_ptr.end() - 1);
  for (Local row = 0; row < matrix.num_rows(); ++row) {
    for (Offset k = matrix.row_ptr[z(row)]; k < matrix.row_ptr[z(row) + 1]; ++k) {
      const Offset at = next[z(matrix.col[z(k)])]++;
      result.col[z(at)] = row;
      if (matrix.has_values()) result.val[z(at)] = matrix.val[z(k)];
    }
  }
  return result;
}

template <class V>
void multiply(CsrView<V> matrix, std::span<const double> x, std::span<double> y) {
  require(x.size() == z(matrix.num_cols), "multiply: x has ", x.size(), " values, the matrix ", matrix.num_cols,
          " columns");
  require(y.size() == z(matrix.num_rows()), "multiply: y has ", y.size(), " values, the matrix ", matrix.num_rows(),
          " rows");
  const Local num_rows = matrix.num_rows();
#pragma omp parallel for schedule(static)
  for (Local row = 0; row < num_rows; ++row) {
    double sum = 0;
    const Offset end = matrix.row_ptr[z(row) + 1];
    if (matrix.has_values()) {
      for (Offset k = matrix.row_ptr[z(row)]; k < end; ++k)
        sum += static_cast<double>(matrix.val[z(k)]) * x[z(matrix.col[z(k)])];
    } else {
      for (Offset k = matrix.row_ptr[z(row)]; k < end; ++k) sum += x[z(matrix.col[z(k)])];
    }
    y[z(row)] = sum;
  }
}

template struct CsrView<double>;
template struct CsrView<float>;
template struct CsrView<std::int64_t>;
template Csr<double> transpose(CsrView<double>);
template Csr<float> transpose(CsrView<float>);
template Csr<std::int64_t> transpose(CsrView<std::int64_t>);
template void multiply(CsrView<double>, std::span<const double>, std::span<double>);
template void multiply(CsrView<float>, std::span<const double>, std::span<double>);

}  // namespace filigree
