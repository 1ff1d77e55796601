// Every operation of Comm, on every kind of element, in one call into MPI and in many small slices.
#include "filigree/core/comm.hpp"

#include <gtest/gtest.h>

#include <array>
#include <climits>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>
#include <random>

#include "core/large_count.hpp"
#include "filigree/core/array.hpp"
#include "filigree/core/exchange.hpp"

namespace {
int mpi_calls = 0;  // of those functions that follow
}

// In the place of MPI's own, which every MPI also offers under these other names.
extern "C" int MPI_Comm_rank(MPI_Comm comm, int* rank) {
  ++mpi_calls;
  return PMPI_Comm_rank(comm, rank);
}
extern "C" int MPI_Waitall(int count, MPI_Request requests[], MPI_Status* statuses) {
  ++mpi_calls;
  return PMPI_Waitall(count, requests, statuses);
}

namespace filigree::testing {
namespace {

struct Triple {  // 3 bytes: no MPI type has this size
  std::uint8_t a, b, c;
  friend bool operator==(const Triple&, const Triple&) = default;
};
struct Record {  // mixed, with padding
  double weight;
  std::int32_t id;
  char tag;
  friend bool operator==(const Record&, const Record&) = default;
};
enum class Colour : std::uint16_t { none };

/// A value that tells where it came from.
template <class T>
T value_of(std::int64_t i) {
  const std::uint64_t bits = static_cast<std::uint64_t>(i + 1) * 0x9e3779b97f4a7c15ULL;
  if constexpr (std::is_floating_point_v<T>)
    return static_cast<T>(static_cast<double>(bits >> 40) - 1e6);
  else if constexpr (std::is_same_v<T, Record>)
    return {static_cast<double>(bits >> 20), static_cast<int>(bits >> 40), 'x'};
  else if constexpr (std::is_same_v<T, Triple>) {
    return {static_cast<std::uint8_t>(bits >> 56), static_cast<std::uint8_t>(bits >> 48),
            static_cast<std::uint8_t>(bits)};
  } else if constexpr (std::is_same_v<T, std::array<std::uint32_t, 4>>) {
    return {static_cast<std::uint32_t>(bits >> 32), 7, static_cast<std::uint32_t>(i), 0xffffffff};
  } else
    return static_cast<T>(bits >> 13);
}
template <class T>
std::vector<T> values_of(std::int64_t origin, Offset count) {
  std::vector<T> values;
  for (Offset i = 0; i < count; ++i) values.push_back(value_of<T>(origin * 1000003 + i));
  return values;
}

/// Runs a test as the library comes, then with all calls cut into slices of 7 elements and of one.
void with_limits(const std::function<void()>& test) {
  struct Restore {
    Offset before = large_count::limit();
    ~Restore() { large_count::set_limit(before); }
  } restore;
  for (const Offset limit : {large_count::limit(), Offset{7}, Offset{1}}) {
    SCOPED_TRACE(::testing::Message() << "at most " << limit << " elements a call");
    large_count::set_limit(limit);
    test();
  }
}

template <class T>
class CommMoves : public ::testing::Test {};
using Elements = ::testing::Types<char, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
                                  std::uint32_t, std::int64_t, std::uint64_t, long long, float, double, long double,
                                  Colour, Triple, Record, std::array<std::uint32_t, 4>>;
TYPED_TEST_SUITE(CommMoves, Elements);

TYPED_TEST(CommMoves, BroadcastFromEveryRoot) {
  using T = TypeParam;
  const Comm comm = Comm::world();
  with_limits([&] {
    for (int root = 0; root < comm.size(); ++root) {
      for (const Offset count : {0, 1, 6, 7, 8, 14, 50}) {
        std::vector<T> values = values_of<T>(comm.rank(), count);
        comm.broadcast(std::span<T>(values), root);
        EXPECT_EQ(values, values_of<T>(root, count)) << count << " elements from " << root;
      }
      EXPECT_EQ(comm.broadcast(value_of<T>(comm.rank()), root), value_of<T>(root));
    }
  });
}

TYPED_TEST(CommMoves, AllGatherOneEach) {
  using T = TypeParam;
  const Comm comm = Comm::world();
  with_limits([&] {
    const std::vector<T> all = comm.all_gather(value_of<T>(comm.rank()));
    std::vector<T> expected;
    for (int rank = 0; rank < comm.size(); ++rank) expected.push_back(value_of<T>(rank));
    EXPECT_EQ(all, expected);
  });
}

using CountOfRank = Offset (*)(int rank);

TYPED_TEST(CommMoves, AllGatherSpans) {
  using T = TypeParam;
  const Comm comm = Comm::world();
  constexpr CountOfRank patterns[] = {
      [](int) -> Offset { return 0; },                            // no rank has anything
      [](int) -> Offset { return 7; },                            // exactly one slice
      [](int rank) -> Offset { return rank * rank; },             // uneven, nothing on rank 0
      [](int rank) -> Offset { return rank % 2 == 0 ? 0 : 23; },  // nothing on every other rank
      [](int rank) -> Offset { return rank == 1 ? 100 : rank; },
  };
  with_limits([&] {
    for (const CountOfRank count : patterns) {
      const std::vector<T> mine = values_of<T>(comm.rank(), count(comm.rank()));
      const Received<T> all = comm.all_gather(std::span<const T>(mine));
      std::vector<T> expected;
      std::vector<Offset> expected_counts;
      for (int rank = 0; rank < comm.size(); ++rank) {
        expected_counts.push_back(count(rank));
        for (const T& value : values_of<T>(rank, count(rank))) expected.push_back(value);
      }
      EXPECT_EQ(all.values, expected);
      EXPECT_EQ(all.counts, expected_counts);
      auto writable = mine;  // the elements travel here, too, not the span
      EXPECT_EQ(comm.all_gather(std::span<T>(writable)).values, expected);
    }
  });
}

using CountOfPair = Offset (*)(int from, int to);
constexpr CountOfPair pair_patterns[] = {
    [](int, int) -> Offset { return 0; },                                 // silence
    [](int from, int to) -> Offset { return (from * 7 + to * 3) % 11; },  // uneven
    [](int from, int to) -> Offset { return from == to ? 30 : 0; },       // only to oneself
    [](int from, int to) -> Offset { return from == to ? 0 : 8; },        // never to oneself
    [](int from, int) -> Offset { return from == 0 ? 29 : 0; },           // one rank has all
    [](int, int to) -> Offset { return to == 1 ? 15 : 0; },               // one rank wants all
    [](int from, int to) -> Offset { return from % 2 == 1 && to % 2 == 0 ? 9 : 0; },
    [](int from, int to) -> Offset { return 200 * (from == 1 && to == 0) + 7; },
};

template <class T>
std::vector<T> message(int from, int to, CountOfPair count) {
  return values_of<T>(from * 64 + to, count(from, to));
}

TYPED_TEST(CommMoves, AllToAll) {
  using T = TypeParam;
  const Comm comm = Comm::world();
  const int me = comm.rank();
  with_limits([&] {
    for (const CountOfPair count : pair_patterns) {
      std::vector<T> sent;
      std::vector<T> expected;
      std::vector<Offset> sent_counts;
      std::vector<Offset> expected_counts;
      for (int other = 0; other < comm.size(); ++other) {
        for (const T& value : message<T>(me, other, count)) sent.push_back(value);
        for (const T& value : message<T>(other, me, count)) expected.push_back(value);
        sent_counts.push_back(count(me, other));
        expected_counts.push_back(count(other, me));
      }
      const Received<T> received = comm.all_to_all(std::span<const T>(sent), sent_counts);
      EXPECT_EQ(received.values, expected);
      EXPECT_EQ(received.counts, expected_counts);

      std::vector<T> known(expected.size());
      comm.all_to_all(std::span<const T>(sent), sent_counts, std::span<T>(known), expected_counts);
      EXPECT_EQ(known, expected);

      // Two under way at once, and one that is not waited for; other operations come between.
      std::vector<T> first(expected.size());
      std::vector<T> second(expected.size());
      const auto start = [&](std::vector<T>& to) {
        return Exchange(comm, std::span<const T>(sent), sent_counts, std::span<T>(to), expected_counts);
      };
      Exchange one = start(first);
      Exchange two = start(second);
      EXPECT_EQ(comm.sum(1), comm.size());
      EXPECT_EQ(comm.all_to_all(std::span<const T>(sent), sent_counts).values, expected);
      two.wait();
      EXPECT_EQ(second, expected);
      one.wait();
      EXPECT_EQ(first, expected);
      std::vector<T> third(expected.size());
      start(third);
      EXPECT_EQ(third, expected);
    }
  });
}

TEST(Comm, TakesContainersAsWellAsSpans) {
  const Comm comm = Comm::world();
  const auto size = static_cast<std::size_t>(comm.size());
  const std::vector<int> mine{comm.rank(), -1};
  const Array<int> same(mine.begin(), mine.end());
  const std::vector<int> all = comm.all_gather(std::span<const int>(mine)).values;
  EXPECT_EQ(comm.all_gather(mine).values, all);
  EXPECT_EQ(comm.all_gather(same).values, all);
  EXPECT_EQ(comm.all_gather(std::array{comm.rank(), -1}).size(), size) << "an array is one value";
  std::vector<int> one_each(size, comm.rank());
  const std::vector<Offset> ones(size, 1);
  std::vector<int> ascending(size);
  std::iota(ascending.begin(), ascending.end(), 0);
  EXPECT_EQ(comm.all_to_all(one_each, ones).values, ascending);
  Array<int> arrived(size, -1);
  comm.all_to_all(one_each, ones, arrived, ones);
  EXPECT_EQ(std::vector<int>(arrived.begin(), arrived.end()), ascending);
  comm.max(one_each);
  EXPECT_EQ(one_each, std::vector<int>(size, comm.size() - 1));
  comm.min(arrived);
  comm.sum(arrived);
  EXPECT_EQ(arrived[size - 1], comm.size() * (comm.size() - 1));
  std::vector<int> told{comm.rank(), 5};
  comm.broadcast(told, comm.size() - 1);
  EXPECT_EQ(told, (std::vector<int>{comm.size() - 1, 5}));
}

TEST(Comm, OneRankExchangesWithoutMpi) {
  const Comm self = Comm::self();
  const std::vector<int> values{1, 2, 3};
  const std::vector<Offset> counts{3};
  std::vector<int> arrived(3);
  const int before = mpi_calls;
  Exchange exchange(self, values, counts, arrived, counts);
  exchange.wait();
  EXPECT_EQ(arrived, values);
  self.sum(arrived);
  self.all_to_all(values, counts, arrived, counts);
  EXPECT_EQ(self.split(0).size(), 1);
  EXPECT_EQ(mpi_calls, before);
  EXPECT_EQ(Comm::self().size(), 1);
  EXPECT_GT(mpi_calls, before) << "calls are counted";
}

TEST(Comm, AllToAllWithRandomCountsManyTimesInARow) {
  // Messages of consecutive calls must not meet: no barrier between them, and ranks run ahead of each other.
  const Comm comm = Comm::world();
  with_limits([&] {
    for (std::uint64_t round = 0; round < 30; ++round) {
      const auto count = [&](int from, int to) {
        std::mt19937_64 random(round * 100 + static_cast<std::uint64_t>(from * 10 + to));
        return static_cast<Offset>(random() % 3 == 0 ? 0 : random() % 25);
      };
      std::vector<std::int64_t> sent;
      std::vector<std::int64_t> expected;
      std::vector<Offset> counts;
      for (int other = 0; other < comm.size(); ++other) {
        const auto tag = [&](int from, int to, Offset i) {
          return ((static_cast<std::int64_t>(round) * 16 + from) * 16 + to) * 1000 + i;
        };
        for (Offset i = 0; i < count(comm.rank(), other); ++i) sent.push_back(tag(comm.rank(), other, i));
        for (Offset i = 0; i < count(other, comm.rank()); ++i) expected.push_back(tag(other, comm.rank(), i));
        counts.push_back(count(comm.rank(), other));
      }
      EXPECT_EQ(comm.all_to_all(std::span<const std::int64_t>(sent), counts).values, expected);
    }
  });
}

template <class T>
class CommReduces : public ::testing::Test {};
using Numbers = ::testing::Types<std::int32_t, std::int64_t, std::uint64_t, long long, float, double>;
TYPED_TEST_SUITE(CommReduces, Numbers);

TYPED_TEST(CommReduces, SumMinMaxOfSpansAndOfOne) {
  using T = TypeParam;
  const Comm comm = Comm::world();
  const auto number = [](int rank, Offset i) {
    const auto n = static_cast<std::int64_t>((rank * 37 + i * 11) % 101);
    return static_cast<T>(std::is_signed_v<T> ? n - 50 : n);
  };
  with_limits([&] {
    for (const Offset count : {0, 1, 7, 8, 40}) {
      std::vector<T> mine;
      std::vector<T> sum;
      std::vector<T> least;
      std::vector<T> most;
      for (Offset i = 0; i < count; ++i) {
        mine.push_back(number(comm.rank(), i));
        T s = 0;
        T low = number(0, i);
        T high = number(0, i);
        for (int rank = 0; rank < comm.size(); ++rank) {
          s = static_cast<T>(s + number(rank, i));
          low = std::min(low, number(rank, i));
          high = std::max(high, number(rank, i));
        }
        sum.push_back(s);
        least.push_back(low);
        most.push_back(high);
      }
      auto values = mine;
      comm.sum(std::span<T>(values));
      EXPECT_EQ(values, sum);
      values = mine;
      comm.min(std::span<T>(values));
      EXPECT_EQ(values, least);
      values = mine;
      comm.max(std::span<T>(values));
      EXPECT_EQ(values, most);
      if (count > 0) {
        EXPECT_EQ(comm.sum(mine[0]), sum[0]);
        EXPECT_EQ(comm.min(mine[0]), least[0]);
        EXPECT_EQ(comm.max(mine[0]), most[0]);
      }
    }
  });
}

TYPED_TEST(CommReduces, ExtremesOfTheType) {
  using T = TypeParam;
  const Comm comm = Comm::world();
  const T lowest = std::numeric_limits<T>::lowest();
  const T highest = std::numeric_limits<T>::max();
  const bool last = comm.rank() == comm.size() - 1;
  EXPECT_EQ(comm.max(last ? highest : T{1}), highest);  // an unsigned maximum is not -1
  EXPECT_EQ(comm.min(last ? lowest : T{1}), lowest);
  EXPECT_EQ(comm.sum(last ? highest : T{0}), highest);
}

TEST(Comm, FloatingSumsHaveEqualBitsOnEveryRank) {
  const Comm comm = Comm::world();
  with_limits([&] {
    std::vector<double> values;
    for (int i = 0; i < 100; ++i) values.push_back(1.0 / (3 + comm.rank() * 100 + i));
    comm.sum(std::span<double>(values));
    auto first = values;
    comm.broadcast(std::span<double>(first), 0);
    EXPECT_EQ(std::memcmp(values.data(), first.data(), values.size() * sizeof(double)), 0);
  });
}

TEST(Comm, CountsHave64Bits) {
  const Comm comm = Comm::world();
  constexpr Offset large = Offset{1} << 40;
  EXPECT_EQ(comm.sum(large), large * comm.size());
  EXPECT_EQ(comm.exclusive_sum(large + comm.rank()), large * comm.rank() + Offset{comm.rank()} * (comm.rank() - 1) / 2);
  std::vector<Offset> counts;
  for (int to = 0; to < comm.size(); ++to) counts.push_back(large * (comm.rank() + 1) + to);
  const auto received = comm.exchange_counts(counts);
  ASSERT_EQ(received.size(), counts.size());
  for (int from = 0; from < comm.size(); ++from) {
    EXPECT_EQ(received[static_cast<std::size_t>(from)], large * (from + 1) + comm.rank());
  }
}

TEST(Comm, ExclusiveSum) {
  const Comm comm = Comm::world();
  EXPECT_EQ(comm.exclusive_sum(0), 0);
  EXPECT_EQ(comm.exclusive_sum(5), 5 * comm.rank());
  EXPECT_EQ(comm.exclusive_sum(-comm.rank()), -comm.rank() * (comm.rank() - 1) / 2);
  EXPECT_EQ(Comm::self().exclusive_sum(9), 0);
}

TEST(Comm, BroadcastsTexts) {
  const Comm comm = Comm::world();
  with_limits([&] {
    const std::string with_zero("a\0b\n", 4);
    for (const std::string& text : {std::string(), std::string("x"), with_zero, std::string(1000, 'q')}) {
      for (int root = 0; root < comm.size(); ++root) {
        const std::string mine = comm.rank() == root ? text : "something else of another length";
        EXPECT_EQ(comm.broadcast(mine, root), text);
      }
    }
  });
}

TEST(Comm, LimitStaysInRange) {
  const Offset before = large_count::limit();
  EXPECT_EQ(before, INT_MAX);
  large_count::set_limit(0);
  EXPECT_EQ(large_count::limit(), 1);
  large_count::set_limit(Offset{1} << 40);
  EXPECT_EQ(large_count::limit(), INT_MAX);
}

TEST(Comm, IsADuplicateThatCopiesShare) {
  const Comm comm = Comm::world();
  EXPECT_NE(comm.handle(), MPI_COMM_WORLD);
  EXPECT_GE(comm.rank(), 0);
  EXPECT_LT(comm.rank(), comm.size());
  EXPECT_EQ(comm.is_root(), comm.rank() == 0);
  const Comm copy = comm;
  EXPECT_EQ(copy.handle(), comm.handle());
  const Comm other = Comm::world();
  EXPECT_NE(other.handle(), comm.handle());
  comm.barrier();
  EXPECT_EQ(other.sum(1), comm.size());
}

TEST(Comm, SelfIsAlone) {
  const Comm self = Comm::self();
  EXPECT_EQ(self.rank(), 0);
  EXPECT_EQ(self.size(), 1);
  EXPECT_EQ(self.sum(3.5), 3.5);
  EXPECT_EQ(self.all_gather(4), std::vector<int>{4});
  const std::vector<int> values{1, 2, 3};
  const std::vector<Offset> counts{3};
  EXPECT_EQ(self.all_to_all(std::span<const int>(values), counts).values, values);
  EXPECT_EQ(self.node().size(), 1);
}

TEST(Comm, SplitKeepsTheOrderOfRanks) {
  const Comm comm = Comm::world();
  const int color = comm.rank() % 2;
  const Comm part = comm.split(color);
  EXPECT_EQ(part.size(), (comm.size() + 1 - color) / 2);
  EXPECT_EQ(part.rank(), comm.rank() / 2);
  EXPECT_EQ(part.sum(1), part.size());  // the two parts talk at the same time
  EXPECT_EQ(part.broadcast(comm.rank(), 0), color);
  const Comm all = comm.split(0);
  EXPECT_EQ(all.rank(), comm.rank());
  EXPECT_EQ(all.size(), comm.size());
}

TEST(Comm, NodesPartitionTheRanks) {
  const Comm comm = Comm::world();
  const Comm node = comm.node();
  EXPECT_GE(node.size(), 1);
  EXPECT_EQ(comm.sum(node.is_root() ? node.size() : 0), comm.size());
  const auto ranks = node.all_gather(comm.rank());
  EXPECT_TRUE(std::is_sorted(ranks.begin(), ranks.end()));
}

TEST(Comm, FailuresOfMpiAreThrown) {
  EXPECT_NO_THROW(large_count::check(MPI_SUCCESS, "MPI_Call"));
  try {
    large_count::check(MPI_ERR_COUNT, "MPI_Call");
    FAIL() << "nothing thrown";
  } catch (const MpiError& e) {
    EXPECT_EQ(std::string(e.what()).rfind("MPI_Call failed: ", 0), 0u) << e.what();
    EXPECT_GT(std::strlen(e.what()), std::strlen("MPI_Call failed: ") + 5);
  }
  const Comm comm = Comm::world();
  EXPECT_THROW(comm.broadcast(1, comm.size()), MpiError);  // no such root: refused before anything is sent
  EXPECT_THROW(comm.broadcast(1, -7), MpiError);
  EXPECT_EQ(comm.sum(1), comm.size());  // and the communicator still works
}

TEST(Comm, ACommunicatorOfOneRankIsFreedByExceptionsToo) {
  // MPI has some 2^16 communicators at a time.
  for (int i = 0; i < 70'000; ++i) {
    try {
      const Comm self = Comm::self();
      throw Error("unwinds");
    } catch (const Error&) {
    }
  }
}

TEST(Comm, CallsThatDifferBetweenRanksAreFoundInTests) {
  const Comm comm = Comm::world();
  if (comm.size() == 1) return;
  const auto message_of = [](auto f) -> std::string {
    try {
      f();
    } catch (const MpiError& e) {
      return e.what();
    }
    return "";
  };
  const std::string skipped = message_of([&] { comm.is_root() ? comm.barrier() : void(comm.sum(1.0)); });
  EXPECT_EQ(skipped,
            "ranks of one communicator call different collective operations: barrier of elements of 0 bytes and "
            "reduction of elements of 8 bytes");
  const std::string sizes = message_of([&] { comm.is_root() ? void(comm.max(1)) : void(comm.max(1.0)); });
  EXPECT_EQ(sizes,
            "ranks of one communicator call different collective operations: reduction of elements of 4 bytes and "
            "reduction of elements of 8 bytes");
  EXPECT_EQ(comm.sum(1), comm.size());
}

}  // namespace
}  // namespace filigree::testing
