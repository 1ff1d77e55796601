// Batches that are answered together, against the same queries one by one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "filigree/core/random.hpp"
#include "filigree/ppr.hpp"
#include "ppr/query/batch_plan.hpp"
#include "ppr/query/engine.hpp"
#include "support/deep.hpp"
#include "support/ppr_queries.hpp"
#include "support/walk_oracle.hpp"

namespace filigree::testing {
namespace {

using ppr::Query;

constexpr Global num_hosts = deep(90, 150);
constexpr Global pages = 60;
constexpr Global n = num_hosts * pages;

/// Hosts whose pages link to each other and to their first page, which links to those of other hosts; of ten pages
/// `dangling` are.
Graph hosts(const Comm& comm, bool weighted, Global dangling = 2) {
  const Stream stream(5, 0);
  Entries<double> entries;
  std::uint32_t draw = 0;
  const auto below = [&](Global end) {
    return Stream::below(stream.block(0, draw++, 0)[0], static_cast<std::size_t>(end));
  };
  const auto add = [&](Global from, Global to) {
    entries.row.push_back(from);
    entries.col.push_back(to);
    if (weighted) entries.val.push_back(static_cast<double>(1 + below(9)));
  };
  for (Global v = 0; v < n; ++v) {
    const Global first = v / pages * pages;
    if (v % 10 < dangling && v != first) continue;
    for (int k = 0; k < 6; ++k) add(v, first + static_cast<Global>(below(pages)));
    if (v != first) add(v, first);
    for (int k = 0; v == first && k < 6; ++k) add(v, static_cast<Global>(below(num_hosts)) * pages);
  }
  return Graph::from_entries(comm, n, n, deal(comm, entries, 3), {Duplicates::sum, Loops::keep});
}

/// 120 queries of one to three seeds in a few hosts; this rank's share of them.
std::vector<Query> batch(const Comm& comm) { return deal_queries(comm, random_queries(n / 10, 120, 17)); }

const ppr::BatchPlan& plan_of(ppr::Engine& engine) { return *ppr::state_of(engine).plan; }

/// The next batch of the same kind is answered together without hubs, whatever its plan was.
void give_up_hubs(ppr::Engine& engine) {
  ppr::BatchPlan plan = plan_of(engine);
  plan.together = true;
  plan.hubs = nullptr;
  ppr::state_of(engine).plan = std::make_shared<const ppr::BatchPlan>(plan);
}

/// Of a batch, every so many queries are compared with what they are alone.
constexpr auto stride = deep<std::size_t>(6, 1);

/// Every stride-th of the queries one by one on this rank alone; rows of the others are empty.
ppr::Result one_by_one(const Graph& graph, std::span<const Query> queries, const ppr::QueryOptions& options) {
  ppr::Engine replicated{ppr::ReplicatedGraph(graph)};
  ppr::Result all;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (i % stride == 0) {
      const auto one = ppr::query(replicated, queries.subspan(i, 1), options);
      all.vertex.insert(all.vertex.end(), one.vertex.begin(), one.vertex.end());
      all.score.insert(all.score.end(), one.score.begin(), one.score.end());
    }
    all.row_ptr.push_back(std::ssize(all.vertex));
  }
  return all;
}

TEST(PprBatch, AnswersMeetTheTargetForEveryPolicy) {
  const Comm comm = Comm::world();
  int graph = 0;
  for (const auto& [weighted, num_dangling] : {std::pair(false, 2), std::pair(true, 0), std::pair(false, 8)}) {
    ppr::Engine replicated(ppr::ReplicatedGraph(hosts(comm, weighted, num_dangling)));
    const Graph alone = hosts(Comm::self(), weighted, num_dangling);
    const auto queries = batch(comm);
    const bool all = deep(graph == 0, true);  // else two policies and a target in turn
    ++graph;
    for (std::size_t policy = 0; policy < std::size(all_policies); ++policy) {
      if (!all && static_cast<int>(policy) % 2 != graph % 2) continue;
      const Dangling dangling = all_policies[policy];
      const auto truth = one_by_one(alone, queries, {.teleport = 0.1, .dangling = dangling, .target_error = 1e-12});
      const std::vector targets{0.1, 1e-4, 1e-9};
      const auto some = all ? std::span(targets).subspan(policy % deep(2U, 1U), deep(2, 3))
                            : std::span(targets).subspan(graph % 2 == 0 ? 1 : 2, 1);
      for (const double target : some) {
        const ppr::QueryOptions options{.teleport = 0.1, .dangling = dangling, .target_error = target};
        for (const bool without_hubs : {false, true}) {
          if (without_hubs)
            give_up_hubs(replicated);
          else
            ppr::state_of(replicated).plan = nullptr;
          const auto result = ppr::query(replicated, queries, options);
          EXPECT_EQ(result.stats.at("hub_entries") > 0, plan_of(replicated).hubs != nullptr);
          if (target < 1e-3 && num_dangling < 5) {
            EXPECT_EQ(plan_of(replicated).hubs == nullptr, without_hubs) << "target " << target;
          }
          for (std::size_t i = 0; i < queries.size(); i += stride) {
            const double error = l1_distance(dense_scores(result, i, n), dense_scores(truth, i, n));
            EXPECT_LE(result.error_bound[i], target);
            EXPECT_LE(error, result.error_bound[i] + 2e-12)
                << num_dangling << " of ten dangling, policy " << static_cast<int>(dangling) << " target " << target;
          }
        }
      }
    }
  }
}

TEST(PprBatch, TheBestAreThoseOfTheWholeAnswer) {
  const Comm comm = Comm::world();
  ppr::Engine graph(ppr::ReplicatedGraph(hosts(comm, true)));
  const auto queries = batch(comm);
  for (const double target : {0.1, 1e-8}) {
    for (std::size_t policy = 0; policy < std::size(all_policies); ++policy) {
      for (const bool exclude : {false, true}) {
        if (deep(exclude == (policy % 2 == (target > 1e-3 ? 0 : 1)), false)) continue;  // each of both in turn
        ppr::QueryOptions options{.teleport = 0.1, .dangling = all_policies[policy], .target_error = target};
        options.filter.exclude_seeds = options.filter.exclude_neighbours = exclude;
        auto whole = ppr::query(graph, queries, options);
        if (target > 1e-3) {
          give_up_hubs(graph);
          whole = ppr::query(graph, queries, options);
        }
        options.top = 10;
        const auto best = ppr::query(graph, queries, options);
        EXPECT_EQ(plan_of(graph).together && !plan_of(graph).hubs, target > 1e-3);
        for (std::size_t i = 0; i < queries.size(); ++i) {
          std::vector<std::pair<double, Global>> expected;
          for (auto k = static_cast<std::size_t>(whole.row_ptr[i]); k < static_cast<std::size_t>(whole.row_ptr[i + 1]);
               ++k)
            expected.emplace_back(-whole.score[k], whole.vertex[k]);
          std::sort(expected.begin(), expected.end());
          const auto first = static_cast<std::size_t>(best.row_ptr[i]);
          ASSERT_EQ(best.row_ptr[i + 1] - best.row_ptr[i], std::min<std::ptrdiff_t>(10, std::ssize(expected)));
          for (std::size_t k = 0; first + k < static_cast<std::size_t>(best.row_ptr[i + 1]); ++k) {
            // What is left out of whole answers changes all scores in proportion.
            const double apart = 0.05 * target * -expected[k].first + 1e-14;
            EXPECT_NEAR(best.score[first + k], -expected[k].first, apart);
            if (k + 1 < expected.size() && std::abs(expected[k].first - expected[k + 1].first) > 2 * apart &&
                (k == 0 || std::abs(expected[k].first - expected[k - 1].first) > 2 * apart)) {
              EXPECT_EQ(best.vertex[first + k], expected[k].second);
            }
          }
        }
      }
    }
  }
}

TEST(PprBatch, SecondBatchesGoByThePlanOfFirstOnes) {
  const Comm comm = Comm::world();
  ppr::Engine graph(ppr::ReplicatedGraph(hosts(comm, false)));
  const auto queries = batch(comm);
  const ppr::QueryOptions options{.teleport = 0.1, .target_error = 1e-6};
  const auto first = ppr::query(graph, queries, options);
  const auto hubs = plan_of(graph).hubs;
  ASSERT_NE(hubs, nullptr);
  EXPECT_GT(first.stats.at("hub_arcs"), 0);
  const auto second = ppr::query(graph, queries, options);
  EXPECT_EQ(plan_of(graph).hubs, hubs);
  EXPECT_EQ(second.stats.at("hub_arcs"), 0);
  EXPECT_EQ(first.score, second.score);
  // Another target, another teleport and an index want others.
  ppr::query(graph, queries, {.teleport = 0.1, .target_error = 0.1});
  EXPECT_NE(plan_of(graph).hubs, hubs);
  ppr::query(graph, queries, {.teleport = 0.2, .target_error = 0.1});
  EXPECT_EQ(plan_of(graph).teleport, 0.2);
  ppr::Engine indexed(graph.graph(), ppr::build_index(graph.graph(), {.walks = 5, .teleport = 0.2}));
  ppr::query(indexed, queries, {.teleport = 0.2, .target_error = 0.1});
  EXPECT_TRUE(plan_of(indexed).with_index);
}

TEST(PprBatch, AnIndexIsUsedWhereItIsTheBetterWay) {
  const Comm comm = Comm::world();
  const ppr::ReplicatedGraph graph(hosts(comm, false));
  ppr::Engine replicated(graph, ppr::build_index(graph, {.walks = 200, .teleport = 0.1}));
  const auto queries = batch(comm);
  const auto truth = one_by_one(hosts(Comm::self(), false), queries, {.teleport = 0.1, .target_error = 1e-13});
  for (const double target : {0.1, 1e-8}) {
    const auto result = ppr::query(replicated, queries, {.teleport = 0.1, .target_error = target});
    EXPECT_EQ(plan_of(replicated).together, target < 1e-3);
    EXPECT_EQ(result.stats.at("index_entries") > 0, target > 1e-3);
    double error = 0;
    double estimate = 0;
    for (std::size_t i = 0; i < queries.size(); i += stride) {
      const double of_query = l1_distance(dense_scores(result, i, n), dense_scores(truth, i, n));
      EXPECT_LE(of_query, result.error_bound[i]);
      EXPECT_LE(result.error_estimate[i], target);
      error += of_query;
      estimate += result.error_estimate[i];
    }
    EXPECT_LE(error, estimate);
  }
}

TEST(PprBatch, AnswersDoNotDependOnRanks) {
  const Comm comm = Comm::world();
  ppr::Engine shared(ppr::ReplicatedGraph(hosts(comm, true)));
  ppr::Engine alone(ppr::ReplicatedGraph(hosts(Comm::self(), true)));
  const auto queries = random_queries(n / 10, 120, 17);
  const auto first = static_cast<std::size_t>(Partition::uniform(120, comm.size()).begin(comm.rank()));
  for (const double target : {0.1, 1e-8}) {
    const ppr::QueryOptions options{.teleport = 0.1, .target_error = target};
    const auto own = deal_queries(comm, queries);
    auto all = ppr::query(alone, queries, options);
    auto mine = ppr::query(shared, own, options);
    EXPECT_EQ(plan_of(alone).together, plan_of(shared).together);
    if (target > 1e-3) {
      give_up_hubs(alone);
      give_up_hubs(shared);
      all = ppr::query(alone, queries, options);
      mine = ppr::query(shared, own, options);
    }
    EXPECT_EQ(plan_of(alone).hubs == nullptr, target > 1e-3);
    EXPECT_EQ(all.stats.at("arcs_pushed"), mine.stats.at("arcs_pushed"));
    EXPECT_EQ(all.stats.at("hub_entries"), mine.stats.at("hub_entries"));
    for (std::size_t i = 0; i < own.size(); ++i)
      EXPECT_LT(l1_distance(dense_scores(mine, i, n), dense_scores(all, first + i, n)), 1e-12);
  }
}

TEST(PprBatch, EveryRankGetsTheAnswersOfItsOwnQueries) {
  const Comm comm = Comm::world();
  ppr::Engine graph(ppr::ReplicatedGraph(hosts(comm, false)));
  // The last rank asks nearly everything, seeds falling; others nothing or one query. No whole number of groups.
  std::vector<Query> queries;
  const int last = comm.size() - 1;
  if (comm.rank() == last) {
    for (Global k = 0; k < 77; ++k) queries.push_back({{n - 1 - k * (n / 80), 1}});
  } else if (comm.rank() == 1) {
    queries.push_back({{5, 1}});
  }
  const auto result = ppr::query(graph, queries, {.teleport = 0.2, .target_error = 1e-3, .top = 1});
  ASSERT_EQ(result.row_ptr.size(), queries.size() + 1);
  ASSERT_EQ(result.error_bound.size(), queries.size());
  for (std::size_t i = 0; i < queries.size(); ++i) {
    ASSERT_EQ(result.row_ptr[i + 1] - result.row_ptr[i], 1);
    // A page has at least c of its own answer; only the first page of its host may have more.
    const Global seed = queries[i][0].vertex;
    EXPECT_TRUE(result.vertex[i] == seed || result.vertex[i] == seed / pages * pages) << "query " << i;
  }
}

TEST(PprBatch, WalksThatLoseNearlyAllOrComeBackOftenAreAnsweredToo) {
  const Comm comm = Comm::world();
  for (const double teleport : {0.02, 0.98}) {
    for (const Global num_dangling : {Global{0}, Global{9}}) {
      ppr::Engine graph(ppr::ReplicatedGraph(hosts(comm, true, num_dangling)));
      const auto queries = deal_queries(comm, random_queries(n, 70, 17));
      const auto truth =
          one_by_one(hosts(Comm::self(), true, num_dangling), queries, {.teleport = teleport, .target_error = 1e-9});
      for (const double target : {1.5, 1e-6}) {
        const auto result = ppr::query(graph, queries, {.teleport = teleport, .target_error = target});
        for (std::size_t i = 0; i < queries.size(); i += stride) {
          EXPECT_LE(result.error_bound[i], target);
          EXPECT_LE(l1_distance(dense_scores(result, i, n), dense_scores(truth, i, n)), result.error_bound[i] + 2e-12)
              << "teleport " << teleport << " target " << target << " query " << i;
        }
      }
    }
  }
}

TEST(PprBatch, CandidatesAndFiltersAreMetInFullWhateverTheWay) {
  const Comm comm = Comm::world();
  ppr::Engine graph(ppr::ReplicatedGraph(hosts(comm, true)));
  const Graph alone = hosts(Comm::self(), true);
  const auto queries = batch(comm);
  for (const double target : {0.1, 1e-10, 1e-15}) {
    for (const Dangling dangling : {Dangling::source, Dangling::uniform}) {
      ppr::QueryOptions options{.teleport = 0.1, .dangling = dangling, .target_error = target};
      const auto truth = one_by_one(alone, queries, options);
      for (Global v = 0; v < 40; ++v) options.filter.candidates.push_back(v * 7);
      for (const bool without_hubs : {false, true}) {
        if (without_hubs) give_up_hubs(graph);
        if (without_hubs && target < 1e-12) continue;
        const auto shown = ppr::query(graph, queries, options);
        for (std::size_t i = 0; i < queries.size(); i += stride) {
          const auto expected = dense_scores(truth, i, n);
          const auto found = dense_scores(shown, i, n);
          for (const Global v : options.filter.candidates) {
            EXPECT_NEAR(found[static_cast<std::size_t>(v)], expected[static_cast<std::size_t>(v)], 2 * target + 1e-13);
          }
        }
      }
    }
  }
  // However large the target, as many are shown as there are.
  const auto whole = ppr::query(graph, queries, {.teleport = 0.9, .target_error = 0.5});
  give_up_hubs(graph);
  ppr::QueryOptions options{.teleport = 0.9, .target_error = 0.5, .top = 5};
  options.filter.exclude_seeds = true;
  const auto best = ppr::query(graph, queries, options);
  for (std::size_t i = 0; i < queries.size(); ++i) {
    std::set<Global> seeds;
    for (const ppr::Seed& seed : queries[i]) seeds.insert(seed.vertex);
    Offset others = 0;
    for (Offset k = whole.row_ptr[i]; k < whole.row_ptr[i + 1]; ++k)
      others += seeds.contains(whole.vertex[static_cast<std::size_t>(k)]) ? 0 : 1;
    EXPECT_GE(best.row_ptr[i + 1] - best.row_ptr[i], std::min<Offset>(5, others));
  }
}

TEST(PprBatch, OptionsMustBeTheSameOnAllRanks) {
  const Comm comm = Comm::world();
  ppr::Engine graph(ppr::ReplicatedGraph(hosts(comm, true)));
  const auto queries = batch(comm);
  const auto is_refused = [&](const ppr::QueryOptions& options) {
    try {
      ppr::query(graph, queries, options);
      return false;
    } catch (const InvalidArgument&) {
      return true;
    }
  };
  const bool others = comm.size() > 1;
  EXPECT_EQ(is_refused({.target_error = comm.rank() == 0 ? 0.1 : 0.2}), others);
  EXPECT_EQ(is_refused({.method = comm.rank() == 0 ? ppr::Method::verd : ppr::Method::push}), others);
}

TEST(PprBatch, SymmetricGraphsKeepTheirSolver) {
  const Comm comm = Comm::world();
  Random random(4);
  Entries<double> entries;
  constexpr Global size = 2000;
  for (int k = 0; k < 8000; ++k) {
    const Global a = below(random, size);
    const Global b = below(random, size);
    entries.row.insert(entries.row.end(), {a, b});
    entries.col.insert(entries.col.end(), {b, a});
  }
  const Graph graph = Graph::from_entries(comm, size, size, deal(comm, entries, 3), {Duplicates::first, Loops::drop});
  const Graph alone = Graph::from_entries(Comm::self(), size, size, entries, {Duplicates::first, Loops::drop});
  ppr::Engine replicated{ppr::ReplicatedGraph(graph)};
  const auto queries = deal_queries(comm, random_queries(size, 100, 5));
  const auto truth = one_by_one(alone, queries, {.target_error = 1e-13});
  for (const double target : {1.0, 1e-2, 1e-8}) {
    const auto result = ppr::query(replicated, queries, {.target_error = target});
    if (target < 1e-3) {
      EXPECT_GT(result.stats.at("arcs_solved"), 0);
    }
    for (std::size_t i = 0; i < queries.size(); i += stride) {
      EXPECT_LE(result.error_bound[i], target);
      EXPECT_LE(l1_distance(dense_scores(result, i, size), dense_scores(truth, i, size)),
                result.error_bound[i] + 2e-13);
    }
  }
}

TEST(PprLanes, TheLargestOfEveryLaneAreListed) {
  Random random(11);
  std::vector<double> values(40 * ppr::block_size);
  for (double& value : values)
    value = below(random, 3) == 0 ? 0 : std::pow(10.0, -static_cast<double>(below(random, 14)));
  for (const double most_missed : {0.0, 1e-9, 1e-2, 1e3}) {
    for (const std::size_t enough : {0u, 1u, 20u, 100000u}) {
      const auto large = ppr::Lanes::large(values, most_missed, enough);
      for (std::size_t l = 0; l < ppr::batch_width; ++l) {
        double missed = 0;
        double largest_missed = 0;
        double smallest_listed = 1;
        std::size_t k = 0;
        for (std::size_t slot = 0; slot < values.size() / ppr::batch_width; ++slot) {
          const double value = values[slot * ppr::batch_width + l];
          if (k < large.of_lane[l].size() && large.of_lane[l][k].first == static_cast<Local>(slot)) {
            EXPECT_EQ(large.of_lane[l][k++].second, value);
            smallest_listed = std::min(smallest_listed, value);
          } else {
            missed += value;
            largest_missed = std::max(largest_missed, value);
          }
        }
        EXPECT_EQ(k, large.of_lane[l].size());
        EXPECT_LE(largest_missed, smallest_listed);
        EXPECT_GT(smallest_listed, 0);
        EXPECT_NEAR(large.missed[l], missed, 1e-12);
        EXPECT_TRUE(missed == 0 || (enough > 0 ? k >= enough : missed <= most_missed)) << missed << " " << k;
      }
    }
  }
}

}  // namespace
}  // namespace filigree::testing
