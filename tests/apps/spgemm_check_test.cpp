// --verify of filigree-spgemm: what is right passes, and whatever is wrong is found.
#include "spgemm_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

using spgemm::Semiring;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// What --verify says of C; "" if it has no objection. Collective.
std::string objection(const Graph& a, const Graph& b, const Graph* mask, const spgemm::Options& options,
                      const Graph& c) {
  std::array<char, 8> name{"spgemm"};
  std::array<char, 8> quiet{"--quiet"};
  std::array<char*, 3> words{name.data(), quiet.data(), nullptr};
  app::App program({"spgemm", "", ""}, 2, words.data());
  program.parse();
  return message_of<Error>([&] { app::check_product(program, a, b, mask, options, c); });
}

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
    if (!c.comm.is_root()) break;
    entries.row.push_back(at.first);
    entries.col.push_back(at.second);
    entries.val.push_back(value);
  }
  return Graph::from_entries(c.comm, c.rows, c.cols, std::move(entries));
}

TEST(CheckProduct, PassesWhatIsRight) {
  const Graph a = random_matrix(60, 50, 400, 1);
  const Graph b = random_matrix(50, 70, 400, 2);
  const Graph mask = random_matrix(60, 70, 900, 3);
  for (const Semiring semiring :
       {Semiring::plus_times, Semiring::min_plus, Semiring::max_times, Semiring::or_and, Semiring::plus_pair}) {
    EXPECT_EQ(objection(a, b, nullptr, {.semiring = semiring}, spgemm::multiply(a, b, {.semiring = semiring}).c), "");
    for (const bool complement : {false, true}) {
      const spgemm::Options options{.semiring = semiring, .complement = complement};
      EXPECT_EQ(objection(a, b, &mask, options, spgemm::multiply(a, b, options, &mask).c), "");
    }
  }
  const Graph large = random_matrix(3000, 3000, 20000, 4);
  EXPECT_EQ(objection(large, large, nullptr, {}, spgemm::multiply(large, large).c), "");
  for (const Global n : {0, 1}) {
    const Graph empty = random_matrix(n, 0, 0, 5);
    const Graph flat = random_matrix(0, n, 0, 6);
    EXPECT_EQ(objection(empty, flat, nullptr, {}, spgemm::multiply(empty, flat).c), "");
    EXPECT_EQ(objection(flat, empty, nullptr, {}, spgemm::multiply(flat, empty).c), "");
  }
}

TEST(CheckProduct, SampledRowsShowPlacesAndBits) {
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
  for (const Semiring semiring :
       {Semiring::plus_times, Semiring::min_plus, Semiring::max_times, Semiring::or_and, Semiring::plus_pair}) {
    for (const Graph* const m : {static_cast<const Graph*>(nullptr), &mask}) {
      const spgemm::Options options{.semiring = semiring};
      const Graph c = spgemm::multiply(a, b, options, m).c;
      for (const auto& mistake : mistakes) {
        EXPECT_THAT(objection(a, b, m, options, changed(c, mistake)), StartsWith("verification failed: "));
      }
    }
  }
  const Graph inside = spgemm::multiply(a, b, {}, &mask).c;
  EXPECT_THAT(objection(a, b, &mask, {.complement = true}, inside), HasSubstr("sampled rows"));
  EXPECT_THAT(objection(a, b, nullptr, {}, inside), HasSubstr("sampled rows"));
}

TEST(CheckProduct, VectorsShowOneWrongEntryOfMany) {
  // Of 4000 rows 200 at most are sampled. Wrong by a millionth, or not there.
  const Graph a = random_matrix(4000, 4000, 30000, 1);
  const Graph c = spgemm::multiply(a, a).c;
  int found = 0;
  for (const double factor : {1 + 1e-6, 0.0}) {
    for (const std::ptrdiff_t place : {20'001, 40'002, 60'003}) {
      const Graph wrong = changed(c, [&](auto& entries) { std::next(entries.begin(), place)->second *= factor; });
      const std::string what = objection(a, a, nullptr, {}, wrong);
      EXPECT_THAT(what, StartsWith("verification failed: "));
      if (what.find("C x = A (B x)") != std::string::npos) ++found;
    }
  }
  EXPECT_GE(found, 4) << "sampled rows found the others";
}

}  // namespace
}  // namespace filigree::testing
