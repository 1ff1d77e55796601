// Loads the plugin, as an interpreter loads its modules, and calls it.
//
//   host PLUGIN GRAPH
#include <dlfcn.h>

#include <cstdio>

int main(int argc, char** argv) {
  void* const plugin = argc > 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : nullptr;
  using LargestScore = double(int, char**);
  auto* const largest_score =
      plugin != nullptr ? reinterpret_cast<LargestScore*>(dlsym(plugin, "largest_score")) : nullptr;
  if (largest_score == nullptr) return std::fprintf(stderr, "%s\n", argc > 2 ? dlerror() : "host PLUGIN GRAPH"), 1;
  const double score = largest_score(argc - 1, argv + 1);
  return std::printf("largest score of this rank %.4f\n", score) > 0 ? 0 : 1;
}
