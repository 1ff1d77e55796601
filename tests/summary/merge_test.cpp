// Merges within a group, and their application, against costs computed from scratch.
#include <gmock/gmock.h>

#include <map>
#include <numeric>

#include "summary/code/fill.hpp"
#include "summary/code/supergraph.hpp"
#include "summary/families.hpp"
#include "summary/merge/group_merge.hpp"
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
  Norm norm;
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
  bool decide(double e, double pi) const {
    return (norm == Norm::l2 || 2 * e >= pi) && coded(e, pi) <= listed(e) + 1e-9;
  }
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
  /// Relative, of the bits of two supernodes that become one.
  double reduction(Global a, Global b) const {
    Plain merged = *this;
    merged.merge(a, b);
    return 1 - merged.cost(a) / (cost(a) + cost(b) - pair_cost(a, b));
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

/// What a filling should hold: of all pairs, best first, each that still fits.
std::vector<Superedge> plain_filling(const Supergraph& state, double budget_bits, Norm norm) {
  struct Pair {
    float benefit;
    Superedge superedge;
  };
  std::vector<Pair> pairs;
  for (Local a = 0; a < state.num_supernodes(); ++a) {
    for (const Entry& e : state.row(a)) {
      if (e.other < a) continue;
      const double x = state.size[static_cast<std::size_t>(a)];
      const double y = state.size[static_cast<std::size_t>(e.other)];
      const auto edges = static_cast<double>(e.edges());
      const double s = edges / (e.other == a ? x * (x - 1) / 2 : x * y);
      const double benefit = edges * (norm == Norm::l1 ? 2 * s - 1 : s);
      if (benefit > 0)
        pairs.push_back({static_cast<float>(benefit), {a, e.other, static_cast<std::uint32_t>(e.edges())}});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& x, const Pair& y) { return x.benefit > y.benefit; });
  std::vector<Superedge> taken;
  std::set<Local> used;
  std::int64_t max_count = 0;
  for (const Pair& pair : pairs) {
    const auto& [a, b, edges] = pair.superedge;
    std::set<Local> then = used;
    then.insert({a, b});
    const auto supernodes = std::min<std::int64_t>(std::ssize(then) + 1, state.num_supernodes());
    const std::int64_t count = std::max<std::int64_t>(max_count, edges);
    if (size_in_bits(std::ssize(state.of), supernodes, std::ssize(taken) + 1, count) > budget_bits) continue;
    taken.push_back(pair.superedge);
    used = std::move(then);
    max_count = count;
  }
  return taken;
}

void expect_filled(const Supergraph& state, std::int64_t num_edges, Norm norm) {
  const double most = 2 * static_cast<double>(num_edges) * std::log2(static_cast<double>(state.of.size()));
  for (const double ratio : {0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0}) {
    const Filling filling = fill_budget(state, num_edges, ratio * most, norm);
    EXPECT_LE(filling.size_bits, ratio * most);
    const std::vector<Superedge> superedges(filling.superedges.begin(), filling.superedges.end());
    EXPECT_EQ(superedges, plain_filling(state, ratio * most, norm)) << "ratio " << ratio;
  }
}

TEST(SummaryFill, RefusedPairsKeepNoneOutThatFits) {
  // A block of 3 x 6 whose side of 3 is a triangle, and many blocks of 2 x 2 that are better than the triangle, but
  // have supernodes of their own.
  constexpr Global num_blocks = 1000;
  Family family{"blocks", 9 + 4 * num_blocks, {}};
  std::vector<MergeStep> merges;
  const auto merge = [&](Global first, Global end) {
    for (Global v = first + 1; v < end; ++v) merges.push_back({static_cast<Local>(first), static_cast<Local>(v), 0.5F});
  };
  for (Global u = 0; u < 3; ++u) {
    for (Global v = 3; v < 9; ++v) connect(family.edges, u, v);
    connect(family.edges, u, (u + 1) % 3);
  }
  merge(0, 3);
  merge(3, 9);
  for (Global u = 9; u < family.num_vertices; u += 4) {
    for (const Global a : {u, u + 1})
      for (const Global b : {u + 2, u + 3}) connect(family.edges, a, b);
    merge(u, u + 2);
    merge(u + 2, u + 4);
  }
  const EntropyTable entropy;
  const Supergraph start = singletons(graph_of(Comm::self(), family));
  const CostModel cost(entropy, family.num_vertices, family.num_vertices, 1, Norm::l1);
  const Supergraph state = contract(start, merges, cost);
  const double bits = size_in_bits(family.num_vertices, 3, 2, 18);
  const Filling filling = fill_budget(state, std::ssize(family.edges), bits, Norm::l1);
  ASSERT_EQ(filling.superedges.size(), 2U);
  EXPECT_EQ(filling.superedges[0], (Superedge{0, 1, 18}));
  EXPECT_EQ(filling.superedges[1], (Superedge{0, 0, 3}));
  EXPECT_LE(filling.size_bits, bits);
}

class SummaryMergeOf : public ::testing::TestWithParam<Norm> {};
INSTANTIATE_TEST_SUITE_P(Norms, SummaryMergeOf, ::testing::Values(Norm::l1, Norm::l2));

TEST_P(SummaryMergeOf, GainsAndStatesEqualThoseFromScratchAfterEveryMerge) {
  const EntropyTable entropy;
  std::size_t num_merges = 0;
  std::size_t num_alone = 0;
  for (const Family& family : families()) {
    SCOPED_TRACE(family.name);
    const Graph graph = graph_of(Comm::self(), family);
    Supergraph state = singletons(graph);
    Plain plain{&family, GetParam(), static_cast<double>(family.num_vertices), 1, {}, {}};
    for (Global v = 0; v < family.num_vertices; ++v) plain.members[v] = {v};
    for (const auto& edge : family.edges) plain.is_superedge[edge] = true;
    for (int round = 1; round <= 3; ++round) {
      const Counts counts = count_superedges(state);
      const CostModel cost(entropy, family.num_vertices, state.num_supernodes(), counts.max_count, GetParam());
      plain.num_supernodes = static_cast<double>(state.num_supernodes());
      plain.max_count = static_cast<double>(counts.max_count);
      // The first vertex names a supernode in `plain`.
      std::vector<Global> name;
      for (std::size_t v = 0; v < state.of.size(); ++v)
        if (static_cast<std::size_t>(state.of[v]) == name.size()) name.push_back(static_cast<Global>(v));
      // Two groups: even and odd supernodes, so that pairs across groups change on both sides.
      std::vector<MergeStep> all;
      std::vector<Local> group_of, place_in, group_before, place_before;
      std::vector<std::vector<Local>> groups(2);
      for (Local a = 0; a < state.num_supernodes(); ++a) {
        auto& group = groups[static_cast<std::size_t>(a % 2)];
        group_of.push_back(a % 2);
        place_in.push_back(static_cast<Local>(group.size()));
        group.push_back(a);
      }
      const Plain at_start = plain;
      const auto merges_of = [&](Local g, std::span<const Local> group, double threshold) {
        const Rows rows(state, std::vector<int>(group_of.size(), 0));
        GroupMerger merger(
            {&state, &rows, &cost, group_of, place_in, Stream(1, 2), static_cast<std::uint32_t>(round), threshold, 3});
        std::vector<MergeStep> merges;
        merger.run(g, group, merges);
        return merges;
      };
      // A group of two, for the reduction of a pair itself.
      group_of.swap(group_before);
      group_of.assign(group_before.size(), -1);
      place_in.swap(place_before);
      place_in.assign(place_before.size(), 0);
      for (Local a = 0; a + 1 < state.num_supernodes(); a += 3) {
        for (const Local b : {static_cast<Local>(a + 1), static_cast<Local>(state.num_supernodes() - 1)}) {
          if (a == b) continue;
          group_of[static_cast<std::size_t>(a)] = group_of[static_cast<std::size_t>(b)] = 0;
          place_in[static_cast<std::size_t>(b)] = 1;
          const Local pair[] = {a, b};
          const auto merges = merges_of(0, pair, 0);
          group_of[static_cast<std::size_t>(a)] = group_of[static_cast<std::size_t>(b)] = -1;
          place_in[static_cast<std::size_t>(b)] = 0;
          const Global name_a = name[static_cast<std::size_t>(a)];
          const Global name_b = name[static_cast<std::size_t>(b)];
          if (plain.cost(name_a) + plain.cost(name_b) == 0) continue;
          const double reduction = plain.reduction(name_a, name_b);
          if (std::abs(reduction) < 1e-9) continue;
          ASSERT_EQ(merges.size(), reduction > 0 ? 1U : 0U);
          if (reduction > 0) {
            EXPECT_NEAR(merges[0].reduction, reduction, 1e-5);
          }
          num_alone += reduction > 0 ? 1 : 0;
        }
      }
      group_of.swap(group_before);
      place_in.swap(place_before);
      for (Local g = 0; g < 2; ++g) {
        const auto merges = merges_of(g, groups[static_cast<std::size_t>(g)], 0.05);
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
      expect_filled(state, static_cast<std::int64_t>(family.edges.size()), GetParam());
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
  EXPECT_GT(num_alone, 100);
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
