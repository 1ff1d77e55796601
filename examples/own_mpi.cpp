// A program with its own MPI_Init, where some of the ranks compute and the others do something else.
#include <mpi.h>

#include <cstdio>
#include <filigree/generate.hpp>
#include <filigree/pagerank.hpp>

int main(int argc, char** argv) {
  int provided = 0, rank = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);  // the library calls MPI from one thread only
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm even;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &even);
  int failed = 0;
  if (rank % 2 == 0) {
    try {
      const filigree::Comm comm(even);  // a duplicate: messages of the program and of the library never meet
      const filigree::Graph grid = filigree::generate::grid2d(comm, 30, 40);
      double sum = 0;
      for (double score : filigree::pagerank::solve(grid).scores) sum += score;
      sum = comm.sum(sum);
      if (comm.is_root()) std::printf("scores of %d vertices sum to %.3f\n", 30 * 40, sum);
    } catch (const filigree::Error& error) {  // the same on all ranks of comm; the library ends no program
      std::fprintf(stderr, "%s\n", error.what());
      failed = 1;
    }
  }
  MPI_Comm_free(&even);
  MPI_Finalize();
  return failed;
}
// Prints:
// scores of 1200 vertices sum to 1.000
