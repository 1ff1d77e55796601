// Merges within a group, and their application, against costs computed from scratch.
#include <gmock/gmock.h>

#include <map>
#include <numeric>

#include "summary/code/fill.hpp"
#include "summary/families.hpp"
#include "summary/merge/group_merge.hpp"
#include "summary/merge/supergraph.hpp"
#include "summary/signatures/groups.hpp"

namespace filigree::testing {
namespace {

using namespace filigree::summary;

double entropy_bits(double edges, double pairs) {
  const double s = edges / pairs;
  const auto part = [](double x) { return x > 0 ? -x * std::log2(x) : 0; };
  return pairs * (part(s) + part(1 - s));
}

/// The state in the most obvious form: vertices of each supernode, whether a pair is a superedge.
struct Plain {
  const Family* family;
  double num_supernodes, max_count;  // frozen
  std::map<Global, std::vector<Global>> members;
  std::map<std::pair<Global, Global>, bool> is_superedge;

  std::int64_t edges(Global a, Global b) const {
    std::int64_t count = 0;
    for (const auto& [u, v] : family->edges) {
      const auto in = [&](Global x, Global s) {
        const auto& m = members.at(s);
        return std::find(m.begin(), m.end(), x) != m.end();
      };
      count += (in(u, a) && in(v, b)) || (in(v, a) && in(u, b)) ? 1 : 0;
    }
    return count;
  }
  double pairs(Global a, Global b) const {
    const auto x = static_cast<double>(members.at(a).size());
    const auto y = static_cast<double>(members.at(b).size());
    return a == b ? x * (x - 1) / 2 : x * y;
  }
  double listed(double e) const { return 2 * std::log2(static_cast<double>(family->num_vertices)) * e; }
  double coded(double e, double pi) const {
    return 2 * std::log2(num_supernodes) + std::log2(std::max(1.0, max_count)) + entropy_bits(e, pi);
  }
  bool decide(double e, double pi) const { return 2 * e >= pi && coded(e, pi) <= listed(e) + 1e-9; }
  double pair_cost(Global a, Global b) const {
    const auto e = static_cast<double>(edges(a, b));
    if (e == 0) return 0;
    return is_superedge.at({std::min(a, b), std::max(a, b)}) ? coded(e, pairs(a, b)) : listed(e);
  }
  double cost(Global a) const {
    double sum = 0;
    for (const auto& [b, unused] : members) sum += pair_cost(a, b);
    return sum;
  }
  void merge(Global a, Global b) {
    members[a].insert(members[a].end(), members[b].begin(), members[b].end());
    members.erase(b);
    for (const auto& [c, unused] : members) {
      const auto e = static_cast<double>(edges(a, c));
      if (e > 0) is_superedge[{std::min(a, c), std::max(a, c)}] = decide(e, pairs(a, c));
    }
  }
};

/// Rows of a state by supernode: other -> (edges, superedge).
using RowMap = std::map<std::pair<Global, Global>, std::pair<std::int64_t, bool>>;
RowMap rows_of(const Supergraph& graph) {
  RowMap rows;
  for (Local a = 0; a < graph.num_supernodes(); ++a)
    for (const Entry& e : graph.row(a))
      EXPECT_TRUE(rows.emplace(std::pair(a, e.other), std::pair(e.edges(), e.is_superedge())).second);
  return rows;
}

TEST(SummaryMerge, GainsAndStatesEqualThoseFromScratchAfterEveryMerge) {
  const EntropyTable entropy;
  std::size_t num_merges = 0;
  for (const Family& family : families()) {
    SCOPED_TRACE(family.name);
    const Graph graph = graph_of(Comm::self(), family);
    Supergraph state = singletons(graph);
    Plain plain{&family, static_cast<double>(family.num_vertices), 1, {}, {}};
    for (Global v = 0; v < family.num_vertices; ++v) plain.members[v] = {v};
    for (const auto& edge : family.edges) plain.is_superedge[edge] = true;
    for (int round = 1; round <= 3; ++round) {
      const Counts counts = count_superedges(state);
      const CostModel cost(entropy, family.num_vertices, state.num_supernodes(), counts.max_count, Norm::l1);
      plain.num_supernodes = static_cast<double>(state.num_supernodes());
      plain.max_count = static_cast<double>(counts.max_count);
      // The first vertex names a supernode in `plain`.
      std::vector<Global> name;
      for (std::size_t v = 0; v < state.of.size(); ++v)
        if (static_cast<std::size_t>(state.of[v]) == name.size()) name.push_back(static_cast<Global>(v));
      // Two groups: even and odd supernodes, so that pairs across groups change on both sides.
      std::vector<MergeStep> all;
      std::vector<Local> group_of, place_in;
      std::vector<std::vector<Local>> groups(2);
      for (Local a = 0; a < state.num_supernodes(); ++a) {
        auto& group = groups[static_cast<std::size_t>(a % 2)];
        group_of.push_back(a % 2);
        place_in.push_back(static_cast<Local>(group.size()));
        group.push_back(a);
      }
      const Plain at_start = plain;
      for (Local g = 0; g < 2; ++g) {
        const Rows rows(state, std::vector<int>(group_of.size(), 0));
        GroupMerger merger(
            {&state, &rows, &cost, group_of, place_in, Stream(1, 2), static_cast<std::uint32_t>(round), 0.05, 3});
        std::vector<MergeStep> merges;
        merger.run(g, groups[static_cast<std::size_t>(g)], merges);
        Plain view = at_start;  // what this group sees
        float least = 1;
        for (const MergeStep& step : merges) {
          const Global a = name[static_cast<std::size_t>(step.kept)];
          const Global b = name[static_cast<std::size_t>(step.gone)];
          const double before = view.cost(a) + view.cost(b) - view.pair_cost(a, b);
          view.merge(a, b);
          const auto reduction = static_cast<float>(1 - view.cost(a) / before);
          least = std::min(least, reduction);
          ASSERT_NEAR(step.reduction, least, 1e-5);
          EXPECT_GE(reduction, 0.05F - 1e-5F);
          ++num_merges;
        }
        all.insert(all.end(), merges.begin(), merges.end());
      }
      for (const MergeStep& step : all) {
        const Global a = name[static_cast<std::size_t>(step.kept)];
        const Global b = name[static_cast<std::size_t>(step.gone)];
        plain.merge(a, b);
      }
      state = contract(state, all, cost);
      std::map<Global, Global> number;  // of a supernode of `plain`, by its smallest vertex
      for (auto& [a, members] : plain.members) {
        const Global smallest = *std::min_element(members.begin(), members.end());
        number[a] = state.of[static_cast<std::size_t>(smallest)];
        for (const Global v : members) EXPECT_EQ(state.of[static_cast<std::size_t>(v)], number[a]);
      }
      RowMap expected;
      for (const auto& [a, unused] : plain.members) {
        for (const auto& [b, unused_too] : plain.members) {
          const std::int64_t e = plain.edges(a, b);
          if (e == 0) continue;
          expected[{number[a], number[b]}] = {e, plain.is_superedge.at({std::min(a, b), std::max(a, b)})};
        }
      }
      EXPECT_EQ(rows_of(state), expected);
      // `plain` goes on with names by smallest vertices.
      Plain renamed = plain;
      renamed.members.clear();
      renamed.is_superedge.clear();
      std::map<Global, Global> to;
      for (const auto& [a, members] : plain.members) {
        to[a] = *std::min_element(members.begin(), members.end());
        renamed.members[to[a]] = members;
      }
      for (const auto& [pair, is] : plain.is_superedge) {
        if (!to.contains(pair.first) || !to.contains(pair.second)) continue;
        renamed.is_superedge[{std::min(to[pair.first], to[pair.second]), std::max(to[pair.first], to[pair.second])}] =
            is;
      }
      plain = renamed;
    }
  }
  EXPECT_GT(num_merges, 200);
}

TEST(SummaryMerge, GroupsAreDisjointBoundedAndShareANeighbour) {
  auto all = families();
  Family stars{"stars", 4000, {}};
  for (Global v = 10; v < 4000; ++v) connect(stars.edges, v, v % 10 < 8 ? 0 : v % 10);
  all.push_back(stars);
  for (const Family& family : all) {
    for (const std::uint32_t round : {1U, 2U}) {
      SCOPED_TRACE(text(family.name, " round ", round));
      const auto n = static_cast<Local>(family.num_vertices);
      std::vector<std::set<Global>> closed(static_cast<std::size_t>(n));
      for (Global v = 0; v < n; ++v) closed[static_cast<std::size_t>(v)].insert(v);
      for (const auto& [u, v] : family.edges) {
        closed[static_cast<std::size_t>(u)].insert(v);
        closed[static_cast<std::size_t>(v)].insert(u);
      }
      const Graph graph = graph_of(Comm::self(), family);
      std::vector<Local> of(static_cast<std::size_t>(n));
      std::iota(of.begin(), of.end(), Local{0});
      constexpr Local max_group = 100;
      const Groups groups = find_groups(graph, of, n, 1, round, {.max_group = max_group});
      std::vector<Local> group_of(static_cast<std::size_t>(n), -1);
      for (Local g = 0; g < groups.num_groups(); ++g) {
        const auto group = groups.group(g);
        EXPECT_GE(group.size(), 2U);
        EXPECT_LE(std::ssize(group), max_group);
        std::set<Global> shared = closed[static_cast<std::size_t>(group[0])];
        for (const Local a : group) {
          EXPECT_EQ(group_of[static_cast<std::size_t>(a)], -1);
          group_of[static_cast<std::size_t>(a)] = g;
          std::erase_if(shared, [&](Global v) { return !closed[static_cast<std::size_t>(a)].contains(v); });
        }
        EXPECT_FALSE(shared.empty());
      }
      // Vertices with one closed neighbourhood are in one group, unless that is too large.
      if (family.name == "cliques with isolated vertices") {
        EXPECT_EQ(groups.num_groups(), 4);
        EXPECT_EQ(groups.members.size(), 40U);
      }
    }
  }
}

TEST(SummaryMerge, FillTakesWhatLowersTheErrorMostWithinTheBudget) {
  for (const Family& family : families()) {
    const Graph graph = graph_of(Comm::self(), family);
    Supergraph state = singletons(graph);
    const auto m = static_cast<std::int64_t>(family.edges.size());
    for (const double bits : {0.0, 10.0, 100.0, 1000.0, 1e6}) {
      const Filling filling = fill_budget(state, m, bits, Norm::l1);
      EXPECT_LE(filling.size_bits, bits);
      EXPECT_EQ(filling.error_sum, 2.0 * static_cast<double>(m - std::ssize(filling.superedges)));
      if (bits == 1e6) {
        EXPECT_EQ(std::ssize(filling.superedges), m);
        EXPECT_EQ(filling.max_count, 1);
      }
    }
  }
}

}  // namespace
}  // namespace filigree::testing
