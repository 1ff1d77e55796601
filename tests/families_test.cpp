// Every algorithm on every family of graphs, against an obvious oracle.
#include "support/families.hpp"

#include <gmock/gmock.h>

#include <numeric>

#include "filigree/components.hpp"
#include "filigree/pagerank.hpp"
#include "filigree/ppr.hpp"
#include "filigree/spgemm.hpp"
#include "support/walk_oracle.hpp"

namespace filigree::testing {
namespace {

class Families : public ::testing::TestWithParam<Family> {
 protected:
  const Comm comm_ = Comm::world();
  const Family& family_ = GetParam();
  const Graph graph_ = family_graph(comm_, family_);
};

TEST_P(Families, PageRankEqualsADenseSolve) {
  const std::vector<double> uniform(static_cast<std::size_t>(family_.num_vertices), 1.0);
  for (const Dangling dangling : all_policies) {
    const auto result = pagerank::solve(graph_, {}, {.tolerance = 1e-13, .dangling = dangling});
    const auto expected = dense_pagerank(whole(graph_), uniform, 0.15, dangling);
    EXPECT_LT(l1_distance(whole(comm_, result.scores), expected), 1e-12) << "policy " << static_cast<int>(dangling);
  }
}

TEST_P(Families, PersonalizedPageRankEqualsADenseSolve) {
  const std::vector<ppr::Query> queries(comm_.is_root() ? 1 : 0, {{family_.num_vertices - 1, 1.0}});
  std::vector<double> teleport(static_cast<std::size_t>(family_.num_vertices), 0.0);
  teleport.back() = 1;
  for (const Dangling dangling : all_policies) {
    for (const ppr::Placement placement : {ppr::Placement::replicated, ppr::Placement::partitioned}) {
      ppr::QueryOptions options;
      options.dangling = dangling;
      options.placement = placement;
      const auto answer = ppr::exact(graph_, queries, 1e-9, options);
      std::vector<double> scores(teleport.size(), 0.0);
      for (std::size_t k = 0; k < answer.vertex.size(); ++k) {
        scores[static_cast<std::size_t>(answer.vertex[k])] += answer.score[k];
      }
      comm_.sum(scores);
      EXPECT_LT(l1_distance(scores, dense_pagerank(whole(graph_), teleport, 0.15, dangling)), 2e-9)
          << "policy " << static_cast<int>(dangling) << " placement " << static_cast<int>(placement);
    }
  }
}

TEST_P(Families, ComponentsEqualRepeatedRelabelling) {
  std::vector<Global> smallest(static_cast<std::size_t>(family_.num_vertices));
  std::iota(smallest.begin(), smallest.end(), 0);
  for (std::size_t pass = 0; pass < smallest.size(); ++pass) {
    for (const auto& [tail, head] : family_.arcs) {
      auto& a = smallest[static_cast<std::size_t>(tail)];
      auto& b = smallest[static_cast<std::size_t>(head)];
      a = b = std::min(a, b);
    }
  }
  const auto labels = whole(comm_, components::weak(graph_).labels.of);
  ASSERT_EQ(labels.size(), smallest.size());
  for (std::size_t v = 0; v < labels.size(); ++v) {
    for (std::size_t w = 0; w < v; ++w) EXPECT_EQ(labels[v] == labels[w], smallest[v] == smallest[w]) << v << ' ' << w;
  }
}

TEST_P(Families, SquareEqualsATripleLoop) {
  GlobalMatrix<double> expected;
  const auto a = whole(graph_);
  for (const auto& [ij, x] : a) {
    for (const auto& [jk, y] : a) {
      if (ij.second == jk.first) expected[{ij.first, jk.second}] += x * y;
    }
  }
  EXPECT_EQ(whole(spgemm::multiply(graph_, graph_).c), expected);
}

TEST_P(Families, HaloBringsWhatOwnersHave) {
  const auto transposed_graph = transpose(graph_);
  for (const Graph* graph : {&graph_, &transposed_graph}) {
    std::vector<Global> ids(static_cast<std::size_t>(graph->num_owned_cols()));
    std::iota(ids.begin(), ids.end(), graph->first_row());
    const auto seen = graph->with_ghosts(ids);
    for (Local column = 0; column < graph->local().num_cols; ++column) {
      EXPECT_EQ(seen[static_cast<std::size_t>(column)], graph->global_col(column));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Families, ::testing::ValuesIn(graph_families()), [](const auto& tested) {
  std::string name = tested.param.name;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
});

}  // namespace
}  // namespace filigree::testing
