#include <algorithm>
#include <cstring>

#include "core/index.hpp"
#include "core/simd/isa.hpp"
#include "filigree/matrix/dist_dense.hpp"

namespace filigree {
namespace {

constexpr Local rows_at_once = 64;  // for scheduling
constexpr Offset ahead = 8;         // nonzeros that rows of X are prefetched before their use

template <int lanes>
using Lanes [[gnu::vector_size(lanes * sizeof(double))]] = double;

/// Columns [0, lanes * groups) of one row of Y: sums in registers, over ascending columns of A.
template <int lanes, int groups, bool weighted, class V>
FILIGREE_INLINE void add_row(const Local* col, const V* val, Offset degree, const double* x, Offset cols, double* y) {
  using Vector = Lanes<lanes>;
  Vector sums[groups] = {};
  for (Offset k = 0; k < degree; ++k) {
    const double* const row = x + static_cast<Offset>(col[k]) * cols;
    if (k + ahead < degree) {
      const double* const later = x + static_cast<Offset>(col[k + ahead]) * cols;
      for (int i = 0; i < lanes * groups; i += 8) __builtin_prefetch(later + i);
    }
    for (int g = 0; g < groups; ++g) {
      Vector values;
      std::memcpy(&values, row + g * lanes, sizeof values);
      if constexpr (weighted) values *= static_cast<double>(val[k]);
      sums[g] += values;
    }
  }
  std::memcpy(y, sums, sizeof sums);
}

/// The largest tile of columns that fits, again and again.
template <bool weighted, class V>
FILIGREE_INLINE void multiply_rows(const CsrView<V>& a, Local first, Local end, const double* x, Offset cols, double* y,
                                   const FinishRows& finish) {
  for (Local i = first; i < end; ++i) {
    const Offset begin = a.row_ptr[z(i)];
    const Offset degree = a.row_ptr[z(i) + 1] - begin;
    const Local* const col = a.col.data() + begin;
    const V* const val = weighted ? a.val.data() + begin : nullptr;
    double* const row = y + static_cast<Offset>(i) * cols;
    Offset j = 0;
    while (j < cols) {
      const Offset left = cols - j;
      const auto add = [&]<int lanes, int groups>() FILIGREE_INLINE_LAMBDA {
        add_row<lanes, groups, weighted>(col, val, degree, x + j, cols, row + j);
        j += lanes * groups;
      };
      if (left >= 32)
        add.template operator()<8, 4>();
      else if (left >= 24)
        add.template operator()<8, 3>();
      else if (left >= 16)
        add.template operator()<8, 2>();
      else if (left >= 8)
        add.template operator()<8, 1>();
      else if (left >= 4)
        add.template operator()<4, 1>();
      else if (left >= 2)
        add.template operator()<2, 1>();
      else
        add.template operator()<1, 1>();
    }
  }
  if (finish) finish(first, {y + first * cols, z((end - first) * cols)});
}

template <class V>
FILIGREE_INLINE void multiply_any(const CsrView<V>& a, Local first, Local end, const double* x, Offset cols, double* y,
                                  const FinishRows& finish) {
  if (a.has_values())
    multiply_rows<true>(a, first, end, x, cols, y, finish);
  else
    multiply_rows<false>(a, first, end, x, cols, y, finish);
}

/// The same on all ranks: whether any of them has ghosts. Rows without need no copy.
template <class T, class V>
void check_distribution(const DistCsr<V>& matrix, const DistDense<T>& x) {
  require(x.rows == matrix.cols(), "rows of a block of ", x.cols, " columns must be distributed as the columns of the ",
          matrix.num_rows(), " x ", matrix.num_cols(), " matrix");
}

}  // namespace

template <class T, class V>
Array<T> rows_with_ghosts(const DistCsr<V>& matrix, const DistDense<T>& x) {
  check_distribution(matrix, x);
  const Offset below = matrix.owned_begin() * x.cols;
  Array<T> ghosts(matrix.ghosts().size() * z(x.cols));
  matrix.build_halo().gather_rows(x.values(), x.cols, std::span<T>(ghosts.data(), ghosts.size()));
  Array<T> all(z(matrix.local().num_cols * x.cols));
  std::copy_n(ghosts.begin(), below, all.begin());
  std::copy(x.local.begin(), x.local.end(), all.begin() + below);
  std::copy(ghosts.begin() + below, ghosts.end(), all.begin() + below + std::ssize(x.local));
  return all;
}

template <class V>
void multiply(const DistCsr<V>& a, const DistDense<double>& x, DistDense<double>& y, const FinishRows& finish) {
  check_distribution(a, x);
  require(y.rows == a.rows() && y.cols == x.cols, "multiply: the product has ", a.num_rows(), " rows of ", x.cols,
          " columns; the result's ", y.rows.num_items(), " rows of ", y.cols, " must be distributed alike");
  Array<double> all;
  const double* rows = x.local.data();
  if (a.comm().size() > 1) {
    all = rows_with_ghosts(a, x);
    rows = all.data();
  }
  const auto kernel = Kernel<multiply_any<V>>::best();
  const CsrView<V> local = a.local();
  const Local n = local.num_rows();
#pragma omp parallel for schedule(dynamic)
  for (Local first = 0; first < n; first += rows_at_once)
    kernel(local, first, std::min<Local>(n, first + rows_at_once), rows, x.cols, y.local.data(), finish);
}

template void multiply(const DistCsr<double>&, const DistDense<double>&, DistDense<double>&, const FinishRows&);
template void multiply(const DistCsr<float>&, const DistDense<double>&, DistDense<double>&, const FinishRows&);
template Array<double> rows_with_ghosts(const DistCsr<double>&, const DistDense<double>&);
template Array<float> rows_with_ghosts(const DistCsr<double>&, const DistDense<float>&);
template Array<double> rows_with_ghosts(const DistCsr<float>&, const DistDense<double>&);

}  // namespace filigree
