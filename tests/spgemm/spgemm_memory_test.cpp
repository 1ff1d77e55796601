// Products for which there is not enough memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <vector>

#include "core/simd/isa.hpp"
#include "filigree/spgemm.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "support/runtime.hpp"
#include "support/spgemm.hpp"

namespace filigree::testing {
namespace {

using ::testing::StartsWith;

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

class SpgemmMemoryOfMethod : public ::testing::TestWithParam<RowMethod> {};
INSTANTIATE_TEST_SUITE_P(Every, SpgemmMemoryOfMethod, ::testing::ValuesIn(chosen_methods),
                         [](const auto& tested) { return name_of(tested.param); });

TEST_P(SpgemmMemoryOfMethod, WhatIsNotMadeIsEmpty) {
  const ThreadsScope scope(1);
  Random random(1);
  const Csr<double> b = skewed<double>(random, 30, 30, Contents::ordinary);
  // So many empty rows: pages that no one has written share one.
  constexpr std::size_t num_rows = std::size_t{1} << 24;
  void* const zeros = mmap(nullptr, (num_rows + 1) * sizeof(Offset), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(zeros, MAP_FAILED);
  const CsrView<double> a{30, {static_cast<const Offset*>(zeros), num_rows + 1}, {}, {}};
  Csr<double> c;
  spgemm::multiply_by(GetParam(), b, b, c);
  EXPECT_GT(c.num_nonzeros(), 0);
  {
    const AddressSpaceLimit limit(100 * mebibyte);  // row_ptr of C takes 128 MiB
    EXPECT_THROW(spgemm::multiply_by(GetParam(), a, b, c), std::bad_alloc);
    EXPECT_TRUE(c == Csr<double>());
  }
  munmap(zeros, (num_rows + 1) * sizeof(Offset));
}

TEST_P(SpgemmMemoryOfMethod, WhatABudgetRefusesIsNotHeldBefore) {
  const ThreadsScope scope(1);
  Random random(2);
  constexpr Local size = 4096;
  const Csr<double> column = regular<double>(random, size, 1, 1, Contents::ordinary);
  const Csr<double> row = regular<double>(random, 1, size, size, Contents::ordinary);
  Csr<double> c;
  const AddressSpaceLimit limit(100 * mebibyte);  // C takes 192 MiB
  const auto message = [&](Offset budget) {
    return message_of<Error>([&] { spgemm::multiply_by(GetParam(), column, row, c, {.memory_budget_bytes = budget}); });
  };
  EXPECT_THAT(message(mebibyte), StartsWith("multiply: the product takes 201359368 bytes, 4096 rows and 16777216 "));
  EXPECT_THAT(message(0), StartsWith("multiply: no room for a product of up to 16777216 nonzeros, 201326592 bytes"));
  EXPECT_TRUE(c == Csr<double>());
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

/// Rows of whose columns each is `offsets` further than the row.
Csr<double> stencil(Random& random, Local size, const std::vector<Local>& offsets) {
  std::vector<std::set<Local>> rows(z(size));
  for (Local row = 0; row < size; ++row) {
    for (const Local offset : offsets) {
      if (row + offset >= 0 && row + offset < size) rows[z(row)].insert(row + offset);
    }
  }
  return matrix_of<double>(size, rows, Contents::ordinary, random);
}

/// Nodes of four unknowns on a line, each with its neighbours and another one.
Csr<double> nodes(Random& random, Local num_nodes) {
  std::vector<std::set<Local>> rows;
  for (Local node = 0; node < num_nodes; ++node) {
    std::set<Local> columns;
    for (const Offset other : {Offset{node} - 1, Offset{node}, Offset{node} + 1, below(random, num_nodes)}) {
      if (other >= 0 && other < num_nodes)
        columns.merge(some_columns(random, 4, static_cast<Local>(4 * other), static_cast<Local>(4 * other + 4)));
    }
    rows.insert(rows.end(), 4, columns);
  }
  return matrix_of<double>(4 * num_nodes, rows, Contents::ordinary, random);
}

// The formulas of multiply.hpp and plan.hpp, where rows are tiled by fours, repeat, and are merged by other methods.
TEST(SpgemmMemory, TakesNoMoreThanTheHeadersSay) {
  Random random(4);
  if (peak_bytes() == 0) GTEST_SKIP() << "the peak cannot be forgotten here";
  struct Case {
    const char* name;
    const char* count;  ///< of rows that it is made for, where registers are wide
    Csr<double> a;
  };
  const std::vector<Case> cases{
      {"nodes", "tiled_rows", nodes(random, 1 << 16)},
      {"stencil", "repeated_rows", stencil(random, 1 << 18, {-900, -31, -1, 0, 1, 31, 900})},
      {"random", "sorted_rows", regular<double>(random, 1 << 16, 1 << 16, 8, Contents::ordinary)}};
  for (const Case& one : cases) {
    const Csr<double>& a = one.a;
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(text(one.name, ", ", threads, " threads"));
      const ThreadsScope scope(threads);
      const auto allowed = [&](Offset value) {
        Offset longest = 0;
        for (Local row = 0; row < a.num_rows(); ++row) {
          Offset products = 0;
          for (const Local k : a.view().cols(row)) products += a.view().degree(k);
          longest = std::max(longest, std::min<Offset>(products, a.num_cols));
        }
        return 8 * a.num_nonzeros() + 88 * a.num_rows() +
               threads * ((4 * value + 9) * a.num_cols + 2 * (4 + value) * longest + (Offset{16} << 20));
      };
      peak_bytes();
      Offset before = peak_bytes();
      auto [c, timings, stats] = spgemm::multiply(a, a);
      EXPECT_LT(peak_bytes() - before, 12 * c.num_nonzeros() + 8 * c.num_rows() + allowed(sizeof(double)));
      if (threads == 1 && isa() == Isa::avx512) {
        EXPECT_GT(stats.at(one.count), 0);
      }
      const Offset nonzeros = c.num_nonzeros();
      c = {};
      peak_bytes();
      before = peak_bytes();
      const spgemm::Plan plan = spgemm::plan(a, a);
      EXPECT_LT(peak_bytes() - before, plan.num_bytes() + 4 * nonzeros + 8 * a.num_rows() + allowed(sizeof(float)));
      peak_bytes();
      before = peak_bytes();
      spgemm::multiply<double>(plan, a, a, c);
      EXPECT_LT(peak_bytes() - before,
                12 * nonzeros + 8 * a.num_rows() + threads * 8 * (Offset{a.num_cols} + (1 << 16)) + (4 << 20));
    }
  }
}

}  // namespace
}  // namespace filigree::testing
