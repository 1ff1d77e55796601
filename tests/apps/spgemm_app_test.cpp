// filigree-spgemm as users meet it.
#include <map>
#include <set>
#include <sstream>

#include "apps.hpp"
#include "schema.hpp"

namespace filigree::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class SpgemmApp : public Apps {
 protected:
  const std::string banner_ = "%%MatrixMarket matrix coordinate ";

  /// A is 2 x 3, B is 3 x 2:  (1 2 0; 0 -1 4) (3 1; 0 5; 7 0(stored))
  SpgemmApp() {
    write("a.mtx", banner_ + "real general\n2 3 4\n1 1 1\n1 2 2\n2 2 -1\n2 3 4\n");
    write("b.mtx", banner_ + "real general\n3 2 5\n1 1 3\n1 2 1\n2 2 5\n3 1 7\n3 2 0\n");
  }

  /// The file that a product writes, equal on 1 and 3 ranks and checked by --verify on both.
  std::string product(Words arguments, const std::string& name = "c.mtx") const {
    arguments.insert(arguments.end(), {"--verify", "--output"});
    std::string bytes;
    for (const int ranks : {0, 3}) {
      Words words = arguments;
      words.push_back(std::to_string(ranks) + name);
      const Outcome outcome = done(ranks, "spgemm", words);
      EXPECT_EQ(outcome.out, "");
      EXPECT_THAT(outcome.err, HasSubstr("verified: "));
      const std::string written = read(words.back());
      if (ranks > 0) {
        EXPECT_EQ(written, bytes) << ::testing::PrintToString(arguments);
      }
      bytes = written;
    }
    return bytes;
  }
  std::string general(const std::string& rest) const { return banner_ + "real general\n" + rest; }
};

TEST_F(SpgemmApp, ProductsByHand) {
  EXPECT_EQ(product({"--a", "a.mtx", "--b", "b.mtx"}), general("2 2 4\n1 1 3\n1 2 11\n2 1 28\n2 2 -5\n"));
  EXPECT_EQ(product({"--a", "a.mtx", "--b", "b.mtx", "--semiring", "min_plus"}),
            general("2 2 4\n1 1 4\n1 2 2\n2 1 11\n2 2 4\n"));
  EXPECT_EQ(product({"--a", "a.mtx", "--b", "b.mtx", "--semiring", "max_times"}),
            general("2 2 4\n1 1 3\n1 2 10\n2 1 28\n2 2 0\n"));
  EXPECT_EQ(product({"--a", "a.mtx", "--b", "b.mtx", "--semiring", "or_and"}),
            general("2 2 4\n1 1 1\n1 2 1\n2 1 1\n2 2 1\n"));
  EXPECT_EQ(product({"--a", "a.mtx", "--b", "b.mtx", "--semiring", "plus_pair"}),
            general("2 2 4\n1 1 1\n1 2 2\n2 1 1\n2 2 2\n"));
}

TEST_F(SpgemmApp, IntegersAreMultipliedExactlyInto64Bits) {
  const std::string integers = banner_ + "integer general\n";
  write("big.mtx", integers + "2 2 3\n1 1 94906267\n1 2 94906267\n2 1 1\n");
  const std::string square =
      integers + "2 2 4\n1 1 9007199610781556\n1 2 9007199515875289\n2 1 94906267\n2 2 94906267\n";
  EXPECT_EQ(product({"--a", "big.mtx"}, "square.mtx"), square);
  EXPECT_EQ(done(0, "spgemm", {"--a", "big.mtx", "--reduce", "sum"}).out, "18014399316469379\n");
  // What was written is read again, with a pattern and under a mask of reals.
  write("swap.mtx", banner_ + "pattern general\n2 2 2\n1 2\n2 1\n");
  write("mask.mtx", banner_ + "real general\n2 2 2\n1 1 0.5\n2 1 0\n");
  EXPECT_EQ(product({"--a", "0square.mtx", "--b", "swap.mtx", "--mask", "mask.mtx"}),
            integers + "2 2 2\n1 1 9007199515875289\n2 1 94906267\n");
  EXPECT_EQ(product({"--a", "0square.mtx", "--b", "swap.mtx", "--mask", "mask.mtx", "--drop-zeros"}),
            integers + "2 2 1\n1 1 9007199515875289\n");
  EXPECT_EQ(product({"--a", "0square.mtx", "--semiring", "min_plus"}),
            integers + "2 2 4\n1 1 9007199610781556\n1 2 9007199610781556\n2 1 189812534\n2 2 189812534\n");
}

TEST_F(SpgemmApp, IntegersThatDoNotFitAreRefused) {
  const std::string integers = banner_ + "integer general\n";
  // The bound of the largest row and value is too large; those of the products themselves are not.
  write("ia.mtx", integers + "2 2 3\n1 1 3\n2 1 1\n2 2 3037000000\n");
  write("ib.mtx", integers + "2 1 2\n1 1 4000000000\n2 1 3037000499\n");
  write("wide.mtx", integers + "2 1 2\n1 1 4000000000\n2 1 3037001100\n");
  EXPECT_EQ(product({"--a", "ia.mtx", "--b", "ib.mtx"}),
            integers + "2 1 2\n1 1 12000000000\n2 1 9223370519463000000\n");
  for (const int ranks : {0, 3}) {
    const Outcome outcome = run(ranks, "spgemm", {"--a", "ia.mtx", "--b", "wide.mtx", "--output", "c.mtx"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(error_line(outcome.err),
              "error: C(2, 1), counted from 1, may exceed 64 bits; --values real multiplies as doubles, which round");
    EXPECT_THAT(files(), ::testing::Not(::testing::Contains("c.mtx")));
  }
  EXPECT_EQ(product({"--a", "ia.mtx", "--b", "wide.mtx", "--values", "real"}),
            general("2 1 2\n1 1 1.2e+10\n2 1 9.2233723447e+18\n"));
  // What is converted is not rounded either, and other programs, formats and files refuse it.
  write("odd.mtx", integers + "2 2 1\n1 2 9007199254740993\n");
  EXPECT_EQ(error_line(run(0, "pagerank", {"--graph", "odd.mtx"}).err),
            "error: odd.mtx:3: value 9007199254740992 must be a whole number below 2^53, where doubles begin to round");
  done(3, "convert", {"odd.mtx", "copy.mtx.gz", "--verify"});
  done(0, "convert", {"copy.mtx.gz", "copy.mtx"});
  EXPECT_EQ(read("copy.mtx"), read("odd.mtx"));
  EXPECT_EQ(run(0, "convert", {"odd.mtx", "odd.h5"}).code, 1);
  EXPECT_EQ(run(0, "convert", {"--info", "odd.mtx"}).code, 0);
  write("one.mtx", integers + "2 2 2\n1 1 1\n2 2 1\n");
  EXPECT_THAT(error_line(run(0, "spgemm", {"--a", "odd.mtx", "--b", "one.mtx", "--output", "c.h5"}).err),
              HasSubstr("c.h5: entry (0, 1) is 9007199254740993, which a double holds only rounded"));
  write("twice.mtx", integers + "1 1 2\n1 1 9223372036854775807\n1 1 1\n");
  EXPECT_THAT(error_line(run(0, "spgemm", {"--a", "twice.mtx"}).err),
              HasSubstr("duplicates: 9223372036854775807 + 1 exceeds 64 bits"));
}

TEST_F(SpgemmApp, TransposesOfEitherFactor) {
  EXPECT_EQ(product({"--a", "a.mtx", "--transpose-b"}), general("2 2 4\n1 1 5\n1 2 -2\n2 1 -2\n2 2 17\n"));
  EXPECT_EQ(product({"--a", "a.mtx", "--transpose-a"}),
            general("3 3 7\n1 1 1\n1 2 2\n2 1 2\n2 2 5\n2 3 -4\n3 2 -4\n3 3 16\n"));
  EXPECT_EQ(product({"--a", "b.mtx", "--b", "a.mtx", "--transpose-a", "--transpose-b"}),
            general("2 2 4\n1 1 3\n1 2 28\n2 1 11\n2 2 -5\n"));
}

TEST_F(SpgemmApp, MasksAndZeros) {
  write("mask.mtx", banner_ + "pattern general\n2 2 2\n1 2\n2 1\n");
  EXPECT_EQ(product({"--a", "a.mtx", "--b", "b.mtx", "--mask", "mask.mtx"}), general("2 2 2\n1 2 11\n2 1 28\n"));
  EXPECT_EQ(product({"--a", "a.mtx", "--b", "b.mtx", "--mask", "mask.mtx", "--complement"}),
            general("2 2 2\n1 1 3\n2 2 -5\n"));
  // A zero of the mask lets its place through, unless zeros are left out.
  write("zero.mtx", banner_ + "real general\n2 2 2\n1 2 0\n2 1 3\n");
  EXPECT_EQ(product({"--a", "a.mtx", "--b", "b.mtx", "--mask", "zero.mtx"}), general("2 2 2\n1 2 11\n2 1 28\n"));
  EXPECT_EQ(product({"--a", "a.mtx", "--b", "b.mtx", "--mask", "zero.mtx", "--drop-zeros"}),
            general("2 2 1\n2 1 28\n"));
  // What cancels is an entry too: (1 1) (1; -1).
  write("row.mtx", banner_ + "real general\n1 2 2\n1 1 1\n1 2 1\n");
  write("column.mtx", banner_ + "real general\n2 1 2\n1 1 1\n2 1 -1\n");
  EXPECT_EQ(product({"--a", "row.mtx", "--b", "column.mtx"}), general("1 1 1\n1 1 0\n"));
  EXPECT_EQ(product({"--a", "row.mtx", "--b", "column.mtx", "--drop-zeros"}), general("1 1 0\n"));
  // plus_pair counts products, also with stored zeros.
  EXPECT_EQ(product({"--a", "a.mtx", "--b", "b.mtx", "--semiring", "plus_pair", "--drop-zeros"}),
            general("2 2 4\n1 1 1\n1 2 2\n2 1 1\n2 2 1\n"));
}

TEST_F(SpgemmApp, ValuesThatAreNotFinitePropagateThroughFiles) {
  // (inf 0(stored); - 1) (1 0.5; nan 2)
  write("inf.mtx", banner_ + "real general\n2 2 3\n1 1 Inf\n1 2 0\n2 2 1\n");
  write("nan.mtx", banner_ + "real general\n2 2 4\n1 1 1\n1 2 0.5\n2 1 NaN\n2 2 2\n");
  EXPECT_EQ(product({"--a", "inf.mtx", "--b", "nan.mtx"}), general("2 2 4\n1 1 nan\n1 2 inf\n2 1 nan\n2 2 2\n"));
  EXPECT_EQ(product({"--a", "0c.mtx", "--b", "inf.mtx", "--semiring", "plus_pair"}, "d.mtx"),
            general("2 2 4\n1 1 1\n1 2 2\n2 1 1\n2 2 2\n"));
  EXPECT_EQ(done(0, "spgemm", {"--a", "inf.mtx", "--b", "nan.mtx", "--reduce", "sum", "--json", "record.json"}).out,
            "nan\n");
  const Json record = Json::parse(read("record.json"));
  EXPECT_EQ(complaints(record, Json::parse(bytes_of(SCHEMA))), "");
  EXPECT_EQ(record["result"]["sum"], "nan");
  const Outcome outcome = run(0, "pagerank", {"--graph", "nan.mtx"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(error_line(outcome.err), HasSubstr("nan.mtx:5: value nan must be finite"));
}

TEST_F(SpgemmApp, ProductsThatAreNotFiniteAreConverted) {
  write("inf.mtx", banner_ + "real general\n2 2 3\n1 1 Inf\n1 2 0\n2 2 1\n");
  write("nan.mtx", banner_ + "real general\n2 2 4\n1 1 1\n1 2 0.5\n2 1 NaN\n2 2 2\n");
  done(2, "spgemm", {"--a", "inf.mtx", "--b", "nan.mtx", "--output", "c.h5"});
  std::string from = "c.h5";
  for (const std::string to : {"c.mtx", "c.txt", "c.npy", "d.h5", "d.mtx"}) {
    EXPECT_THAT(done(0, "convert", {from, to, "--weights", "--verify"}).err, HasSubstr("verified: ")) << to;
    from = to;
  }
  EXPECT_EQ(read("d.mtx"), read("c.mtx"));
  EXPECT_EQ(read("d.mtx"), general("2 2 4\n1 1 nan\n1 2 inf\n2 1 nan\n2 2 2\n"));
  const Outcome outcome = run(0, "convert", {"d.mtx", "d.gr"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(error_line(outcome.err), HasSubstr("lengths in DIMACS files are finite"));
  EXPECT_THAT(done(0, "convert", {"--info", "d.mtx", "--json", "record.json"}).out,
              HasSubstr("\nweights       min 2, max inf, sum nan\n"));
  EXPECT_EQ(complaints(Json::parse(read("record.json")), Json::parse(bytes_of(SCHEMA))), "");
}

TEST_F(SpgemmApp, SymmetricFilesStandForBothTriangles) {
  write("symmetric.mtx", banner_ + "integer symmetric\n2 2 2\n1 1 2\n2 1 3\n");
  EXPECT_EQ(product({"--a", "symmetric.mtx"}), banner_ + "integer general\n2 2 4\n1 1 13\n1 2 6\n2 1 6\n2 2 9\n");
  write("skew.mtx", banner_ + "real skew-symmetric\n2 2 1\n2 1 3\n");
  EXPECT_EQ(product({"--a", "skew.mtx"}), general("2 2 2\n1 1 -9\n2 2 -9\n"));
  write("pattern.mtx", banner_ + "pattern symmetric\n3 3 2\n2 1\n3 2\n");
  EXPECT_EQ(product({"--a", "pattern.mtx"}), general("3 3 5\n1 1 1\n1 3 1\n2 2 2\n3 1 1\n3 3 1\n"));
}

TEST_F(SpgemmApp, AddsUpDuplicates) {
  write("twice.mtx", banner_ + "real general\n2 2 3\n1 2 3\n2 1 5\n1 2 4\n");
  EXPECT_EQ(product({"--a", "twice.mtx"}), general("2 2 2\n1 1 35\n2 2 35\n"));
  EXPECT_EQ(product({"--a", "twice.mtx", "--duplicates", "first"}), general("2 2 2\n1 1 15\n2 2 15\n"));
  EXPECT_THAT(done(0, "spgemm", {"--help"}).out, HasSubstr("--duplicates first|sum|error=sum"));
  EXPECT_THAT(done(0, "pagerank", {"--help"}).out, HasSubstr("--duplicates first|sum|error=first"));
}

TEST_F(SpgemmApp, MatricesWithoutRowsOrColumns) {
  write("tall.mtx", banner_ + "real general\n3 0 0\n");
  write("flat.mtx", banner_ + "real general\n0 4 0\n");
  EXPECT_EQ(product({"--a", "tall.mtx", "--b", "flat.mtx"}), general("3 4 0\n"));
  EXPECT_EQ(product({"--a", "tall.mtx", "--transpose-a"}), general("0 0 0\n"));
}

TEST_F(SpgemmApp, Hdf5KeepsNamesAndValues) {
  write("names.txt", "Ada Bob 2\nBob Eve 0.5\nEve Ada 4\n");
  product({"--a", "names.txt", "--weights"}, "c.h5");
  done(2, "convert", {"3c.h5", "c.txt"});
  EXPECT_EQ(read("c.txt"), "Ada\tEve\t1\nBob\tAda\t2\nEve\tBob\t8\n");
  EXPECT_EQ(product({"--a", "names.txt", "--weights"}, "c.txt"), read("c.txt"));
}

TEST_F(SpgemmApp, EdgeListsOfNumbersTakeTheLargerSize) {
  write("four.txt", "0 1\n1 3\n3 2\n");
  write("six.txt", "1 4\n3 5\n2 0\n");
  write("five.txt", "0 4\n1 0\n3 1\n");
  EXPECT_EQ(product({"--a", "four.txt", "--b", "six.txt", "--ids", "keep"}), general("6 6 3\n1 5 1\n2 6 1\n4 1 1\n"));
  EXPECT_EQ(product({"--a", "six.txt", "--b", "four.txt", "--ids", "keep"}), general("6 6 1\n3 2 1\n"));
  // B and mask are smaller than, and larger than, A.
  EXPECT_EQ(product({"--a", "four.txt", "--b", "five.txt", "--mask", "six.txt", "--complement", "--ids", "keep"}),
            general("6 6 2\n1 1 1\n2 2 1\n"));
  EXPECT_EQ(product({"--a", "five.txt", "--b", "six.txt", "--mask", "four.txt", "--complement", "--ids", "keep"}),
            general("6 6 1\n4 5 1\n"));
  const Outcome outcome = done(0, "spgemm", {"--a", "four.txt", "--b", "six.txt", "--ids", "keep"});
  EXPECT_THAT(outcome.err, HasSubstr("four.txt: 2 vertices more, without arcs: there are 6 in six.txt\n"));
  // Arcs of C are in no file that was read.
  const Outcome refused = run(0, "spgemm", {"--a", "four.txt", "--b", "six.txt", "--ids", "keep", "-o", "c.graph"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("error: c.graph: METIS files hold undirected graphs; arc 0 -> 4"));
  EXPECT_EQ(occurrences(refused.err, "line"), 0) << refused.err;
}

TEST_F(SpgemmApp, ExtensionsOfNoFormatAreRefusedBeforeAnythingIsRead) {
  for (const std::string name : {"c.foo", "c.mtz", "c.foo.gz"}) {
    const Outcome outcome = run(0, "spgemm", {"--a", "missing.mtx", "--output", name});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, StartsWith("usage error: " + name + ": no format is written under the extension ."));
    EXPECT_THAT(outcome.err, HasSubstr(" .mtx .mm "));
  }
  for (const std::string name : {"c.tsv", "c.el.gz", "c"})
    done(0, "spgemm", {"--a", "a.mtx", "--b", "b.mtx", "--output", name});
}

// ------------------------------------------------------------------------------------------------ triangles

/// Triangles of an undirected graph in lines "u v", by looking at every pair of neighbours.
long triangles_of(const std::string& path) {
  std::map<std::string, std::set<std::string>> neighbours;
  std::istringstream lines(bytes_of(path));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string u;
    std::string v;
    if (line.empty() || line.front() == '#' || !(words >> u >> v) || u == v) continue;
    neighbours[u].insert(v);
    neighbours[v].insert(u);
  }
  long corners = 0;
  for (const auto& [u, around] : neighbours) {
    for (const std::string& v : around) {
      for (const std::string& w : around) corners += v < w && neighbours[v].contains(w) ? 1 : 0;
    }
  }
  return corners / 3;
}

TEST_F(SpgemmApp, CountsTriangles) {
  for (const std::string name : {"karate.txt", "lesmis.txt", "hep-th.txt"}) {
    const std::string graph = std::string(DATA) + "/" + name;
    const long triangles = triangles_of(graph);
    EXPECT_GT(triangles, 40);
    for (const int ranks : {0, 1, 3}) {
      const Outcome outcome = done(ranks, "spgemm",
                                   {"--a", graph, "--undirected", "--drop-loops", "--mask", graph, "--semiring",
                                    "plus_pair", "--reduce", "sum", "--quiet"});
      EXPECT_EQ(outcome.out, std::to_string(6 * triangles) + "\n") << name;
      EXPECT_EQ(outcome.err, "");
    }
  }
}

TEST_F(SpgemmApp, TheSumGoesToTheScreenAndTheMatrixToItsFile) {
  const Outcome outcome = done(2, "spgemm", {"--a", "a.mtx", "--b", "b.mtx", "--reduce", "sum", "--output", "c.mtx"});
  EXPECT_EQ(outcome.out, "37\n");
  EXPECT_THAT(read("c.mtx"), StartsWith(banner_ + "real general\n2 2 4\n"));
  write("half.mtx", banner_ + "real general\n1 1 1\n1 1 0.5\n");
  EXPECT_EQ(done(0, "spgemm", {"--a", "half.mtx", "--reduce", "sum"}).out, "0.25\n");
  EXPECT_EQ(done(0, "spgemm", {"--a", "half.mtx"}).out, "");
}

TEST_F(SpgemmApp, SumsBatchesWithinTheMemoryBudget) {
  done(0, "generate", {"rmat", "--scale", "9", "--output", "g.h5"});
  for (const Words& more : {Words{}, Words{"--mask", "g.h5"}, Words{"--drop-zeros"}}) {
    Words words{"--a", "g.h5", "--reduce", "sum", "--json", "record.json"};
    words.insert(words.end(), more.begin(), more.end());
    const std::string sum = done(0, "spgemm", words).out;
    const Json whole = Json::parse(read("record.json"));
    for (const int ranks : {0, 3}) {
      Words in_batches = words;
      in_batches.insert(in_batches.end(), {"--memory-budget", "4KiB", "--repeat", "2"});
      EXPECT_EQ(done(ranks, "spgemm", in_batches).out, sum);
      const Json record = Json::parse(read("record.json"));
      EXPECT_EQ(complaints(record, Json::parse(bytes_of(SCHEMA))), "");
      EXPECT_EQ(record["result"], whole["result"]);
      EXPECT_EQ(record["stats"]["products"], whole["stats"]["products"]);
      EXPECT_GT(record["stats"]["batches"], 10);
    }
  }
  // All of C, 2 rows and 4 nonzeros, takes 72 bytes.
  for (const std::string bytes : {"72", "72 B", "0.07031250k", "1.5GiB", "2t"}) {
    done(0, "spgemm", {"--a", "a.mtx", "--b", "b.mtx", "--memory-budget", bytes, "--output", "c.mtx"});
  }
  for (const Words& whole : {Words{"--output", "d.mtx"}, Words{"--verify"}}) {
    Words words{"--a", "a.mtx", "--b", "b.mtx", "--memory-budget", "71"};
    words.insert(words.end(), whole.begin(), whole.end());
    const Outcome outcome = run(0, "spgemm", words);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(error_line(outcome.err),
                HasSubstr("the product takes 72 bytes, 2 rows and 4 nonzeros; memory_budget_bytes "));
  }
  EXPECT_THAT(files(), ::testing::Not(::testing::Contains("d.mtx")));
}

// ------------------------------------------------------------------------------------------------ verify, estimate

TEST_F(SpgemmApp, VerifiesEverySemiringAndMask) {
  done(0, "generate", {"rmat", "--scale", "9", "--output", "g.h5"});
  const Json schema = Json::parse(bytes_of(SCHEMA));
  for (const std::string semiring : {"plus_times", "min_plus", "max_times", "or_and", "plus_pair"}) {
    for (const Words& mask : {Words{}, Words{"--mask", "g.h5"}, Words{"--mask", "g.h5", "--complement"}}) {
      for (const int ranks : {0, 3}) {
        if (ranks == 0 && semiring != "plus_times") continue;
        Words words{"--a", "g.h5", "--transpose-b", "--semiring", semiring, "--verify", "--json", "record.json"};
        words.insert(words.end(), mask.begin(), mask.end());
        words.insert(words.end(), {"--fetch-bytes", "3000", "--repeat", "2", "--warmup", "1"});
        const Outcome outcome = done(ranks, "spgemm", words);
        const bool by_vectors = semiring == "plus_times" && mask.empty();
        EXPECT_EQ(occurrences(outcome.err, "verified: "), by_vectors ? 2 : 1) << outcome.err;
        const Json record = Json::parse(read("record.json"));
        EXPECT_EQ(complaints(record, schema), "");
        EXPECT_TRUE(record["verified"] == true);
        EXPECT_EQ(record["input"]["rows"], 512);
        EXPECT_EQ(record["result"]["b_hash"], record["input"]["hash"]);
        EXPECT_EQ(record["result"].contains("mask_hash"), !mask.empty());
        EXPECT_EQ(record["result"]["nonzeros"], record["stats"]["nonzeros"]);
        EXPECT_GT(record["stats"]["products"], 10000);
        EXPECT_TRUE(record["phases"].contains("spgemm.multiply"));
      }
    }
  }
}

TEST_F(SpgemmApp, VersionsOfTheThesis) {
  done(0, "generate", {"rmat", "--scale", "9", "--output", "g.h5"});
  const Json schema = Json::parse(bytes_of(SCHEMA));
  done(0, "spgemm", {"--a", "g.h5", "--variant", "auto", "--output", "auto.h5"});
  for (const std::string variant : {"v1", "v2", "v3"}) {
    for (const int ranks : {0, 3}) {
      done(ranks, "spgemm",
           {"--a", "g.h5", "--variant", variant, "--verify", "--json", "record.json", "--output", "c.h5"});
      EXPECT_EQ(read("c.h5"), read("auto.h5")) << variant;
      const Json record = Json::parse(read("record.json"));
      EXPECT_EQ(complaints(record, schema), "");
      EXPECT_EQ(record["options"]["variant"], variant);
      EXPECT_EQ(record["stats"]["nonzeros"], record["result"]["nonzeros"]);
      EXPECT_GE(record["stats"]["probes"], record["stats"]["products"]);
      EXPECT_GT(record["stats"]["bytes_moved"], record["stats"]["products"]);
      EXPECT_GE(record["stats"]["hash_windows"], ranks == 0 ? 1 : 3);
      EXPECT_LE(record["stats"]["critical_products"], record["stats"]["products"]);
    }
  }
}

TEST_F(SpgemmApp, EstimatesWhatAProductTakes) {
  // Row 1 of A meets rows of 2 and 1 entries of B, row 2 rows of 1 and 2.
  EXPECT_EQ(done(0, "spgemm", {"--a", "a.mtx", "--b", "b.mtx", "--estimate", "--quiet"}).out,
            "products\t6\nmost_nonzeros\t4\nmost_bytes\t72\nbytes_received\t0\n");
  done(0, "generate", {"rmat", "--scale", "9", "--output", "g.h5"});
  const Words question{"--a", "g.h5", "--estimate", "--at-ranks", "3", "16", "--json", "estimate.json"};
  const Outcome estimate = done(3, "spgemm", question);
  done(3, "spgemm", {"--a", "g.h5", "--json", "record.json"});
  const Json estimated = Json::parse(read("estimate.json"))["result"];
  const Json counted = Json::parse(read("record.json"))["stats"];
  EXPECT_EQ(estimated["products"], counted["products"]);
  EXPECT_EQ(estimated["bytes_received"], counted["bytes_received"]);
  EXPECT_EQ(estimated["bytes_1d_at_3"], counted["bytes_received"]);
  EXPECT_GE(estimated["most_nonzeros"], counted["nonzeros"]);
  EXPECT_THAT(estimate.out, HasSubstr("\nranks\tbytes_1d\tbytes_2d\tbytes_3d\tlayers_3d\n3\t"));
  EXPECT_EQ(occurrences(estimate.out, "\n"), 7) << estimate.out;
}

// ------------------------------------------------------------------------------------------------ mistakes

TEST_F(SpgemmApp, UsageErrors) {
  const std::vector<Words> mistakes{{},
                                    {"--b", "b.mtx"},
                                    {"--a", "a.mtx", "--semiring", "times_plus"},
                                    {"--a", "a.mtx", "--variant", "v4"},
                                    {"--a", "a.mtx", "--complement"},
                                    {"--a", "a.mtx", "--at-ranks", "4"},
                                    {"--a", "a.mtx", "--estimate", "--at-ranks", "0"},
                                    {"--a", "a.mtx", "--estimate", "--at-ranks", "1048577"},
                                    {"--a", "a.mtx", "--fetch-bytes", "0"},
                                    {"--a", "a.mtx", "--repeat", "0"},
                                    {"--a", "a.mtx", "--seed", "-1"},
                                    {"--a", "a.mtx", "--estimate", "--output", "c.mtx"},
                                    {"--a", "a.mtx", "--estimate", "--verify"},
                                    {"--a", "a.mtx", "--estimate", "--mask", "a.mtx"},
                                    {"--a", "a.mtx", "--estimate", "--reduce", "sum"},
                                    {"--a", "a.mtx", "--reduce", "product"}};
  for (const Words& mistake : mistakes) {
    const Outcome outcome = run(0, "spgemm", mistake);
    EXPECT_EQ(outcome.code, 2) << ::testing::PrintToString(mistake);
    EXPECT_THAT(outcome.err, StartsWith("usage error: "));
    EXPECT_LT(outcome.err.size(), 200) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

TEST_F(SpgemmApp, TellsWhatSizesMayBe) {
  for (const std::string size : {"-1", "many", "1.5Gib1", "1.5 QiB", "KiB", "1,5GiB", "8EiB", "nan"}) {
    const Outcome outcome = run(0, "spgemm", {"--a", "a.mtx", "--memory-budget=" + size});
    EXPECT_EQ(outcome.code, 2) << size;
    EXPECT_THAT(outcome.err, StartsWith("usage error: --memory-budget: '" + size + "' is no size; ")) << size;
  }
}

TEST_F(SpgemmApp, FailuresExitWith1AndOneMessage) {
  write("short.mtx", banner_ + "real general\n2 3 4\n1 1 1\n1 2 2\n");
  write("complex.mtx", banner_ + "complex general\n1 1 1\n1 1 1 0\n");
  write("mask.mtx", banner_ + "pattern general\n3 2 1\n1 1\n");
  write("one.txt", "1 5\n5 9\n");
  write("two.txt", "1 5\n5 8\n");
  const std::vector<std::pair<Words, std::string>> failures{
      {{"--a", "missing.mtx"}, "missing.mtx: "},
      {{"--a", "a.mtx", "--b", "missing.mtx"}, "missing.mtx: "},
      {{"--a", "a.mtx", "--b", "b.mtx", "--mask", "missing.mtx"}, "missing.mtx: "},
      {{"--a", "a.mtx"}, "a.mtx is 2 x 3, so it has a product with its transpose only: give either --transpose-a"},
      {{"--a", "a.mtx", "--transpose-a", "--transpose-b"}, "a.mtx is 2 x 3"},
      {{"--a", "b.mtx", "--b", "b.mtx"}, "b.mtx is 3 x 2"},
      {{"--a", "a.mtx", "--b", "b.mtx", "--mask", "mask.mtx"}, "3 x 2"},
      {{"--a", "a.mtx", "--estimate"}, "2 x 3"},
      {{"--a", "short.mtx"}, "short.mtx:4: "},
      {{"--a", "complex.mtx"}, "complex.mtx:1: "},
      {{"--a", "one.txt", "--b", "two.txt"}, "two.txt: its vertices are not those of one.txt"},
      {{"--a", "a.mtx", "--transpose-b", "--output", "nowhere/c.mtx"}, "nowhere/c.mtx: "},
      {{"--a", "a.mtx", "--b", "b.mtx", "--output", "c.sg"}, "c.sg: "},
  };
  const auto before = files();
  for (const auto& [arguments, what] : failures) {
    const std::string called = ::testing::PrintToString(arguments);
    const Outcome alone = run(0, "spgemm", arguments);
    EXPECT_EQ(alone.code, 1) << called << alone.err;
    EXPECT_THAT(error_line(alone.err), HasSubstr(what)) << called;
    const Outcome together = run(3, "spgemm", arguments);
    EXPECT_EQ(together.code, 1) << called;
    EXPECT_EQ(occurrences(together.err, "error: "), 1) << together.err;
    EXPECT_EQ(error_line(together.err), error_line(alone.err)) << called;
    EXPECT_EQ(alone.out + together.out, "") << called;
    EXPECT_EQ(files(), before) << called;
  }
}

}  // namespace
}  // namespace filigree::testing
