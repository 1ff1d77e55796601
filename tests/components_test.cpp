#include "filigree/components.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

using ::testing::HasSubstr;

/// What a list of entries connects: a search from every vertex, in ascending order, that is not labelled yet.
struct Expected {
  std::vector<Global> labels;
  Global num_labels = 0;
  Global largest = 0;
};
Expected searched(Global n, const Entries<double>& entries) {
  std::vector<std::vector<Global>> neighbours(static_cast<std::size_t>(n));
  for (std::size_t k = 0; k < entries.size(); ++k) {
    neighbours[static_cast<std::size_t>(entries.row[k])].push_back(entries.col[k]);
    neighbours[static_cast<std::size_t>(entries.col[k])].push_back(entries.row[k]);
  }
  Expected expected;
  expected.labels.assign(static_cast<std::size_t>(n), -1);
  for (Global start = 0; start < n; ++start) {
    if (expected.labels[static_cast<std::size_t>(start)] >= 0) continue;
    std::vector<Global> found{start};
    expected.labels[static_cast<std::size_t>(start)] = expected.num_labels;
    for (std::size_t i = 0; i < found.size(); ++i) {
      for (Global next : neighbours[static_cast<std::size_t>(found[i])]) {
        Global& label = expected.labels[static_cast<std::size_t>(next)];
        if (label >= 0) continue;
        label = expected.num_labels;
        found.push_back(next);
      }
    }
    ++expected.num_labels;
    expected.largest = std::max(expected.largest, static_cast<Global>(found.size()));
  }
  return expected;
}

/// Compares with the search, and returns what was counted.
Stats expect_components(const Graph& graph, const Entries<double>& entries) {
  const Expected expected = searched(graph.num_rows(), entries);
  const components::Result result = components::weak(graph);
  EXPECT_EQ(result.labels.vertices, graph.rows());
  EXPECT_EQ(whole(graph.comm(), result.labels.of), expected.labels);
  EXPECT_EQ(result.labels.num_labels, expected.num_labels);
  EXPECT_EQ(result.largest, expected.largest);
  const double log2_n = std::log2(static_cast<double>(std::max<Global>(graph.num_rows(), 2)));
  EXPECT_LE(static_cast<double>(result.stats.at("rounds")), log2_n);
  EXPECT_LE(static_cast<double>(result.stats.at("jumps")), (log2_n + 1) * (log2_n + 2));
  if (graph.comm().size() == 1) {
    EXPECT_EQ(result.stats.at("cut_edges") + result.stats.at("rounds") + result.stats.at("jumps"), 0);
  }
  return result.stats;
}

/// The graph of entries, its rows distributed at random: some ranks may get none.
Graph scattered(const Comm& comm, Global n, const Entries<double>& entries, std::uint64_t seed) {
  const Partition rows = random_partition(n, comm.size(), seed);
  return Graph::from_entries(comm, rows, rows, deal(comm, entries, seed));
}

TEST(Components, EqualASearchOnRandomGraphs) {
  for (const Comm& comm : {Comm::self(), Comm::world()}) {
    Random random(11);
    for (std::uint64_t round = 0; round < 150; ++round) {
      const Global n = below(random, 90) + 1;
      // From no arcs at all, over many small components and isolated vertices, to one component.
      const auto entries = random_entries<double>(n, n, below(random, 2 * n), Values::none, round);
      expect_components(scattered(comm, n, entries, round), entries);
    }
  }
}

TEST(Components, OfLargerSparseGraphs) {
  const Comm comm = Comm::world();
  for (const double arcs_per_vertex : {0.3, 0.5, 0.7}) {  // around where a giant component appears
    constexpr Global n = 5000;
    Random random(static_cast<std::uint64_t>(100 * arcs_per_vertex));
    Entries<double> entries;
    for (Offset k = 0; k < static_cast<Offset>(arcs_per_vertex * n); ++k) {
      entries.row.push_back(below(random, n));
      entries.col.push_back(below(random, n));
    }
    expect_components(Graph::from_entries(comm, n, n, deal(comm, entries, 1)), entries);
  }
}

/// A path through all vertices in the given order, its arcs pointing to and fro, less every `gap`-th.
Entries<double> path(const std::vector<Global>& order, std::size_t gap) {
  Entries<double> entries;
  for (std::size_t i = 0; i + 1 < order.size(); ++i) {
    if (i % gap == gap - 1) continue;
    entries.row.push_back(order[i + i % 2]);
    entries.col.push_back(order[i + 1 - i % 2]);
  }
  return entries;
}

TEST(Components, OfLongPathsInFewRounds) {
  const Comm comm = Comm::world();
  constexpr Global n = 20'000;
  std::vector<Global> ascending(n);
  std::iota(ascending.begin(), ascending.end(), Global{0});
  std::vector<Global> shuffled = ascending;
  Random random(5);
  for (std::size_t i = shuffled.size(); i > 1; --i) {
    std::swap(shuffled[i - 1], shuffled[static_cast<std::size_t>(below(random, static_cast<std::int64_t>(i)))]);
  }
  // To and fro between the ranks, always to the smaller of two neighbours: one chain of hooks through all vertices.
  std::vector<Global> zigzag;
  for (Global v = n / 2 - 1; v >= 0; --v) zigzag.insert(zigzag.end(), {v, v + n / 2});
  for (const auto& order : {ascending, shuffled, zigzag}) {
    for (const std::size_t gap : {std::size_t{n}, std::size_t{997}}) {
      const Entries<double> entries = path(order, gap);
      const Graph graph = Graph::from_entries(comm, n, n, deal(comm, entries, 2));
      const Stats stats = expect_components(graph, entries);
      if (comm.size() > 1) {
        EXPECT_GT(stats.at("cut_edges"), 0);
        EXPECT_GT(stats.at("rounds"), 0);
      }
    }
  }
}

TEST(Components, OfStarsGridsAndNothing) {
  const Comm comm = Comm::world();
  const Entries<double> none;
  for (const Global n : {0, 1, 7}) expect_components(scattered(comm, n, none, 1), none);
  const Entries<double> loop{{0}, {0}, {}};
  expect_components(scattered(comm, 1, loop, 1), loop);

  // Stars whose centre is the smallest, the largest, or between; arcs to the centre or from it.
  for (const Global centre : {0, 60, 99}) {
    for (const bool inwards : {false, true}) {
      Entries<double> star;
      for (Global v = 0; v < 100; ++v) {
        if (v == centre || v % 10 == 3) continue;  // and some isolated vertices
        star.row.push_back(inwards ? v : centre);
        star.col.push_back(inwards ? centre : v);
      }
      for (const std::uint64_t seed : {1u, 2u, 3u}) expect_components(scattered(comm, 100, star, seed), star);
    }
  }

  // Everything on the last rank, then on the first.
  const Entries<double> ring = path({0, 1, 2, 3, 4, 0}, 9);
  for (const int owner : {comm.size() - 1, 0}) {
    std::vector<Global> begins(static_cast<std::size_t>(comm.size()) + 1, 0);
    std::fill(begins.begin() + owner + 1, begins.end(), 6);
    const Partition rows = Partition::from_begins(begins);
    expect_components(Graph::from_entries(comm, rows, rows, deal(comm, ring, 1)), ring);
  }
}

TEST(Components, RefuseMatricesThatAreNotSquare) {
  const Comm comm = Comm::world();
  EXPECT_THAT(message_of<InvalidArgument>([&] { components::weak(Graph::from_entries(comm, 2, 3, {})); }),
              HasSubstr("graph: 2 x 3, must be square"));
}

}  // namespace
}  // namespace filigree::testing
