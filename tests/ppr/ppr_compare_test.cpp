// compare() against figures worked out by hand.
#include <gmock/gmock.h>

#include "filigree/ppr/compare.hpp"
#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Scores {
  std::vector<Global> vertex;
  std::vector<double> score;
};

void add(ppr::Result& result, const Scores& answer, double bound = 0, double estimate = 0) {
  result.vertex.insert(result.vertex.end(), answer.vertex.begin(), answer.vertex.end());
  result.score.insert(result.score.end(), answer.score.begin(), answer.score.end());
  result.row_ptr.push_back(std::ssize(result.vertex));
  result.error_bound.push_back(bound);
  result.error_estimate.push_back(estimate);
}

/// Two queries: the best first, with a vertex that the exact answer lacks and one that the answer lacks; and nothing.
struct Worked {
  ppr::Result answers, exact;
  Worked() {
    add(answers, {{7, 0, 2, 5}, {0.5, 0.25, 0.125, 0.0625}}, 0.75, 0.5);
    add(exact, {{0, 2, 3, 7}, {0.125, 0.1875, 0.3125, 0.375}});
    add(answers, {}, 0.5, 2);
    add(exact, {{1, 4}, {0.75, 0.25}});
  }
};

auto near(double value) { return DoubleNear(value, 1e-15); }

TEST(PprCompare, FindsWhatWasWorkedOutByHand) {
  const Worked worked;
  const auto found = ppr::compare(Comm::self(), worked.answers, worked.exact, {.k = 2});
  // |.5 - .375| + |.25 - .125| + |.125 - .1875| + .0625, and .3125 that is missing
  EXPECT_THAT(found.error, ElementsAre(near(0.6875), near(1)));
  // vertices 7 and 0 in place of 7 and 3
  EXPECT_THAT(found.rag, ElementsAre(near(0.5 / 0.6875), near(0)));
  EXPECT_THAT(found.mean_error, near((0.6875 + 1) / 2));
  EXPECT_THAT(found.mean_rag, near(0.25 / 0.6875));
  EXPECT_EQ(found.min_rag, 0);
  EXPECT_EQ(found.share_covered, 0.5);
  EXPECT_THAT(found.largest_excess, near(0.5));
  // All four, of which one has no mass.
  EXPECT_THAT(ppr::compare(Comm::self(), worked.answers, worked.exact).rag, ElementsAre(near(0.6875), near(0)));
}

TEST(PprCompare, OfBestAnswersOnlyWhatIsListedCounts) {
  const Worked worked;
  const auto found = ppr::compare(Comm::self(), worked.answers, worked.exact, {.k = 1, .listed_only = true});
  EXPECT_THAT(found.error, ElementsAre(near(0.375), near(0)));
  EXPECT_THAT(found.rag, ElementsAre(near(1), near(0)));
  EXPECT_EQ(found.share_covered, 1);
  EXPECT_THAT(found.largest_excess, near(0.375 - 0.75));
}

TEST(PprCompare, MeansAreOfAllRanks) {
  const Comm comm = Comm::world();
  const Worked worked;
  // Rank 0 has the two queries, all others none, or one without any mass.
  ppr::Result answers;
  ppr::Result exact;
  if (comm.rank() == 1) {
    add(answers, {{3}, {0.25}}, 0.25, 0.25);
    add(exact, {});
  }
  const bool is_root = comm.is_root();
  const auto found = ppr::compare(comm, is_root ? worked.answers : answers, is_root ? worked.exact : exact, {.k = 2});
  const double queries = comm.size() > 1 ? 3 : 2;
  const double others = queries - 2;
  EXPECT_EQ(found.error.size(), is_root ? 2u : answers.size());
  EXPECT_THAT(found.mean_error, near((1.6875 + 0.25 * others) / queries));
  EXPECT_THAT(found.mean_rag, near((0.5 / 0.6875 + others) / queries));
  EXPECT_THAT(found.share_covered, near((1 + others) / queries));
  EXPECT_EQ(found.min_rag, 0);
  EXPECT_THAT(found.largest_excess, near(0.5));
}

TEST(PprCompare, NothingIsEqualToNothing) {
  const auto found = ppr::compare(Comm::world(), {}, {});
  EXPECT_EQ(found.mean_error, 0);
  EXPECT_EQ(found.min_rag, 1);
  EXPECT_LE(found.largest_excess, 0);
}

TEST(PprCompare, RefusesOtherNumbersOfQueriesOnAllRanks) {
  const Comm comm = Comm::world();
  const Worked worked;
  const bool is_last = comm.rank() == comm.size() - 1;
  EXPECT_THAT(
      message_of<InvalidArgument>([&] { ppr::compare(comm, worked.answers, is_last ? ppr::Result() : worked.exact); }),
      HasSubstr("2 answers and 0 exact ones"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { ppr::compare(comm, worked.answers, worked.exact, {.k = 0}); }),
              HasSubstr("k is 0, must be at least 1"));
}

}  // namespace
}  // namespace filigree::testing
