// Halo against a whole vector that every rank knows.
#include "filigree/matrix/halo.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

/// What rank `rank` wants in round `round`: a random share of what it does not own, from nothing to everything.
std::vector<Global> ghosts_of(const Partition& owners, int rank, std::uint64_t round) {
  Random random(round * 64 + static_cast<std::uint64_t>(rank));
  const std::int64_t tenths = below(random, 3) == 0 ? 0 : below(random, 11);
  std::vector<Global> ghosts;
  for (Global id = 0; id < owners.num_items(); ++id) {
    if (!owners.owns(rank, id) && below(random, 10) < tenths) ghosts.push_back(id);
  }
  return ghosts;
}

constexpr std::uint64_t rounds = 40;
Partition owners_of(const Comm& comm, std::uint64_t round) {
  return random_partition(static_cast<Global>(round * 3 % 70), comm.size(), round);
}

TEST(Halo, GatherBringsTheOwnersValues) {
  const Comm comm = Comm::world();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const Partition owners = owners_of(comm, round);
    const auto ghosts = ghosts_of(owners, comm.rank(), round);
    const Halo halo(comm, owners, ghosts);
    EXPECT_EQ(halo.num_ghosts(), static_cast<Offset>(ghosts.size()));
    EXPECT_EQ(comm.sum(halo.num_sent()), comm.sum(halo.num_ghosts()));

    const auto all = random_vector(owners.num_items(), Values::rounded, round);
    const auto mine = owned(owners, comm.rank(), all);
    std::vector<double> arrived(ghosts.size(), -1);
    halo.gather(mine, arrived);
    std::vector<double> expected;
    for (Global ghost : ghosts) expected.push_back(all[static_cast<std::size_t>(ghost)]);
    EXPECT_EQ(arrived, expected) << "round " << round;
  }
}

TEST(Halo, GatherBringsStructs) {
  struct Labelled {
    Global id;
    char tag;
    bool operator==(const Labelled&) const = default;
  };
  const Comm comm = Comm::world();
  const Partition owners = Partition::uniform(17, comm.size());
  const auto ghosts = ghosts_of(owners, comm.rank(), 5);
  const Halo halo(comm, owners, ghosts);
  std::vector<Labelled> mine;
  for (Global id = owners.begin(comm.rank()); id < owners.end(comm.rank()); ++id) mine.push_back({id * id, 'v'});
  std::vector<Labelled> arrived(ghosts.size());
  halo.gather(mine, arrived);
  for (std::size_t k = 0; k < ghosts.size(); ++k) EXPECT_EQ(arrived[k], (Labelled{ghosts[k] * ghosts[k], 'v'}));
}

/// Scatter as documented: at the owner, by rank of the sender and then by global id.
template <class Combine>
std::vector<double> scattered(const Comm& comm, const Partition& owners, std::uint64_t round, std::vector<double> all,
                              Combine combine) {
  for (int sender = 0; sender < comm.size(); ++sender) {
    for (Global ghost : ghosts_of(owners, sender, round)) {
      double& value = all[static_cast<std::size_t>(ghost)];
      value = combine(value, 1.0 / (static_cast<double>(ghost) + sender + 3));
    }
  }
  return all;
}

TEST(Halo, ScatterCombinesAtTheOwnerInOrder) {
  const Comm comm = Comm::world();
  // The last one tells every order from every other.
  const std::function<double(double, double)> combines[] = {
      [](double a, double b) { return a + b; }, [](double a, double b) { return std::max(a, b); },
      [](double, double b) { return b; }, [](double a, double b) { return a / 3 + b; }};
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const Partition owners = owners_of(comm, round);
    const auto ghosts = ghosts_of(owners, comm.rank(), round);
    const Halo halo(comm, owners, ghosts);
    const auto all = random_vector(owners.num_items(), Values::rounded, round + 1000);
    std::vector<double> values;
    for (Global ghost : ghosts) values.push_back(1.0 / (static_cast<double>(ghost) + comm.rank() + 3));
    for (const auto& combine : combines) {
      auto mine = owned(owners, comm.rank(), all);
      halo.scatter(values, mine, combine);
      EXPECT_EQ(mine, owned(owners, comm.rank(), scattered(comm, owners, round, all, combine))) << "round " << round;
    }
  }
}

/// Rows of `matrix` with these ids, fetched by all ranks, each what it wants: against the whole matrix.
template <class V>
void expect_rows(const DistCsr<V>& matrix, const GlobalMatrix<V>& all, std::uint64_t round, bool with_values) {
  const int rank = matrix.comm().rank();
  const auto ghosts = ghosts_of(matrix.rows(), rank, round);
  const Halo halo(matrix.comm(), matrix.rows(), ghosts);
  // Some rows of its own come along, in their place.
  std::vector<Local> own;
  std::vector<Global> ids(ghosts);
  for (Local row = static_cast<Local>(round % 2); row < matrix.num_local_rows(); row += 3) {
    own.push_back(row);
    ids.push_back(matrix.first_row() + row);
  }
  std::sort(ids.begin(), ids.end());
  const FetchedRows<V> rows = halo.fetch_rows(matrix, own, with_values);

  FetchedRows<V> expected;
  std::set<int> owners;
  std::set<int> owners_of_entries;
  for (Global id : ids) {
    for (auto at = all.lower_bound({id, 0}); at != all.end() && at->first.first == id; ++at) {
      expected.col.push_back(at->first.second);
      if (with_values) expected.val.push_back(at->second);
    }
    const Offset length = std::ssize(expected.col) - expected.row_ptr.back();
    expected.row_ptr.push_back(std::ssize(expected.col));
    if (matrix.rows().owns(rank, id)) continue;
    const Offset entry_bytes = (matrix.num_cols() < Global{1} << 31 ? 4 : 8) + (with_values ? Offset{sizeof(V)} : 0);
    expected.bytes_received += 4 + length * entry_bytes;
    owners.insert(matrix.rows().owner(id));
    if (length > 0) owners_of_entries.insert(matrix.rows().owner(id));
  }
  expected.messages = std::ssize(owners) + (with_values ? 2 : 1) * std::ssize(owners_of_entries);
  EXPECT_EQ(rows.row_ptr, expected.row_ptr);
  EXPECT_EQ(rows.col, expected.col);
  EXPECT_EQ(rows.val, expected.val);
  EXPECT_EQ(rows.bytes_received, expected.bytes_received);
  EXPECT_EQ(rows.messages, expected.messages);
  EXPECT_EQ(halo.num_owners(), std::ssize(owners));

  if (!with_values) return;
  const FetchedRows<V> values = halo.fetch_values(matrix, own, rows.row_ptr);
  EXPECT_EQ(values.val, expected.val);
  Offset num_remote = 0;
  for (Global id : ids) {
    if (!matrix.rows().owns(rank, id))
      num_remote += std::distance(all.lower_bound({id, 0}), all.lower_bound({id + 1, 0}));
  }
  EXPECT_EQ(values.bytes_received, num_remote * static_cast<Offset>(sizeof(V)));
  EXPECT_EQ(values.messages, std::ssize(owners_of_entries));
}

template <class V>
void expect_rows_of_random_matrices() {
  const Comm comm = Comm::world();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    SCOPED_TRACE(text("round ", round));
    const Partition rows = owners_of(comm, round);
    const Partition cols = random_partition(33, comm.size(), round + 7);
    const auto kind = round % 4 == 0 ? Values::none : Values::rounded;
    // Few entries in some rounds: then ranks that own rows own no entries.
    const Offset count = (round % 5 == 0 ? 3 : 4 * rows.num_items());
    const auto entries = random_entries<V>(rows.num_items(), 33, count, kind, round);
    const EntryPolicy policy{Duplicates::first, Loops::keep};
    const auto matrix = DistCsr<V>::from_entries(comm, rows, cols, deal(comm, entries, round), policy);
    const auto all = *merged(entries, policy);
    if (matrix.has_values()) expect_rows(matrix, all, round, true);
    expect_rows(matrix, all, round, false);
  }
}

TEST(Halo, FetchesRows) {
  expect_rows_of_random_matrices<double>();
  expect_rows_of_random_matrices<float>();
  expect_rows_of_random_matrices<std::int64_t>();
}

TEST(Halo, FetchesRowsOfMoreColumnsThanLocalNumbersReach) {
  const Comm comm = Comm::world();
  if (comm.size() == 1) GTEST_SKIP() << "one rank cannot number them";
  auto entries = random_entries<double>(40, 7919, 160, Values::rounded, 1);
  for (Global& column : entries.col) column *= 370'000;
  const EntryPolicy policy{Duplicates::first, Loops::keep};
  const auto matrix = Graph::from_entries(comm, 40, 3'000'000'000, deal(comm, entries, 1), policy);
  for (std::uint64_t round = 0; round < 4; ++round)
    expect_rows(matrix, *merged(entries, policy), round, round % 2 == 0);
}

TEST(Halo, MayBeUsedAgainAndCopied) {
  const Comm comm = Comm::world();
  const Partition owners = Partition::uniform(23, comm.size());
  const auto ghosts = ghosts_of(owners, comm.rank(), 7);
  const Halo halo(comm, owners, ghosts);
  const Halo copy = halo;
  for (std::uint64_t i = 0; i < 5; ++i) {
    const auto all = random_vector(23, Values::exact, i);
    std::vector<double> arrived(ghosts.size());
    (i % 2 == 0 ? halo : copy).gather(std::span<const double>(owned(owners, comm.rank(), all)), arrived);
    for (std::size_t k = 0; k < ghosts.size(); ++k) EXPECT_EQ(arrived[k], all[static_cast<std::size_t>(ghosts[k])]);
  }
}

TEST(Halo, RefusesGhostsThatAreNoneOnAllRanks) {
  const Comm comm = Comm::world();
  const Partition owners = Partition::uniform(4 * comm.size(), comm.size());
  const Global mine = owners.begin(comm.size() - 1);
  const std::vector<std::vector<Global>> wrong{{mine}, {-1}, {owners.num_items()}, {mine + 1, 0}};
  for (const auto& ghosts : wrong) {  // on the last rank only
    const std::vector<Global> given = comm.rank() == comm.size() - 1 ? ghosts : std::vector<Global>{};
    EXPECT_THROW(Halo(comm, owners, given), InvalidArgument);
  }
  if (comm.size() > 1) {
    const std::vector<Global> twice = comm.rank() == 0 ? std::vector<Global>{mine, mine} : std::vector<Global>{};
    EXPECT_THROW(Halo(comm, owners, twice), InvalidArgument);
  }
  EXPECT_EQ(comm.sum(1), comm.size());
}

}  // namespace
}  // namespace filigree::testing
