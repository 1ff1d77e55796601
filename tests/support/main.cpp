// The main of every test program: the same tests run on every rank, rank 0 prints GoogleTest's usual lines, the others
// only their failures. After each test all ranks meet, so a test that fails on one rank while the others wait for it
// in a collective call ends the job instead of hanging it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <span>
#include <string_view>
#include <thread>

#include "core/collective_check.hpp"
#include "core/simd/isa.hpp"
#include "support/runtime.hpp"

namespace filigree::testing {
namespace {

Runtime* the_runtime = nullptr;

/// What the ranks other than 0 print.
class FailurePrinter : public ::testing::EmptyTestEventListener {
 public:
  explicit FailurePrinter(int rank) : rank_(rank) {}

  void OnTestStart(const ::testing::TestInfo& test) override {
    name_ = std::string(test.test_suite_name()) + "." + test.name();
  }
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::printf("rank %d: %s: %s:%d: Failure\n%s\n", rank_, name_.c_str(),
                result.file_name() != nullptr ? result.file_name() : "unknown file", result.line_number(),
                result.message());
    std::fflush(stdout);
  }

 private:
  int rank_;
  std::string name_ = "outside a test";
};

/// Makes all ranks finish a test before any starts the next.
class Meeting : public ::testing::EmptyTestEventListener {
 public:
  explicit Meeting(const Comm& comm) : comm_(comm) {}

  void OnTestEnd(const ::testing::TestInfo& test) override {
    const bool failed = test.result()->Failed();
    MPI_Request arrival = MPI_REQUEST_NULL;
    MPI_Ibarrier(comm_.handle(), &arrival);
    const auto start = std::chrono::steady_clock::now();
    for (int together = 0; together == 0;) {
      MPI_Test(&arrival, &together, MPI_STATUS_IGNORE);
      if (together != 0) break;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      // A rank that passed waits for slow ones as long as it takes; CTest's time-out bounds it.
      if (failed && std::chrono::steady_clock::now() - start > patience) {
        std::printf("rank %d: %s.%s failed here while other ranks still wait in it; the job ends\n", comm_.rank(),
                    test.test_suite_name(), test.name());
        std::fflush(stdout);
        MPI_Abort(comm_.handle(), 1);
      }
    }
  }

 private:
  static constexpr std::chrono::seconds patience{5};
  const Comm& comm_;
};

struct Arguments {
  int threads = 1;
  std::optional<Isa> isa;  // the best that kernels may use
};

/// "--threads=2 --isa=avx2"; nothing if there is anything else.
std::optional<Arguments> parse(std::span<char*> given) {
  Arguments arguments;
  for (const std::string_view argument : given) {
    const auto value = argument.substr(std::min(argument.find('=') + 1, argument.size()));
    if (argument.starts_with("--threads=")) {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), arguments.threads);
      if (error != std::errc{} || end != value.data() + value.size()) return std::nullopt;
    } else if (argument == "--isa=portable") {
      arguments.isa = Isa::portable;
    } else if (argument == "--isa=avx2") {
      arguments.isa = Isa::avx2;
    } else {
      return std::nullopt;
    }
  }
  return arguments;
}

}  // namespace

Runtime& runtime() { return *the_runtime; }

}  // namespace filigree::testing

int main(int argc, char** argv) {
  using namespace filigree::testing;
  filigree::Runtime runtime(argc, argv);
  the_runtime = &runtime;
  const filigree::Comm comm = filigree::Comm::world();

  ::testing::InitGoogleMock(&argc, argv);
  const auto arguments = parse({argv + 1, argv + argc});
  if (!arguments) {
    if (comm.is_root()) std::fprintf(stderr, "arguments: GoogleTest's, --threads=N, --isa=portable|avx2\n");
    return 2;
  }
  if (arguments->isa) filigree::set_isa_for_test(*arguments->isa);
  runtime.set_threads(arguments->threads);
  filigree::set_collective_check(true);  // a call that only some ranks make fails here, whatever MPI makes of it

  auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
  if (!comm.is_root()) {
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailurePrinter(comm.rank()));
  }
  listeners.Append(new Meeting(comm));
  return comm.max(RUN_ALL_TESTS());
}
