// CombBLAS: Mult_AnXBn_Synch on a grid of one rank, where it is the local multiplication by heaps and the conversion of
// its tuples to compressed columns.
//
// It multiplies by columns; so rows here are columns there, and C' = B' A'. Columns come out sorted.
#define THREADED  // what its own build sets: OpenMP
#include <CombBLAS/CombBLAS.h>

#include "core/index.hpp"
#include "spgemm.hpp"

namespace filigree::bench {
namespace {

using Index = std::int64_t;
using Columns = combblas::SpDCCols<Index, double>;
using Matrix = combblas::SpParMat<Index, double, Columns>;
using PlusTimes = combblas::PlusTimesSRing<double, double>;

std::unique_ptr<Matrix> transposed(CsrView<double> from, const std::shared_ptr<combblas::CommGrid>& grid) {
  std::vector<std::tuple<Index, Index, double>> tuples;
  tuples.reserve(z(from.num_nonzeros()));
  for (Local i = 0; i < from.num_rows(); ++i) {
    for (std::size_t k = 0; k < from.cols(i).size(); ++k) tuples.emplace_back(from.cols(i)[k], i, from.vals(i)[k]);
  }
  auto* columns = new Columns(from.num_cols, from.num_rows(), from.num_nonzeros(), tuples.data(), false);
  return std::make_unique<Matrix>(columns, grid);  // which owns them
}

class CombBlasPeer : public Peer {
 public:
  void prepare(const DistCsr<double>& a, const DistCsr<double>& b) override {
    a_ = transposed(a.local(), grid_);
    b_ = transposed(b.local(), grid_);
  }
  void multiply() override {
    // new, not make_unique, which would copy it.
    c_.reset(new Matrix(combblas::Mult_AnXBn_Synch<PlusTimes, double, Columns>(*b_, *a_)));
  }
  Offset num_nonzeros() override { return c_->getnnz(); }
  Csr<double> result() override {
    const Columns& columns = c_->seq();
    Csr<double> c;
    c.num_cols = static_cast<Local>(columns.getnrow());
    c.row_ptr.resize(z(columns.getncol()) + 1);
    if (columns.isZero()) return c;
    const combblas::Dcsc<Index, double>& from = *columns.GetDCSC();
    for (Index k = 0; k < from.nzc; ++k) c.row_ptr[z(from.jc[k]) + 1] = from.cp[k + 1] - from.cp[k];
    std::partial_sum(c.row_ptr.begin(), c.row_ptr.end(), c.row_ptr.begin());
    for (Index k = 0; k < from.nz; ++k) c.col.push_back(static_cast<Local>(from.ir[k]));
    c.val.assign(from.numx, from.numx + from.nz);
    return c;
  }
  void release() override { c_.reset(); }

 private:
  std::shared_ptr<combblas::CommGrid> grid_ = std::make_shared<combblas::CommGrid>(MPI_COMM_WORLD, 1, 1);
  std::unique_ptr<Matrix> a_, b_, c_;
};

}  // namespace

std::unique_ptr<Peer> make_combblas() { return std::make_unique<CombBlasPeer>(); }

}  // namespace filigree::bench
