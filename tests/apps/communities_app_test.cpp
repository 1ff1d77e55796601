// filigree-communities as its users run it.
#include <sstream>

#include "apps.hpp"

namespace filigree::testing {
namespace {

using ::testing::HasSubstr;

template <class... Args>
std::string text(const Args&... args) {
  std::ostringstream out;
  (out << ... << args);
  return out.str();
}

class CommunitiesApp : public Apps {
 protected:
  /// Two triangles joined by an edge, and a vertex that hangs on the second.
  std::string triangles() const { return write("t.txt", "a b\nb c\na c\nc d\nd e\ne f\nd f\nf g\n"); }
  std::string triangle_labels() const {
    return write("t.labels", "vertex\tlabel\na\tx\nb\tx\nc\tx\nd\ty\ne\ty\nf\ty\ng\tz\n");
  }
};

TEST_F(CommunitiesApp, DetectCutAndCompare) {
  done(0, "generate",
       {"hsbm", "--depth", "3", "--leaf-size", "40", "--beta", "0.2", "--a-last", "20", "--labels", "truth.txt", "-o",
        "g.h5"});
  std::string first;
  for (int ranks : {0, 3}) {
    const auto outcome = done(
        ranks, "communities",
        {"detect", "--graph", "g.h5", "--labels", "truth.txt", "-o", "tree.h5", "--newick", "t.nwk", "--linkage-matrix",
         "z.csv", "--csv", "l.csv", "--tree-json", "t.json", "--svg", "t.svg", "--json", "r.json"});
    const std::string all =
        outcome.out + read("tree.h5") + read("t.nwk") + read("z.csv") + read("l.csv") + read("t.json") + read("t.svg");
    if (first.empty()) first = all;
    EXPECT_TRUE(all == first) << ranks << " ranks";
    EXPECT_THAT(outcome.out, HasSubstr("320 vertices, height 0.99"));
    EXPECT_THAT(read("l.csv"), HasSubstr("vertex,level1,level2,level3\n0,0,0,0\n1,0,0,0\n"));
    EXPECT_THAT(read("t.nwk"), HasSubstr("(C0:"));
    EXPECT_THAT(read("t.svg"), HasSubstr("</svg>"));
    EXPECT_EQ(occurrences(read("z.csv"), "\n"), 8);
    EXPECT_EQ(occurrences(read("t.json"), "\"leaf\""), 8);
    const auto compared = done(ranks, "communities", {"compare", "--tree", "tree.h5", "--truth", "truth.txt"});
    EXPECT_THAT(compared.out, HasSubstr("level 2, cut            4       4         1.000   1.000   1.000   1.000\n"));
    EXPECT_THAT(compared.out, HasSubstr("6 of 6 groups of the true tree found, 0 inversions\n"));
    const auto cut = done(ranks, "communities", {"cut", "--tree", "tree.h5", "--clusters", "2"});
    EXPECT_EQ(occurrences(cut.out, "\t1\n"), 160);
    const auto sized = done(ranks, "communities",
                            {"cut", "--tree", "tree.h5", "--min-size", "50", "--max-size", "100", "-o", "c.csv"});
    EXPECT_THAT(sized.err, HasSubstr("4 clusters of 80 to 80 vertices"));
    EXPECT_EQ(read("c.csv").substr(0, 20), "vertex,cluster\n0,0\n1");
    const auto outside = done(ranks, "communities", {"cut", "--tree", "tree.h5", "--max-size", "10"});
    EXPECT_THAT(outside.err, HasSubstr("8 of them lie outside the bounds"));
  }
  EXPECT_FALSE(has_partial_file());
}

TEST_F(CommunitiesApp, VerifyFollowsEveryLinkage) {
  done(0, "generate",
       {"hsbm", "--depth", "3", "--leaf-size", "20", "--beta", "0.3", "--a-last", "15", "--labels", "truth.txt", "-o",
        "g.h5"});
  for (const char* linkage : {"density", "degree-corrected", "single", "complete"}) {
    for (const char* ties : {"smallest", "first"}) {
      const auto outcome = done(
          0, "communities",
          {"detect", "--graph", "g.h5", "--labels", "truth.txt", "--linkage", linkage, "--ties", ties, "--verify"});
      EXPECT_THAT(outcome.err, HasSubstr("verified: every merge joins the most similar pair"));
    }
  }
}

TEST_F(CommunitiesApp, NamesSurvive) {
  triangles();
  triangle_labels();
  const auto outcome = done(1, "communities", {"detect", "--graph", "t.txt", "--labels", "t.labels", "-o", "t.h5"});
  EXPECT_THAT(outcome.err, HasSubstr("every arc counts both ways"));
  EXPECT_THAT(outcome.out, HasSubstr("C1 (3): d, f, e"));
  EXPECT_EQ(done(1, "communities", {"cut", "--tree", "t.h5", "--level", "1"}).out,
            "vertex\tcluster\na\t0\nb\t0\nc\t0\nd\t1\ne\t1\nf\t1\ng\t1\n");
  EXPECT_EQ(done(1, "communities", {"cut", "--tree", "t.h5", "--height", "0.5"}).out,
            "vertex\tcluster\na\t0\nb\t0\nc\t0\nd\t1\ne\t1\nf\t1\ng\t2\n");
  write("partial.truth", "a 1\nb 1\nd 2\ne -\nz 2\n");
  const auto compared = done(1, "communities", {"compare", "--tree", "t.h5", "--truth", "partial.truth"});
  EXPECT_THAT(compared.err, HasSubstr("4 of 7 vertices have no label"));
  EXPECT_THAT(compared.err, HasSubstr("1 labels are of vertices that the tree does not have"));
  EXPECT_THAT(compared.out, HasSubstr("column 2, cut           2       2         1.000"));
}

TEST_F(CommunitiesApp, WhatCutWritesIsReadAsLabels) {
  write("h.tsv", "a\t#x\nb\t c\na\tb\n");
  write("h.labels", "a\t1\n\\x23x\t1\nb\t2\nc\t2\n");
  done(0, "communities", {"detect", "--graph", "h.tsv", "--labels", "h.labels", "-o", "h.h5"});
  for (const char* const file : {"cut.tsv", "cut.csv"}) {
    done(3, "communities", {"cut", "--tree", "h.h5", "--clusters", "2", "-o", file});
    const auto compared = done(0, "communities", {"compare", "--tree", "h.h5", "--truth", file});
    EXPECT_EQ(occurrences(compared.err, "label"), 0) << compared.err;
  }
  EXPECT_THAT(read("cut.tsv"), HasSubstr("\n\\x23x\t"));
}

TEST_F(CommunitiesApp, FindsLeavesByItself) {
  // Two cliques of 8 that one edge joins; counts of contacts within, one contact between.
  std::string counts;
  for (int clique = 0; clique < 2; ++clique) {
    for (int u = 0; u < 8; ++u) {
      for (int v = 0; v < u; ++v)
        counts +=
            std::to_string(8 * clique + u) + " " + std::to_string(8 * clique + v) + " " + std::to_string(3 + v) + "\n";
    }
  }
  write("c.txt", counts + "0 8 1\n");
  for (const Words& how : {Words{}, Words{"--weights"}, Words{"--weights", "--log-weights"}, Words{"-k", "2"}}) {
    Words words{"detect", "--graph", "c.txt", "-o", "c.h5", "--json", "r.json"};
    words.insert(words.end(), how.begin(), how.end());
    done(0, "communities", words);
    const auto cut = done(0, "communities", {"cut", "--tree", "c.h5", "--clusters", "2"});
    for (int v : {0, 7, 8, 15}) EXPECT_THAT(cut.out, HasSubstr(std::to_string(v) + (v < 8 ? "\t0\n" : "\t1\n")));
    EXPECT_THAT(read("r.json"), HasSubstr("\"communities\": 2"));
    EXPECT_THAT(read("r.json"), HasSubstr("\"detect.spectrum\""));
    EXPECT_THAT(read("r.json"), HasSubstr("\"detect.link\""));
  }
  write("loops.txt", "1 1\n2 2\n");
  write("rect.mtx", "%%MatrixMarket matrix coordinate real general\n2 3 1\n1 2 1\n");
  const auto fails = [&](const Words& arguments, const std::string& message) {
    Words words{"detect", "--svg", "new.svg", "-o", "new.h5", "--graph"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const auto before = files().size();
    const auto outcome = run(0, "communities", words);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(error_line(outcome.err), "error: " + message);
    EXPECT_EQ(files().size(), before);
  };
  fails({"loops.txt"}, "graph: no edges between different vertices among 2 vertices");
  fails({"rect.mtx"}, "the graph has 2 rows and 3 columns, must be square");
  fails({"c.txt", "-k", "17"},
        "communities: 17, must be between 1 and the number of vertices, 16, or 0 to estimate it");
  fails({"c.txt", "--log-weights"}, "--log-weights: the graph has no weights (edge lists have them with --weights)");
  fails({"c.txt", "--csv", "no/l.csv"}, "no/l.csv: cannot be written: its folder is missing or not writable");
  EXPECT_EQ(run(0, "communities", {"detect", "--graph", "c.txt", "-k", "1"}).code, 2);
}

TEST_F(CommunitiesApp, MoreThanAPictureOrATableShows) {
  std::string path, labels;
  for (int v = 0; v < 2501; ++v) {
    if (v > 0) path += text(v - 1, ' ', v, '\n');
    labels += text(v, ' ', v, '\n');
  }
  write("path.txt", path);
  write("path.labels", labels);
  const auto drawn = done(0, "communities",
                          {"detect", "--graph", "path.txt", "--labels", "path.labels", "-o", "p.h5", "--svg", "p.svg"});
  EXPECT_THAT(drawn.err, HasSubstr("--svg: the picture shows 2000 clusters of the 2501 communities"));
  EXPECT_THAT(read("p.svg"), HasSubstr("2501 communities of 2501 vertices, in 2000 clusters"));
  EXPECT_EQ(done(0, "communities", {"cut", "--tree", "p.h5", "--clusters", "2501"}).out.substr(0, 23),
            "vertex\tcluster\n0\t0\n1\t1\n");

  // 80 edges apart: each is merged with all before.
  std::string edges, pairs;
  for (int c = 0; c < 80; ++c) {
    edges += text(2 * c, ' ', 2 * c + 1, '\n');
    pairs += text(2 * c, ' ', c, '\n', 2 * c + 1, ' ', c, '\n');
  }
  write("pairs.txt", edges);
  write("pairs.labels", pairs);
  const auto deep = done(3, "communities",
                         {"detect", "--graph", "pairs.txt", "--labels", "pairs.labels", "--csv", "l.csv", "--verify"});
  EXPECT_THAT(deep.err, HasSubstr("--csv: the tree has more than 64 levels"));
  EXPECT_THAT(read("l.csv"), HasSubstr(",level64,leaf\n"));
  EXPECT_THAT(read("l.csv"), HasSubstr(",79\n"));
  for (int c : {0, 1, 78}) EXPECT_THAT(read("l.csv"), HasSubstr(text(',', c, '\n', 2 * c + 1, ',')));
}

TEST_F(CommunitiesApp, IsolatedVerticesAreVerifiedAndTwoWeightsRefused) {
  write("apart.mtx",
        "%%MatrixMarket matrix coordinate pattern symmetric\n12 12 7\n2 1\n3 1\n3 2\n5 4\n6 4\n6 5\n4 3\n");
  write("apart.labels", "x\nx\ny\nz\nz\nz\nx\nx\nx\nx\nx\nx\n");
  for (int ranks : {0, 3}) {
    done(ranks, "communities", {"detect", "--graph", "apart.mtx", "--labels", "apart.labels", "--verify"});
    write("two.txt", "0 1 2\n1 2 4\n1 0 3\n");
    const auto outcome = run(ranks, "communities", {"detect", "--graph", "two.txt", "--weights", "-k", "2"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(error_line(outcome.err),
                ::testing::MatchesRegex("error: arc [01] -> [01] \\(two\\.txt:[13]\\) has weight [23], its reverse "
                                        "[23]; an edge has one weight both ways"));
    write("one.txt", "0 1 2\n1 2 4\n1 0 2\n");
    done(ranks, "communities", {"detect", "--graph", "one.txt", "--weights", "-k", "2"});
  }
}

TEST_F(CommunitiesApp, MistakesAreToldOnce) {
  triangles();
  triangle_labels();
  done(0, "communities", {"detect", "--graph", "t.txt", "--labels", "t.labels", "-o", "t.h5"});
  const std::string tree = read("t.h5");
  write("damaged.h5", tree.substr(0, tree.size() - 300));
  write("other.h5", "nothing");
  write("one.labels", "x\nx\nx\nx\nx\nx\nx\n");
  write("short.labels", "x\ny\nz\n");
  write("missing.labels", "a x\nb x\nc y\nd y\n");
  write("twice.labels", "a x\nb x\nc y\nd y\ne y\nf y\ng y\na y\n");
  write("stranger.labels", "a x\nb x\nc y\nd y\ne y\nf y\ng y\nh y\n");
  write("ragged.labels", "a x\nb\n");
  write("empty.labels", "# nothing\n");
  write("negative.txt", "a b -1\nb a -1\n");
  const auto before = files().size();
  const auto fails = [&](const Words& arguments, const std::string& message, int most_ranks = 0) {
    for (int ranks = 0; ranks <= most_ranks; ranks += 3) {
      const auto outcome = run(ranks, "communities", arguments);
      EXPECT_EQ(outcome.code, 1) << outcome.err;
      EXPECT_EQ(error_line(outcome.err), "error: " + message);
      EXPECT_EQ(occurrences(outcome.err, "error: "), 1);
    }
    EXPECT_EQ(files().size(), before);
  };
  const auto with = [&](const std::string& labels) {
    return Words{"detect", "--graph", "t.txt", "--labels", labels, "-o", "new.h5", "--svg", "new.svg"};
  };
  fails(with("one.labels"), "one.labels: all vertices have one label; a tree needs at least 2");
  fails(with("short.labels"),
        "short.labels: 3 labels for 7 vertices; give one a line in the order of the vertices, or lines `vertex label`");
  fails(with("missing.labels"), "missing.labels: no label for vertex 'e' and 2 others", 3);
  fails(with("twice.labels"), "twice.labels:8: vertex 'a' has a label in line 1");
  fails(with("stranger.labels"), "stranger.labels: 1 of its vertices are not in the graph");
  fails(with("ragged.labels"), "ragged.labels:2: 1 fields; lines are `vertex label`, or all a label alone");
  fails(with("empty.labels"), "empty.labels: it holds no labels");
  fails({"detect", "--graph", "negative.txt", "--weights", "--labels", "t.labels"},
        "t.labels: 5 of its vertices are not in the graph");
  write("two.labels", "a x\nb y\n");
  std::filesystem::remove(folder_ / "empty.labels");
  fails({"detect", "--graph", "negative.txt", "--weights", "--labels", "two.labels"},
        "graph: edge a -> b (negative.txt:1) has weight -1; weights must be finite and at least 0", 3);
  fails({"cut", "--tree", "t.h5", "--clusters", "4"}, "cut into 4 clusters: the tree has between 1 and 3");
  fails({"compare", "--tree", "t.h5", "--truth", "two.labels", "--columns", "3"},
        "two.labels:1: no column 3; the vertex is column 1");
  for (const char* path : {"damaged.h5", "other.h5", "none.h5"}) {
    const auto outcome = run(path[0] == 'd' ? 3 : 0, "communities", {"cut", "--tree", path, "--level", "1"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(error_line(outcome.err), HasSubstr(path));
  }
  for (const Words& arguments :
       {Words{"cut", "--tree", "t.h5"}, Words{"cut", "--tree", "t.h5", "--level", "1", "--clusters", "2"},
        Words{"cut", "--tree", "t.h5", "--min-size", "3", "--max-size", "2"},
        Words{"detect", "--graph", "t.txt", "--labels", "t.labels", "-o", "tree.txt"}, Words{}}) {
    EXPECT_EQ(run(0, "communities", arguments).code, 2);
  }
}

}  // namespace
}  // namespace filigree::testing
