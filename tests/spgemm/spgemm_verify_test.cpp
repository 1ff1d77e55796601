// verify(): what is right passes, and whatever is wrong is found.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <limits>
#include <new>

#include "filigree/spgemm/verify.hpp"
#include "support/spgemm.hpp"

namespace {
std::size_t most_bytes = std::numeric_limits<std::size_t>::max();  // that operator new has at once on this rank
}  // namespace

// Not inlined: compilers would see free() of memory from new.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  void* const memory = bytes <= most_bytes ? std::malloc(bytes) : nullptr;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace filigree::testing {
namespace {

using spgemm::verify;

/// Rows and columns of each matrix are distributed in a way of its own.
Graph random_matrix(Global num_rows, Global num_cols, Offset count, std::uint64_t seed) {
  const Comm world = Comm::world();
  const auto entries = random_entries<double>(num_rows, num_cols, count, Values::rounded, seed);
  return Graph::from_entries(world, random_partition(num_rows, world.size(), seed),
                             random_partition(num_cols, world.size(), seed + 1), deal(world, entries, seed));
}

/// The same with its entries changed. Collective.
Graph changed(const Graph& c, const std::function<void(GlobalMatrix<double>&)>& change) {
  GlobalMatrix<double> matrix = whole(c);
  change(matrix);
  Entries<double> entries;
  for (const auto& [at, value] : matrix) {
    if (!c.comm().is_root()) break;
    entries.row.push_back(at.first);
    entries.col.push_back(at.second);
    entries.val.push_back(value);
  }
  return Graph::from_entries(c.comm(), c.rows(), c.cols(), std::move(entries));
}

TEST(SpgemmVerify, PassesWhatIsRight) {
  const Graph a = random_matrix(60, 50, 400, 1);
  const Graph b = random_matrix(50, 70, 400, 2);
  const Graph mask = random_matrix(60, 70, 900, 3);
  for (const Semiring semiring : all_semirings) {
    const spgemm::Options options{.semiring = semiring};
    const auto found = verify(a, b, spgemm::multiply(a, b, options).c, options);
    EXPECT_TRUE(found.holds()) << name_of(semiring);
    EXPECT_EQ(found.num_vectors > 0, semiring == Semiring::plus_times);
    for (const bool complement : {false, true}) {
      const spgemm::DistMask<double> kept{&mask, complement};
      EXPECT_TRUE(verify(a, b, spgemm::multiply(a, b, options, kept).c, options, kept).holds()) << name_of(semiring);
    }
  }
  const Graph large = random_matrix(3000, 3000, 20000, 4);
  EXPECT_TRUE(verify(large, large, spgemm::multiply(large, large).c).holds());
  for (const Global n : {0, 1}) {
    const Graph empty = random_matrix(n, 0, 0, 5);
    const Graph flat = random_matrix(0, n, 0, 6);
    EXPECT_TRUE(verify(empty, flat, spgemm::multiply(empty, flat).c).holds());
    EXPECT_TRUE(verify(flat, empty, spgemm::multiply(flat, empty).c).holds());
  }
}

/// C in the rows of another partition than that of A.
template <class V>
DistCsr<V> moved(const DistCsr<V>& c) {
  const int size = c.comm().size();
  Entries<V> entries;
  for (const auto& [at, value] : whole(c)) {
    if (!c.comm().is_root()) break;
    entries.row.push_back(at.first);
    entries.col.push_back(at.second);
    entries.val.push_back(static_cast<V>(value));
  }
  return DistCsr<V>::from_entries(c.comm(), random_partition(c.num_rows(), size, 77),
                                  random_partition(c.num_cols(), size, 78), std::move(entries));
}

template <class V>
class SpgemmVerifyTyped : public ::testing::Test {};
using ValueTypes = ::testing::Types<double, float, std::int64_t>;
TYPED_TEST_SUITE(SpgemmVerifyTyped, ValueTypes);

TYPED_TEST(SpgemmVerifyTyped, RoundsAndWrapsAsTheProductDoes) {
  using V = TypeParam;
  const Comm world = Comm::world();
  constexpr Global n = 700;  // more rows than are sampled
  Entries<V> entries;
  Random random(9);
  for (int k = 0; k < 6000 && world.is_root(); ++k) {
    entries.row.push_back(below(random, n));
    entries.col.push_back(below(random, n));
    entries.val.push_back(static_cast<V>(1 + static_cast<double>(below(random, 1'000'000)) / 3));
  }
  const auto a = DistCsr<V>::from_entries(world, n, n, std::move(entries));
  const auto c = spgemm::multiply(a, a).c;
  const auto found = verify(a, a, c);
  EXPECT_TRUE(found.holds()) << found.wrong_sums;
  EXPECT_EQ(found.unknown_rows, 0);
  EXPECT_TRUE(verify(a, a, moved(c)).holds());
  auto wrong = moved(c);
  for (V& value : wrong.values()) value = static_cast<V>(2 * value);
  EXPECT_GT(verify(a, a, wrong).wrong_sums, n);

  auto huge = a;
  for (V& value : huge.values()) value = static_cast<V>(std::is_floating_point_v<V> ? 1e300 : 4e18);
  const auto unknown = verify(huge, huge, spgemm::multiply(huge, huge).c);
  EXPECT_TRUE(unknown.sampled_rows_hold);
  EXPECT_EQ(unknown.wrong_sums, 0);
  EXPECT_GT(unknown.unknown_rows, n / 2);
}

TEST(SpgemmVerify, SampledRowsShowColumnsAndBits) {
  const Graph a = random_matrix(40, 50, 300, 1);
  const Graph b = random_matrix(50, 60, 300, 2);
  const Graph mask = random_matrix(40, 60, 600, 3);
  const std::vector<std::function<void(GlobalMatrix<double>&)>> mistakes{
      [](auto& c) { c.begin()->second = std::nextafter(c.begin()->second, 9.0); },
      [](auto& c) { c.erase(std::next(c.begin(), 17)); },
      [](auto& c) {
        Global column = 0;
        while (c.contains({0, column})) ++column;
        c[{0, column}] = 0;
      },
      [](auto& c) { c.clear(); }};
  for (const Semiring semiring : all_semirings) {
    for (const spgemm::DistMask<double> kept : {spgemm::DistMask<double>(), {&mask}}) {
      const spgemm::Options options{.semiring = semiring};
      const Graph c = spgemm::multiply(a, b, options, kept).c;
      for (const auto& mistake : mistakes)
        EXPECT_FALSE(verify(a, b, changed(c, mistake), options, kept).holds()) << name_of(semiring);
    }
  }
  const Graph inside = spgemm::multiply(a, b, {}, &mask).c;
  EXPECT_FALSE(verify(a, b, inside, {}, {&mask, true}).sampled_rows_hold);
  EXPECT_FALSE(verify(a, b, inside).sampled_rows_hold);
}

TEST(SpgemmVerify, VectorsShowOneWrongEntryOfMany) {
  // Of 4000 rows 200 at most are sampled. Wrong by a millionth, or not there.
  const Graph a = random_matrix(4000, 4000, 30000, 1);
  const Graph c = spgemm::multiply(a, a).c;
  for (const double factor : {1 + 1e-6, 0.0}) {
    for (const std::ptrdiff_t entry : {20'001, 40'002, 60'003}) {
      const Graph wrong = changed(c, [&](auto& entries) { std::next(entries.begin(), entry)->second *= factor; });
      EXPECT_GT(verify(a, a, wrong).wrong_sums, 0);
    }
  }
}

TEST(SpgemmVerify, ShowsOneWrongEntryOnTheLastRank) {
  const Comm world = Comm::world();
  const auto entries = random_entries<double>(4000, 4000, 30000, Values::rounded, 1);
  const Graph a = Graph::from_entries(world, 4000, 4000, deal(world, entries, 1));
  const Graph c = spgemm::multiply(a, a).c;
  for (const double wrong_value :
       {1e-3, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Graph wrong = c;
    if (world.rank() == world.size() - 1) wrong.values().back() += wrong_value;
    EXPECT_GT(verify(a, a, wrong).wrong_sums, 0) << wrong_value;
  }
}

TEST(SpgemmVerify, FactorsWithNaNAndInfinity) {
  const Graph finite = random_matrix(300, 300, 2000, 1);
  for (const double special : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const Graph a = changed(finite, [&](auto& entries) { std::next(entries.begin(), 700)->second = special; });
    const Graph c = spgemm::multiply(a, a).c;
    const auto found = verify(a, a, c);
    EXPECT_TRUE(found.holds()) << special;
    EXPECT_GT(found.unknown_rows, 0) << special;
    EXPECT_LT(found.unknown_rows, 300) << special;
    const Graph wrong = changed(c, [&](auto& entries) { std::prev(entries.end())->second += 1; });
    EXPECT_FALSE(verify(a, a, wrong).holds()) << special;
  }
}

TEST(SpgemmVerify, FactorsWithoutValuesOrEntries) {
  const Comm world = Comm::world();
  Graph ones = random_matrix(300, 300, 2000, 1);
  ones.set_values({});
  const Graph c = spgemm::multiply(ones, ones).c;
  EXPECT_TRUE(verify(ones, ones, c).holds());
  EXPECT_FALSE(verify(ones, ones, changed(c, [](auto& entries) { entries.begin()->second += 1; })).holds());

  const Graph none = random_matrix(300, 300, 0, 1);
  EXPECT_TRUE(verify(none, none, none).holds());
  EXPECT_TRUE(verify(ones, none, none).holds());
  EXPECT_FALSE(verify(ones, none, ones).holds());
  EXPECT_FALSE(verify(ones, ones, none).holds());
}

TEST(SpgemmVerify, ALackOfMemoryOnOneRankEndsAll) {
  const Comm world = Comm::world();
  const auto expect_end = [&](const Graph& a, const Graph& b, const Graph& c) {
    if (world.rank() == world.size() - 1) most_bytes = 20'000;
    const std::string message = message_of([&] { verify(a, b, c); });
    most_bytes = std::numeric_limits<std::size_t>::max();
    EXPECT_NE(message, "");
    EXPECT_EQ(world.sum(1), world.size());
  };
  const auto over = [&](Global num_rows, Global num_cols, Offset count) {
    const auto entries = random_entries<double>(num_rows, num_cols, count, Values::rounded, 1);
    return Graph::from_entries(world, Partition::uniform(num_rows, world.size()),
                               Partition::uniform(num_cols, world.size()), deal(world, entries, 1));
  };
  expect_end(over(40, 500, 10), over(500, 500, 10), over(40, 500, 30'000));  // entries of C
  expect_end(over(40, 30'000, 10), over(30'000, 40, 10), over(40, 40, 10));  // B x
  expect_end(over(40, 40, 10), over(40, 30'000, 10), over(40, 30'000, 10));  // x
}

TEST(SpgemmVerify, RefusesAnotherShape) {
  const Graph a = random_matrix(6, 5, 10, 1);
  EXPECT_EQ(message_of<InvalidArgument>([&] { verify(a, random_matrix(5, 4, 10, 2), a); }),
            "verify: c is 6 x 5 and the product 6 x 4");
}

}  // namespace
}  // namespace filigree::testing
