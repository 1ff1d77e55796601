// What filigree-bench-spgemm compares: products of sparse matrices by several libraries, behind one interface.
#pragma once

#include <memory>
#include <string>

#include "filigree/core/timing.hpp"
#include "filigree/matrix/dist_csr.hpp"

namespace filigree::bench {

/// What the columns of the rows of a product are: ascending, or in any order.
enum class Rows { sorted, unsorted };

/// What is to be made of A and B.
enum class Task {
  product,    ///< C = A B
  triangles,  ///< c_ij = number of k with a_ik and b_kj, where there is an a_ij: C<A> = A B over plus_pair
};

/// A library that multiplies. Calls come as prepare, then (multiply, release) again and again, and of the last product
/// first num_nonzeros and result. Collective where the library is.
class Peer {
 public:
  Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  virtual ~Peer() = default;

  /// Takes copies of the factors, in its own form, in place of those it had; or they stay where they are while it
  /// multiplies.
  virtual void prepare(const DistCsr<double>& a, const DistCsr<double>& b) = 0;
  /// Makes C: allocates it, computes it, leaves nothing for later.
  virtual void multiply() = 0;
  /// Seconds that multiply() takes; overridden by what runs elsewhere and has a watch of its own.
  virtual double timed_multiply() {
    const Stopwatch watch;
    multiply();
    return watch.seconds();
  }
  /// Entries of C that are stored, of all ranks.
  virtual Offset num_nonzeros() = 0;
  /// This rank's rows of C, with global columns in the order in which the library left them.
  virtual Csr<double> result() = 0;
  /// Frees C.
  virtual void release() = 0;
};

/// Each takes one rank, except PETSc. CombBLAS and PETSc only know sorted rows.
std::unique_ptr<Peer> make_eigen(Rows rows);
std::unique_ptr<Peer> make_graphblas(Task task, Rows rows, int threads);
std::unique_ptr<Peer> make_petsc();
std::unique_ptr<Peer> make_combblas();
/// Runs spgemm_scipy.py. `fresh`: with malloc as it is, else with pages kept as in the benchmark itself.
std::unique_ptr<Peer> make_scipy(Rows rows, bool fresh);

}  // namespace filigree::bench
