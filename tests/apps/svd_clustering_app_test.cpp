// filigree-svd-clustering as its users run it, on what filigree-generate blocks makes.
#include <cmath>
#include <cstring>

#include "apps.hpp"
#include "schema.hpp"

namespace filigree::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class SvdApp : public Apps {
 protected:
  /// Blocks of 2 spaces as a file and as a folder.
  void make_blocks() {
    done(0, "generate", {"blocks", "--case", "narrow", "--count", "32", "--output", "b.h5"});
    done(2, "generate", {"blocks", "--case", "narrow", "--count", "32", "--output", "b"});
  }
};

TEST_F(SvdApp, ClustersTheSameOnAnyRanks) {
  make_blocks();
  const Words question{"cluster", "--input", "b.h5", "--rank", "20", "--error", "0.1", "--exact", "--output"};
  const auto ask = [&](int ranks, const std::string& output) {
    Words words = question;
    words.push_back(output);
    return done(ranks, "svd-clustering", words);
  };
  const Outcome alone = ask(0, "c0.h5");
  EXPECT_THAT(alone.out,
              StartsWith("cluster\tblocks\tcolumns\trank\tcertified\tlower\texact\tworst_block\tworst_name\n"));
  EXPECT_EQ(occurrences(alone.out, "\n"), 1 + 8);
  EXPECT_THAT(alone.err, HasSubstr("32 blocks of 512 x 20"));
  EXPECT_THAT(alone.err, HasSubstr("in 8 clusters of up to 5 blocks; 0 stored as they are; largest block error 0."));
  for (const int ranks : {2, 3}) {
    const std::string output = "c" + std::to_string(ranks) + ".h5";
    EXPECT_EQ(ask(ranks, output).out, alone.out);
    EXPECT_TRUE(read(output) == read("c0.h5"));
  }
  const Outcome truth = done(2, "svd-clustering", {"evaluate", "--input", "b", "--clusters", "c0.h5"});
  EXPECT_THAT(truth.err, HasSubstr("0 clusters above the error 0.1, 0 certificates below the truth"));
  EXPECT_EQ(truth.err.find("other matrices"), std::string::npos);
  EXPECT_THAT(truth.out, StartsWith("cluster\tblocks\tcolumns\trank\tcertified\terror\tleast\n"));

  done(2, "svd-clustering", {"reconstruct", "--clusters", "c0.h5", "--block", "17", "--output", "b17.npy"});
  const std::string original = read("b/00017.npy");
  const std::string back = read("b17.npy");
  ASSERT_EQ(back.size(), original.size());
  double rest = 0;
  double norm = 0;
  for (std::size_t at = 128; at < original.size(); at += 8) {
    double x = 0;
    double y = 0;
    std::memcpy(&x, original.data() + at, 8);
    std::memcpy(&y, back.data() + at, 8);
    rest += (x - y) * (x - y);
    norm += x * x;
  }
  EXPECT_LT(rest, 0.3 * 0.3 * norm);
  EXPECT_GT(rest, 0);
}

TEST_F(SvdApp, EveryRuleRunsAndIsVerified) {
  make_blocks();
  for (const Words& rule : {Words{"--rule", "ours"},
                            {"--rule", "published"},
                            {"--rule", "published", "--order", "norm"},
                            {"--rule", "published", "--method", "residual"},
                            {"--rule", "published", "--method", "max_norm"}}) {
    Words words{"cluster", "--input",  "b",      "--rank", "20",    "--error",
                "0.1",     "--verify", "--json", "r.json", "--svg", "p.svg"};
    words.insert(words.end(), rule.begin(), rule.end());
    const Outcome outcome = done(0, "svd-clustering", words);
    EXPECT_THAT(outcome.err, HasSubstr("verified: 0 clusters above the error, 0 certificates below the truth"));
    std::ifstream schema(SCHEMA);
    EXPECT_EQ(complaints(Json::parse(read("r.json")), Json::parse(schema)), "");
    EXPECT_THAT(read("p.svg"), StartsWith("<svg "));
    EXPECT_THAT(read("p.svg"), ::testing::EndsWith("</svg>\n"));
  }
}

TEST_F(SvdApp, OneSvdOfAll) {
  make_blocks();
  const Outcome outcome = done(2, "svd-clustering", {"svd", "--input", "b.h5", "--rank", "5", "--output", "s.h5"});
  EXPECT_EQ(occurrences(outcome.out, "\n"), 6);
  EXPECT_THAT(outcome.err, HasSubstr("rank 5: relative error at most 0."));
  const Outcome tolerance =
      done(0, "svd-clustering", {"svd", "--input", "b.h5", "--tolerance", "0.5", "--kernel", "qr"});
  const int rank = occurrences(tolerance.out, "\n") - 1;
  EXPECT_GT(rank, 16);
  EXPECT_LT(rank, 96);
  EXPECT_THAT(tolerance.err, HasSubstr("rank " + std::to_string(rank) + ": relative error at most 0.4"));
}

TEST_F(SvdApp, TolerancesAreReachedOrFail) {
  // 30 x 40 of rank 3, and a little more.
  std::string header = "%%MatrixMarket matrix array real general\n30 40\n";
  for (int j = 0; j < 40; ++j) {
    for (int i = 0; i < 30; ++i) header += std::to_string(std::cos(i + j) + std::sin(2.0 * i * j / 30)) + "\n";
  }
  write("m.mtx", header);
  for (const Words& how : {Words{}, Words{"--distribute", "rows"}}) {
    Words words{"svd", "--input", "m.mtx", "--tolerance", "1e-9", "--verify"};
    words.insert(words.end(), how.begin(), how.end());
    const Outcome reached = done(0, "svd-clustering", words);
    EXPECT_THAT(reached.err, HasSubstr("verified: relative error "));
    words[4] = "1e-15";
    const Outcome missed = run(2, "svd-clustering", words);
    EXPECT_EQ(missed.code, 1);
    EXPECT_THAT(error_line(missed.err),
                StartsWith("error: --tolerance: 1e-15 is not reached; the certificate at rank "));
  }
  const Outcome by_gram =
      run(0, "svd-clustering", {"svd", "--input", "m.mtx", "--tolerance", "1e-9", "--kernel", "gram"});
  EXPECT_EQ(by_gram.code, 1);
  EXPECT_THAT(error_line(by_gram.err), HasSubstr("--kernel qr certifies less"));
}

TEST_F(SvdApp, VerifyChecksEveryResult) {
  make_blocks();
  const Words svd{"svd", "--input", "b.h5", "--rank", "5", "--verify", "--json", "r.json"};
  for (const Words& more :
       {Words{}, Words{"--distribute", "rows"}, Words{"--kernel", "qr", "--oversampling", "9223372036854775807"}}) {
    Words words = svd;
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = done(2, "svd-clustering", words);
    EXPECT_THAT(outcome.err, HasSubstr("verified: relative error 0."));
    EXPECT_EQ(Json::parse(read("r.json")).at("verified"), true);
  }
  done(0, "svd-clustering", {"cluster", "--input", "b.h5", "--rank", "20", "--error", "0.1", "--output", "c.h5"});
  const Outcome truth = done(0, "svd-clustering", {"evaluate", "--input", "b.h5", "--clusters", "c.h5", "--verify"});
  EXPECT_THAT(truth.err, HasSubstr("verified: 0 clusters above the error 0.1"));
  done(0, "generate", {"blocks", "--case", "narrow", "--count", "32", "--seed", "9", "--output", "other.h5"});
  const Outcome other = run(0, "svd-clustering", {"evaluate", "--input", "other.h5", "--clusters", "c.h5", "--verify"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(error_line(other.err), StartsWith("error: verification failed: "));
}

TEST_F(SvdApp, CheckpointOutlivesAFailedOutput) {
  make_blocks();
  Words words{"cluster", "--input", "b.h5", "--checkpoint", "x.partial", "--output", "c.h5", "--svg", "p.svg"};
  fs::create_directory(folder_ / "p.svg");  // where no file can be put
  EXPECT_EQ(run(0, "svd-clustering", words).code, 1);
  EXPECT_TRUE(fs::exists(folder_ / "x.partial"));
  words.resize(words.size() - 2);
  done(0, "svd-clustering", words);
  EXPECT_FALSE(fs::exists(folder_ / "x.partial"));
}

TEST_F(SvdApp, RowsOverRanksGiveTheSameFile) {
  make_blocks();
  const Words question{"svd", "--input", "b", "--rank", "5", "--distribute", "rows", "--output"};
  for (const int ranks : {0, 2, 3}) {
    Words words = question;
    words.push_back("s" + std::to_string(ranks) + ".h5");
    EXPECT_THAT(done(ranks, "svd-clustering", words).err, HasSubstr("rank 5: relative error at most 0."));
    EXPECT_TRUE(read(words.back()) == read("s0.h5"));
  }
}

TEST_F(SvdApp, BadInputIsNamedOnAllRanks) {
  make_blocks();
  write("short.npy", read("b/00003.npy").substr(0, 1000));
  write("cut.h5", read("b.h5").substr(0, 5000));
  write("text.npy", "not a matrix");
  done(0, "generate", {"blocks", "--case", "vectors", "--count", "1", "--output", "v"});
  done(0, "svd-clustering", {"cluster", "--input", "b", "--output", "c.h5"});
  write("half.h5", read("c.h5").substr(0, read("c.h5").size() / 2));
  const auto before = files();
  const std::vector<std::pair<Words, std::string>> mistakes{
      {{"cluster", "--input", "b", "v/00000.npy"}, "error: v/00000.npy: has 768 rows, but b/00000.npy has 512"},
      {{"cluster", "--input", "short.npy"}, "error: short.npy: holds 872 bytes of elements"},
      {{"cluster", "--input", "text.npy"}, "error: text.npy: is no .npy file"},
      {{"cluster", "--input", "cut.h5"}, "error: cut.h5: "},
      {{"cluster", "--input", "none"}, "error: none: does not exist"},
      {{"cluster", "--input", "b", "--rank", "513"}, "error: rank: 513, must lie in [1, 512]"},
      {{"evaluate", "--input", "b", "--clusters", "half.h5"}, "error: half.h5: "},
      {{"evaluate", "--input", "b", "--clusters", "b.h5"}, "error: b.h5: /svd_clusters: is not there"},
      {{"evaluate", "--input", "v", "--clusters", "c.h5"}, "error: blocks: 1 of them, but the clusters hold 32"},
      {{"reconstruct", "--clusters", "c.h5", "--block", "32", "--output", "x.npy"},
       "error: --block: 32, must lie in [0, 32)"},
  };
  for (std::size_t k = 0; const auto& [arguments, message] : mistakes) {
    for (const int ranks : k++ % 3 == 0 ? std::vector<int>{0, 3} : std::vector<int>{0}) {
      const Outcome outcome = run(ranks, "svd-clustering", arguments);
      EXPECT_EQ(outcome.code, 1) << ::testing::PrintToString(arguments);
      EXPECT_THAT(error_line(outcome.err), StartsWith(message));
      EXPECT_EQ(occurrences(outcome.err, "error: "), 1) << outcome.err;
      EXPECT_EQ(outcome.out, "");
    }
  }
  EXPECT_THAT(files(), ::testing::UnorderedElementsAreArray(before));
  for (const Words& usage :
       {Words{}, Words{"cluster"}, Words{"cluster", "--input", "b", "--output", "x.txt"},
        Words{"svd", "--input", "b", "--tolerance", "2"},
        Words{"svd", "--input", "b", "--tolerance", "0.5", "--rank", "3"},
        Words{"reconstruct", "--clusters", "c.h5", "--block", "1", "--output", "x.npy", "--verify"},
        Words{"reconstruct", "--clusters", "c.h5", "--block", "1", "--output", "x.h5"}})
    EXPECT_EQ(run(0, "svd-clustering", usage).code, 2) << ::testing::PrintToString(usage);
}

}  // namespace
}  // namespace filigree::testing
