// Progress of a long call as a program shows it, and a call that ends before its time.
#include <cstdio>
#include <filigree/core/runtime.hpp>
#include <filigree/generate.hpp>
#include <filigree/pagerank.hpp>
#include <string>
#include <string_view>

struct Cancelled : filigree::Error {
  using Error::Error;
};

int main(int argc, char** argv) {
  filigree::Runtime runtime(argc, argv);
  return runtime.run([&] {
    const filigree::Comm& comm = runtime.comm();
    const filigree::Graph graph = filigree::generate::rmat(comm, 10, 8, 1);
    filigree::Offset last = 0;
    // Called on every rank, from the thread that called solve(). It must not communicate.
    const auto count = [&](std::string_view, filigree::Offset done, filigree::Offset) { last = done; };
    const auto result = filigree::pagerank::solve(graph, {}, {.progress = count});
    const bool told_all = last == result.stats.at("iterations");
    const auto cancel = [&](std::string_view phase, filigree::Offset done, filigree::Offset) {
      if (done == 3) throw Cancelled(std::string(phase) + " ended after 3 rounds");  // as a button would
    };
    try {
      filigree::pagerank::solve(graph, {}, {.progress = cancel});
    } catch (const filigree::Error& error) {
      if (comm.is_root()) std::printf("%s; %s\n", told_all ? "told of all rounds" : "not told", error.what());
    }
    return 0;
  });
}
// Prints:
// told of all rounds; iterate ended after 3 rounds
