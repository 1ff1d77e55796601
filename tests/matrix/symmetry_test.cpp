// Symmetry against a look at every pair of positions.
#include "filigree/matrix/symmetry.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

/// The arcs without an equal in the other direction, ascending.
std::set<std::pair<Global, Global>> alone(const GlobalMatrix<double>& matrix) {
  std::set<std::pair<Global, Global>> found;
  for (const auto& [at, value] : matrix) {
    const auto reverse = matrix.find({at.second, at.first});
    if (reverse == matrix.end() || reverse->second != value) found.insert(at);
  }
  return found;
}

void expect_symmetry(const Graph& graph) {
  const auto matrix = whole(graph);
  const auto expected = alone(matrix);
  EXPECT_EQ(is_symmetric(graph), expected.empty());
  const std::optional<Arc> arc = asymmetric_arc(graph);
  ASSERT_EQ(arc.has_value(), !expected.empty());  // the same on all ranks
  if (arc) {
    EXPECT_EQ(std::pair(arc->from, arc->to), *expected.begin());
  }
  Offset reciprocated = 0;
  for (const auto& [at, value] : matrix) {
    if (at.first != at.second && matrix.contains({at.second, at.first})) ++reciprocated;
  }
  EXPECT_EQ(num_reciprocated_arcs(graph, transpose(graph)), reciprocated);
}

TEST(Symmetry, OfRandomMatrices) {
  for (const Comm& comm : {Comm::self(), Comm::world()}) {
    Random random(4);
    for (std::uint64_t round = 0; round < 40; ++round) {
      const Global n = below(random, 40) + 1;
      const Values kind = round % 2 == 0 ? Values::none : Values::exact;
      auto entries = random_entries<double>(n, n, below(random, 4 * n), kind, round);
      expect_symmetry(Graph::from_entries(comm, n, n, deal(comm, entries, round)));
      symmetrize(entries);
      const Graph both = Graph::from_entries(comm, n, n, deal(comm, entries, round), {Duplicates::first, Loops::keep});
      EXPECT_TRUE(is_symmetric(both));
      expect_symmetry(both);

      // One arc more, or another value, and it is not.
      const Global from = below(random, n);
      const Global to = below(random, n);
      entries.row.push_back(from);
      entries.col.push_back(to);
      if (!entries.val.empty()) entries.val.push_back(0.5);
      const Graph broken = Graph::from_entries(comm, n, n, deal(comm, entries, round));
      expect_symmetry(broken);
      EXPECT_EQ(is_symmetric(broken), from == to || (entries.val.empty() && whole(both).contains({from, to})));
    }
  }
}

TEST(Symmetry, OfZerosOfEitherSignAndOfNothing) {
  const Comm comm = Comm::world();
  const Entries<double> zeros{{0, 1, 2}, {1, 0, 2}, {0.0, -0.0, -0.0}};
  expect_symmetry(Graph::from_entries(comm, 3, 3, deal(comm, zeros, 1)));
  expect_symmetry(Graph::from_entries(comm, 0, 0, {}));
  expect_symmetry(Graph::from_entries(comm, 5, 5, {}));
  const Graph wide = Graph::from_entries(comm, 2, 3, {});
  EXPECT_FALSE(is_symmetric(wide));
  EXPECT_EQ(message_of<InvalidArgument>([&] { asymmetric_arc(wide); }), "asymmetric_arc: 2 x 3, must be square");
}

}  // namespace
}  // namespace filigree::testing
