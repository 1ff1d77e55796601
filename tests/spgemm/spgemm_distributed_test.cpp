// The product over ranks: against a triple loop and against one rank, bit for bit; and its communication, counted.
#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "filigree/spgemm.hpp"
#include "support/spgemm.hpp"

namespace filigree::testing {
namespace {

/// Values as their bits.
template <class V>
auto bits(const GlobalMatrix<V>& matrix) {
  using Bits = std::conditional_t<sizeof(V) == 8, std::uint64_t, std::uint32_t>;
  GlobalMatrix<Bits> result;
  for (const auto& [at, value] : matrix) result.emplace(at, std::bit_cast<Bits>(value));
  return result;
}

/// A random matrix with an odd distribution: ranks without rows, ranks without columns.
template <class V>
struct Case {
  Entries<V> entries;
  Global num_rows, num_cols;
  std::uint64_t seed;

  Case(Global rows, Global cols, Offset count, Values kind, std::uint64_t s)
      : entries(random_entries<V>(rows, cols, count, kind, s)), num_rows(rows), num_cols(cols), seed(s) {}
  DistCsr<V> over(const Comm& comm) const {
    return DistCsr<V>::from_entries(comm, random_partition(num_rows, comm.size(), seed * 3 + 1),
                                    random_partition(num_cols, comm.size(), seed * 5 + 2), deal(comm, entries, seed),
                                    {Duplicates::first, Loops::keep});
  }
  GlobalMatrix<V> whole() const { return *merged(entries, {Duplicates::first, Loops::keep}); }
};

template <class V>
void expect_product(const DistCsr<V>& a, const DistCsr<V>& b, const DistCsr<V>& c, const GlobalMatrix<V>& expected) {
  EXPECT_EQ(c.rows(), a.rows());
  EXPECT_EQ(c.cols(), b.cols());
  expect_well_formed(c);
  EXPECT_EQ(c.local().val.size(), c.local().col.size());
  EXPECT_EQ(bits(whole(c)), bits(expected));
}

template <class V>
class SpgemmDistributed : public ::testing::Test {};
using ValueTypes = ::testing::Types<double, float, std::int64_t>;
TYPED_TEST_SUITE(SpgemmDistributed, ValueTypes);

TYPED_TEST(SpgemmDistributed, EqualsATripleLoopAndOneRank) {
  using V = TypeParam;
  const Comm comm = Comm::world();
  Random random(7);
  for (std::uint64_t round = 0; round < deep(45U, 225U); ++round) {  // 15 products each
    const Global n = below(random, 60), inner = below(random, 60), m = below(random, 60);
    const auto kind = [&] { return below(random, 3) == 0 ? Values::none : Values::rounded; };
    const Case<V> a(n, inner, below(random, 4 * n + 1), kind(), round);
    const Case<V> b(inner, m, below(random, 6 * inner + 1), kind(), round + 1000);
    const Case<V> mask(n, m, n * m / 3, Values::none, round + 2000);
    const auto whole_mask = mask.whole();
    const auto da = a.over(comm), db = b.over(comm), dmask = mask.over(comm);
    for (Semiring semiring : all_semirings) {
      for (const Masking masking : all_maskings) {
        SCOPED_TRACE(text("round ", round, " ", name_of(semiring), " ", name_of(masking)));
        spgemm::Options options;
        options.semiring = semiring;
        const bool complement = masking == Masking::complement;
        options.fetch_bytes = round % 3 == 0 ? options.fetch_bytes : 1 + below(random, 400);
        const auto c = spgemm::multiply(da, db, options, {masking == Masking::none ? nullptr : &dmask, complement});
        const auto expected = product_by_definition(a.whole(), b.whole(), semiring,
                                                    masking == Masking::none ? nullptr : &whole_mask, complement);
        expect_product(da, db, c.c, expected);

        const Comm self = Comm::self();
        const auto sa = a.over(self), sb = b.over(self), smask = mask.over(self);
        const auto alone = spgemm::multiply(sa, sb, options, {masking == Masking::none ? nullptr : &smask, complement});
        EXPECT_EQ(bits(whole(alone.c)), bits(expected));
        for (const char* count : {"products", "nonzeros"}) EXPECT_EQ(c.stats.at(count), alone.stats.at(count)) << count;
        EXPECT_EQ(c.stats.at("nonzeros"), std::ssize(expected));
        EXPECT_EQ(alone.stats.at("bytes_received") + alone.stats.at("messages"), 0);
      }
    }
  }
}

TYPED_TEST(SpgemmDistributed, TransposedOperandsAndItself) {
  using V = TypeParam;
  const Comm comm = Comm::world();
  for (std::uint64_t round = 0; round < 6; ++round) {
    const Case<V> a(35, 50, 200, round % 2 == 0 ? Values::rounded : Values::none, round);
    const auto da = a.over(comm);
    const auto dt = transpose(da);
    spgemm::Options options;
    if (round % 3 == 1) options.fetch_bytes = 100;
    expect_product(da, dt, spgemm::multiply(da, dt, options).c,
                   product_by_definition(a.whole(), transposed(a.whole())));
    expect_product(dt, da, spgemm::multiply(dt, da, options).c,
                   product_by_definition(transposed(a.whole()), a.whole()));

    const Case<V> square(40, 40, 150, Values::rounded, round + 50);
    const auto ds = square.over(comm);
    expect_product(ds, ds, spgemm::multiply(ds, ds, options, &ds).c,
                   product_by_definition(square.whole(), square.whole(), Semiring::plus_times,
                                         std::optional(square.whole()).operator->()));
  }
}

TEST(SpgemmDistributed, OneRankOwnsEverything) {
  const Comm comm = Comm::world();
  for (int rich = 0; rich < comm.size(); ++rich) {
    std::vector<Global> begins(static_cast<std::size_t>(comm.size()) + 1, 0);
    std::fill(begins.begin() + rich + 1, begins.end(), 30);
    const Partition one = Partition::from_begins(begins);
    const Partition even = Partition::uniform(30, comm.size());
    const auto entries = random_entries<double>(30, 30, 120, Values::rounded, 3);
    const auto matrix = *merged(entries, {Duplicates::first, Loops::keep});
    const auto over = [&](const Partition& rows, const Partition& cols) {
      return Graph::from_entries(comm, rows, cols, deal(comm, entries, 1), {Duplicates::first, Loops::keep});
    };
    for (const auto& [a, b] : {std::pair(over(one, even), over(even, one)), std::pair(over(even, one), over(one, even)),
                               std::pair(over(one, one), over(one, one))}) {
      const auto c = spgemm::multiply(a, b);
      expect_product(a, b, c.c, product_by_definition(matrix, matrix));
      EXPECT_TRUE(c.c.has_values());
      if (a.rows() == b.rows() && a.rows() == one) {
        EXPECT_EQ(c.stats.at("bytes_received"), 0);
        EXPECT_EQ(c.stats.at("messages"), 0);
      }
    }
  }
}

TEST(SpgemmDistributed, RanksWithoutEntriesTakePartInAllRounds) {
  const Comm comm = Comm::world();
  const Partition even = Partition::uniform(40, comm.size());
  const EntryPolicy policy{Duplicates::first, Loops::keep};
  auto top = random_entries<double>(40, 40, 80, Values::rounded, 4);
  auto bottom = random_entries<double>(40, 40, 80, Values::rounded, 5);
  for (Global& row : top.row) row = row / 4;
  for (Global& row : bottom.row) row = 30 + row / 4;
  const auto a = Graph::from_entries(comm, even, even, deal(comm, top, 1), policy);
  const auto b = Graph::from_entries(comm, even, even, deal(comm, bottom, 2), policy);
  spgemm::Options options;
  options.fetch_bytes = 1;
  for (const auto& [x, y, expected] :
       {std::tuple(a, b, product_by_definition(*merged(top, policy), *merged(bottom, policy))),
        std::tuple(b, a, product_by_definition(*merged(bottom, policy), *merged(top, policy)))}) {
    const auto c = spgemm::multiply(x, y, options);
    expect_product(x, y, c.c, expected);
    EXPECT_EQ(c.stats.at("rounds") > 3, comm.size() > 1);
  }
}

TEST(SpgemmDistributed, MoreColumnsThanLocalNumbersReach) {
  const Comm comm = Comm::world();
  if (comm.size() == 1) GTEST_SKIP() << "one rank cannot number them";
  const Global num_cols = 3'000'000'000;
  const auto small = random_entries<double>(20, 30, 90, Values::rounded, 1);
  auto wide = random_entries<double>(30, 7919, 200, Values::rounded, 2);
  for (Global& column : wide.col) column *= 370'000;  // up to 2.93e9
  const EntryPolicy policy{Duplicates::first, Loops::keep};
  const auto a = Graph::from_entries(comm, 20, 30, deal(comm, small, 1), policy);
  const auto b = Graph::from_entries(comm, 30, num_cols, deal(comm, wide, 2), policy);
  const auto expected = product_by_definition(*merged(small, policy), *merged(wide, policy));
  for (const Offset fetch_bytes : {Offset{200}, Offset{1} << 20}) {
    spgemm::Options options;
    options.fetch_bytes = fetch_bytes;
    const auto c = spgemm::multiply(a, b, options);
    EXPECT_EQ(bits(whole(c.c)), bits(expected));
    EXPECT_EQ(c.stats.at("bytes_received"), spgemm::estimate(a, b, options).bytes_received);
  }
}

/// What multiply() documents about its communication.
struct Expected {
  Offset bytes = 0;
  Offset messages = 0;
  Offset rounds = 1;
  Offset bytes_overlapped = 0;
};

template <class V>
Expected communication(const Partition& a_rows, const Partition& b_rows, const GlobalMatrix<V>& a,
                       const GlobalMatrix<V>& b, Offset value_bytes, Offset fetch_bytes) {
  std::map<Global, Offset> length;
  for (const auto& [at, value] : b) ++length[at.first];
  const auto bytes_of = [&](const std::set<Global>& rows) {
    Offset bytes = 0;
    for (Global row : rows) bytes += 4 + (4 + value_bytes) * length[row];
    return bytes;
  };
  std::vector<std::vector<std::set<Global>>> rounds_of_ranks;
  Expected all;
  for (int rank = 0; rank < a_rows.num_parts(); ++rank) {
    std::vector<std::set<Global>> rounds(1);
    for (Global row = a_rows.begin(rank); row < a_rows.end(rank); ++row) {
      std::set<Global> with = rounds.back();
      std::set<Global> alone;
      for (auto at = a.lower_bound({row, 0}); at != a.end() && at->first.first == row; ++at) {
        if (b_rows.owns(rank, at->first.second)) continue;
        with.insert(at->first.second);
        alone.insert(at->first.second);
      }
      const bool same = with == rounds.back();
      if (!same && !rounds.back().empty() && bytes_of(with) > fetch_bytes)
        rounds.push_back(alone);
      else
        rounds.back() = with;
    }
    all.rounds = std::max<Offset>(all.rounds, std::ssize(rounds));
    rounds_of_ranks.push_back(rounds);
  }
  for (const auto& rounds : rounds_of_ranks) {
    const auto num_owners = [&](const std::set<Global>& rows, bool with_entries) {
      std::set<int> owners;
      for (Global row : rows) {
        if (!with_entries || length[row] > 0) owners.insert(b_rows.owner(row));
      }
      return std::ssize(owners);
    };
    std::set<Global> together;
    for (const auto& fetched : rounds) together.insert(fetched.begin(), fetched.end());
    all.bytes += 12 * std::ssize(together);
    all.messages += 2 * num_owners(together, false);
    bool is_first = true;
    for (const auto& fetched : rounds) {
      // All but the lengths of rows, and what no round before could hide.
      if (!std::exchange(is_first, false)) all.bytes_overlapped += bytes_of(fetched) - 4 * std::ssize(fetched);
      all.bytes += bytes_of(fetched) + (all.rounds > 1 ? 8 * std::ssize(fetched) : 0);
      all.messages += num_owners(fetched, false) * (all.rounds > 1 ? 2 : 1);
      all.messages += num_owners(fetched, true) * (value_bytes > 0 ? 2 : 1);
    }
  }
  return all;
}

TYPED_TEST(SpgemmDistributed, CommunicationIsCountedAndEstimatedExactly) {
  using V = TypeParam;
  const Comm comm = Comm::world();
  Random random(11);
  bool several_rounds = false;
  for (std::uint64_t round = 0; round < 60; ++round) {
    const Global n = below(random, 50), inner = below(random, 50), m = below(random, 50);
    const Values kind = round % 2 == 0 ? Values::rounded : Values::none;
    const Case<V> a(n, inner, below(random, 8 * n + 1), Values::rounded, round);
    const Case<V> b(inner, m, below(random, 4 * inner + 1), kind, round + 100);
    const auto da = a.over(comm), db = b.over(comm);
    const Offset value_bytes = db.has_values() ? sizeof(V) : 0;
    spgemm::Options options;
    if (round % 4 > 1) options.fetch_bytes = 1 + (round % 3 == 0 ? 0 : below(random, 600));
    SCOPED_TRACE(text("round ", round, " fetch_bytes ", options.fetch_bytes));
    const auto expected = communication(da.rows(), db.rows(), a.whole(), b.whole(), value_bytes, options.fetch_bytes);
    const auto c = spgemm::multiply(da, db, options);
    EXPECT_EQ(c.stats.at("bytes_received"), expected.bytes);
    EXPECT_EQ(c.stats.at("messages"), expected.messages);
    EXPECT_EQ(c.stats.at("rounds"), expected.rounds);
    EXPECT_EQ(c.stats.at("bytes_overlapped"), expected.bytes_overlapped);
    several_rounds = several_rounds || expected.rounds > 3;

    const auto estimate = spgemm::estimate(da, db, options);
    EXPECT_EQ(estimate.bytes_received, expected.bytes);
    EXPECT_EQ(estimate.products, c.stats.at("products"));
    std::map<Global, Offset> products;
    for (const auto& [ij, count] : product_by_definition(a.whole(), b.whole(), Semiring::plus_pair))
      products[ij.first] += static_cast<Offset>(count);
    Offset most = 0;
    for (const auto& [row, count] : products) most += std::min(count, m);
    EXPECT_EQ(estimate.most_nonzeros, most);
  }
  EXPECT_EQ(several_rounds, comm.size() > 1);
}

TEST(SpgemmDistributed, PredictsWhatLayoutsWouldMove) {
  const Comm comm = Comm::world();
  for (std::uint64_t round = 0; round < 12; ++round) {
    const bool values = round % 2 == 0;
    const Case<double> a(45, 30, 160, Values::rounded, round);
    const Case<double> b(30, 55, 140, values ? Values::rounded : Values::none, round + 9);
    const auto da = a.over(comm), db = b.over(comm);
    const auto whole_a = a.whole(), whole_b = b.whole();
    const auto weights = [](const GlobalMatrix<double>& matrix, Global rows) {
      std::vector<Offset> weight(static_cast<std::size_t>(rows), 1);
      for (const auto& [at, value] : matrix) ++weight[static_cast<std::size_t>(at.first)];
      return weight;
    };
    const Offset a_bytes = 12 * std::ssize(whole_a);
    const Offset b_bytes = (values ? 12 : 4) * std::ssize(whole_b);
    std::map<Global, Offset> products;
    for (const auto& [ij, count] : product_by_definition(whole_a, whole_b, Semiring::plus_pair))
      products[ij.first] += static_cast<Offset>(count);
    const auto reduced = [&](Offset layers) {
      Offset partial = 0;
      for (const auto& [row, count] : products) partial += std::min<Offset>(count, layers * 55);
      return 12 * (partial - partial / layers);
    };

    for (int ranks : {1, 2, 3, 4, 6, 8, 64}) {
      SCOPED_TRACE(text("round ", round, " ranks ", ranks));
      const auto prediction = spgemm::predict(da, db, ranks);
      const bool present = ranks == comm.size();
      const auto a_rows = present ? da.rows() : Partition::by_weight(weights(whole_a, 45), ranks);
      const auto b_rows = present ? db.rows() : Partition::by_weight(weights(whole_b, 30), ranks);
      EXPECT_EQ(prediction.bytes_1d,
                communication(a_rows, b_rows, whole_a, whole_b, values ? 8 : 0, Offset{1} << 40).bytes);
      if (present) {
        EXPECT_EQ(prediction.bytes_1d, spgemm::estimate(da, db).bytes_received);
      }
      switch (ranks) {
        case 1:
          EXPECT_EQ(prediction.bytes_2d + prediction.bytes_3d, 0);
          EXPECT_EQ(prediction.layers, 1);
          break;
        case 2: EXPECT_EQ(prediction.bytes_2d, a_bytes); break;
        case 3: EXPECT_EQ(prediction.bytes_2d, 2 * a_bytes); break;
        case 4: EXPECT_EQ(prediction.bytes_2d, a_bytes + b_bytes); break;
        case 6:
          EXPECT_EQ(prediction.bytes_2d, 2 * a_bytes + b_bytes);
          EXPECT_EQ(prediction.bytes_3d, std::min({2 * a_bytes + reduced(2), a_bytes + reduced(3), reduced(6)}));
          break;
        case 8:
          EXPECT_EQ(prediction.bytes_2d, 3 * a_bytes + b_bytes);
          EXPECT_EQ(prediction.bytes_3d, std::min({a_bytes + b_bytes + reduced(2), a_bytes + reduced(4), reduced(8)}));
          break;
        default: EXPECT_EQ(prediction.bytes_2d, 7 * (a_bytes + b_bytes));
      }
    }
  }
}

/// A product in `options` and in random batches and rounds; returns whether there were several batches in a round.
template <class V>
bool expect_sink(Random& random, std::uint64_t seed, spgemm::Options options, Masking masking) {
  const Comm comm = Comm::world();
  const Global n = below(random, 60), inner = below(random, 60), m = below(random, 60);
  const Case<V> a(n, inner, below(random, 4 * n + 1), Values::rounded, seed);
  const Case<V> b(inner, m, below(random, 6 * inner + 1), Values::rounded, seed + 1000);
  const Case<V> mask(n, m, n * m / 3, Values::none, seed + 2000);
  const auto da = a.over(comm), db = b.over(comm), dmask = mask.over(comm);
  SCOPED_TRACE(text(name_of(options.semiring), " ", name_of(masking), " budget ", options.memory_budget_bytes));
  const auto whole_mask = mask.whole();
  const spgemm::DistMask<V> kept(masking == Masking::none ? nullptr : &dmask, masking == Masking::complement);
  const auto expected = product_by_definition(a.whole(), b.whole(), options.semiring,
                                              masking == Masking::none ? nullptr : &whole_mask, kept.complement);

  GlobalMatrix<V> mine;
  Global next_row = da.first_row();
  Offset num_batches = 0;
  const auto work = spgemm::multiply(
      da, db,
      [&](const spgemm::RowBatch<V>& batch) {
        ++num_batches;
        EXPECT_EQ(batch.first_row, next_row);
        EXPECT_GE(batch.rows.num_rows(), 1);
        for (Local row = 0; row < batch.rows.num_rows(); ++row, ++next_row) {
          Global previous = -1;
          for (std::size_t k = 0; k < batch.rows.cols(row).size(); ++k) {
            const Global column = batch.global_col(batch.rows.cols(row)[k]);
            EXPECT_GT(column, previous);
            mine.emplace(std::pair(next_row, column), batch.rows.vals(row)[k]);
            previous = column;
          }
        }
        if (options.memory_budget_bytes > 0 && batch.rows.num_rows() > 1) {
          EXPECT_LE(8 * (batch.rows.num_rows() + 1) + static_cast<Offset>(4 + sizeof(V)) * batch.rows.num_nonzeros(),
                    options.memory_budget_bytes);
        }
      },
      options, kept);
  EXPECT_EQ(next_row, da.rows().end(comm.rank()));
  GlobalMatrix<V> here;
  for (const auto& [at, value] : expected) {
    if (da.rows().owns(comm.rank(), at.first)) here.emplace(at, value);
  }
  EXPECT_EQ(bits(mine), bits(here));
  EXPECT_EQ(work.stats.at("batches"), comm.sum(num_batches));
  EXPECT_EQ(work.stats.at("nonzeros"), std::ssize(expected));
  const bool several_batches = num_batches > work.stats.at("rounds");

  options.memory_budget_bytes = 0;
  const auto returned = spgemm::multiply(da, db, options, kept);
  for (const char* count : {"products", "nonzeros", "bytes_received", "messages", "rounds"})
    EXPECT_EQ(work.stats.at(count), returned.stats.at(count)) << count;
  return several_batches;
}

TYPED_TEST(SpgemmDistributed, SinksTakeTheRowsOfTheirRank) {
  Random random(13);
  bool several_batches = false;
  std::uint64_t seed = 0;
  for (const Semiring semiring : all_semirings) {
    for (const Masking masking : all_maskings) {
      for (const bool in_rounds : {false, true}) {
        spgemm::Options options{.semiring = semiring};
        if (in_rounds) options.fetch_bytes = 1 + below(random, 400);
        if (below(random, 4) > 0) options.memory_budget_bytes = 1 + below(random, 2000);
        several_batches = expect_sink<TypeParam>(random, seed++, options, masking) || several_batches;
      }
    }
  }
  EXPECT_TRUE(Comm::world().max(static_cast<int>(several_batches)) != 0);
}

TEST(SpgemmDistributed, ASinkOfOneRankStopsAll) {
  const Comm comm = Comm::world();
  const auto a = Case<double>(60, 60, 300, Values::rounded, 1).over(comm);
  const auto stop = [&](const spgemm::RowBatch<double>& batch) {
    if (batch.first_row <= 30 && 30 < batch.first_row + batch.rows.num_rows()) throw Error("stopped here");
  };
  EXPECT_EQ(message_of<Error>([&] { spgemm::multiply(a, a, stop, {.memory_budget_bytes = 100}); }), "stopped here");
  EXPECT_EQ(comm.sum(1), comm.size());
}

TEST(SpgemmDistributed, BeyondTheBudgetOfOneRankRefusesOnAll) {
  const Comm comm = Comm::world();
  const auto a = Case<double>(60, 50, 400, Values::rounded, 1).over(comm);
  const auto b = Case<double>(50, 60, 400, Values::rounded, 2).over(comm);
  for (const Offset fetch_bytes : {Offset{1} << 20, Offset{100}}) {
    spgemm::Options options;
    options.fetch_bytes = fetch_bytes;
    const auto whole = spgemm::multiply(a, b, options).c;
    const Offset mine = 8 * (whole.num_local_rows() + 1) + 12 * whole.local().num_nonzeros();
    const Offset most = comm.max(mine);
    options.memory_budget_bytes = most;
    EXPECT_EQ(spgemm::multiply(a, b, options).c.local(), whole.local());
    options.memory_budget_bytes = most - 1;
    const int refuses = comm.min(mine == most ? comm.rank() : comm.size());
    const Local num_rows = comm.broadcast(whole.num_local_rows(), refuses);
    const Offset num_nonzeros = comm.broadcast(whole.local().num_nonzeros(), refuses);
    const std::string where = comm.size() == 1 ? "" : text(" on rank ", refuses, " of ", comm.size());
    EXPECT_EQ(message_of<Error>([&] { spgemm::multiply(a, b, options); }),
              text("multiply: the product takes ", most, " bytes", where, ", ", num_rows, " rows and ", num_nonzeros,
                   " nonzeros; memory_budget_bytes is ", most - 1));
    EXPECT_EQ(comm.sum(1), comm.size());
  }
}

TEST(SpgemmDistributed, RefusesOnAllRanks) {
  const Comm comm = Comm::world();
  const auto a = Case<double>(12, 9, 40, Values::rounded, 1).over(comm);
  const auto b = Case<double>(9, 11, 40, Values::rounded, 2).over(comm);
  const auto refusal = [](auto f) { return message_of<InvalidArgument>(f); };
  EXPECT_EQ(refusal([&] { spgemm::multiply(b, a); }),
            "multiply: a is 9 x 11 and b 12 x 9; a must have as many columns as b has rows");
  EXPECT_EQ(refusal([&] { spgemm::estimate(b, a); }),
            "estimate: a is 9 x 11 and b 12 x 9; a must have as many columns as b has rows");
  EXPECT_EQ(refusal([&] { spgemm::predict(b, a, 4); }),
            "predict: a is 9 x 11 and b 12 x 9; a must have as many columns as b has rows");
  EXPECT_EQ(refusal([&] { spgemm::predict(a, b, 0); }), "predict: 0 ranks, must be in [1, 1048576]");
  EXPECT_EQ(refusal([&] { spgemm::predict(a, b, std::numeric_limits<int>::max()); }),
            "predict: 2147483647 ranks, must be in [1, 1048576]");
  EXPECT_EQ(refusal([&] { spgemm::multiply(a, b, {}, &b); }),
            "multiply: the product is 12 x 11 and the mask 9 x 11; they must have the same shape");
  EXPECT_NE(refusal([&] { spgemm::multiply(a, b, {}, {nullptr, true}); }), "");
  EXPECT_EQ(refusal([&] { spgemm::multiply(a, b, {.fetch_bytes = 0}); }),
            "multiply: fetch_bytes 0, must be at least 1");
  EXPECT_EQ(refusal([&] { spgemm::multiply(a, b, {.memory_budget_bytes = -1}); }),
            "multiply: memory_budget_bytes -1, must be at least 0");
  if (comm.size() > 1) {
    const auto alone = Case<double>(9, 11, 40, Values::rounded, 2).over(Comm::self());
    EXPECT_EQ(refusal([&] { spgemm::multiply(a, alone); }),
              text("multiply: a lies on ", comm.size(), " ranks and b on 1"));
    const auto mask = Case<double>(12, 11, 40, Values::rounded, 2).over(Comm::self());
    EXPECT_EQ(refusal([&] { spgemm::multiply(a, b, {}, &mask); }),
              text("multiply: a lies on ", comm.size(), " ranks and the mask on 1"));
  }
  EXPECT_EQ(comm.sum(1), comm.size());
}

TEST(SpgemmDistributed, ProgressCountsOverRoundsAndMayStop) {
  const Comm comm = Comm::world();
  const auto a = Case<double>(60, 50, 300, Values::rounded, 1).over(comm);
  const auto b = Case<double>(50, 60, 300, Values::rounded, 2).over(comm);
  spgemm::Options options;
  options.fetch_bytes = 200;
  Offset last = 0;
  Offset all = -1;
  bool ascends = true;
  options.progress = [&](std::string_view phase, Offset done, Offset total) {
    ascends = ascends && phase == "multiply" && done >= last && done <= total && (all < 0 || total == all);
    last = done;
    all = total;
  };
  const auto c = spgemm::multiply(a, b, options);
  EXPECT_TRUE(ascends);
  EXPECT_EQ(comm.sum(std::max<Offset>(all, 0)), c.stats.at("products"));

  options.progress = [](std::string_view, Offset, Offset) { throw Error("stopped here"); };
  EXPECT_EQ(message_of<Error>([&] { spgemm::multiply(a, b, options); }), "stopped here");
  EXPECT_EQ(comm.sum(1), comm.size());
}

}  // namespace
}  // namespace filigree::testing
