// The parts of a round that are distributed: on all ranks as on one.
#include <gmock/gmock.h>

#include <numeric>

#include "summary/code/checks.hpp"
#include "summary/code/fill.hpp"
#include "summary/code/supergraph.hpp"
#include "summary/families.hpp"
#include "summary/signatures/groups.hpp"

namespace filigree::testing {
namespace {

using namespace filigree::summary;

/// The rows of all ranks, with their entries as they stand.
void expect_same(const Supergraph& on_world, const Supergraph& on_self) {
  EXPECT_EQ(on_world.of, on_self.of);
  EXPECT_EQ(on_world.size, on_self.size);
  EXPECT_EQ(on_world.length, on_self.length);
  std::vector<std::int64_t> mine, expected;
  const auto add = [](std::vector<std::int64_t>& to, const Array<Entry>& entries) {
    for (const Entry& e : entries) to.insert(to.end(), {e.other, e.bits});
  };
  add(mine, on_world.entry);
  add(expected, on_self.entry);
  EXPECT_EQ(on_world.comm.all_gather(mine).values, expected);
}

TEST(SummaryDistributed, GroupsContractionsAndFillingsAreThoseOfOneRank) {
  const Comm world = Comm::world();
  const Comm self = Comm::self();
  const EntropyTable entropy;
  auto all = families();
  all.push_back(random_family(700, 6000, 9));
  for (const Family& family : all) {
    for (const Norm norm : {Norm::l1, Norm::l2}) {
      SCOPED_TRACE(text(family.name, " norm ", static_cast<int>(norm)));
      const Graph graph = graph_of(world, family);
      const Graph graph_on_self = graph_of(self, family);
      EXPECT_EQ(check_graph(graph), check_graph(graph_on_self));
      EXPECT_EQ(pattern_hash(graph), pattern_hash(graph_of(self, family, 2)));
      const Offset num_edges = std::ssize(family.edges);
      Supergraph on_world = singletons(graph);
      Supergraph on_self = singletons(graph_on_self);
      for (std::uint32_t round = 1; round <= 3; ++round) {
        expect_same(on_world, on_self);
        const Local num = on_self.num_supernodes();
        const GroupOptions options{.max_group = 20};
        const Groups groups = find_groups(graph, on_world.of, num, 1, round, options);
        const Groups expected = find_groups(graph_on_self, on_self.of, num, 1, round, options);
        EXPECT_EQ(groups.members, expected.members);
        EXPECT_EQ(groups.begins, expected.begins);
        for (const double bits : {50.0, 500.0, 5000.0}) {
          const Filling filling = fill_budget(on_world, num_edges, bits, norm);
          const Filling filling_on_self = fill_budget(on_self, num_edges, bits, norm);
          EXPECT_EQ(filling.superedges, filling_on_self.superedges);
          EXPECT_EQ(filling.error_sum, filling_on_self.error_sum);
          EXPECT_EQ(filling.size_bits, filling_on_self.size_bits);
        }
        const Counts counts = count_superedges(on_world);
        EXPECT_EQ(counts.superedges, count_superedges(on_self).superedges);
        EXPECT_EQ(counts.max_count, count_superedges(on_self).max_count);
        // The first of each group takes up to two others.
        std::vector<MergeStep> merges;
        for (Local g = 0; g < expected.num_groups(); ++g)
          for (std::size_t i = 1; i < std::min<std::size_t>(3, expected.group(g).size()); ++i)
            merges.push_back({expected.group(g)[0], expected.group(g)[i], 0.5F});
        const CostModel cost(entropy, family.num_vertices, num, counts.max_count, norm);
        on_world = contract(on_world, merges, cost);
        on_self = contract(on_self, merges, cost);
      }
    }
  }
}

}  // namespace
}  // namespace filigree::testing
