// A shared object that holds filigree, as a Python module would.
#include <algorithm>
#include <filigree/filigree.hpp>

static_assert(FILIGREE_VERSION_NUMBER ==
              10000 * FILIGREE_VERSION_MAJOR + 100 * FILIGREE_VERSION_MINOR + FILIGREE_VERSION_PATCH);

extern "C" double largest_score(int argc, char** argv) {
  filigree::Runtime runtime(argc, argv);
  const auto file = filigree::io::read(runtime.comm(), argv[1], {.undirected = true});
  double largest = 0;
  for (double score : filigree::pagerank::solve(file.graph).scores) largest = std::max(largest, score);
  return largest;
}
