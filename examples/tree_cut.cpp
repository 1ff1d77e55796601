// Communities of a graph as a tree, and a cut through it.
#include <cstdio>
#include <filigree/communities.hpp>
#include <filigree/core/runtime.hpp>
#include <filigree/io/read.hpp>

int main(int argc, char** argv) {
  filigree::Runtime runtime(argc, argv);
  return runtime.run([&] {
    const filigree::Comm& comm = runtime.comm();
    const auto file = filigree::io::read(comm, argc > 1 ? argv[1] : "data/football.txt", {.undirected = true});
    const filigree::communities::Tree tree = filigree::communities::detect(file.graph).tree;
    const filigree::Cut cut = filigree::cut_by_number(tree.dendrogram, 4);  // the same on every rank
    if (comm.is_root()) {
      std::printf("%lld leaf communities\n", static_cast<long long>(tree.dendrogram.num_leaves));
      for (filigree::Global c = 0; c < cut.num_clusters(); ++c) {
        std::printf("cluster %lld: %lld teams\n", static_cast<long long>(c),
                    static_cast<long long>(cut.sizes[static_cast<std::size_t>(c)]));
      }
    }
    // tree.leaves.of: the leaf community of each of this rank's vertices; cut.cluster_of_leaf: its cluster
    return 0;
  });
}
// Prints:
// 10 leaf communities
// cluster 0: 46 teams
// cluster 1: 26 teams
// cluster 2: 25 teams
// cluster 3: 18 teams
