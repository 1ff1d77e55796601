// The main of every test program: the same tests run on every rank, rank 0 prints GoogleTest's usual lines, the others
// only their failures. After each test all ranks meet, so a test that fails on one rank while the others wait for it
// in a collective call ends the job instead of hanging it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string_view>
#include <thread>

#include "core/collective_check.hpp"
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

/// "--threads=2" -> 2.
std::optional<int> threads_of(std::string_view argument) {
  constexpr std::string_view option = "--threads=";
  if (!argument.starts_with(option)) return std::nullopt;
  argument.remove_prefix(option.size());
  int threads = 0;
  const auto [end, error] = std::from_chars(argument.data(), argument.data() + argument.size(), threads);
  if (error != std::errc{} || end != argument.data() + argument.size()) return std::nullopt;
  return threads;
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
  int threads = 1;
  for (int i = 1; i < argc; ++i) {
    const auto given = threads_of(argv[i]);
    if (!given) {
      if (comm.is_root()) std::fprintf(stderr, "unknown argument %s\n", argv[i]);
      return 2;
    }
    threads = *given;
  }
  runtime.set_threads(threads);
  filigree::set_collective_check(true);  // a call that only some ranks make fails here, whatever MPI makes of it

  auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
  if (!comm.is_root()) {
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailurePrinter(comm.rank()));
  }
  listeners.Append(new Meeting(comm));
  return comm.max(RUN_ALL_TESTS());
}
