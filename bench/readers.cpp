// Reading and writing files, beside plain read() and write() of as many bytes and the readers of others.
//
//   [mpirun -n 2] filigree-bench-readers [--scale=18] [--folder=/tmp] [FILE...] [Google Benchmark's flags]
//
// Without FILE it makes an R-MAT graph of 2^scale vertices and 16 edges each, as an edge list, MatrixMarket with
// weights and METIS, plain and compressed by the gzip and zstd programs. A line repeats this round and keeps each one's
// shortest time, so that all saw the same machine at its best:
//
//   Time         of ours, on all ranks together
//   MB/s         of text, unpacked
//   over_ranks   time on rank 0 alone / on all ranks (more than one rank)
//   over_read    time of ours / of a plain read() of the same bytes, a megabyte at a time
//   of_gzip      time of "gzip -dc FILE > /dev/null" / of ours, which also parses: 1 is as fast; of_zstd alike
//   igraph_takes, scipy_takes   their time / ours (igraph_read_graph_edgelist, scipy.io.mmread), where they read it
//   bytes/nnz    memory at the peak beyond the result, per nonzero of this rank
//
// hdf5/ compares an array of doubles with plain read() and write(): of_plain is their time / ours.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

#ifdef FILIGREE_HAVE_IGRAPH
#include <igraph.h>
#endif

#include "filigree/core/runtime.hpp"
#include "filigree/core/timing.hpp"
#include "filigree/generate.hpp"
#include "filigree/io/write.hpp"
#include "memory.hpp"

namespace {

using namespace filigree;

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// One of those that a round compares. `run` gives its own seconds, or `unknown` to be timed from outside.
struct Side {
  std::string name;
  std::function<double()> run;
  double seconds = std::numeric_limits<double>::infinity();
};
Side timed(const std::string& name, const std::function<void()>& work) {
  return {name, [work] { return work(), unknown; }};
}

/// Rounds over all sides; every rank takes part in each.
void compare(benchmark::State& state, const Comm& comm, std::vector<Side>& sides) {
  for (auto _ : state) {
    for (Side& side : sides) {
      comm.barrier();
      const Stopwatch watch;
      const double told = side.run();
      const double seconds = comm.max(std::isnan(told) ? watch.seconds() : told);
      side.seconds = std::min(side.seconds, seconds);
    }
    state.SetIterationTime(sides.front().seconds);
  }
}

/// read() of a whole file into one buffer, a megabyte at a time.
void read_plainly(const std::string& path) {
  static std::vector<char> buffer(std::size_t{1} << 20);
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  while (read(file, buffer.data(), buffer.size()) > 0) benchmark::ClobberMemory();
  close(file);
}

void run_program(const std::string& command) {
  if (std::system(command.c_str()) != 0) throw Error("failed: " + command);
}

#ifdef FILIGREE_HAVE_IGRAPH
void read_by_igraph(const std::string& path) {
  igraph_t graph;
  std::FILE* const file = std::fopen(path.c_str(), "r");
  if (igraph_read_graph_edgelist(&graph, file, 0, true) != IGRAPH_SUCCESS) throw Error("igraph failed");
  igraph_destroy(&graph);
  std::fclose(file);
}
#endif

/// The seconds that a Python statement takes, after `setup`.
double python_seconds(const std::string& setup, const std::string& statement) {
  const std::string program =
      text("import time\n", setup, "\nt=time.perf_counter()\n", statement, "\nprint(time.perf_counter()-t)");
  std::FILE* const pipe = popen(("/usr/bin/python3 -c '" + program + "' 2>/dev/null").c_str(), "r");
  double seconds = unknown;
  if (std::fscanf(pipe, "%lf", &seconds) != 1) seconds = std::numeric_limits<double>::infinity();
  pclose(pipe);
  return seconds;
}

/// Bytes at the peak of a read, beyond its result, per nonzero of this rank.
double extra_bytes(const Comm& comm, const std::string& path, const io::ReadOptions& options) {
  malloc_trim(0);
  app::reset_peak_memory();
  const Offset before = app::peak_memory_bytes();
  const Graph graph = io::read(comm, path, options).graph;
  const auto result =
      static_cast<Offset>(graph.local().row_ptr.size() * sizeof(Offset) + graph.local().col.size() * sizeof(Local) +
                          graph.local().val.size() * sizeof(double) + graph.ghosts().size() * sizeof(Global));
  return static_cast<double>(app::peak_memory_bytes() - before - result) /
         static_cast<double>(std::max<Offset>(1, graph.local().num_nonzeros()));
}

void add_line(const std::string& name, const std::function<void(benchmark::State&)>& run) {
  benchmark::RegisterBenchmark(name.c_str(), run)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(7);
}

void add_file(const Comm& comm, const std::string& path, bool weights) {
  add_line("read/" + std::filesystem::path(path).filename().string(), [=](benchmark::State& state) {
    const io::ReadOptions options{.weights = weights};
    const Comm alone = Comm::self();
    const bool gzip = path.ends_with(".gz");
    const bool zstd = path.ends_with(".zst");
    const bool matrix_market = path.find(".mtx") != std::string::npos;
    std::vector<Side> sides{timed("ours", [&] { benchmark::DoNotOptimize(io::read(comm, path, options).graph); })};
    if (comm.size() > 1) {
      sides.push_back(timed("over_ranks", [&] {
        if (comm.is_root()) benchmark::DoNotOptimize(io::read(alone, path, options).graph);
      }));
    } else {
      sides.push_back(timed("over_read", [&] { read_plainly(path); }));
      if (gzip) sides.push_back(timed("of_gzip", [&] { run_program("gzip -dc '" + path + "' > /dev/null"); }));
      if (zstd) sides.push_back(timed("of_zstd", [&] { run_program("zstd -qdc '" + path + "' > /dev/null"); }));
#ifdef FILIGREE_HAVE_IGRAPH
      if (io::format_of(path) == io::Format::edge_list && !gzip && !zstd && !weights)
        sides.push_back(timed("igraph_takes", [&] { read_by_igraph(path); }));
#endif
      if (matrix_market && !zstd) {
        sides.push_back({"scipy_takes", [&] {
                           return python_seconds("import scipy.io", "scipy.io.mmread(\"" + path + "\").tocsr()");
                         }});
      }
    }
    compare(state, comm, sides);
    double bytes = static_cast<double>(std::filesystem::file_size(path));
    if (gzip || zstd) {
      std::FILE* const pipe = popen(((gzip ? "gzip -dc '" : "zstd -qdc '") + path + "' | wc -c").c_str(), "r");
      if (std::fscanf(pipe, "%lf", &bytes) != 1) bytes = unknown;
      pclose(pipe);
    }
    const double ours = sides.front().seconds;
    state.counters["MB/s"] = bytes / ours / 1e6;
    for (const Side& side : sides) {
      if (side.name == "over_read")
        state.counters[side.name] = ours / side.seconds;
      else if (side.name != "ours" && std::isfinite(side.seconds))
        state.counters[side.name] = side.seconds / ours;
    }
    state.counters["bytes/nnz"] = comm.max(extra_bytes(comm, path, options));
  });
}

/// An array of doubles on all ranks together; plain: each rank its own bytes in place.
void add_hdf5(const Comm& comm, const std::string& folder) {
  constexpr Offset count = Offset{1} << 25;  // 256 MiB
  const std::string path = folder + "/array.h5";
  const std::string plain_path = folder + "/array";
  const auto write_plainly = [=](const std::vector<double>& mine, Offset first) {
    const int file = open(plain_path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    const auto* bytes = reinterpret_cast<const char*>(mine.data());
    std::size_t left = mine.size() * sizeof(double);
    for (Offset at = first * Offset{sizeof(double)}; left > 0;) {
      const ssize_t done = pwrite(file, bytes, left, at);
      if (done <= 0) throw Error("pwrite failed");
      bytes += done;
      at += done;
      left -= static_cast<std::size_t>(done);
    }
    close(file);
  };
  const Offset first = count / comm.size() * comm.rank();
  const Offset mine = comm.rank() + 1 < comm.size() ? count / comm.size() : count - first;
  const auto counters = [](benchmark::State& state, const std::vector<Side>& sides) {
    state.counters["MB/s"] = static_cast<double>(count * Offset{sizeof(double)}) / sides[0].seconds / 1e6;
    state.counters["of_plain"] = sides[1].seconds / sides[0].seconds;
  };
  add_line("hdf5/write", [=](benchmark::State& state) {
    const std::vector<double> values(static_cast<std::size_t>(mine), 0.5);
    // New files on both sides.
    const auto remove_both = [&] {
      if (comm.is_root()) std::filesystem::remove(path);
      if (comm.is_root()) std::filesystem::remove(plain_path);
      comm.barrier();
    };
    const auto seconds_of = [&](const std::function<void()>& work) {
      remove_both();
      const Stopwatch watch;
      work();
      return watch.seconds();
    };
    std::vector<Side> sides{{"ours",
                             [&] {
                               return seconds_of([&] {
                                 io::Hdf5Writer file(comm, path);
                                 file.write<double>("/array", values);
                                 file.commit();
                               });
                             }},
                            {"plain", [&] { return seconds_of([&] { write_plainly(values, first); }); }}};
    compare(state, comm, sides);
    counters(state, sides);
  });
  add_line("hdf5/read", [=](benchmark::State& state) {
    const std::vector<double> values(static_cast<std::size_t>(mine), 0.5);
    io::Hdf5Writer file(comm, path);
    file.write<double>("/array", values);
    file.commit();
    write_plainly(values, first);
    comm.barrier();
    std::vector<Side> sides{timed("ours",
                                  [&] {
                                    const io::Hdf5Reader reader(comm, path);
                                    benchmark::DoNotOptimize(reader.read<double>("/array", first, mine).data());
                                  }),
                            timed("plain", [&] {
                              std::vector<double> all(static_cast<std::size_t>(mine));
                              const int plain = open(plain_path.c_str(), O_RDONLY | O_CLOEXEC);
                              auto* const bytes = reinterpret_cast<char*>(all.data());
                              const std::size_t size = all.size() * sizeof(double);
                              for (std::size_t done = 0; done < size;) {
                                const ssize_t got = pread(plain, bytes + done, size - done,
                                                          first * Offset{sizeof(double)} + static_cast<Offset>(done));
                                if (got <= 0) throw Error("pread failed");
                                done += static_cast<std::size_t>(got);
                              }
                              close(plain);
                              benchmark::DoNotOptimize(all.data());
                            })};
    compare(state, comm, sides);
    counters(state, sides);
  });
}

/// The files of the header comment, in `folder`.
std::vector<std::pair<std::string, bool>> make_files(const Comm& comm, const std::string& folder, int scale) {
  Graph graph = generate::rmat(comm, scale, 16, 1, {.undirected = true, .loops = Loops::drop});
  const io::VertexNames names(graph.rows());
  io::write(graph, names, folder + "/rmat.txt");
  io::write(graph, names, folder + "/rmat.graph");
  Array<double> values(graph.local().col.size());
  for (std::size_t k = 0; k < values.size(); ++k)
    values[k] = 1 / static_cast<double>(1 + graph.global_col(graph.local().col[k]) % 1000);
  graph.set_values(std::move(values));
  io::write(graph, names, folder + "/rmat_weighted.txt");
  io::write(graph, names, folder + "/rmat_weighted.mtx");
  io::write(graph, names, folder + "/rmat_weighted.h5");
  if (comm.is_root()) {
    for (const std::string file : {"rmat.txt", "rmat_weighted.mtx"}) {
      run_program("gzip -kf '" + folder + "/" + file + "'");
      run_program("zstd -qkf '" + folder + "/" + file + "'");
    }
  }
  comm.barrier();
  std::vector<std::pair<std::string, bool>> files;
  for (const char* name : {"rmat.txt", "rmat.txt.gz", "rmat.txt.zst", "rmat_weighted.txt", "rmat_weighted.mtx",
                           "rmat_weighted.mtx.gz", "rmat_weighted.mtx.zst", "rmat.graph", "rmat_weighted.h5"}) {
    files.emplace_back(folder + "/" + name, std::string(name).starts_with("rmat_weighted.txt"));
  }
  return files;
}

/// Ranks other than 0 measure along, and say nothing.
class Silent : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>&) override {}
};

}  // namespace

int main(int argc, char** argv) {
  Runtime runtime(argc, argv);
  return runtime.run([&] {
    runtime.set_threads(1);
    const Comm& comm = runtime.comm();
    benchmark::Initialize(&argc, argv);
    std::vector<std::pair<std::string, bool>> files;
    std::string folder = std::filesystem::temp_directory_path();
    int scale = 18;
    for (int i = 1; i < argc; ++i) {
      const std::string argument = argv[i];
      if (argument.starts_with("--scale=")) {
        scale = std::stoi(argument.substr(8));
      } else if (argument.starts_with("--folder=")) {
        folder = argument.substr(9);
      } else if (!argument.starts_with("-")) {
        files.emplace_back(argument, false);
      } else {
        if (comm.is_root())
          std::cerr << argument << ": unknown; there are --scale=N, --folder=DIR and --benchmark_...\n";
        return 2;
      }
    }
    folder += "/filigree-bench-readers";
    if (comm.is_root()) std::filesystem::create_directories(folder);
    comm.barrier();
    if (files.empty()) files = make_files(comm, folder, scale);
    for (const auto& [path, weights] : files) add_file(comm, path, weights);
    add_hdf5(comm, folder);
    Silent silent;
    if (comm.is_root())
      benchmark::RunSpecifiedBenchmarks();
    else
      benchmark::RunSpecifiedBenchmarks(&silent);
    comm.barrier();
    if (comm.is_root()) std::filesystem::remove_all(folder);
    return 0;
  });
}
