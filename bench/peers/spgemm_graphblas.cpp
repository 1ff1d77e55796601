// SuiteSparse:GraphBLAS: GrB_mxm over plus_times, or over plus_pair with a structural mask.
//
// It leaves rows "jumbled" where that is quicker and sorts them when a call needs it. Unsorted: complete, but as they
// are. Sorted: also materialized, which is when it sorts.
extern "C" {
#include <GraphBLAS.h>
}

#include "core/index.hpp"
#include "spgemm.hpp"

namespace filigree::bench {
namespace {

void check(GrB_Info info, const char* call) {
  if (info != GrB_SUCCESS) throw Error(text(call, " failed with code ", static_cast<int>(info)));
}

/// GraphBLAS can be set up once in a process.
struct Library {
  Library() { check(GrB_init(GrB_NONBLOCKING), "GrB_init"); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() { GrB_finalize(); }
};

class GraphBlasPeer : public Peer {
 public:
  GraphBlasPeer(Task task, Rows rows, int threads) : task_(task), rows_(rows) {
    static const Library library;
    check(GxB_Global_Option_set(GxB_GLOBAL_NTHREADS, threads), "GxB_set");
  }
  ~GraphBlasPeer() override {
    for (GrB_Matrix* matrix : {&a_, &b_, &c_}) GrB_Matrix_free(matrix);
  }

  void prepare(const DistCsr<double>& a, const DistCsr<double>& b) override {
    import(a.local(), a_);
    import(b.local(), b_);
  }
  void multiply() override {
    GrB_Index num_rows = 0;
    GrB_Index num_cols = 0;
    GrB_Matrix_nrows(&num_rows, a_);
    GrB_Matrix_ncols(&num_cols, b_);
    check(GrB_Matrix_new(&c_, GrB_FP64, num_rows, num_cols), "GrB_Matrix_new");
    if (task_ == Task::triangles)
      check(GrB_mxm(c_, a_, nullptr, GxB_PLUS_PAIR_FP64, a_, b_, GrB_DESC_S), "GrB_mxm");
    else
      check(GrB_mxm(c_, nullptr, nullptr, GrB_PLUS_TIMES_SEMIRING_FP64, a_, b_, nullptr), "GrB_mxm");
    check(GrB_Matrix_wait(c_, rows_ == Rows::sorted ? GrB_MATERIALIZE : GrB_COMPLETE), "GrB_wait");
  }
  Offset num_nonzeros() override {
    GrB_Index count = 0;
    GrB_Matrix_nvals(&count, c_);
    return static_cast<Offset>(count);
  }
  Csr<double> result() override {
    GrB_Index num_cols = 0;
    GrB_Matrix_ncols(&num_cols, c_);
    GrB_Index num_pointers = 0;
    GrB_Index num_indices = 0;
    GrB_Index num_values = 0;
    check(GrB_Matrix_exportSize(&num_pointers, &num_indices, &num_values, GrB_CSR_FORMAT, c_), "GrB_exportSize");
    std::vector<GrB_Index> pointers(num_pointers);
    std::vector<GrB_Index> indices(num_indices);
    Csr<double> c;
    c.val.resize(num_values);
    c.val.reserve(1);  // null pointers are refused
    indices.reserve(1);
    check(GrB_Matrix_export_FP64(pointers.data(), indices.data(), c.val.data(), &num_pointers, &num_indices,
                                 &num_values, GrB_CSR_FORMAT, c_),
          "GrB_export");
    c.num_cols = static_cast<Local>(num_cols);
    c.row_ptr.assign(pointers.begin(), pointers.end());
    for (const GrB_Index column : indices) c.col.push_back(static_cast<Local>(column));
    return c;
  }
  void release() override { GrB_Matrix_free(&c_); }

 private:
  static void import(CsrView<double> from, GrB_Matrix& to) {
    GrB_Matrix_free(&to);
    const std::vector<GrB_Index> pointers(from.row_ptr.begin(), from.row_ptr.end());
    const std::vector<GrB_Index> indices(from.col.begin(), from.col.end());
    std::vector<double> values(from.val.begin(), from.val.end());
    if (values.empty()) values.assign(indices.size(), 1.0);
    check(GrB_Matrix_import_FP64(&to, GrB_FP64, z(from.num_rows()), z(from.num_cols), pointers.data(), indices.data(),
                                 values.data(), pointers.size(), indices.size(), values.size(), GrB_CSR_FORMAT),
          "GrB_import");
    check(GrB_Matrix_wait(to, GrB_MATERIALIZE), "GrB_wait");
  }

  Task task_;
  Rows rows_;
  GrB_Matrix a_ = nullptr;
  GrB_Matrix b_ = nullptr;
  GrB_Matrix c_ = nullptr;
};

}  // namespace

std::unique_ptr<Peer> make_graphblas(Task task, Rows rows, int threads) {
  return std::make_unique<GraphBlasPeer>(task, rows, threads);
}

}  // namespace filigree::bench
