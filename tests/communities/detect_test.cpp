// Detection from end to end: the authors' instance, a graph whose communities are known, and graphs without any.
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "filigree/communities.hpp"
#include "filigree/communities/metrics.hpp"
#include "filigree/generate.hpp"
#include "filigree/io/read.hpp"
#include "support/deep.hpp"
#include "support/matrices.hpp"
#include "support/runtime.hpp"

namespace filigree::testing {
namespace {

TEST(Detect, AuthorsInstanceHasItsTrueTree) {
  // Depth 4, binary, 200 a leaf, beta 0.1, a_last 36: the first instance of the paper. Seed 1 to 20 by the deep tests.
  const Comm world = Comm::world();
  for (std::uint64_t seed = 1; seed <= deep(1U, 20U); ++seed) {
    const auto model = generate::hsbm(world, seed);
    const auto found = communities::detect(model.graph);
    EXPECT_EQ(found.tree.dendrogram.num_leaves, 16) << "seed " << seed;
    std::vector<std::vector<Global>> truth;
    for (Global leaves_per_node : {1, 2, 4, 8}) {
      truth.push_back(model.leaves.of);
      for (Global& label : truth.back()) label /= leaves_per_node;
    }
    const auto compared = communities::compare(world, found.tree.leaves, found.tree.dendrogram, truth);
    EXPECT_EQ(compared.true_groups, 14);
    EXPECT_EQ(compared.found_groups, 14) << "seed " << seed;
    EXPECT_EQ(compared.inversions, 0);
    EXPECT_GT(compared.levels[0].at_leaves.ami, 0.999);
  }
}

TEST(Detect, SameOnAnyRanksAndThreads) {
  const generate::HsbmOptions options{
      .branching = 3, .depth = 2, .leaf_size = 40, .beta = 0.2, .a_last = 25, .shuffle = true};
  const Comm world = Comm::world();
  const auto together = communities::detect(generate::hsbm(world, 3, options).graph);
  const ThreadsScope scope(2);
  const auto alone = communities::detect(generate::hsbm(Comm::self(), 3, options).graph);
  EXPECT_EQ(together.tree.dendrogram.num_leaves, 9);
  EXPECT_GE(alone.leaves.separation, 1.02);
  EXPECT_TRUE(together.tree.dendrogram == alone.tree.dendrogram);
  EXPECT_EQ(whole(world, together.tree.leaves.of), alone.tree.leaves.of);
}

TEST(Detect, KarateClub) {
  // Who went with whom when the club split (Zachary 1977, table 1): vertices 8, 14, 15, 18, 20, 22, 23 and up.
  const Comm world = Comm::world();
  const auto file = io::read(world, DATA "/karate.txt", {.undirected = true});
  ASSERT_EQ(file.graph.num_rows(), 34);
  const std::vector<Global> truth{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0,
                                  0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  for (Global k : {0, 2}) {
    const auto found = communities::detect(file.graph, {.leaves = {.num_communities = k}});
    const std::vector<std::vector<Global>> mine{owned(file.graph.rows(), world.rank(), truth)};
    const auto compared = communities::compare(world, found.tree.leaves, found.tree.dendrogram, mine);
    EXPECT_NEAR(compared.levels[0].at_leaves.ami, 0.833, 5e-4);
  }
}

TEST(Detect, FootballConferences) {
  // Conferences as corrected by Evans (J. Stat. Mech., 2010, P12037): those who played in the Big West, Texas
  // Christian, and eight teams without a conference, which do not count.
  const Comm world = Comm::world();
  std::map<std::string, std::string> conference_of;
  std::ifstream lines(DATA "/football_conferences.txt");
  for (std::string team, conference; std::getline(lines, team, '\t') && std::getline(lines, conference);) {
    if (team.starts_with('#')) team.erase(0, team.find('\n') + 1);
    conference_of[team] = conference;
  }
  ASSERT_EQ(conference_of.size(), 115u);
  for (const char* team : {"NorthTexas", "ArkansasState", "BoiseState", "Idaho", "NewMexicoState", "UtahState"})
    conference_of[team] = "Big_West";
  for (const char* team : {"LouisianaTech", "LouisianaMonroe", "MiddleTennesseeState", "LouisianaLafayette"})
    conference_of[team] = "Independents";
  conference_of["TexasChristian"] = "Western_Athletic";
  std::map<std::string, Global> number;
  for (const auto& [team, conference] : conference_of) {
    const auto next = static_cast<Global>(number.size());
    if (conference != "Independents") number.emplace(conference, next);
  }
  EXPECT_EQ(number.size(), 11u);
  const auto file = io::read(world, DATA "/football.txt", {.undirected = true});
  std::vector<Global> truth;
  for (Local v = 0; v < file.graph.num_local_rows(); ++v) {
    const auto at = number.find(conference_of.at(file.names.owned(world, v)));
    truth.push_back(at == number.end() ? -1 : at->second);
  }
  const auto found = communities::detect(file.graph, {.leaves = {.num_communities = 11}});
  const std::vector<std::vector<Global>> levels{truth};
  const auto compared = communities::compare(world, found.tree.leaves, found.tree.dendrogram, levels);
  EXPECT_EQ(compared.levels[0].at_leaves.vertices, 107);
  EXPECT_EQ(compared.levels[0].at_leaves.ami, 1);
}

TEST(Detect, ManyIsolatedVerticesChangeNothing) {
  const Comm world = Comm::world();
  const auto model = generate::hsbm(world, 1, {.depth = 3, .leaf_size = 50, .beta = 0.2, .a_last = 30});
  Entries<double> entries;
  for (Local v = 0; v < model.graph.num_local_rows(); ++v) {
    for (const Local column : model.graph.local().view().cols(v)) {
      entries.row.push_back(model.graph.first_row() + v);
      entries.col.push_back(model.graph.global_col(column));
    }
  }
  const Graph graph = Graph::from_entries(world, 20000, 20000, std::move(entries));
  const auto plain = communities::detect(model.graph, {.leaves = {.num_communities = 8}});
  const auto found = communities::detect(graph, {.leaves = {.num_communities = 8}});
  EXPECT_EQ(found.leaves.num_isolated, 20000 - 400);
  auto labels = whole(world, found.tree.leaves.of);
  labels.resize(400);
  EXPECT_EQ(labels, whole(world, plain.tree.leaves.of));
  ASSERT_EQ(found.tree.dendrogram.num_leaves, 8);
  for (std::size_t k = 0; k < 7; ++k) {
    EXPECT_EQ(found.tree.dendrogram.merges[k].left, plain.tree.dendrogram.merges[k].left);
    EXPECT_EQ(found.tree.dendrogram.merges[k].right, plain.tree.dendrogram.merges[k].right);
    EXPECT_EQ(found.tree.dendrogram.merges[k].height, plain.tree.dendrogram.merges[k].height);
  }
}

TEST(Detect, DisconnectedGraphsIsolatedVerticesAndNoStructure) {
  const Comm world = Comm::world();
  // Three cliques of 12 without edges between, and two vertices alone.
  Entries<double> entries;
  for (Global clique = 0; clique < (world.is_root() ? 3 : 0); ++clique) {
    for (Global u = 0; u < 12; ++u) {
      for (Global v = 0; v < 12; ++v) {
        if (u == v) continue;
        entries.row.push_back(12 * clique + u);
        entries.col.push_back(12 * clique + v);
      }
    }
  }
  const Graph cliques = Graph::from_entries(world, 38, 38, std::move(entries));
  const auto apart = communities::detect(cliques);
  EXPECT_EQ(apart.tree.dendrogram.num_leaves, 3);
  EXPECT_EQ(apart.leaves.num_isolated, 2);
  EXPECT_EQ(apart.tree.dendrogram.merges.back().height, 1);
  EXPECT_EQ(cut_by_height(apart.tree.dendrogram, 0.5).num_clusters(), 3);

  const Graph random = generate::uniform(world, 500, 500, 5000, 4, {.undirected = true, .loops = Loops::drop});
  const auto none = communities::detect(random);
  EXPECT_EQ(none.tree.dendrogram.num_leaves, 1);
  EXPECT_TRUE(none.tree.dendrogram.merges.empty());

  const Graph empty = Graph::from_entries(world, 5, 5, {});
  EXPECT_EQ(message_of<InvalidArgument>([&] { communities::detect(empty); }),
            "graph: no edges between different vertices among 5 vertices");
  EXPECT_NE(message_of<InvalidArgument>([&] { communities::detect(cliques, {.leaves = {.num_communities = 39}}); }),
            "");
}

}  // namespace
}  // namespace filigree::testing
