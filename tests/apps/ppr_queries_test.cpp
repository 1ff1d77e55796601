// Queries as users write them to filigree-ppr, and tables of their answers.
#include "apps.hpp"
#include "schema.hpp"

namespace filigree::testing {
namespace {

using ::testing::HasSubstr;

class PprQueries : public Apps {
 protected:
  void SetUp() override {
    write("city.tsv", "New York\tBoston\nBoston\tNew York\nNew York\tSalt Lake City\nSalt Lake City\tBoston\n");
  }
  /// The best answer to each query, "query: vertex", of a table between tabs.
  static Words best(const std::string& table) {
    Words found;
    std::istringstream lines(table);
    for (std::string line; std::getline(lines, line);) {
      const auto at = line.find("\t1\t");
      if (at != std::string::npos)
        found.push_back(line.substr(0, at) + ": " + line.substr(at + 3, line.rfind('\t') - at - 3));
    }
    return found;
  }
};

TEST_F(PprQueries, AWholeLineIsLookedUpFirst) {
  const std::string scores =
      "New York\t1\tNew York\t0.4522328999\nNew York\t2\tBoston\t0.3555681176\n"
      "New York\t3\tSalt Lake City\t0.1921989825\n";
  for (const int ranks : {0, 3}) {
    EXPECT_THAT(done(ranks, "ppr", {"exact", "--graph", "city.tsv", "--sources", "New York"}).out, HasSubstr(scores));
    EXPECT_EQ(done(ranks, "pagerank", {"--graph", "city.tsv", "--seeds", "New York"}).out,
              "vertex\tscore\nBoston\t0.3555681176\nNew York\t0.4522328999\nSalt Lake City\t0.1921989825\n");
  }
  // Then between tabs, blanks, or blanks and commas; labels do not tear rows.
  write("g.csv", "a,a\nb,b\n\"a,b\",\"a,b\"\n\"#x\",\"#x\"\n");
  write("q.txt",
        "\xef\xbb\xbf"
        "a,b\r\n# a comment\r\n\r\n  b:2,a:1\n#x\nb a:0.1\nb\ta:0.1\n");
  const Outcome all = done(0, "ppr", {"exact", "--graph", "g.csv", "--sources", "q.txt", "--top", "1"});
  EXPECT_EQ(best(all.out), (Words{"a,b: a,b", "\\x20 b:2,a:1: b", "\\x23x: \\x23x", "b a:0.1: b", "b\\ta:0.1: b"}))
      << all.out;
}

TEST_F(PprQueries, FilesOfNamesReadAsGraphsDo) {
  write("q.txt",
        "\xef\xbb\xbf"
        "Boston\r\n# comment\r\n\r\nNew York\r\n");
  ASSERT_EQ(std::system(("gzip -k " + (folder_ / "q.txt").string()).c_str()), 0);
  for (const char* file : {"q.txt", "q.txt.gz"}) {
    const Outcome outcome =
        done(2, "ppr", {"exact", "--graph", "city.tsv", "--sources", file, "--candidates", file, "--top", "2"});
    EXPECT_EQ(best(outcome.out), (Words{"Boston: Boston", "New York: New York"}));
    EXPECT_EQ(occurrences(outcome.out, "Salt"), 0);
  }
}

TEST_F(PprQueries, ANameThatIsAVertexAndAFile) {
  write("56.txt", "5 6\n6 5\n");
  write("5", "6\n");
  const Outcome vertex = done(2, "ppr", {"exact", "--graph", "56.txt", "--sources", "5", "--top", "1"});
  EXPECT_EQ(best(vertex.out), Words{"5: 5"});
  EXPECT_THAT(vertex.err, HasSubstr("5 is a vertex and a file: taken for the vertex; ./5 is the file\n"));
  EXPECT_EQ(best(done(0, "ppr", {"exact", "--graph", "56.txt", "--sources", "./5", "--top", "1"}).out), Words{"6: 6"});
}

TEST_F(PprQueries, AnUnknownNameIsToldWithWhatMightBeMeant) {
  const std::vector<std::pair<std::string, std::string>> mistakes{
      {"new york", "no vertex is called 'new york'; did you mean 'New York'?"},
      {"Bsoton", "no vertex is called 'Bsoton'; did you mean 'Boston'?"},
      {"Boston New", "no vertex is called 'New'"},
      {"Salt Lake Cty:0.5", "no vertex is called 'Salt Lake Cty:0.5'"},
  };
  std::string queries = "Boston\n";
  for (const auto& [query, complaint] : mistakes) queries += query + "\n";
  write("q.txt", queries);
  const Words words{"exact", "--graph", "city.tsv", "--sources", "q.txt", "--top", "1"};
  EXPECT_EQ(error_line(run(3, "ppr", words).err), "error: q.txt:2: " + mistakes[0].second);
  EXPECT_EQ(error_line(run(0, "ppr", {"exact", "--graph", "city.tsv", "--sources", "queries.txt"}).err),
            "error: no vertex is called 'queries.txt'; nor is there a file of this name");

  Words skipping = words;
  skipping.insert(skipping.end(), {"--skip-unknown", "--output", "a.csv", "--json", "r.json"});
  const Outcome outcome = done(3, "ppr", skipping);
  EXPECT_THAT(outcome.err, HasSubstr("4 of 5 queries have no answer: unknown vertices\n"));
  EXPECT_THAT(read("a.csv"), ::testing::StartsWith("query,rank,vertex,score,error\nBoston,1,Boston,0."));
  EXPECT_THAT(read("a.csv"), HasSubstr(",\nnew york,0,,0," + mistakes[0].second + "\nBsoton,0,,0,"));
  EXPECT_EQ(Json::parse(read("r.json"))["result"]["mistakes"], 4);
}

TEST_F(PprQueries, WhatCannotBeIsAUsageError) {
  const std::vector<std::pair<Words, std::string>> mistakes{
      {{"--method", "verd", "--target-error", "1e-3"}, "--target-error: "},
      {{"--levels", "3"}, "--levels: "},
      {{"--until-settled"}, "--until-settled: needs --top"},
      {{"--teleport", "0.2", "--damping", "0.85"}, "--teleport excludes --damping"},
      {{"--output", "x.parquet"}, "--output x.parquet: is written as .tsv .txt .csv .jsonl .h5 .hdf5"},
      {{"--output-format", "h5"}, "--output-format h5: needs --output"}};
  for (const auto& [words, complaint] : mistakes) {
    Words all{"query", "--graph", "missing.txt", "--sources", "x"};
    all.insert(all.end(), words.begin(), words.end());
    const Outcome outcome = run(0, "ppr", all);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("usage error: " + complaint));
  }
}

TEST_F(PprQueries, ARecordOfBytesThatAreNoText) {
  write("g.txt", "Jos\xe9 Ana\nAna Jos\xe9\n");
  const Outcome outcome = done(0, "ppr",
                               {"query", "--graph", "g.txt", "--sources", "Jos\xe9", "--json", "r.json", "--method",
                                "verd", "--levels", "0", "--damping", "0.2"});
  EXPECT_EQ(outcome.out, "query\trank\tvertex\tscore\nJos\\xe9\t0\t\t0\n");
  const Json record = Json::parse(read("r.json"));
  EXPECT_EQ(record["options"]["sources"], "Jos\xef\xbf\xbd");
  // Nothing is known of the error before the first level.
  EXPECT_EQ(occurrences(outcome.err, "L1 error"), 0) << outcome.err;
}

}  // namespace
}  // namespace filigree::testing
