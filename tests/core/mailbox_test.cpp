// Elements to other ranks, put one by one.
#include "core/mailbox.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace filigree {
namespace {

struct Letter {
  int from, to, number;
  friend bool operator==(const Letter&, const Letter&) = default;
};

/// Letters that `from` sends to `to` in a round, none for some pairs.
int num_letters(int from, int to, int round) { return (3 * from + 5 * to + round) % 4; }

TEST(Mailbox, ArrivesBySourceAndInOrderOfPutAndIsReusable) {
  const Comm comm = Comm::world();
  Mailbox<Letter> mailbox(comm);
  Offset sent = 0;
  for (int round = 0; round < 3; ++round) {
    // Ranks take turns, from the last on: the order between ranks does not matter, that within one does.
    for (int number = 0; number < 4; ++number) {
      for (int to = comm.size() - 1; to >= 0; --to) {
        if (number >= num_letters(comm.rank(), to, round)) continue;
        mailbox.put(to, {comm.rank(), to, number});
        sent += to != comm.rank() ? 1 : 0;
      }
    }
    std::vector<Letter> expected;
    std::vector<Offset> counts;
    for (int from = 0; from < comm.size(); ++from) {
      counts.push_back(num_letters(from, comm.rank(), round));
      for (int number = 0; number < counts.back(); ++number) expected.push_back({from, comm.rank(), number});
    }
    const Received<Letter> received = mailbox.exchange(round == 1);
    EXPECT_EQ(received.values, expected);
    EXPECT_EQ(received.counts, counts);
    EXPECT_EQ(mailbox.bytes_sent(), sent * Offset{sizeof(Letter)});
  }
  EXPECT_TRUE(mailbox.exchange().values.empty());
}

TEST(Mailbox, ByRankReadsRuns) {
  const Comm comm = Comm::world();
  Mailbox<double> mailbox(comm);
  for (int to = 0; to < comm.size(); ++to) {
    const std::vector<double> values(static_cast<std::size_t>(to + 2), comm.rank() + 0.5);
    mailbox.put(to, std::span<const double>(values));
  }
  ByRank<double> by_rank(mailbox.exchange());
  for (int from = comm.size() - 1; from >= 0; --from) {
    EXPECT_EQ(by_rank.take(from, 1)[0], from + 0.5);
    const auto rest = by_rank.take(from, comm.rank() + 1);
    EXPECT_EQ(std::vector<double>(rest.begin(), rest.end()),
              std::vector<double>(static_cast<std::size_t>(comm.rank() + 1), from + 0.5));
    EXPECT_TRUE(by_rank.take(from, 0).empty());
  }
}

TEST(Mailbox, ByRankTakesWhatBelongsTogether) {
  const Comm comm = Comm::world();
  Mailbox<int> mailbox(comm);
  for (int to = 0; to < comm.size(); ++to) {
    for (const int value : {1, 1, 2, 2, 2, comm.rank() + 3}) mailbox.put(to, value);
  }
  ByRank<int> by_rank(mailbox.exchange());
  for (int from = 0; from < comm.size(); ++from) {
    EXPECT_EQ(by_rank.front(from), 1);
    EXPECT_TRUE(by_rank.take_while(from, [](int value) { return value == 2; }).empty());
    EXPECT_EQ(std::ssize(by_rank.take_while(from, [](int value) { return value == 1; })), 2);
    EXPECT_EQ(by_rank.left(from), 4);
    EXPECT_EQ(std::ssize(by_rank.take_while(from, [](int value) { return value < 3; })), 3);
    // Up to the end of the rank, not into what the next one sent.
    const auto rest = by_rank.take_while(from, [](int) { return true; });
    ASSERT_EQ(std::ssize(rest), 1);
    EXPECT_EQ(rest[0], from + 3);
    EXPECT_EQ(by_rank.left(from), 0);
  }
}

TEST(CountedMailbox, SendsWhatWasCounted) {
  const Comm comm = Comm::world();
  std::vector<Offset> counts;
  for (int to = 0; to < comm.size(); ++to) counts.push_back(to);
  CountedMailbox<int> mailbox(comm, counts);
  for (int k = 0; k < comm.size(); ++k) {
    for (int to = k + 1; to < comm.size(); ++to) mailbox.put(to, 10 * comm.rank() + k);
  }
  std::vector<int> expected;
  for (int from = 0; from < comm.size(); ++from) {
    for (int k = 0; k < comm.rank(); ++k) expected.push_back(10 * from + k);
  }
  const auto received = mailbox.exchange();
  EXPECT_EQ(received.values, expected);
  EXPECT_EQ(received.counts, std::vector<Offset>(counts.size(), comm.rank()));
}

TEST(Mailbox, GatherOnRoot) {
  const Comm comm = Comm::world();
  const std::vector<int> mine(static_cast<std::size_t>(comm.rank()), comm.rank());
  std::vector<int> expected;
  for (int from = 0; comm.is_root() && from < comm.size(); ++from) expected.insert(expected.end(), z(from), from);
  EXPECT_EQ(gather_on_root(comm, std::span<const int>(mine)), expected);
}

TEST(RankOrder, SortsByRankAndKeepsTheOrderWithin) {
  const std::vector<int> rank{2, 0, 2, 3, 0, 2};
  const RankOrder order(5, 6, [&](Offset i) { return rank[z(i)]; });
  EXPECT_EQ(order.counts, (std::vector<Offset>{2, 0, 3, 1, 0}));
  EXPECT_EQ(order.order, (std::vector<Offset>{1, 4, 0, 2, 5, 3}));
  EXPECT_EQ(order.apply(std::vector<char>{'a', 'b', 'c', 'd', 'e', 'f'}),
            (std::vector<char>{'b', 'e', 'a', 'c', 'f', 'd'}));
}

}  // namespace
}  // namespace filigree
