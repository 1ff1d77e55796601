// Runtime: what a program sets up once - MPI, threads, and the way it fails.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "filigree/core/comm.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// Sets how many threads calls of the library use, for programs without a Runtime. Throws InvalidArgument unless
/// threads >= 1.
///
/// OpenMP's number, which Eigen follows, is one of the calling thread: a program whose threads each call the library
/// sets it in each of them. That of oneTBB is of the whole program, to its end. Not collective.
void set_num_threads(int threads);
/// Returns how many threads of OpenMP a call of the library from this thread uses. Not collective.
int num_threads();

/// Owns MPI (MPI_THREAD_FUNNELED) and sets the threads of OpenMP, oneTBB and Eigen together. For programs: make one
/// in main, before anything else of the library. The library itself never makes one.
class Runtime {
 public:
  /// Initializes MPI unless the program did. Works without mpirun too (one rank).
  Runtime(int& argc, char**& argv);
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  /// Finalizes MPI if the constructor initialized it and no exception unwinds (MPI_Finalize would wait for the others).
  ~Runtime();

  const Comm& comm() const { return comm_; }

  /// Threads per rank; 0 = the cores this rank may use, shared fairly with the ranks of its host that may use them too,
  /// and no more than the CPU quota of its container. Throws InvalidArgument if negative. Collective.
  void set_threads(int threads);
  int threads() const { return threads_; }
  /// Cores that the ranks of this host may use together.
  int cores() const { return cores_; }
  /// "2 ranks x 1 thread".
  std::string layout() const;
  /// Sentences about idle or oversubscribed cores, for rank 0 to print; empty when all is well.
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// Runs a program and returns its exit code. An exception that every rank threw (within a second: a wrong
  /// argument, whatever Comm::guard passed on) is printed once by rank 0, and the code is 1. One that escaped from some
  /// ranks only is printed with its rank and the whole job is aborted, so that no rank waits for a dead one.
  int run(const std::function<int()>& program);

 private:
  struct Mpi;
  std::unique_ptr<Mpi> mpi_;
  Comm comm_;
  Comm agreement_;  // failures meet here, where no other message can be pending
  Comm host_;
  int threads_ = 1;
  int cores_ = 1;
  std::vector<std::string> warnings_;
};

}  // namespace filigree
#pragma GCC visibility pop
