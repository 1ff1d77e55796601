// The kernels that everything stands on, on one core, against the memory's own speed and a plain loop.
//
//   filigree-bench-kernels [--graph=FILE] [--scale=20] [Google Benchmark's flags, as --benchmark_filter=pattern]
//
// A line about a product repeats this round: one STREAM triad, a few plain loops over the rows, a few products of the
// kernel in question. Of each it keeps the shortest time, so that all three saw the same machine at its best:
//
//   Time            of the kernel, of this thread's CPU clock
//   of_triad        bytes/s of the kernel / bytes/s of the triad; bytes count each array once
//   over_plain      time of the plain loop / time of the kernel
//
// Lines spgemm/PATTERN/ACCUMULATOR are the products C = A A of small sparse matrices (see spgemm_matrices.hpp), merged
// in one way each: items are products of two elements. filigree-bench-spgemm --accumulators compares them in turns.
#include <benchmark/benchmark.h>

#include <Eigen/SparseCore>
#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "filigree/core/runtime.hpp"
#include "filigree/generate.hpp"
#include "filigree/io/read.hpp"
#include "filigree/matrix/spmv_plan.hpp"
#include "filigree/spgemm.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "spgemm_matrices.hpp"
#include "triad.hpp"

namespace {

using namespace filigree;
using bench::Triad;

double cpu_seconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// The shortest of the times measured so far.
class Best {
 public:
  void run(const std::function<void()>& kernel, int times = 1) {
    for (int i = 0; i < times; ++i) {
      const double start = cpu_seconds();
      kernel();
      benchmark::ClobberMemory();
      seconds_ = std::min(seconds_, cpu_seconds() - start);
    }
  }
  double seconds() const { return seconds_; }

 private:
  double seconds_ = 1e300;
};

Triad& triad() {
  static Triad instance;
  return instance;
}

/// A matrix with and without values, and vectors to multiply.
struct Problem {
  Csr<double> matrix;  // with values
  std::vector<double> x, y;

  explicit Problem(Csr<double> rows) : matrix(std::move(rows)) {
    matrix.val.resize(matrix.col.size());
    for (std::size_t k = 0; k < matrix.val.size(); ++k) matrix.val[k] = 0.5 + static_cast<double>(k % 1024) / 1024;
    x.resize(static_cast<std::size_t>(matrix.num_cols));
    y.resize(static_cast<std::size_t>(matrix.num_rows()));
    for (std::size_t v = 0; v < x.size(); ++v) x[v] = 1 / static_cast<double>(v % 1024 + 1);
  }
  CsrView<double> weighted() const { return matrix; }
  CsrView<double> pattern() const { return {matrix.num_cols, matrix.row_ptr, matrix.col, {}}; }
};

/// Every array of a product once.
double bytes_of(CsrView<double> matrix) {
  return static_cast<double>(matrix.row_ptr.size_bytes() + matrix.col.size_bytes() + matrix.val.size_bytes()) +
         8.0 * matrix.num_cols + 8.0 * matrix.num_rows();
}

/// The straightforward loop over rows.
void plain_product(CsrView<double> matrix, const std::vector<double>& x, std::vector<double>& y) {
  const Offset* row_ptr = matrix.row_ptr.data();
  const Local* col = matrix.col.data();
  const double* val = matrix.val.data();
  const Local num_rows = matrix.num_rows();
  for (Local row = 0; row < num_rows; ++row) {
    double sum = 0;
    if (val != nullptr) {
      for (Offset k = row_ptr[row]; k < row_ptr[row + 1]; ++k) sum += val[k] * x[static_cast<std::size_t>(col[k])];
    } else {
      for (Offset k = row_ptr[row]; k < row_ptr[row + 1]; ++k) sum += x[static_cast<std::size_t>(col[k])];
    }
    y[static_cast<std::size_t>(row)] = sum;
  }
}

/// The rounds of one line; `kernel` computes problem.y from problem.x.
void measure(benchmark::State& state, Problem& problem, CsrView<double> matrix, const std::function<void()>& kernel) {
  plain_product(matrix, problem.x, problem.y);
  const std::vector<double> expected = problem.y;
  kernel();
  for (std::size_t row = 0; row < expected.size(); ++row) {
    if (std::abs(problem.y[row] - expected[row]) > 1e-12 * expected[row]) {
      state.SkipWithError("the kernel's product is wrong");
      return;
    }
  }
  Best triad_time, plain_time, time;
  for (auto _ : state) {
    triad_time.run(std::ref(triad()));
    plain_time.run([&] { plain_product(matrix, problem.x, problem.y); }, 3);
    time.run(kernel, 5);
    state.SetIterationTime(time.seconds());
  }
  const double bytes = bytes_of(matrix);
  state.counters["us"] = time.seconds() * 1e6;
  state.counters["GB/s"] = bytes / time.seconds() / 1e9;
  state.counters["triad_GB/s"] = Triad::bytes / triad_time.seconds() / 1e9;
  state.counters["of_triad"] = bytes / time.seconds() / (Triad::bytes / triad_time.seconds());
  state.counters["over_plain"] = plain_time.seconds() / time.seconds();
  state.counters["ns/entry"] = time.seconds() * 1e9 / static_cast<double>(matrix.num_nonzeros());
}

void add_lines(const std::string& name, const std::shared_ptr<Problem>& problem) {
  const auto line = [&](const std::string& kernel, const std::function<void(benchmark::State&)>& run) {
    benchmark::RegisterBenchmark((name + "/" + kernel).c_str(), run)
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond)
        ->Iterations(20);
  };
  for (const bool weighted : {false, true}) {
    const CsrView<double> matrix = weighted ? problem->weighted() : problem->pattern();
    const std::string kind = weighted ? "weighted/" : "pattern/";
    line(kind + "multiply", [=](benchmark::State& state) {
      const std::span<const double> x(problem->x);
      const std::span<double> y(problem->y);
      measure(state, *problem, matrix, [&] { multiply(matrix, x, y); });
    });
    line(kind + "plan", [=](benchmark::State& state) {
      const SpmvPlan<double> plan(matrix);
      measure(state, *problem, matrix, [&] { plan.multiply(problem->x, problem->y); });
    });
    line(kind + "build_plan", [=](benchmark::State& state) {
      Best plain_time, time;
      for (auto _ : state) {
        plain_time.run([&] { plain_product(matrix, problem->x, problem->y); }, 3);
        time.run([&] { benchmark::DoNotOptimize(SpmvPlan<double>(matrix).num_windows()); });
        state.SetIterationTime(time.seconds());
      }
      state.counters["plain_products"] = time.seconds() / plain_time.seconds();
    });
    if (!weighted) continue;
    line("weighted/eigen", [=](benchmark::State& state) {
      using Matrix = Eigen::SparseMatrix<double, Eigen::RowMajor, Offset>;
      std::vector<Offset> col(matrix.col.begin(), matrix.col.end());  // Eigen has one width for both
      const Eigen::Map<const Matrix> eigen(matrix.num_rows(), matrix.num_cols, matrix.num_nonzeros(),
                                           matrix.row_ptr.data(), col.data(), matrix.val.data());
      const Eigen::Map<const Eigen::VectorXd> x(problem->x.data(), matrix.num_cols);
      Eigen::Map<Eigen::VectorXd> y(problem->y.data(), matrix.num_rows());
      measure(state, *problem, matrix, [&] { y.noalias() = eigen * x; });
    });
  }
}

void add_rmat(const Comm& comm, int scale, bool scramble) {
  const std::string name = "rmat" + std::to_string(scale) + (scramble ? "_scrambled" : "");
  const Graph graph = generate::rmat(comm, scale, 16, 1, {.scramble = scramble});
  add_lines(name, std::make_shared<Problem>(graph.local()));
}

void add_file(const Comm& comm, const std::string& path) {
  const Graph graph = io::read(comm, path).graph;
  add_lines("file", std::make_shared<Problem>(graph.local()));
  add_lines("file_transposed", std::make_shared<Problem>(transpose(graph.local().view())));
}

void add_accumulators(const Comm& comm) {
  using enum spgemm::Accumulator;
  const std::pair<const char*, spgemm::Accumulator> accumulators[] = {
      {"automatic", automatic}, {"sort", sort}, {"list", list},    {"hash", hash},
      {"scatter", scatter},     {"tile", tile}, {"repeat", repeat}};
  for (const char* pattern : {"stencil27:16", "rmat10", "uniform14x8"}) {  // runs of columns; hubs; neither
    const auto a = std::make_shared<Csr<double>>(bench::factors(comm, pattern, 1).a.local());
    for (const auto& [name, accumulator] : accumulators) {
      benchmark::RegisterBenchmark(text("spgemm/", pattern, "/", name).c_str(), [=](benchmark::State& state) {
        Csr<double> c;
        Offset products = 0;
        for (auto _ : state) products += spgemm::multiply_by({.accumulator = accumulator}, *a, *a, c)["products"];
        state.SetItemsProcessed(products);
      })->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Runtime runtime(argc, argv);
  return runtime.run([&] {
    runtime.set_threads(1);
    benchmark::Initialize(&argc, argv);
    std::string graph;
    int scale = 20;
    for (int i = 1; i < argc; ++i) {
      const std::string argument = argv[i];
      if (argument.rfind("--graph=", 0) == 0)
        graph = argument.substr(8);
      else if (argument.rfind("--scale=", 0) == 0)
        scale = std::stoi(argument.substr(8));
      else {
        std::cerr << argument << ": unknown; there are --graph=FILE, --scale=N and --benchmark_...\n";
        return 2;
      }
    }
    benchmark::RegisterBenchmark("triad",
                                 [](benchmark::State& state) {
                                   Best time;
                                   for (auto _ : state) {
                                     time.run(std::ref(triad()));
                                     state.SetIterationTime(time.seconds());
                                   }
                                   state.counters["GB/s"] = Triad::bytes / time.seconds() / 1e9;
                                 })
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond)
        ->Iterations(20);
    if (!graph.empty()) add_file(runtime.comm(), graph);
    for (const bool scramble : {false, true}) add_rmat(runtime.comm(), scale, scramble);
    add_accumulators(runtime.comm());
    benchmark::RunSpecifiedBenchmarks();
    return 0;
  });
}
