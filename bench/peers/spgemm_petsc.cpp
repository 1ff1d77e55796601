// PETSc: MatMatMult of AIJ matrices, symbolic and numeric, sequential on one rank and by rows on several.
#include <petscmat.h>

#include "core/index.hpp"
#include "spgemm.hpp"

namespace filigree::bench {
namespace {

void check(PetscErrorCode code, const char* call) {
  if (code != 0) throw Error(text(call, " failed with code ", static_cast<int>(code)));
}

/// Signals and options stay ours.
struct Library {
  Library() {
    check(PetscInitializeNoArguments(), "PetscInitialize");
    PetscPopSignalHandler();
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() { PetscFinalize(); }
};

class PetscPeer : public Peer {
 public:
  ~PetscPeer() override {
    for (Mat* matrix : {&a_, &b_, &c_}) MatDestroy(matrix);
  }

  void prepare(const DistCsr<double>& a, const DistCsr<double>& b) override {
    assemble(a, a_);
    assemble(b, b_);
  }
  void multiply() override { check(MatMatMult(a_, b_, MAT_INITIAL_MATRIX, PETSC_DEFAULT, &c_), "MatMatMult"); }
  Offset num_nonzeros() override {
    MatInfo info;
    check(MatGetInfo(c_, MAT_GLOBAL_SUM, &info), "MatGetInfo");
    return static_cast<Offset>(info.nz_used);
  }
  Csr<double> result() override {
    PetscInt num_cols = 0;
    PetscInt begin = 0;
    PetscInt end = 0;
    MatGetSize(c_, nullptr, &num_cols);
    MatGetOwnershipRange(c_, &begin, &end);
    Csr<double> c;
    c.num_cols = num_cols;
    for (PetscInt i = begin; i < end; ++i) {
      PetscInt count = 0;
      const PetscInt* cols = nullptr;
      const PetscScalar* vals = nullptr;
      check(MatGetRow(c_, i, &count, &cols, &vals), "MatGetRow");
      c.col.insert(c.col.end(), cols, cols + count);
      c.val.insert(c.val.end(), vals, vals + count);
      c.row_ptr.push_back(std::ssize(c.col));
      check(MatRestoreRow(c_, i, &count, &cols, &vals), "MatRestoreRow");
    }
    return c;
  }
  void release() override { MatDestroy(&c_); }

 private:
  static void assemble(const DistCsr<double>& from, Mat& to) {
    MatDestroy(&to);
    const std::vector<PetscInt> row_ptr(from.local().row_ptr.begin(), from.local().row_ptr.end());
    std::vector<PetscInt> col;
    for (const Local column : from.local().col) col.push_back(static_cast<PetscInt>(from.global_col(column)));
    const int rank = from.comm().rank();
    check(MatCreate(PETSC_COMM_WORLD, &to), "MatCreate");
    MatSetSizes(to, static_cast<PetscInt>(from.rows().size(rank)), static_cast<PetscInt>(from.cols().size(rank)),
                static_cast<PetscInt>(from.num_rows()), static_cast<PetscInt>(from.num_cols()));
    MatSetType(to, MATAIJ);
    // Each matters for its own kind of matrix, one rank or several.
    check(MatSeqAIJSetPreallocationCSR(to, row_ptr.data(), col.data(), from.local().val.data()), "preallocation");
    check(MatMPIAIJSetPreallocationCSR(to, row_ptr.data(), col.data(), from.local().val.data()), "preallocation");
  }

  const Library library_;
  Mat a_ = nullptr;
  Mat b_ = nullptr;
  Mat c_ = nullptr;
};

}  // namespace

std::unique_ptr<Peer> make_petsc() { return std::make_unique<PetscPeer>(); }

}  // namespace filigree::bench
