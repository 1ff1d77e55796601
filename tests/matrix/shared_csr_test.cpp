// replicate: the same whole matrix on every rank, equal to what one rank alone builds.
#include "filigree/matrix/shared_csr.hpp"

#include <gtest/gtest.h>

#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

Csr<double> copied(CsrView<double> view) {
  return {view.num_cols,
          {view.row_ptr.begin(), view.row_ptr.end()},
          {view.col.begin(), view.col.end()},
          {view.val.begin(), view.val.end()}};
}

TEST(SharedCsr, IsTheWholeMatrixOnEveryRank) {
  const Comm self = Comm::self();
  const Comm comm = Comm::world();
  std::uint64_t seed = 1;
  for (const auto& [rows, cols] : {std::pair{0, 0}, {0, 4}, {4, 0}, {1, 1}, {2, 9}, {40, 40}, {100, 7}, {7, 100}}) {
    for (const Values kind : {Values::rounded, Values::none}) {
      for (const Offset count : {0, 1, 3, 400}) {
        const auto entries = random_entries<double>(rows, cols, count, kind, ++seed);
        const auto alone = DistCsr<double>::from_entries(self, rows, cols, entries);
        const auto spread =
            DistCsr<double>::from_entries(comm, random_partition(rows, comm.size(), seed),
                                          random_partition(cols, comm.size(), seed + 1), deal(comm, entries, seed));
        const SharedCsr<double> shared = replicate(spread);
        EXPECT_NO_THROW(shared.view().validate());
        EXPECT_EQ(copied(shared.view()), alone.local()) << rows << " x " << cols << " with " << count << " entries";
        EXPECT_EQ(shared.view().has_values(), kind != Values::none && !entries.row.empty());
        EXPECT_EQ(copied(replicate(alone).view()), alone.local());
      }
    }
  }
}

TEST(SharedCsr, OutlivesTheMatrixAndItsCopies) {
  const Comm comm = Comm::world();
  const auto entries = random_entries<double>(30, 30, 200, Values::rounded, 1);
  SharedCsr<double> shared;
  {
    const auto matrix = DistCsr<double>::from_entries(comm, 30, 30, deal(comm, entries, 1));
    const SharedCsr<double> first = replicate(matrix);
    shared = first;
  }
  EXPECT_EQ(copied(shared.view()), DistCsr<double>::from_entries(Comm::self(), 30, 30, entries).local());
}

}  // namespace
}  // namespace filigree::testing
