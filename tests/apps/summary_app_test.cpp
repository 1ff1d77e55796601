// filigree-summary as its users run it.
#include <algorithm>
#include <sstream>

#include "apps.hpp"
#include "schema.hpp"

namespace filigree::testing {
namespace {

using ::testing::HasSubstr;

class SummaryApp : public Apps {
 protected:
  /// Three cliques of names in a ring, with a loop and a duplicate.
  std::string graph_of_names() const {
    std::string edges = "a0 a0\na0 a1\n";
    for (const char clique : {'a', 'b', 'c'}) {
      for (int i = 0; i < 6; ++i)
        for (int j = 0; j < i; ++j)
          edges += std::string{clique} + std::to_string(i) + ' ' + clique + std::to_string(j) + '\n';
    }
    edges += "a0 b0\nb1 c1\nc2 a2\n";
    return write("names.txt", edges);
  }
  void build(int ranks = 0) const {
    done(ranks, "summary", {"build", "--graph", graph_of_names(), "--undirected", "--size-ratio", "0.6", "-o", "s.h5"});
  }
  std::string lines_of(const Words& arguments, int ranks = 0) const { return done(ranks, "summary", arguments).out; }
};

TEST_F(SummaryApp, BuildsTheSameFileOnAnyRanksAndEvaluatesIt) {
  const std::string graph = graph_of_names();
  std::string first;
  for (const int ranks : {0, 2, 3}) {
    const auto built = done(ranks, "summary",
                            {"build", "--graph", graph, "--undirected", "--size-ratio", "0.6", "--verify", "--threads",
                             "2", "-o", "s.h5", "--json", "r.json", "--svg", "s.svg"});
    EXPECT_THAT(built.err, HasSubstr("verified: the file reads back with the same size and errors"));
    EXPECT_THAT(built.err, HasSubstr("1 loop left out"));
    if (first.empty()) first = read("s.h5");
    EXPECT_EQ(read("s.h5"), first);
    EXPECT_THAT(read("s.svg"), HasSubstr("</svg>"));
    const Json record = Json::parse(read("r.json"));
    EXPECT_EQ(complaints(record, Json::parse(bytes_of(SCHEMA))), "");
    EXPECT_LE(record["result"]["bits"].get<double>(), record["result"]["budget_bits"].get<double>());
    EXPECT_EQ(lines_of({"evaluate", "--graph", graph, "--undirected", "--summary", "s.h5"}, ranks), built.out);
  }
  EXPECT_FALSE(has_partial_file());
}

TEST_F(SummaryApp, ArcsAreTakenBothWaysWithANote) {
  const std::string graph = graph_of_names();
  for (const int ranks : {0, 2}) {
    const auto built = done(ranks, "summary", {"build", "--graph", graph, "--size-ratio", "0.6", "-o", "d.h5"});
    EXPECT_THAT(built.err, HasSubstr("directed; every arc is taken both ways: 48 edges"));
    EXPECT_EQ(lines_of({"evaluate", "--graph", graph, "--undirected", "--summary", "d.h5"}, ranks), built.out);
    EXPECT_EQ(lines_of({"evaluate", "--graph", graph, "--summary", "d.h5"}, ranks), built.out);
  }
}

TEST_F(SummaryApp, AnswersQueriesByName) {
  build();
  std::string pagerank, degrees, steps, neighbors;
  for (const int ranks : {0, 2}) {
    const auto same = [&](std::string& before, const Words& arguments) {
      Words all{"query", "--summary", "s.h5"};
      all.insert(all.end(), arguments.begin(), arguments.end());
      const std::string now = lines_of(all, ranks);
      if (before.empty()) before = now;
      EXPECT_EQ(now, before);
    };
    same(pagerank, {"--kind", "pagerank", "--top", "3"});
    same(degrees, {"--kind", "degree"});
    same(steps, {"--kind", "bfs", "--vertices", "b3"});
    write("asked.txt", "# two\nb3\nc4\n");
    same(neighbors, {"--kind", "neighbors", "--vertices", "asked.txt"});
  }
  EXPECT_THAT(pagerank, HasSubstr("vertex\tscore\n"));
  EXPECT_EQ(occurrences(pagerank, "\n"), 4);
  EXPECT_EQ(occurrences(degrees, "\n"), 19);
  EXPECT_THAT(steps, HasSubstr("b3\tb3\t0\n"));
  EXPECT_THAT(steps, HasSubstr("b3\tb4\t1\n"));
  EXPECT_THAT(neighbors, HasSubstr("b3\tb5\t1\n"));
  EXPECT_THAT(neighbors, HasSubstr("c4\tc5\t1\n"));
  const Outcome unknown = run(2, "summary", {"query", "--summary", "s.h5", "--kind", "bfs", "--vertices", "d9"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(error_line(unknown.err), HasSubstr("d9"));
}

TEST_F(SummaryApp, ExportsAsDocumented) {
  build();
  std::istringstream text(lines_of({"export", "--summary", "s.h5", "--format", "text"}, 2));
  std::string line;
  ASSERT_TRUE(std::getline(text, line));
  EXPECT_EQ(line, "<Subnode of each supernode>");
  int supernodes = 0, vertices = 0;
  while (std::getline(text, line) && line.front() != '<') {
    EXPECT_EQ(line.substr(0, line.find('\t')), std::to_string(supernodes++));
    vertices += static_cast<int>(std::count(line.begin(), line.end(), '\t'));
  }
  EXPECT_EQ(line, "<Superedge info>");
  EXPECT_EQ(vertices, 18);
  std::string superedges;
  while (std::getline(text, line)) superedges += line + "\n";
  EXPECT_EQ(superedges, lines_of({"export", "--summary", "s.h5", "--format", "graph"}));
  // This budget holds all of it: three cliques of 15 edges, and three edges between them.
  std::istringstream rows(superedges);
  int edges = 0;
  for (int from = 0, to = 0, count = 0; rows >> from >> to >> count;) edges += count;
  EXPECT_EQ(edges, 48);
  lines_of({"export", "--summary", "s.h5", "--format", "graph", "-o", "super.txt"});
  EXPECT_EQ(read("super.txt"), superedges);
}

TEST_F(SummaryApp, MistakesAreOneMessageAndLeaveNothing) {
  const std::string graph = graph_of_names();
  build();
  const std::string whole = read("s.h5");
  write("cut.h5", whole.substr(0, whole.size() / 3));
  write("directed.txt", "1 2\n2 3\n3 1\n");
  write("loop.txt", "1 1\n2 2\n");
  write("empty.txt", "# nothing\n");
  write("other.txt", "1 2\n2 3\n");
  const auto fails = [&](int code, const Words& arguments, const std::string& what, int most_ranks = 0) {
    const auto before = files();
    for (int ranks = 0; ranks <= most_ranks; ranks += 2) {
      const Outcome outcome = run(ranks, "summary", arguments);
      EXPECT_EQ(outcome.code, code) << ::testing::PrintToString(arguments);
      EXPECT_THAT(outcome.err, HasSubstr(what));
      EXPECT_EQ(occurrences(outcome.err, "error: "), 1) << outcome.err;
    }
    auto after = files();
    auto expected = before;
    std::sort(after.begin(), after.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(after, expected);
  };
  const auto build_fails = [&](const Words& more, const std::string& what, const std::string& of = "names.txt") {
    Words arguments{"build", "--graph", of, "--undirected", "-o", "bad.h5"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    fails(1, arguments, what);
  };
  build_fails({"--mode", "hybrid"}, "not available yet: hybrid");
  build_fails({}, "no edges between different vertices", "loop.txt");
  build_fails({}, "no vertices", "empty.txt");
  fails(1, {"evaluate", "--graph", "other.txt", "--undirected", "--summary", "s.h5"}, "s.h5: a summary of 18 vertices",
        2);
  fails(1, {"query", "--summary", "cut.h5"}, "cut.h5", 2);
  fails(1, {"query", "--summary", graph}, "names.txt");
  fails(1, {"query", "--summary", "missing.h5"}, "missing.h5");
  fails(2, {"build", "--graph", graph, "--undirected"}, "--output is required");
  fails(2, {"build", "--graph", graph, "-o", "bad.h5", "--bits", "5", "--bytes", "5"}, "--bytes");
  fails(2, {"build", "--graph", graph, "-o", "bad.h5", "--bytes=-1"}, "--bytes: -1 must be at least 0");
  fails(2, {"query", "--summary", "s.h5", "--kind", "bfs"}, "--vertices");
}

}  // namespace
}  // namespace filigree::testing
