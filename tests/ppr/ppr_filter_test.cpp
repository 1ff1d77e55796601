// Filters of answers: what is left out, what that makes room for, and what they refuse.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "filigree/ppr.hpp"
#include "support/ppr_queries.hpp"
#include "support/walk_oracle.hpp"

namespace filigree::testing {
namespace {

using ppr::Filter;
using ppr::Query;
using ::testing::HasSubstr;

using Scores = std::vector<std::pair<Global, double>>;

Scores scores_of(const ppr::Result& result, std::size_t query) {
  Scores scores;
  for (auto k = static_cast<std::size_t>(result.row_ptr[query]);
       k < static_cast<std::size_t>(result.row_ptr[query + 1]); ++k)
    scores.emplace_back(result.vertex[k], result.score[k]);
  return scores;
}

/// The filter, said once more.
bool shows(const Filter& filter, const GlobalMatrix<double>& graph, const Query& query, Global vertex) {
  for (const ppr::Seed& seed : query) {
    if (filter.exclude_seeds && vertex == seed.vertex) return false;
    if (filter.exclude_neighbours && graph.count({seed.vertex, vertex}) > 0) return false;
  }
  const auto& chosen = filter.candidates;
  return chosen.empty() || std::find(chosen.begin(), chosen.end(), vertex) != chosen.end();
}

Scores expected(Scores all, const Filter& filter, const GlobalMatrix<double>& graph, const Query& query, int top) {
  std::erase_if(all, [&](const auto& score) { return !shows(filter, graph, query, score.first); });
  if (top == 0) return all;
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  all.resize(std::min(all.size(), static_cast<std::size_t>(top)));
  return all;
}

/// Some vertices of [0, n), in no order.
std::vector<Global> some(Global n, Global count, std::uint64_t seed) {
  Random random(seed);
  std::set<Global> chosen;
  while (std::ssize(chosen) < count) chosen.insert(below(random, n));
  std::vector<Global> shuffled(chosen.begin(), chosen.end());
  for (std::size_t i = shuffled.size(); i > 1; --i)
    std::swap(shuffled[i - 1], shuffled[static_cast<std::size_t>(below(random, static_cast<Global>(i)))]);
  return shuffled;
}

std::vector<Query> queries_of_rank(const Comm& comm, Global n) {
  Random random(static_cast<std::uint64_t>(40 + comm.rank()));
  std::vector<Query> queries;
  for (int i = 0; i < 7 + 3 * comm.rank(); ++i) {  // some are answered together, some one by one
    Query& query = queries.emplace_back();
    for (Global s = below(random, 4); s >= 0; --s) query.push_back({below(random, n), 1});
  }
  return queries;
}

TEST(PprFilter, ShowsTheScoresOfTheWholeGraphThatItLetsThrough) {
  constexpr Global n = 400;
  const Comm comm = Comm::world();
  const Graph graph = random_graph(comm, n, 2400, true, 5);
  const auto global = whole(graph);
  const ppr::ReplicatedGraph replicated(graph);
  const auto index = ppr::build_index(replicated, {.walks = 10});
  const auto queries = queries_of_rank(comm, n);
  std::vector<Global> sorted = some(n, 60, 2);
  std::sort(sorted.begin(), sorted.end());
  const std::vector<Filter> filters{{},
                                    {.exclude_seeds = true},
                                    {.exclude_neighbours = true},
                                    {.candidates = sorted},
                                    {.candidates = some(n, 60, 3)},
                                    {.candidates = some(n, 2, 4)},
                                    {.candidates = some(n, n, 5)},
                                    {true, true, some(n, 200, static_cast<std::uint64_t>(6 + comm.rank()))}};
  int left_out = 0;
  for (const Dangling dangling : {Dangling::source, Dangling::uniform}) {
    for (const ppr::Index* used : {static_cast<const ppr::Index*>(nullptr), &index}) {
      const ppr::QueryOptions options{.dangling = dangling, .target_error = 0.05};
      const auto all = query_with(replicated, used, queries, options);
      for (const Filter& filter : filters) {
        for (const int top : {0, 10, 1000}) {
          ppr::QueryOptions filtered = options;
          filtered.filter = filter;
          filtered.top = top;
          const auto result = query_with(replicated, used, queries, filtered);
          for (std::size_t i = 0; i < queries.size(); ++i) {
            const Scores right = expected(scores_of(all, i), filter, global, queries[i], top);
            EXPECT_EQ(scores_of(result, i), right);
            left_out += static_cast<int>(scores_of(all, i).size() - right.size());
          }
          EXPECT_EQ(result.error_bound, all.error_bound);
        }
      }
    }
  }
  EXPECT_GT(left_out, 0);
}

TEST(PprFilter, ExactAnswersAreFilteredToo) {
  // 0 -> 1, 2; 1 -> 0; 2 -> 2: a loop.
  const Comm comm = Comm::world();
  const Graph graph = Graph::from_entries(
      comm, 4, 4, comm.is_root() ? Entries<double>{{0, 0, 1, 2}, {1, 2, 0, 2}, {}} : Entries<double>{});
  const auto vertices = [&](const Query& query, Filter filter) {
    return ppr::exact(graph, std::vector<Query>{query}, 1e-12, {.filter = std::move(filter)}).vertex;
  };
  using Vertices = std::vector<Global>;
  EXPECT_EQ(vertices({{0, 1}}, {}), (Vertices{0, 1, 2}));
  EXPECT_EQ(vertices({{0, 1}}, {.exclude_seeds = true}), (Vertices{1, 2}));
  EXPECT_EQ(vertices({{0, 1}}, {.exclude_neighbours = true}), (Vertices{0}));
  EXPECT_EQ(vertices({{0, 1}}, {.exclude_seeds = true, .exclude_neighbours = true}), Vertices{});
  EXPECT_EQ(vertices({{0, 1}}, {.candidates = {3, 2, 0}}), (Vertices{0, 2}));  // 3 is out of reach
  EXPECT_EQ(vertices({{2, 1}}, {.exclude_neighbours = true}), Vertices{});     // its own neighbour
  EXPECT_EQ(vertices({{0, 1}, {1, 1}}, {.exclude_neighbours = true}), Vertices{});
}

TEST(PprFilter, BadCandidatesAreNamedOnAllRanks) {
  const Comm comm = Comm::world();
  const ppr::ReplicatedGraph graph(random_graph(comm, 50, 200, false, 19));
  const std::vector<Query> one = {{{1, 1}}};
  // Only the last rank chooses badly; all hear of it.
  const auto refusal = [&](std::vector<Global> candidates) {
    if (comm.rank() + 1 < comm.size()) candidates = {1, 2};
    return message_of<InvalidArgument>([&] { ppr::query(graph, one, {.filter = {.candidates = candidates}}); });
  };
  EXPECT_THAT(refusal({1, 50}), HasSubstr("candidates: 50 is not a vertex; the graph has 50"));
  EXPECT_THAT(refusal({50, 1}), HasSubstr("candidates: 50 is not a vertex"));
  EXPECT_THAT(refusal({-1, 4}), HasSubstr("candidates: -1 is not a vertex"));
  EXPECT_THAT(refusal({3, 7, 7}), HasSubstr("candidates: vertex 7 is there twice"));
  EXPECT_THAT(refusal({7, 3, 7}), HasSubstr("candidates: vertex 7 is there twice"));
  EXPECT_EQ(refusal({49, 0}), "");
}

}  // namespace
}  // namespace filigree::testing
