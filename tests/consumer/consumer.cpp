// Prints the largest PageRank score of an undirected graph.
#include <algorithm>
#include <cstdio>
#include <filigree/filigree.hpp>

int main(int argc, char** argv) {
  filigree::Runtime runtime(argc, argv);
  return runtime.run([&] {
    const filigree::Comm& comm = runtime.comm();
    const auto file = filigree::io::read(comm, argc > 1 ? argv[1] : "graph.txt", {.undirected = true});
    const auto ranks = filigree::pagerank::solve(file.graph);  // ranks.scores: those of this rank's vertices
    double largest = 0;
    for (double score : ranks.scores) largest = std::max(largest, score);
    largest = comm.max(largest);
    if (comm.is_root()) {
      std::printf("%lld vertices, largest score %.6f\n", static_cast<long long>(file.graph.num_rows()), largest);
    }
    return 0;
  });
}
