// A graph from a program's own edges, which any rank may hold, and the best of a distributed result on every rank.
#include <cstdio>
#include <filigree/core/runtime.hpp>
#include <filigree/matrix/top_k.hpp>
#include <filigree/pagerank.hpp>
#include <vector>

struct Road {
  int source, target;
  double weight;  // perhaps none: then every edge weighs 1, and repeated ones count once
};

int main(int argc, char** argv) {
  filigree::Runtime runtime(argc, argv);
  return runtime.run([&] {
    const filigree::Comm& comm = runtime.comm();
    std::vector<Road> roads;  // of this rank, in any order
    if (comm.is_root()) roads = {{0, 1, 5}, {0, 2, 1}, {1, 2, 2}, {3, 2, 1}};
    if (comm.rank() == comm.size() - 1) roads.push_back({2, 0, 1});
    const filigree::Graph graph = filigree::Graph::from_edges(comm, 4, roads);

    const auto ranks = filigree::pagerank::solve(graph);
    const auto best = filigree::top_k(comm, ranks.vertices, ranks.scores, 2);
    if (comm.is_root()) {
      for (const auto& [vertex, score] : best) std::printf("%d %.4f\n", static_cast<int>(vertex), score);
    }
    return 0;
  });
}
// Prints:
// 2 0.3511
// 0 0.3359
