// filigree-communities: communities of a graph in a tree, cuts of the tree, and how well it agrees with labels.

#include "app.hpp"
#include "commands.hpp"

int main(int argc, char** argv) {
  using namespace filigree::app;
  static const About about{
      "filigree-communities",
      "Finds the communities of an undirected graph bottom-up: the smallest first, then merged by edge density into a\n"
      "tree that can be cut at any level.",
      "  filigree-communities detect --graph g.txt --output g.tree.h5 --svg g.svg\n"
      "  filigree-communities detect --graph g.txt --labels mine.txt --linkage-matrix z.npy     # your own leaves\n"
      "  filigree-communities cut --tree g.tree.h5 --clusters 8 --output clusters.csv\n"
      "  filigree-communities cut --tree g.tree.h5 --min-size 20 --max-size 500\n"
      "  filigree-communities compare --tree g.tree.h5 --truth labels.txt\n"};
  return run(argc, argv, about, [](App& program) {
    DetectCommand detect(program);
    CutCommand cut(program);
    CompareCommand compare(program);
    program.parse();
    if (detect.given()) return detect.run(program);
    if (cut.given()) return cut.run(program);
    compare.run(program);
  });
}
