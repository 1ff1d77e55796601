// Products for which there is not enough memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "filigree/spgemm.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "support/runtime.hpp"
#include "support/spgemm.hpp"

namespace filigree::testing {
namespace {

using spgemm::Variant;
using ::testing::StartsWith;

constexpr std::array all_ways{Way(), Way{.variant = Variant::v1}, Way{.variant = Variant::v2},
                              Way{.variant = Variant::v3}};
constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// While it lives, this process gets so many bytes of address space more than it has, at most.
class AddressSpaceLimit {
 public:
  explicit AddressSpaceLimit(std::size_t more) {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    getrlimit(RLIMIT_AS, &before_);
    rlimit limit = before_;
    limit.rlim_cur = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + more;
    EXPECT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
  }
  AddressSpaceLimit(const AddressSpaceLimit&) = delete;
  AddressSpaceLimit& operator=(const AddressSpaceLimit&) = delete;
  ~AddressSpaceLimit() { setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_{};
};

TEST(SpgemmMemory, WhatIsNotMadeIsEmpty) {
  const ThreadsScope scope(1);
  Random random(1);
  const Csr<double> b = skewed<double>(random, 30, 30, Contents::ordinary);
  // So many rows of nothing: pages that nobody has written share one.
  constexpr std::size_t num_rows = std::size_t{1} << 24;
  void* const zeros = mmap(nullptr, (num_rows + 1) * sizeof(Offset), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(zeros, MAP_FAILED);
  const CsrView<double> a{30, {static_cast<const Offset*>(zeros), num_rows + 1}, {}, {}};
  for (const Way way : all_ways) {
    Csr<double> c;
    spgemm::multiply_by(way, b, b, c);
    EXPECT_GT(c.num_nonzeros(), 0);
    const AddressSpaceLimit limit(100 * mebibyte);  // row_ptr of C takes 128 MiB
    EXPECT_THROW(spgemm::multiply_by(way, a, b, c), std::bad_alloc);
    EXPECT_TRUE(c == Csr<double>());
  }
  munmap(zeros, (num_rows + 1) * sizeof(Offset));
}

TEST(SpgemmMemory, WhatABudgetRefusesIsNotHeldBefore) {
  const ThreadsScope scope(1);
  Random random(2);
  constexpr Local size = 4096;
  const Csr<double> column = regular<double>(random, size, 1, 1, Contents::ordinary);
  const Csr<double> row = regular<double>(random, 1, size, size, Contents::ordinary);
  for (const Way way : all_ways) {
    Csr<double> c;
    const AddressSpaceLimit limit(100 * mebibyte);  // C takes 192 MiB
    const auto message = [&](Offset budget) {
      return message_of<Error>([&] { spgemm::multiply_by(way, column, row, c, {.memory_budget_bytes = budget}); });
    };
    EXPECT_THAT(message(mebibyte), StartsWith("multiply: the product takes 201359368 bytes, 4096 rows and 16777216 "));
    EXPECT_THAT(message(0), StartsWith("multiply: no room for a product of up to 16777216 nonzeros, 201326592 bytes"));
    EXPECT_TRUE(c == Csr<double>());
  }
}

/// Most bytes that were resident since this was called last, if the kernel lets a process forget its peak; else 0.
Offset peak_bytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  Offset kibibytes = 0;
  while (status >> word && word != "VmHWM:") {
  }
  status >> kibibytes;
  std::ofstream forget("/proc/self/clear_refs");
  forget << "5" << std::flush;
  return forget ? kibibytes * 1024 : 0;
}

// With more threads more of C waits for its place.
TEST(SpgemmMemory, TakesLittleMoreThanTheProduct) {
  Random random(3);
  constexpr Local size = 1 << 16;
  const Csr<double> a = regular<double>(random, size, size, 16, Contents::ordinary);
  if (peak_bytes() == 0) GTEST_SKIP() << "the peak cannot be forgotten here";
  for (const int threads : {1, 2, 4}) {
    const ThreadsScope scope(threads);
    peak_bytes();
    const Offset before = peak_bytes();
    Csr<double> c;
    for (const bool again : {false, true}) {
      spgemm::multiply<double>(a, a, c);
      const auto c_bytes = static_cast<double>(c.num_nonzeros() * Offset{sizeof(Local) + sizeof(double)});
      EXPECT_GT(c_bytes, 200e6);
      EXPECT_LT(static_cast<double>(peak_bytes() - before), 1.3 * c_bytes + threads * 8e6)
          << threads << " threads" << (again ? ", in memory it has" : "");
    }
  }
}

}  // namespace
}  // namespace filigree::testing
