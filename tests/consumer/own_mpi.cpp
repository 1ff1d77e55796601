// A program that initializes MPI itself; three of its four ranks use filigree, the other waits.
//
//   own_mpi [single]    single: MPI for one thread only, which filigree refuses where it would use two
#include <mpi.h>

#include <cmath>
#include <cstdio>
#include <filigree/filigree.hpp>
#include <string>

namespace {

bool failed = false;

void expect(bool holds, const char* what) {
  if (!holds) std::fprintf(stderr, "not so: %s\n", what);
  failed = failed || !holds;
}

/// The message of a Comm that is refused; empty if it is made.
std::string refusal(MPI_Comm comm) {
  try {
    filigree::Comm refused(comm);
    return "";
  } catch (const filigree::MpiError& error) {
    return error.what();
  }
}

void work(const filigree::Comm& comm) {
  using namespace filigree;
  const Graph graph = generate::rmat(comm, 8, 8, 1);
  const Graph alone = generate::rmat(Comm::self(), 8, 8, 1);

  const auto best = top_k(comm, graph.rows(), pagerank::solve(graph).scores, 3);
  const auto expected = top_k(Comm::self(), alone.rows(), pagerank::solve(alone).scores, 3);
  for (std::size_t i = 0; i < 3; ++i) {
    expect(best[i].id == expected[i].id && std::abs(best[i].score - expected[i].score) < 1e-9, "pagerank");
  }

  const std::vector<ppr::Query> queries{{{comm.rank() + 5, 1.0}}};
  const auto answers = ppr::query(ppr::ReplicatedGraph(graph), queries, {.top = 4});
  const auto same = ppr::query(ppr::ReplicatedGraph(alone), queries, {.top = 4});
  expect(answers.vertex == same.vertex, "ppr");

  const auto square = spgemm::multiply(graph, graph, {.semiring = spgemm::Semiring::plus_pair}).c;
  const auto square_alone = spgemm::multiply(alone, alone, {.semiring = spgemm::Semiring::plus_pair}).c;
  expect(content_hash(square) == content_hash(square_alone), "spgemm");
}

}  // namespace

int main(int argc, char** argv) {
  expect(refusal(MPI_COMM_WORLD).find("MPI is not initialized") != std::string::npos, "refused before MPI_Init");
  const bool single = argc > 1 && std::string(argv[1]) == "single";
  int provided = MPI_THREAD_SINGLE;
  if (single) {
    MPI_Init(&argc, &argv);
    MPI_Query_thread(&provided);
  } else {
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  }
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (provided == MPI_THREAD_SINGLE) {
    // One rank alone would be refused; all ranks end with its message.
    filigree::set_num_threads(rank == 1 ? 2 : 1);
    expect(refusal(MPI_COMM_WORLD).find("MPI_Init_thread") != std::string::npos, "refused for a single thread");
    filigree::set_num_threads(1);
  } else {
    filigree::set_num_threads(2);
    expect(filigree::num_threads() == 2, "two threads");
  }

  MPI_Comm three = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, rank == 1 ? MPI_UNDEFINED : 0, rank, &three);
  if (three != MPI_COMM_NULL) {
    work(filigree::Comm(three));
    MPI_Comm_free(&three);
  }
  int failures = failed ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0 && failures == 0) std::printf("done with MPI for %s\n", single ? "a single thread" : "several threads");
  MPI_Finalize();
  return failures;
}
