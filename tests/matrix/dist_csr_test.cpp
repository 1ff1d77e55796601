// DistCsr against a map from positions to values, and against itself on one rank.
#include "filigree/matrix/dist_csr.hpp"

#include <gmock/gmock.h>

#include <cstring>
#include <list>
#include <tuple>

#include "core/large_count.hpp"
#include "support/matrices.hpp"
#include "support/runtime.hpp"

namespace filigree::testing {
namespace {

struct Shape {
  Global rows, cols;
  Offset entries;
};
constexpr Shape shapes[] = {{0, 0, 0},  {0, 7, 0},   {7, 0, 0},     {1, 1, 0},     {1, 1, 9},     {5, 5, 3},
                            {3, 3, 60}, {40, 40, 0}, {40, 40, 200}, {200, 3, 300}, {3, 200, 300}, {100, 130, 1000}};

std::string trace(const Shape& s) { return text(s.rows, " x ", s.cols, " from ", s.entries, " entries"); }

template <class V>
class DistCsrOf : public ::testing::Test {};
using ValueTypes = ::testing::Types<double, float, std::int64_t>;
TYPED_TEST_SUITE(DistCsrOf, ValueTypes);

TYPED_TEST(DistCsrOf, FromEntriesIsTheMapOfThem) {
  using V = TypeParam;
  const Comm comm = Comm::world();
  std::uint64_t seed = 1;
  for (const Shape& s : shapes) {
    for (const Values kind : {Values::rounded, Values::none}) {
      for (const Loops loops : {Loops::keep, Loops::drop}) {
        for (const Duplicates duplicates : {Duplicates::first, Duplicates::sum}) {
          SCOPED_TRACE(trace(s));
          const EntryPolicy policy{duplicates, loops};
          const auto entries = random_entries<V>(s.rows, s.cols, s.entries, kind, ++seed);
          EntryCounts expected_counts;
          const auto expected = merged(entries, policy, &expected_counts).value();

          const auto mine = deal(comm, entries, seed);
          const auto made = DistCsr<V>::from_entries_counted(comm, s.rows, s.cols, mine, policy);
          const auto& [matrix, counts] = made;
          expect_well_formed(matrix);
          EXPECT_EQ(whole(matrix), expected);  // values bit for bit: sums run in file order
          EXPECT_EQ(matrix.num_rows(), s.rows);
          EXPECT_EQ(matrix.num_cols(), s.cols);
          EXPECT_EQ(matrix.num_nonzeros(), static_cast<Offset>(expected.size()));
          EXPECT_EQ(counts.duplicates, expected_counts.duplicates);
          EXPECT_EQ(counts.loops, expected_counts.loops);
          if (s.rows == s.cols) {
            EXPECT_TRUE(matrix.is_square());
          }
          if (kind == Values::none) {
            EXPECT_TRUE(matrix.local().val.empty());
          }

          // Partitions of the caller's choice, with empty blocks.
          const auto rows = random_partition(s.rows, comm.size(), seed);
          const auto cols = random_partition(s.cols, comm.size(), seed + 1);
          const auto placed = DistCsr<V>::from_entries(comm, rows, cols, mine, policy);
          expect_well_formed(placed);
          EXPECT_EQ(placed.rows(), rows);
          EXPECT_EQ(placed.cols(), cols);
          EXPECT_EQ(whole(placed), expected);
        }
      }
    }
  }
}

TYPED_TEST(DistCsrOf, RefusesDuplicatesOnAllRanksIfAsked) {
  using V = TypeParam;
  const Comm comm = Comm::world();
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    for (const Loops loops : {Loops::keep, Loops::drop}) {
      const EntryPolicy policy{Duplicates::error, loops};
      const auto entries = random_entries<V>(60, 60, 15, seed % 2 == 0 ? Values::rounded : Values::none, seed);
      const auto expected = merged(entries, policy);
      const auto build = [&] { return DistCsr<V>::from_entries(comm, 60, 60, deal(comm, entries, seed), policy); };
      if (expected) {
        EXPECT_EQ(whole(build()), *expected);
      } else {
        EXPECT_THROW(build(), InvalidArgument);
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 5);
  EXPECT_LT(refused, 55);
}

struct Road {
  int source;
  std::uint32_t target;
  float weight;
};
struct Link {
  Global source, target;
};

TEST(DistCsr, FromEdgesIsFromEntriesOfThem) {
  const Comm comm = Comm::world();
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto mine = deal(comm, random_entries<double>(40, 40, 150, Values::rounded, seed), seed);
    const Entries<double> bare{mine.row, mine.col, {}};
    std::vector<Road> roads;
    std::vector<std::tuple<int, int, double>> tuples;
    std::vector<std::pair<int, Global>> pairs;
    std::list<Link> links;
    for (std::size_t k = 0; k < mine.size(); ++k) {
      const int row = static_cast<int>(mine.row[k]);
      roads.push_back({row, static_cast<std::uint32_t>(mine.col[k]), static_cast<float>(mine.val[k])});
      tuples.push_back({row, static_cast<int>(mine.col[k]), mine.val[k]});
      pairs.push_back({row, mine.col[k]});
      links.push_back({row, mine.col[k]});
    }
    for (const Duplicates duplicates : {Duplicates::first, Duplicates::sum}) {
      const EntryPolicy policy{duplicates, Loops::drop};
      const auto weighted = whole(Graph::from_entries(comm, 40, 40, mine, policy));
      EXPECT_EQ(whole(Graph::from_edges(comm, 40, tuples, policy)), weighted);
      const auto plain = whole(Graph::from_entries(comm, 40, 40, bare, policy));
      EXPECT_EQ(whole(Graph::from_edges(comm, 40, pairs, policy)), plain);
      EXPECT_EQ(whole(Graph::from_edges(comm, 40, links, policy)), plain);
    }
    const auto floats = DistCsr<float>::from_edges(comm, 40, roads, {Duplicates::first, Loops::keep});
    EXPECT_EQ(floats.has_values(), true);
    EXPECT_EQ(whole(floats).size(), whole(Graph::from_entries(comm, 40, 40, bare)).size());
  }
}

TEST(DistCsr, FromEdgesOfOneRankAndOutside) {
  const Comm comm = Comm::world();
  std::vector<std::pair<int, int>> edges;
  if (comm.is_root()) edges = {{0, 1}, {1, 2}, {2, 0}, {0, 1}};
  EXPECT_EQ(Graph::from_edges(comm, 3, edges).num_nonzeros(), 3);
  EXPECT_THROW(Graph::from_edges(comm, 3, edges, {Duplicates::error, Loops::keep}), InvalidArgument);
  EXPECT_THROW(Graph::from_edges(comm, 2, edges), InvalidArgument);
  if (comm.is_root()) edges = {{0, -1}};
  EXPECT_THROW(Graph::from_edges(comm, 3, edges), InvalidArgument);
  static_assert(!EdgeLike<int> && !EdgeLike<std::tuple<int, int, double, int>> &&
                !EdgeLike<std::pair<std::string, int>>);
}

TEST(DistCsr, DuplicateMessageNamesTheRow) {
  const Comm comm = Comm::world();
  const Entries<double> entries{{98, 97, 2, 98, 97}, {1, 1, 1, 1, 1}, {}};
  const Partition blocks = Partition::uniform(100, comm.size());
  const auto message = message_of<InvalidArgument>([&] {
    DistCsr<double>::from_entries(comm, blocks, blocks, deal(comm, entries, 4), {Duplicates::error, Loops::keep});
  });
  EXPECT_EQ(message.rfind("arc 97 -> ", 0), 0u) << message;
}

/// A matrix that does not depend on how its rows are spread: row pointers, global columns and value bits.
template <class V>
struct Rows {
  std::vector<Offset> degree;
  std::vector<Global> col;
  std::vector<V> val;
  bool operator==(const Rows&) const = default;
};
template <class V>
Rows<V> rows_of(const DistCsr<V>& matrix) {
  std::vector<Offset> degree;
  std::vector<Global> col;
  for (Local row = 0; row < matrix.num_local_rows(); ++row) degree.push_back(matrix.local().view().degree(row));
  for (Local column : matrix.local().col) col.push_back(matrix.global_col(column));
  const std::vector<V> val(matrix.local().val.begin(), matrix.local().val.end());
  return {whole(matrix.comm(), degree), whole(matrix.comm(), col), whole(matrix.comm(), val)};
}

TYPED_TEST(DistCsrOf, AnyRanksAndThreadsGiveTheSameBits) {
  using V = TypeParam;
  const Comm comm = Comm::world();
  std::uint64_t seed = 100;
  for (const Shape& s : shapes) {
    SCOPED_TRACE(trace(s));
    const auto entries = random_entries<V>(s.rows, s.cols, s.entries, Values::rounded, ++seed);
    const auto alone = rows_of(DistCsr<V>::from_entries(Comm::self(), s.rows, s.cols, entries));
    for (const int threads : {1, 2}) {
      const ThreadsScope scope(threads);
      EXPECT_EQ(rows_of(DistCsr<V>::from_entries(comm, s.rows, s.cols, deal(comm, entries, seed))), alone);
      EXPECT_EQ(rows_of(DistCsr<V>::from_entries(comm, s.rows, s.cols, deal(comm, entries, seed + 1))), alone);
    }
    // All entries on one rank.
    const auto everything = comm.rank() == comm.size() - 1 ? entries : Entries<V>{};
    EXPECT_EQ(rows_of(DistCsr<V>::from_entries(comm, s.rows, s.cols, everything)), alone);
  }
}

TEST(DistCsr, SameMatrixWhenMpiTakesFewElementsACall) {
  const Comm comm = Comm::world();
  const auto entries = random_entries<double>(50, 50, 500, Values::rounded, 5);
  const auto x = random_vector(50, Values::rounded, 6);
  const auto run = [&] {
    const auto matrix = DistCsr<double>::from_entries(comm, 50, 50, deal(comm, entries, 5));
    const auto turned = transpose(matrix);
    std::vector<double> y(static_cast<std::size_t>(matrix.num_local_rows()));
    multiply(matrix, std::span<const double>(owned(matrix.cols(), comm.rank(), x)), std::span<double>(y));
    return std::tuple(whole(matrix), whole(turned), whole(comm, y));
  };
  const auto expected = run();
  large_count::set_limit(7);
  const auto sliced = run();
  large_count::set_limit(std::numeric_limits<Offset>::max());
  EXPECT_EQ(sliced, expected);
}

TEST(DistCsr, RowsAreDealtByEntries) {
  const Comm comm = Comm::world();
  // Row 0 holds as much as all others together: its owner owns little else.
  Entries<double> entries;
  for (Global k = 0; k < 300; ++k) {
    entries.row.push_back(0);
    entries.col.push_back(k);
    entries.row.push_back(k);
    entries.col.push_back((k + 1) % 300);
  }
  const auto matrix = DistCsr<double>::from_entries(comm, 300, 300, deal(comm, entries, 2));
  const Offset most = comm.max(matrix.local().num_nonzeros() + matrix.num_local_rows());
  EXPECT_LE(most, (600 + 300) / comm.size() + 303) << "a share, and at most one heaviest row";
  if (comm.size() > 2) {
    EXPECT_LT(matrix.rows().size(0), 300 / comm.size());
  }
}

TEST(DistCsr, ValuesOnSomeRanksOnlyAreOnesOnTheOthers) {
  const Comm comm = Comm::world();
  const Global n = 10 * comm.size();
  Entries<double> mine;
  const bool weighted = comm.rank() % 2 == 0;
  for (Global k = 0; k < 10; ++k) {
    mine.row.push_back(10 * comm.rank() + k);
    mine.col.push_back((10 * comm.rank() + k * 7) % n);
    if (weighted) mine.val.push_back(0.5);
  }
  const auto matrix = DistCsr<double>::from_entries(comm, n, n, mine);
  EXPECT_EQ(matrix.local().val.size(), matrix.local().col.size());
  for (const auto& [at, value] : whole(matrix)) EXPECT_EQ(value, at.first / 10 % 2 == 0 ? 0.5 : 1.0);
}

TEST(DistCsr, RefusesEntriesOutsideOnAllRanks) {
  const Comm comm = Comm::world();
  struct Wrong {
    Global row, col;
  };
  for (int culprit = 0; culprit < comm.size(); ++culprit) {
    for (const auto& [row, col] : {Wrong{-1, 0}, {0, -1}, {4, 0}, {0, 9}, {Global{1} << 40, 0}, {0, Global{1} << 62}}) {
      Entries<double> mine{{0, 3}, {8, 0}, {}};
      if (comm.rank() == culprit) {
        mine.row.push_back(row);
        mine.col.push_back(col);
      }
      const auto expected = text("entry (", row, ", ", col, ") lies outside the 4 x 9 matrix");
      EXPECT_EQ(message_of<InvalidArgument>([&] { DistCsr<double>::from_entries(comm, 4, 9, mine); }), expected);
      EXPECT_EQ(message_of<InvalidArgument>([&] {
                  DistCsr<double>::from_entries(comm, Partition::uniform(4, comm.size()),
                                                Partition::uniform(9, comm.size()), mine);
                }),
                expected);
    }
    // Arrays of different lengths.
    Entries<double> uneven{{0, 3}, {8, 0}, {}};
    if (comm.rank() == culprit) uneven.val.push_back(1);
    EXPECT_THROW(DistCsr<double>::from_entries(comm, 4, 9, uneven), InvalidArgument);
    uneven.val.clear();
    if (comm.rank() == culprit) uneven.col.push_back(1);
    EXPECT_THROW(DistCsr<double>::from_entries(comm, 4, 9, uneven), InvalidArgument);
  }
  EXPECT_THROW(DistCsr<double>::from_entries(comm, -1, 9, {}), InvalidArgument);
  EXPECT_THROW(DistCsr<double>::from_entries(comm, 4, -9, {}), InvalidArgument);
  const auto other = Partition::uniform(4, comm.size() + 1);
  EXPECT_THROW(DistCsr<double>::from_entries(comm, other, other, {}), InvalidArgument);
  EXPECT_EQ(comm.sum(1), comm.size());
}

TEST(DistCsr, RefusesMoreThanARankCanNumberBeforeItAllocates) {
  const Comm comm = Comm::world();
  constexpr Global huge = Global{1} << 40;
  Entries<double> one;
  if (comm.rank() == 0) one = {{huge - 1}, {0}, {}};
  EXPECT_NE(
      message_of<InvalidArgument>([&] { DistCsr<double>::from_entries(comm, huge, 1, one); }).find("use more ranks"),
      std::string::npos);
  if (comm.rank() == 0) one = {{0}, {huge - 1}, {}};
  EXPECT_NE(
      message_of<InvalidArgument>([&] { DistCsr<double>::from_entries(comm, 1, huge, one); }).find("use more ranks"),
      std::string::npos);
}

TEST(DistCsr, FewRowsOfManyAreDealtInRuns) {
  // More than 2^20 rows: weights are counted by runs of rows, the matrix is the same.
  const Comm comm = Comm::world();
  const Global n = (Global{1} << 21) + 12345;
  const auto entries = random_entries<double>(n, n, 2000, Values::rounded, 77);
  const auto matrix = DistCsr<double>::from_entries(comm, n, n, deal(comm, entries, 77));
  EXPECT_EQ(matrix.num_rows(), n);
  EXPECT_EQ(whole(matrix), merged(entries, {}).value());
  EXPECT_LE(comm.max(matrix.rows().size(comm.rank())), n / comm.size() + 3000);
}

/// The rows of `entries` (merged) as from_csr takes them, for rows [begin, end).
template <class V>
struct GivenRows {
  std::vector<Offset> row_ptr{0};
  std::vector<Global> col;
  std::vector<V> val;
};
template <class V>
GivenRows<V> given_rows(const GlobalMatrix<V>& matrix, Global begin, Global end) {
  GivenRows<V> rows;
  for (Global row = begin; row < end; ++row) {
    for (auto at = matrix.lower_bound({row, 0}); at != matrix.end() && at->first.first == row; ++at) {
      rows.col.push_back(at->first.second);
      rows.val.push_back(at->second);
    }
    rows.row_ptr.push_back(static_cast<Offset>(rows.col.size()));
  }
  return rows;
}

TYPED_TEST(DistCsrOf, FromCsrKeepsTheRowsWhereTheyAre) {
  using V = TypeParam;
  const Comm comm = Comm::world();
  std::uint64_t seed = 300;
  for (const Shape& s : shapes) {
    SCOPED_TRACE(trace(s));
    const auto expected = merged(random_entries<V>(s.rows, s.cols, s.entries, Values::rounded, ++seed), {}).value();
    const Partition rows = random_partition(s.rows, comm.size(), seed);
    const auto given = given_rows(expected, rows.begin(comm.rank()), rows.end(comm.rank()));
    const auto matrix = DistCsr<V>::from_csr(comm, s.cols, given.row_ptr, given.col, given.val);
    expect_well_formed(matrix);
    EXPECT_EQ(matrix.rows(), rows);
    EXPECT_EQ(matrix.is_square(), s.rows == s.cols || matrix.rows() == matrix.cols());
    EXPECT_EQ(whole(matrix), expected);

    auto ones = expected;
    for (auto& entry : ones) entry.second = V{1};
    const auto plain = DistCsr<V>::from_csr(comm, s.cols, given.row_ptr, given.col, {});
    EXPECT_TRUE(plain.local().val.empty());
    EXPECT_EQ(whole(plain), ones);
  }
}

TEST(DistCsr, FromCsrRefusesBrokenRowsOnAllRanks) {
  const Comm comm = Comm::world();
  const GivenRows<double> good{{0, 2, 2, 3}, {1, 4, 0}, {1, 2, 3}};
  const auto refused = [&](auto spoil) {
    GivenRows<double> mine = good;
    if (comm.rank() == comm.size() - 1) spoil(mine);
    EXPECT_THROW(DistCsr<double>::from_csr(comm, 5, mine.row_ptr, mine.col, mine.val), InvalidArgument);
  };
  refused([](auto& m) { m.row_ptr.clear(); });
  refused([](auto& m) { m.row_ptr[0] = 1; });
  refused([](auto& m) { m.row_ptr[1] = 3; });
  refused([](auto& m) { m.row_ptr[3] = 4; });
  refused([](auto& m) { m.row_ptr[3] = 2; });
  refused([](auto& m) { m.col[1] = 5; });
  refused([](auto& m) { m.col[1] = 1; });
  refused([](auto& m) { m.col[1] = 0; });
  refused([](auto& m) { m.col[2] = -1; });
  refused([](auto& m) { m.val.pop_back(); });
  EXPECT_THROW(DistCsr<double>::from_csr(comm, -1, std::vector<Offset>{0}, {}, {}), InvalidArgument);
  EXPECT_EQ(DistCsr<double>::from_csr(comm, 5, good.row_ptr, good.col, good.val).num_rows(), 3 * comm.size());
}

TYPED_TEST(DistCsrOf, TransposeSwapsRowsAndColumnsAndTwiceIsNothing) {
  using V = TypeParam;
  const Comm comm = Comm::world();
  std::uint64_t seed = 500;
  for (const Shape& s : shapes) {
    for (const Values kind : {Values::rounded, Values::none}) {
      SCOPED_TRACE(trace(s));
      const auto entries = random_entries<V>(s.rows, s.cols, s.entries, kind, ++seed);
      const auto matrix =
          DistCsr<V>::from_entries(comm, random_partition(s.rows, comm.size(), seed),
                                   random_partition(s.cols, comm.size(), seed + 1), deal(comm, entries, seed));
      const auto turned = transpose(matrix);
      expect_well_formed(turned);
      EXPECT_EQ(turned.rows(), matrix.cols());
      EXPECT_EQ(turned.cols(), matrix.rows());
      EXPECT_EQ(whole(turned), transposed(merged(entries, {}).value()));
      EXPECT_EQ(turned.local().val.empty(), kind == Values::none || turned.local().col.empty());
      const auto back = transpose(turned);
      EXPECT_EQ(back.local(), matrix.local());
      EXPECT_EQ(back.ghosts(), matrix.ghosts());
      EXPECT_EQ(back.rows(), matrix.rows());
      EXPECT_EQ(back.cols(), matrix.cols());
    }
  }
}

TEST(DistCsr, MultiplyIsTheDenseProduct) {
  const Comm comm = Comm::world();
  std::uint64_t seed = 700;
  for (const Shape& s : shapes) {
    for (const Values kind : {Values::exact, Values::none}) {
      SCOPED_TRACE(trace(s));
      const auto entries = random_entries<double>(s.rows, s.cols, s.entries, kind, ++seed);
      const auto matrix =
          DistCsr<double>::from_entries(comm, random_partition(s.rows, comm.size(), seed),
                                        random_partition(s.cols, comm.size(), seed + 1), deal(comm, entries, seed));
      const auto x = random_vector(s.cols, Values::exact, seed);
      std::vector<double> y(static_cast<std::size_t>(matrix.num_local_rows()), -5);
      multiply(matrix, std::span<const double>(owned(matrix.cols(), comm.rank(), x)), std::span<double>(y));
      EXPECT_EQ(whole(comm, y), dense_multiply(merged(entries, {}).value(), s.rows, x));
    }
  }
}

template <class V>
void expect_same_products() {
  const Comm comm = Comm::world();
  std::uint64_t seed = 900;
  for (const Shape& s : shapes) {
    SCOPED_TRACE(trace(s));
    const auto entries = random_entries<V>(s.rows, s.cols, s.entries, Values::rounded, ++seed);
    const auto x = random_vector(s.cols, Values::rounded, seed);
    std::vector<double> alone(static_cast<std::size_t>(s.rows));
    multiply(DistCsr<V>::from_entries(Comm::self(), s.rows, s.cols, entries), std::span<const double>(x),
             std::span<double>(alone));
    const auto matrix = DistCsr<V>::from_entries(comm, s.rows, s.cols, deal(comm, entries, seed));
    for (const int threads : {1, 2}) {
      const ThreadsScope scope(threads);
      std::vector<double> y(static_cast<std::size_t>(matrix.num_local_rows()));
      multiply(matrix, std::span<const double>(owned(matrix.cols(), comm.rank(), x)), std::span<double>(y));
      EXPECT_EQ(whole(comm, y), alone);  // rounded sums: equal bits only if in equal order
    }
  }
}
TEST(DistCsr, ProductsHaveTheSameBitsOnAnyRanksAndThreads) {
  expect_same_products<double>();
  expect_same_products<float>();
}

TEST(DistCsr, VectorsOfAnotherLengthAreRefused) {
  const Comm comm = Comm::world();
  const auto matrix =
      DistCsr<double>::from_entries(comm, 20, 20, deal(comm, random_entries<double>(20, 20, 90, Values::none, 1), 1));
  const auto n = static_cast<std::size_t>(matrix.num_local_rows());
  std::vector<double> y(n);
  const std::vector<double> longer(n + 1);
  EXPECT_THROW(multiply(matrix, std::span<const double>(longer), std::span<double>(y)), InvalidArgument);
  EXPECT_EQ(comm.sum(1), comm.size());
}

TEST(DistCsr, GhostsFollowTheirOwners) {
  const Comm comm = Comm::world();
  const auto entries = random_entries<double>(60, 80, 400, Values::none, 8);
  const auto matrix = DistCsr<double>::from_entries(comm, random_partition(60, comm.size(), 8),
                                                    random_partition(80, comm.size(), 9), deal(comm, entries, 8));
  std::vector<Global> ids(80);
  for (Global id = 0; id < 80; ++id) ids[static_cast<std::size_t>(id)] = id;
  const auto seen = matrix.with_ghosts(std::span<const Global>(owned(matrix.cols(), comm.rank(), ids)));
  ASSERT_EQ(static_cast<Local>(seen.size()), matrix.local().num_cols);
  for (Local column = 0; column < matrix.local().num_cols; ++column) {
    EXPECT_EQ(seen[static_cast<std::size_t>(column)], matrix.global_col(column));
  }
}

TEST(DistCsr, HaloIsBuiltOnceByAnExplicitCallAndSharedByCopies) {
  const Comm comm = Comm::world();
  const auto entries = random_entries<double>(30, 30, 100, Values::none, 3);
  const auto matrix = DistCsr<double>::from_entries(comm, 30, 30, deal(comm, entries, 3));
  // Not built yet: what is not collective works on one rank alone, and a copy made before shares what is built later.
  const DistCsr<double> copy = matrix;
  std::vector<double> all(static_cast<std::size_t>(matrix.local().num_cols));
  const std::vector<double> mine(static_cast<std::size_t>(matrix.num_owned_cols()));
  const auto update = [&] { matrix.update_ghosts(mine, all); };
  EXPECT_THAT(message_of<InvalidArgument>(update), ::testing::HasSubstr("call build_halo() on all ranks first"));
  const Halo& halo = matrix.build_halo();
  EXPECT_EQ(halo.num_ghosts(), static_cast<Offset>(matrix.ghosts().size()));
  if (comm.rank() == 0) {
    EXPECT_EQ(&copy.halo(), &halo);  // on one rank only: it would hang if it were built again
  }
  comm.barrier();
}

TEST(DistCsr, ValuesChangeButNotThePattern) {
  static_assert(std::is_same_v<decltype(std::declval<DistCsr<double>&>().local()), const Csr<double>&>);
  static_assert(std::is_same_v<decltype(std::declval<DistCsr<double>&>().ghosts()), const std::vector<Global>&>);
  const Comm comm = Comm::world();
  const auto entries = random_entries<double>(30, 30, 200, Values::rounded, 4);
  auto matrix = DistCsr<double>::from_entries(comm, 30, 30, deal(comm, entries, 4));
  const Halo& halo = matrix.build_halo();
  auto expected = whole(matrix);
  for (auto& [position, value] : expected) value *= 2;
  for (double& value : matrix.values()) value *= 2;
  EXPECT_EQ(whole(matrix), expected);

  const std::size_t num_entries = matrix.local().col.size();
  EXPECT_THAT(message_of<InvalidArgument>([&] { matrix.set_values(Array<double>(num_entries + 1, 1.0)); }),
              ::testing::HasSubstr("set_values: "));
  matrix.set_values(Array<double>(num_entries, 3.0));
  for (auto& [position, value] : expected) value = 3;
  EXPECT_EQ(whole(matrix), expected);
  matrix.set_values({});
  EXPECT_FALSE(matrix.has_values());
  EXPECT_EQ(&matrix.halo(), &halo);
}

TEST(DistCsr, PartsMoveOutAndIn) {
  const Comm comm = Comm::world();
  const auto entries = random_entries<double>(30, 40, 200, Values::rounded, 5);
  auto matrix = DistCsr<double>::from_entries(comm, 30, 40, deal(comm, entries, 5));
  const auto expected = whole(matrix);
  const Local* const columns = matrix.local().col.data();
  DistCsr<double>::Parts parts = std::move(matrix).release();
  EXPECT_EQ(parts.local.col.data(), columns);  // moved, not copied
  for (double& value : parts.local.val) value = -value;
  matrix = DistCsr<double>(std::move(parts));
  auto negated = expected;
  for (auto& [position, value] : negated) value = -value;
  EXPECT_EQ(whole(matrix), negated);
  EXPECT_EQ(matrix.local().col.data(), columns);
  matrix.build_halo();
}

TEST(DistCsr, SymmetrizedEntriesGiveASymmetricMatrix) {
  const Comm comm = Comm::world();
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    for (const Duplicates duplicates : {Duplicates::first, Duplicates::sum}) {
      for (const Values kind : {Values::rounded, Values::none}) {
        const auto entries = random_entries<double>(20, 20, 150, kind, seed);
        auto both = entries;
        symmetrize(both);
        std::size_t loops = 0;
        for (std::size_t k = 0; k < entries.size(); ++k) loops += entries.row[k] == entries.col[k];
        ASSERT_EQ(both.size(), 2 * entries.size() - loops);
        EXPECT_EQ(both.val.empty(), entries.val.empty());

        auto mine = deal(comm, entries, seed);
        symmetrize(mine);  // on each rank, its own: as good as on the whole
        const auto matrix = whole(DistCsr<double>::from_entries(comm, 20, 20, mine, {duplicates, Loops::keep}));
        EXPECT_EQ(matrix, transposed(matrix));  // bit for bit
        EXPECT_EQ(matrix, merged(both, {duplicates, Loops::keep}).value());
        for (std::size_t k = 0; k < entries.size(); ++k) {
          EXPECT_TRUE(matrix.contains({entries.row[k], entries.col[k]}));
          EXPECT_TRUE(matrix.contains({entries.col[k], entries.row[k]}));
        }
      }
    }
  }
}

TEST(DistCsr, SymmetrizeKeepsTheOrderOfEntries) {
  Entries<double> entries{{3, 1, 2}, {1, 1, 0}, {0.5, 2, 3}};
  symmetrize(entries);
  EXPECT_EQ(entries.row, (std::vector<Global>{3, 1, 1, 2, 0}));
  EXPECT_EQ(entries.col, (std::vector<Global>{1, 3, 1, 0, 2}));
  EXPECT_EQ(entries.val, (std::vector<double>{0.5, 0.5, 2, 3, 3}));
}

}  // namespace
}  // namespace filigree::testing
