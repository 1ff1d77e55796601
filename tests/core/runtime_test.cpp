// Runtime: threads, layout, and failures that all ranks share. Failures of single ranks end the job, so
// failing_program.cpp makes them in a job of its own.
#include "filigree/core/runtime.hpp"

#include <gtest/gtest.h>
#include <omp.h>
#include <tbb/global_control.h>

#include <Eigen/Core>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <limits>
#include <new>

#include "core/cpu_quota.hpp"
#include "support/runtime.hpp"

namespace filigree::testing {
namespace {

int openmp_threads() {
  int threads = 0;
#pragma omp parallel
#pragma omp single
  threads = omp_get_num_threads();
  return threads;
}
std::size_t tbb_threads() { return tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism); }

TEST(Runtime, SetsOpenMpAndTbbTogether) {
  for (const int threads : {1, 2, 3}) {
    const ThreadsScope scope(threads);
    EXPECT_EQ(runtime().threads(), threads);
    EXPECT_EQ(openmp_threads(), threads);
    EXPECT_EQ(tbb_threads(), static_cast<std::size_t>(threads));
  }
}

TEST(Runtime, ProgramsWithoutOneSetThreads) {
  const ThreadsScope restored(1);
  for (const int threads : {3, 1, 2}) {
    set_num_threads(threads);
    EXPECT_EQ(num_threads(), threads);
    EXPECT_EQ(openmp_threads(), threads);
    EXPECT_EQ(tbb_threads(), static_cast<std::size_t>(threads));
    EXPECT_EQ(Eigen::nbThreads(), threads);
  }
  EXPECT_THROW(set_num_threads(0), InvalidArgument);
  EXPECT_EQ(num_threads(), 2);
}

TEST(Runtime, ZeroMeansTheCoresOfThisRank) {
  const ThreadsScope scope(0);
  EXPECT_GE(runtime().threads(), 1);
  EXPECT_EQ(openmp_threads(), runtime().threads());
  const Comm host = Comm::world().node();
  const int on_host = host.sum(runtime().threads());
  EXPECT_LE(on_host, std::max(omp_get_num_procs(), host.size())) << "the default oversubscribes the host";
}

/// A folder with files of /proc and /sys, which goes at the end.
class FakeRoot {
 public:
  FakeRoot() {
    std::string pattern = (std::filesystem::temp_directory_path() / "filigree-quota-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;
  ~FakeRoot() { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& content) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << content;
  }
  int quota() const { return cpu_quota(root_); }

 private:
  std::filesystem::path root_;
};

TEST(CpuQuota, OfBothVersionsOfControlGroups) {
  constexpr int unlimited = std::numeric_limits<int>::max();
  const FakeRoot none;
  EXPECT_EQ(none.quota(), unlimited);

  const FakeRoot second;
  second.write("proc/self/cgroup", "0::/jobs/mine\n");
  EXPECT_EQ(second.quota(), unlimited);
  second.write("sys/fs/cgroup/jobs/mine/cpu.max", "max 100000\n");
  EXPECT_EQ(second.quota(), unlimited);
  second.write("sys/fs/cgroup/jobs/cpu.max", "650000 100000\n");  // of a group above
  EXPECT_EQ(second.quota(), 6);
  second.write("sys/fs/cgroup/jobs/mine/cpu.max", "300000 100000\n");
  EXPECT_EQ(second.quota(), 3);
  second.write("sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(second.quota(), 1);

  const FakeRoot first;
  first.write("proc/self/cgroup", "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/\n");
  first.write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "-1\n");
  first.write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(first.quota(), unlimited);
  first.write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "400000\n");
  EXPECT_EQ(first.quota(), 4);
}

TEST(Runtime, RefusesNegativeThreads) {
  const int before = runtime().threads();
  EXPECT_THROW(runtime().set_threads(-1), InvalidArgument);
  EXPECT_EQ(runtime().threads(), before);
}

TEST(Runtime, LayoutReads) {
  const int ranks = Comm::world().size();
  {
    const ThreadsScope scope(1);
    EXPECT_EQ(runtime().layout(), ranks == 1 ? "1 rank x 1 thread" : text(ranks, " ranks x 1 thread"));
  }
  const ThreadsScope scope(3);
  EXPECT_EQ(runtime().layout(), ranks == 1 ? "1 rank x 3 threads" : text(ranks, " ranks x 3 threads"));
}

TEST(Runtime, WarnsOfOversubscribedCores) {
  {
    const ThreadsScope scope(1000);
    ASSERT_FALSE(runtime().warnings().empty());
    EXPECT_NE(runtime().warnings().front().find(text(1000 * Comm::world().node().size(), " threads share")),
              std::string::npos)
        << runtime().warnings().front();
  }
  const ThreadsScope scope(0);
  for (const std::string& warning : runtime().warnings()) {
    EXPECT_EQ(warning.find("1000"), std::string::npos);
    EXPECT_EQ(warning.find("share 1 cores"), std::string::npos);
    EXPECT_EQ(warning.find("bound"), std::string::npos);  // only a program knows its launcher
  }
}

TEST(Runtime, SecondOneLeavesMpiAlone) {
  {
    int argc = 0;
    char** argv = nullptr;
    Runtime second(argc, argv);
    EXPECT_EQ(second.comm().size(), Comm::world().size());
    second.set_threads(runtime().threads());
  }
  EXPECT_EQ(Comm::world().sum(1), Comm::world().size());  // not finalized
  const ThreadsScope again(runtime().threads());
}

/// Exit code and what this rank wrote to stderr.
std::pair<int, std::string> outcome(const std::function<int()>& program) {
  ::testing::internal::CaptureStderr();
  const int code = runtime().run(program);
  return {code, ::testing::internal::GetCapturedStderr()};
}
using Outcome = std::pair<int, std::string>;

TEST(Runtime, RunPassesTheExitCodeOn) {
  EXPECT_EQ(outcome([] { return 0; }), (Outcome{0, ""}));
  EXPECT_EQ(outcome([] { return 2; }), (Outcome{2, ""}));
}

TEST(Runtime, FailureOfAllRanksIsToldOnce) {
  const Comm comm = Comm::world();
  const auto told = [&](const std::string& message) { return Outcome{1, comm.is_root() ? message : ""}; };
  EXPECT_EQ(outcome([]() -> int { throw InvalidArgument("alpha: 2, must be below 1"); }),
            told("error: alpha: 2, must be below 1\n"));
  EXPECT_EQ(outcome([]() -> int { throw std::bad_alloc(); }), told("error: out of memory\n"));
  EXPECT_EQ(outcome([]() -> int { throw 1; }), told("error: unknown failure\n"));
  // Through guard it is every rank's failure, whichever met it.
  const int culprit = comm.size() - 1;
  EXPECT_EQ(outcome([&] {
              comm.guard([&] {
                if (comm.rank() == culprit) throw IoError("g.txt:3: not a number");
              });
              return 0;
            }),
            told("error: g.txt:3: not a number\n"));
  EXPECT_EQ(outcome([] { return 0; }), (Outcome{0, ""}));
  EXPECT_EQ(comm.sum(1), comm.size());
}

}  // namespace
}  // namespace filigree::testing
