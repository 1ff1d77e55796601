// A program that fails as its argument says; run_failing_program checks how the job ends.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <new>
#include <string>
#include <thread>

#include "filigree/core/runtime.hpp"
#include "filigree/core/shared_array.hpp"

using namespace filigree;

int main(int argc, char** argv) {
  Runtime runtime(argc, argv);
  runtime.set_threads(1);
  const Comm& comm = runtime.comm();
  const std::string mode = argc == 2 ? argv[1] : "";
  const bool culprit = comm.rank() == comm.size() - 1;
  const SharedArray<double> alive(comm.node(), 1000);  // something collective to destroy on the way out
  if (comm.is_root()) {
    std::puts("started");
    std::fflush(stdout);
  }

  return runtime.run([&] {
    const SharedArray<double> inside(comm.node(), 1000);
    if (mode == "all_throw") {
      throw InvalidArgument("alpha: 2, must be below 1");
    } else if (mode == "guarded") {
      comm.guard([&] {
        if (culprit) throw IoError("graph.txt:7: not a number");
      });
    } else if (mode == "guarded_memory") {
      comm.guard([&] {
        if (culprit) throw std::bad_alloc();
      });
    } else if (mode == "one_throws_others_return") {
      if (culprit) throw Error("only here");
    } else if (mode == "one_throws_others_compute") {
      if (culprit) throw Error("only here");
      std::this_thread::sleep_for(std::chrono::minutes(5));
    } else if (mode == "one_throws_others_in_collective") {
      if (culprit) throw Error("only here");
      comm.sum(1.0);
    } else if (mode == "one_throws_others_in_guard") {
      if (culprit) throw Error("only here");
      comm.guard([] {});
    } else if (mode == "killed_others_in_collective") {
      if (culprit) std::raise(SIGKILL);
      comm.sum(1.0);
    } else if (mode == "killed_others_compute") {
      if (culprit) std::raise(SIGKILL);
      std::this_thread::sleep_for(std::chrono::minutes(5));
    } else if (mode == "killed_others_return") {
      if (culprit) std::raise(SIGKILL);
    } else if (mode != "nothing") {
      std::fprintf(stderr, "failing_program: unknown mode %s\n", mode.c_str());
      return 2;
    }
    return 0;
  });
}
