// Triangles of a graph: paths of two edges whose ends are joined, counted by a product under a mask.
#include <cstdio>
#include <filigree/core/runtime.hpp>
#include <filigree/io/read.hpp>
#include <filigree/spgemm.hpp>
#include <numeric>

int main(int argc, char** argv) {
  filigree::Runtime runtime(argc, argv);
  return runtime.run([&] {
    const filigree::Comm& comm = runtime.comm();
    const auto file = filigree::io::read(comm, argc > 1 ? argv[1] : "data/karate.txt",
                                         {.undirected = true, .policy = {.loops = filigree::Loops::drop}});
    // c(i,j) = number of k with edges i-k and k-j, for edges i-j only
    const auto c = filigree::spgemm::multiply(file.graph, file.graph,
                                              {.semiring = filigree::spgemm::Semiring::plus_pair}, &file.graph)
                       .c;
    const double counted = comm.sum(std::accumulate(c.local().val.begin(), c.local().val.end(), 0.0));
    if (comm.is_root()) std::printf("%g triangles\n", counted / 6);  // each from three vertices, both ways
    return 0;
  });
}
// Prints:
// 45 triangles
